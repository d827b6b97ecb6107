# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names in the options of a restore that fit nothing in the backup: a slip of the pen restores to the wrong place."""

# Private: not for use outside of this collection.

from __future__ import annotations

import difflib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, STATEFUL_SETS, VOLUMES
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.contents import BackupContents
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.images import fits_image, images_in
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.storage_classes import classes_in
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.table import IMAGE_TYPES
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import Spelling
from ansible_collections.arkive.k8s.plugins.module_utils._velero.namespace_patterns import is_pattern

_CLASS_TYPES = (
    CLAIMS,
    VOLUMES,
    STATEFUL_SETS,
)
#: Fields of the spec that choose objects.
_FILTERS = (
    "included_namespaces",
    "excluded_namespaces",
    "included_resources",
    "excluded_resources",
    "include_cluster_resources",
    "label_selector",
    "or_label_selectors",
)
#: Names that a hint lists.
_NAMED = 5

Read: t.TypeAlias = "t.Callable[[dict[str, t.Any]], t.Iterable[str]]"


class Unfit(t.NamedTuple):
    """``name`` in ``option`` fits nothing; ``known`` are names that would."""

    option: str
    name: str
    what: str
    known: t.Collection[str] = ()

    def sentence(self, spell: Spelling) -> str:
        return f"{spell(self.option)} names {self.what} '{self.name}', which the backup does not hold"

    @property
    def hint(self) -> str:
        whole = sorted(known for known in self.known if _without_group(known) == self.name)
        near = whole or difflib.get_close_matches(self.name, list(self.known), n=2, cutoff=0.6)
        if near:
            return f"Did you mean {' or '.join(near)}?"
        known = sorted(self.known)
        more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
        return f"It holds {', '.join(known[:_NAMED])}{more}." if known else "It holds none of them."


def check_names(
    request: RestoreRequest, contents: BackupContents, discovery: Discovery, *, unused: t.Sequence[str]
) -> list[str]:
    """Sentences about what is in a manifest; raises ``ValidationError`` for what is an option of the task, or strict.

    ``unused`` are the ``names`` that chose nothing. A pattern may fit nothing, and an empty backup fits no name.
    """
    if not contents.types:
        return []
    found = list(_find(request, contents, discovery, unused))
    refused = [unfit for unfit in found if request.strict_selection or unfit.option not in request.from_manifest]
    if refused:
        backup, errors = request.spec.backup_name, [unfit.sentence(request.spell) for unfit in refused]
        raise ValidationError(
            f"The restore of backup '{backup}' was not begun: {'; '.join(errors)}.",
            hint=refused[0].hint,
            details={"phase": "FailedValidation", "validation_errors": errors},
        )
    return [f"{unfit.sentence(request.spell)}. {unfit.hint}" for unfit in found]


def report_empty(request: RestoreRequest, contents: BackupContents, issues: Issues) -> None:
    """Say that nothing is chosen; raises ``ValidationError`` where nobody has said that this will do.

    What stands in a manifest is treated as Velero treats it: zero items are restored.
    """
    backup = request.spec.backup_name
    why = "fits the filters" if contents.types else "could be restored: it holds no object"
    fails = request.fail_on_empty
    if fails is None:
        fails = request.strict_selection or not request.from_manifest or _chooses_beside_manifest(request)
    if fails:
        raise ValidationError(
            f"The restore of backup '{backup}' was not begun: nothing in it {why}.",
            hint="k8s_backup_info with details: [items] lists what it holds. Set fail_on_empty: false to take an empty "
            "restore for done.",
            details={"phase": "FailedValidation", "validation_errors": [f"nothing in backup '{backup}' {why}"]},
        )
    issues.warning(f"Nothing in backup '{backup}' {why}: zero items to be restored.")


def _chooses_beside_manifest(request: RestoreRequest) -> bool:
    given = {name for name in _FILTERS if getattr(request.spec, name) not in (None, ())}
    return bool(given - request.from_manifest or request.names or request.select is not None)


def _find(
    request: RestoreRequest, contents: BackupContents, discovery: Discovery, unused: t.Sequence[str]
) -> t.Iterator[Unfit]:
    spec, namespaces = request.spec, contents.namespaces
    for option, names in (
        ("namespace_mapping", spec.namespace_mapping),
        ("included_namespaces", spec.included_namespaces),
    ):
        for name in names:
            if name and not is_pattern(name) and name not in namespaces:
                yield Unfit(option, name, "the namespace", namespaces)
    yield from _find_types(spec.included_resources, contents, discovery)
    if request.storage_class_mapping:
        classes = _collect(contents, _CLASS_TYPES, classes_in)
        for name in request.storage_class_mapping:
            if name not in classes:
                yield Unfit("storage_class_mapping", name, "the class", classes)
    if request.image_mapping:
        images = _collect(contents, IMAGE_TYPES, images_in)
        for name in request.image_mapping:
            if not any(fits_image(image, name) for image in images):
                yield Unfit("image_mapping", name, "the image", images)
    for name in unused:
        if not any(is_pattern(part) for part in name.split("/")):
            yield Unfit("names", name, "the object", _objects_like(name, contents, discovery))


def _objects_like(name: str, contents: BackupContents, discovery: Discovery) -> set[str]:
    """The stored objects of the type that ``name`` begins with, in its words; the types where that is none.

    A type that the cluster does not have is known by its whole name only.
    """
    kind = name.split("/", maxsplit=1)[0]
    found = discovery.resolve(kind)
    words = (
        {found.group_resource: kind}
        if found
        else {gr: str(gr) for gr in contents.types if kind in (gr.resource, str(gr))}
    )
    if not words:
        return {str(group_resource) for group_resource in contents.types}
    return {
        "/".join(filter(None, (word, ref.namespace, ref.name)))
        for group_resource, word in words.items()
        for ref in contents.refs(group_resource)
    }


def _find_types(names: t.Iterable[str], contents: BackupContents, discovery: Discovery) -> t.Iterator[Unfit]:
    """A type that the server knows and the backup has none of is no slip."""
    stored = {str(group_resource) for group_resource in contents.types}
    for name in names:
        if name and not is_pattern(name) and name not in stored and discovery.resolve(name) is None:
            yield Unfit("included_resources", name, "the type", stored)


def _without_group(name: str) -> str:
    kind, slash, rest = name.partition("/")
    return kind.split(".")[0] + slash + rest


def _collect(contents: BackupContents, types: t.Iterable[GroupResource], read: Read) -> set[str]:
    found: set[str] = set()
    for group_resource in types:
        for ref in contents.refs(group_resource):
            try:
                found.update(read(contents.read(ref)))
            except ArchiveError:
                continue  # reported when it would be restored
    return found


__all__ = ("check_names", "report_empty")
