# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with the annotations of hooks: names, values, and where they stand."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.annotations import VENDORS
from ansible_collections.arkive.k8s.plugins.module_utils._lint.finding import Finding, Place

_DURATIONS = ("timeout", "exec-timeout", "wait-timeout")
#: Of each set: what its annotations begin with, and their names behind that (docs/compatibility 4.3 and 6.1).
_SETS: t.Mapping[str, tuple[str, ...]] = {
    **{
        f"{phase}hook.backup.{vendor}/": ("container", "command", "on-error", "timeout")
        for vendor in VENDORS
        for phase in ("pre.", "post.", "")
    },
    "post.hook.restore.velero.io/": (
        "container", "command", "on-error", "exec-timeout", "wait-timeout", "wait-for-ready",
    ),
    "init.hook.restore.velero.io/": ("container-image", "container-name", "command", "timeout"),
}  # fmt: skip
_MAIN = {"init.hook.restore.velero.io/": "container-image"}
_LIKE_A_HOOK = re.compile(
    r"(?:^|[./-])hooks?\.(?:backup|restore)\b|(?:velero\.io|heptio\.com)/(?:pre|post|init)[.-]?hook"
)


def annotation_findings(annotations: t.Mapping[str, str], place: Place) -> list[Finding]:
    """Of a pod, or of the template of one."""
    found: list[Finding] = []
    by_set: dict[str, list[str]] = {}
    for key, text in annotations.items():
        prefix, name = _split(key)
        spot = dataclasses.replace(place, key=readable(key))
        if prefix and name in _SETS[prefix]:
            by_set.setdefault(prefix, []).append(name)
            found += _value_findings(name, text, spot)
        elif prefix or _LIKE_A_HOOK.search(key):
            found.append(_unknown(prefix, spot))
    for prefix, names in by_set.items():
        main = _MAIN.get(prefix, "command")
        if not annotations.get(prefix + main):
            found.append(
                Finding.of(
                    "hook-without-command",
                    dataclasses.replace(place, key=prefix + sorted(names)[0]),
                    f"There is no {prefix}{main}, so that no hook runs.",
                    hint=f"Add {prefix}{main}, or remove the others.",
                )
            )
    return found


def misplaced_findings(annotations: t.Mapping[str, str], place: Place) -> list[Finding]:
    """Of a workload: whoever makes a backup looks at pods alone."""
    found = []
    for key in annotations:
        if _split(key)[0]:
            found.append(
                Finding.of(
                    "annotation-off-pod",
                    dataclasses.replace(place, key=readable(key)),
                    f"The annotation is on the {place.kind}, and only those of its pods are read: the hook never runs.",
                    hint="Move it to the annotations of the pod's template.",
                )
            )
    return found


def _split(key: str) -> tuple[str, str]:
    """The set and the name behind it; two empty texts for another annotation."""
    prefix, slash, name = key.partition("/")
    return (prefix + slash, name) if prefix + slash in _SETS else ("", "")


def _unknown(prefix: str, place: Place) -> Finding:
    known = ", ".join(_SETS[prefix]) if prefix else "pre.hook.backup.velero.io/command and its kin"
    return Finding.of("unknown-annotation", place, "No hook is read from this annotation.", hint=f"Known are {known}.")


def _value_findings(name: str, text: str, place: Place) -> list[Finding]:
    if name in _DURATIONS and text:
        try:
            parse_duration(text)
        except ValidationError as exc:
            return [Finding.of("bad-duration", place, f"{exc.message} The default is used.", hint=exc.hint or "")]
    if name == "on-error" and text not in ("", "Fail", "Continue"):
        said = f"'{readable(text)}' counts as not set."
        return [Finding.of("bad-value", place, said, hint="Write Fail or Continue.")]
    return []


__all__ = ("annotation_findings", "misplaced_findings")
