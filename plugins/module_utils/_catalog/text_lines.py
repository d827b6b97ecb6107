# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the descriptions of backups and restores are made of: lines for people, whatever a stored file holds."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted

Rows: t.TypeAlias = "t.Iterable[tuple[str, str]]"

NONE = "<none>"
#: Lines of one list; the whole of it is in the details.
_MOST = 1000
_LONGEST = 2000


def mapping(value: t.Any) -> dict[str, t.Any]:
    """``value`` where it is a mapping with text for keys, else an empty one."""
    return value if isinstance(value, dict) and all(isinstance(name, str) for name in value) else {}


def entries(value: t.Any) -> list[t.Any]:
    return value if isinstance(value, list) else []


def shown(value: t.Any, otherwise: str = NONE) -> str:
    """A value on one line; ``otherwise`` for what is not there."""
    if value is None or value in ("", [], {}):
        return otherwise
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(shown(entry) for entry in value[:_MOST])
    if isinstance(value, dict):
        return ", ".join(f"{one_line(str(name))}={shown(entry)}" for name, entry in list(value.items())[:_MOST])
    text = one_line(str(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def aligned(rows: Rows, indent: str = "") -> list[str]:
    """``Name:   value`` with all values in one column; further lines of a value stand below its first."""
    rows = list(rows)
    width = max((len(name) for name, _value in rows), default=0) + 3
    lines = []
    for name, value in rows:
        first, *rest = value.split("\n")
        lines.append(f"{indent}{f'{name}:':<{width}}{first}".rstrip())
        lines += [f"{indent}{'':<{width}}{line}" for line in rest]
    return lines


def listed(value: t.Any) -> str:
    """A mapping as lines of ``name=value``, sorted."""
    pairs = sorted(mapping(value).items())
    return "\n".join(f"{one_line(name)}={shown(entry, '')}" for name, entry in pairs) or NONE


def selector(value: t.Any) -> str:
    """A ``metav1.LabelSelector`` on one line, as ``kubectl`` writes it; parts that are none are left out."""
    labels = sorted(mapping(mapping(value).get("matchLabels")).items())
    terms = [f"{one_line(name)}={shown(entry, '')}" for name, entry in labels]
    for entry in map(mapping, entries(mapping(value).get("matchExpressions"))):
        key, values = shown(entry.get("key")), shown(entry.get("values"), "").replace(", ", ",")
        terms.append(
            {
                "In": f"{key} in ({values})",
                "NotIn": f"{key} notin ({values})",
                "Exists": key,
                "DoesNotExist": f"!{key}",
            }.get(str(entry.get("operator")), f"{key} {shown(entry.get('operator'))} ({values})")
        )
    return ",".join(terms) or NONE


def selectors(spec: t.Mapping[str, t.Any]) -> Rows:
    """The two fields of a spec that choose by labels."""
    several = [selector(entry) for entry in entries(spec.get("orLabelSelectors"))]
    one = selector(spec.get("labelSelector"))
    return [("Label selector", one), ("Or label selector", " or ".join(several) or NONE)]


def problems(entry: t.Mapping[str, t.Any]) -> list[str]:
    """What is wrong with the files of a listed backup or restore."""
    found = entries(entry.get("problems"))
    return ["Problems:", *(f"  {shown(text)}" for text in found)] if found else []


def automatic(value: t.Any) -> str:
    """A field that has a rule of its own where it is not set."""
    return shown(value, "auto")


def took(started: t.Any, completed: t.Any) -> str:
    """The end, and how long it took."""
    end = shown(completed, "<not completed>")
    try:
        seconds = (parse_rfc3339(str(completed)) - parse_rfc3339(str(started))).total_seconds()
    except ValidationError:
        return end
    return f"{end} (took {seconds:.0f} s)"


def messages(results: t.Any, kind: str, count: t.Any) -> list[str]:
    """The warnings or errors of a results file; their number where the file says nothing."""
    title = kind.capitalize()
    found = mapping(mapping(results).get(kind))
    lines = [f"  {name}: {shown(text)}" for name in ("velero", "cluster") for text in entries(found.get(name))]
    lines = [line.replace("velero:", "Velero:", 1).replace("cluster:", "Cluster:", 1) for line in lines]
    namespaces = [(name, texts) for name, texts in sorted(mapping(found.get("namespaces")).items()) if entries(texts)]
    if namespaces:
        lines.append("  Namespaces:")
        for name, texts in namespaces:
            lines += [f"    {one_line(name)}: {shown(text)}" for text in texts]
    if not lines:
        return [f"{title}:  {shown(count)}" if count else f"{title}:  {NONE}"]
    return [f"{title}:", *shortened(lines)]


def resources(resource_list: t.Any) -> list[str]:
    """The names of all objects by type."""
    found = mapping(resource_list)
    if not found:
        return [f"Resource List:  {NONE}"]
    lines = []
    for kind, names in sorted(found.items()):
        lines += [f"  {one_line(kind)}:", *(f"    - {shown(name)}" for name in entries(names))]
    return ["Resource List:", *shortened(lines)]


def commands(title: str, hooks: t.Any) -> list[str]:
    """Commands that were run in pods, one a line."""
    lines = []
    for hook in map(mapping, entries(hooks)):
        where = f"{shown(hook.get('namespace'), '')}/{shown(hook.get('pod') or hook.get('restored_pod'), '')}"
        inside = shown(hook.get("container"), "")
        what = " ".join(shown(word) for word in entries(hook.get("argv")))
        code = f" ({hook['rc']})" if isinstance(hook.get("rc"), int) and hook["rc"] else ""
        seconds = f", {hook['duration_seconds']:.2f} s" if isinstance(hook.get("duration_seconds"), int | float) else ""
        why = f": {shown(hook['error'])}" if hook.get("error") else ""
        line = f"  {shown(hook.get('phase'), 'exec'):<5}{where}{f' ({inside})' if inside else ''}: {what}"
        lines.append(f"{line}: {shown(hook.get('state'))}{code}{seconds}{why}")
    return [f"{title}:", *shortened(lines)] if lines else []


def title_of_volume(volume: t.Mapping[str, t.Any]) -> str:
    """An entry of volumeinfo: its claim, its PersistentVolume or, without either, its pod and its name there."""
    if claim := "/".join(shown(volume.get(name)) for name in ("pvcNamespace", "pvcName") if volume.get(name)):
        return claim
    info = mapping(volume.get("pvbInfo") or volume.get("pvrInfo"))
    words = [shown(info[name]) for name in ("podNamespace", "podName", "volumeName") if info.get(name)]
    return "/".join(words) if words and not volume.get("pvName") else shown(volume.get("pvName"))


def shortened(lines: list[str]) -> list[str]:
    if len(lines) <= _MOST:
        return lines
    return [*lines[:_MOST], f"  ... and {counted(len(lines) - _MOST, 'more line')}; the details have all of it"]


__all__ = (
    "NONE",
    "Rows",
    "aligned",
    "automatic",
    "commands",
    "entries",
    "listed",
    "mapping",
    "messages",
    "problems",
    "resources",
    "selector",
    "selectors",
    "shortened",
    "shown",
    "title_of_volume",
    "took",
)
