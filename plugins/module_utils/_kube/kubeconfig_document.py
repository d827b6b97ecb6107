# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of kubeconfigs: where it comes from, its YAML, and several files read as one."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import functools
import os
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import plural
from ansible_collections.arkive.k8s.plugins.module_utils._core.yaml_documents import bounded_loader
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, library_error
from ansible_collections.arkive.k8s.plugins.module_utils._kube.files import capital, path_of, read_named, shown
from ansible_collections.arkive.k8s.plugins.module_utils._kube.kubeconfig_fields import Fields, kind_of

#: A kubeconfig of hundreds of clusters has some 100 KiB. PyYAML reads about 1 MiB in a second.
_LARGEST = 4 << 20
_SECTIONS = ("clusters", "users", "contexts")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Document:
    """One kubeconfig. ``folder`` is what its relative paths are relative to, empty for one that is no file."""

    source: str
    folder: str
    fields: Fields


class Entry(t.NamedTuple):
    """A named cluster, user or context, and the folder of the file that it is in."""

    fields: Fields
    folder: str


class Kubeconfig:
    """One or several documents: the first that names a thing decides, as with kubectl."""

    def __init__(self, source: str, documents: t.Sequence[Document]) -> None:
        self.source = source
        self._documents = documents

    @property
    def current_context(self) -> str:
        return next(filter(None, (document.fields.text("current-context") for document in self._documents)), "")

    def names(self, section: str) -> list[str]:
        return sorted({name for document in self._documents for name, _entry in _named(document, section)})

    def entry(self, section: str, name: str) -> Entry | None:
        """The mapping ``cluster``, ``user`` or ``context`` of the one that has this name."""
        kind = section.removesuffix("s")
        for document in self._documents:
            found = [entry for other, entry in _named(document, section) if other == name]
            if len(found) > 1:
                raise document.fields.wrong(f"has more than one {kind} named '{name}'")
            if found:
                where = f"the {kind} '{name}' of {document.source}"
                return Entry(Fields(found[0].get(kind), where), document.folder)
        return None


def _named(document: Document, section: str) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    for number, entry in enumerate(document.fields.entries(section), start=1):
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            what = "has no name that is text" if isinstance(entry, dict) else f"is {kind_of(entry)}, not a mapping"
            raise KubeError(
                f"Entry {number} of the list {section} of {document.source} {what}.", hint="Correct the kubeconfig."
            )
        yield entry["name"], entry


def read_kubeconfig(given: str | dict[str, t.Any] | None) -> Kubeconfig:
    """What was given, as a mapping, as its text or as paths; else what ``$KUBECONFIG`` or the home folder has."""
    if isinstance(given, dict):
        source = "the kubeconfig given as a dictionary"
        return Kubeconfig(source, [Document(source=source, folder="", fields=_checked(given, source))])
    if given is not None and not isinstance(given, str):
        raise KubeError(
            f"kubeconfig is {kind_of(given)}.", hint="Give it the path of a file, or the content as a dictionary."
        )
    paths = given or os.environ.get("KUBECONFIG") or "~/.kube/config"
    files = [os.path.expanduser(path) for path in paths.split(os.pathsep) if path]
    there = [path for path in files if "\0" not in path and os.path.lexists(path)]
    if there:
        documents = [_from_file(path) for path in there]
        source = documents[0].source if len(there) == 1 else f"the kubeconfig {os.pathsep.join(there)}"
        return Kubeconfig(source, documents)
    if given:
        return _from_text(given)
    where = f"the default kubeconfig {shown(files[0])}" if len(files) == 1 else "the files that KUBECONFIG names"
    raise KubeError(
        f"No Kubernetes credential was given, and {where} {plural(len(files), 'does', 'do')} not exist.",
        hint="Set kubeconfig (or K8S_AUTH_KUBECONFIG), or host with api_key.",
    )


@functools.lru_cache(maxsize=4)
def kubeconfig_mapping(text: str) -> dict[str, t.Any] | None:
    """The content when ``text`` is a kubeconfig itself, None when it is not: it is a path then, or a mistake."""
    try:
        return _mapping(text, "the text given as kubeconfig") if ":" in text else None
    except KubeError:
        return None


def _from_file(path: str) -> Document:
    source = f"the kubeconfig {path}"
    data = read_named(path, what=source, largest=_LARGEST)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise KubeError(f"{capital(source)} is not text in UTF-8.") from exc
    if not text.strip():
        raise KubeError(f"{capital(source)} is not a kubeconfig: it is empty.")
    folder = os.path.dirname(os.path.abspath(path))
    return Document(source=source, folder=folder, fields=_checked(_mapping(text, source), source))


def _from_text(text: str) -> Kubeconfig:
    source = "the kubeconfig given as text"
    named = [path_of(part) for part in text.split(os.pathsep) if part]
    if named and all(named):
        what, does = plural(len(named), "kubeconfig"), plural(len(named), "does", "do")
        raise KubeError(f"The {what} {' and '.join(named)} {does} not exist.", hint="Check the path of kubeconfig.")
    mapping = kubeconfig_mapping(text)
    if mapping is None and "\n" in text.strip() and ":" in text:
        # Lines of a kubeconfig: what is wrong with them is said without them.
        mapping = _mapping(text, source)
    if mapping is None and text.isprintable() and ":" not in text:
        raise KubeError(
            f"kubeconfig names no file that exists (it has {len(text)} characters).",
            hint="Check the path. What was given is not shown, because it may be a secret.",
        )
    if mapping is None:
        raise KubeError(
            f"The text given as kubeconfig ({len(text)} characters) is neither a file nor a YAML mapping.",
            hint="Check the path, or the content. It is not shown, because it may hold secrets.",
        )
    return Kubeconfig(source, [Document(source=source, folder="", fields=_checked(mapping, source))])


def _checked(mapping: t.Any, source: str) -> Fields:
    fields = Fields(mapping, source)
    for section in _SECTIONS:
        fields.entries(section)
    return fields


def _mapping(text: str, source: str) -> dict[str, t.Any]:
    """The YAML of ``text``. What the parser says is not repeated: it quotes what it could not read."""
    try:
        import yaml
    except ImportError as exc:
        raise library_error("PyYAML", exc) from exc
    if len(text) > _LARGEST:
        raise KubeError(f"{capital(source)} is larger than {_LARGEST >> 20} MiB.")
    try:
        found = yaml.load(text, Loader=bounded_loader(yaml, source))
    except ValidationError as exc:
        raise KubeError(exc.message) from exc
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise KubeError(f"{capital(source)} is not valid YAML{where}.") from exc
    except RecursionError as exc:
        raise KubeError(f"{capital(source)} is not a kubeconfig: it is nested too deeply.") from exc
    except (ValueError, TypeError, AttributeError, OverflowError) as exc:
        raise KubeError(f"{capital(source)} is not valid YAML: it has a value that cannot be read.") from exc
    if not isinstance(found, dict):
        raise KubeError(f"{capital(source)} is not a kubeconfig: it is not a YAML mapping.")
    return found


__all__ = ("Document", "Entry", "Kubeconfig", "kubeconfig_mapping", "read_kubeconfig")
