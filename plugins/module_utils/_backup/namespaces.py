# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The namespaces of the cluster: which there are, which the spec means, and their objects."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import difflib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._core.patterns import matches_glob
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import plural
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import RawItem, list_raw_pages
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.namespace_patterns import (
    is_pattern,
    resolve_namespaces,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_filter import (
    IncludeExclude,
    is_excluded_by_label,
)

#: On an included namespace Velero warns: Argo CD takes restored objects for its own and prunes them.
_ARGO_LABEL = "argocd.argoproj.io/managed-by"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceEntry:
    """One namespace. ``item`` is its object, of which only the JSON text is whole; None when it may not be read."""

    name: str
    labels: t.Mapping[str, str]
    active: bool
    item: RawItem | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ChosenNamespaces:
    """What a spec's namespace lists mean in this cluster.

    ``matcher`` decides for a namespace by name. ``excluded_by_label``: what Velero adds to the excludes.
    ``missing``: included by name, but not there. ``nothing``: a pattern matched no namespace, so nothing is chosen.
    ``accepted``: the existing ones that are chosen, by name.
    """

    existing: t.Mapping[str, NamespaceEntry]
    matcher: IncludeExclude
    excluded_by_label: tuple[str, ...]
    missing: tuple[str, ...]
    nothing: bool
    accepted: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def accepts(self, name: str) -> bool:
        return not self.nothing and self.matcher.accepts(name)


def choose_namespaces(client: KubeClient, discovery: Discovery, spec: BackupSpec) -> ChosenNamespaces:
    """Read the namespaces and expand the spec's lists once (Velero 1.18, docs/compatibility 3.5).

    Raises ``ValidationError`` when no included namespace exists, or one is excluded by its own label.
    """
    existing, whole = _read(client, discovery, spec)
    objects = {name: entry.item.obj if entry.item else {} for name, entry in existing.items()}
    expanded = resolve_namespaces(spec.included_namespaces, spec.excluded_namespaces, objects)
    literal = [name for name in spec.included_namespaces if name and not is_pattern(name)]
    missing = tuple(name for name in literal if name not in existing)
    if missing and len(missing) == len(spec.included_namespaces):
        many = len(missing)
        raise ValidationError(
            f"{plural(many, 'Namespace')} {', '.join(missing)} {plural(many, 'does', 'do')} not exist in the cluster "
            f"at {client.server}, so there is nothing to back up.",
            hint=_near_names(missing[0], existing),
        )
    chosen = ChosenNamespaces(
        existing=existing,
        matcher=expanded.filter,
        excluded_by_label=tuple(name for name, obj in sorted(objects.items()) if is_excluded_by_label(obj)),
        missing=missing,
        nothing=expanded.matched_nothing,
    )
    accepted = tuple(sorted(name for name in existing if chosen.accepts(name)))
    # Who sees a part of the namespaces only cannot know what fits none.
    unfit = tuple(_without_effect(spec, existing, nothing=chosen.nothing)) if whole else ()
    return dataclasses.replace(chosen, accepted=accepted, warnings=(*_warnings(chosen, accepted, spec), *unfit))


def _warnings(chosen: ChosenNamespaces, accepted: t.Iterable[str], spec: BackupSpec) -> t.Iterator[str]:
    if chosen.nothing:
        patterns = ", ".join(spec.included_namespaces)
        yield f"No namespace matches {patterns}, so nothing that lies in a namespace is backed up"
    for name in accepted:
        if _ARGO_LABEL in chosen.existing[name].labels:
            yield (
                f"Namespace {name} is managed by Argo CD (label {_ARGO_LABEL}), which may prune what a restore creates"
            )


def _without_effect(spec: BackupSpec, existing: t.Collection[str], *, nothing: bool) -> t.Iterator[str]:
    """What fits no namespace. A missing one that is included by its name is an error of its own.

    ``nothing``: no pattern fits any, which is said of all of them together.
    """
    patterns = [] if nothing else [name for name in spec.included_namespaces if is_pattern(name)]
    given = [("included_namespaces", name) for name in patterns]
    given += [("excluded_namespaces", name) for name in spec.excluded_namespaces if name]
    for option, name in given:
        if any(matches_glob(name, other) for other in existing):
            continue
        what = "the pattern" if is_pattern(name) else "the namespace"
        near = difflib.get_close_matches(name, list(existing), n=2)
        hint = f". Did you mean {' or '.join(near)}?" if near else ""
        yield f"{option} names {what} '{name}', which fits none in the cluster, so that it has no effect{hint}"


def _read(client: KubeClient, discovery: Discovery, spec: BackupSpec) -> tuple[dict[str, NamespaceEntry], bool]:
    """All namespaces by name, and True. Who may not list them gets those that the spec names, and False."""
    resource = discovery.find(NAMESPACES)
    if resource is None:
        return {}, False
    try:
        entries = (_entry(item) for page in list_raw_pages(client, resource) for item in page.items)
        return {entry.name: entry for entry in entries}, True
    except KubeError as exc:
        names = spec.included_namespaces
        if not exc.forbidden or not names or any(map(is_pattern, names)):
            raise
    found: dict[str, NamespaceEntry] = {}
    for name in spec.included_namespaces:
        try:
            obj = {"apiVersion": "v1", "kind": "Namespace"} | client.get(resource.path(name=name))
            found[name] = _entry(RawItem(obj, encode_compact(obj)))
        except KubeError as exc:
            if exc.forbidden:
                found[name] = NamespaceEntry(name=name, labels={}, active=True, item=None)
            elif not exc.not_found:
                raise
    return found, False


def _entry(item: RawItem) -> NamespaceEntry:
    metadata = item.obj["metadata"]
    # Thousands of namespaces are kept until the end: their text, and of the object what decides about it.
    kept = {name: metadata[name] for name in ("name", "labels", "deletionTimestamp") if name in metadata}
    slim = {"apiVersion": "v1", "kind": "Namespace", "metadata": kept}
    return NamespaceEntry(
        name=metadata["name"],
        labels=metadata.get("labels") or {},
        active=(item.obj.get("status") or {}).get("phase") == "Active",
        item=RawItem(slim, item.payload),
    )


def _near_names(name: str, existing: t.Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(existing), n=3)
    return f"Did you mean {' or '.join(near)}?" if near else "Check included_namespaces and the cluster that is meant."


__all__ = ("ChosenNamespaces", "NamespaceEntry", "choose_namespaces")
