# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backup hooks that a pod declares in its annotations (Velero 1.18 and Ark 0.5 to 0.11)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import (
    ANNOTATION_HOOK_NAME,
    DEFAULT_TIMEOUT_SECONDS,
    Hook,
    OnError,
    Phase,
)

#: Both vendors' families; where both are on a pod, the first wins for that phase.
VENDORS = ("velero.io", "ark.heptio.com")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclasses.dataclass(frozen=True, slots=True)
class AnnotationHooks:
    """The hooks of one pod, at most one a phase, and warnings about them."""

    pre: Hook | None = None
    post: Hook | None = None
    warnings: tuple[str, ...] = ()

    def phase(self, phase: Phase) -> Hook | None:
        return self.pre if phase == "pre" else self.post


def parse_backup_hooks(pod: t.Mapping[str, t.Any]) -> AnnotationHooks:
    """The pre and post hook in the annotations of ``pod`` (a Pod as the API returns it)."""
    metadata = pod.get("metadata") or {}
    annotations: dict[str, str] = metadata.get("annotations") or {}
    where = f"pod {metadata.get('namespace', '')}/{metadata.get('name', '')}"
    warnings: list[str] = []
    return AnnotationHooks(
        pre=_parse_phase(annotations, "pre", where, warnings),
        post=_parse_phase(annotations, "post", where, warnings),
        warnings=tuple(warnings),
    )


def parse_command(text: str) -> tuple[str, ...]:
    """A JSON array of strings when the first byte is ``[`` and it decodes as one; else the whole text is one argument.

    Nothing is split, trimmed or expanded. As in Go's decoder a null element becomes an empty string, and half a
    surrogate pair the replacement character.
    """
    if text.startswith("["):
        try:
            decoded = json.loads(text)
        except (ValueError, RecursionError):
            return (text,)
        if isinstance(decoded, list) and all(item is None or isinstance(item, str) for item in decoded):
            return tuple(_LONE_SURROGATE.sub("\ufffd", item or "") for item in decoded)
    return (text,)


def parse_hook_timeout(text: str, *, key: str, where: str, warnings: list[str]) -> float | None:
    """Seconds; the default for an absent, zero or malformed value; None (no limit) for a negative one."""
    if not text:
        return DEFAULT_TIMEOUT_SECONDS
    try:
        seconds = parse_duration(text)
    except ValidationError as exc:
        warnings.append(f"{where}: annotation {key}: {exc.sentence} The default of 30s is used.")
        return DEFAULT_TIMEOUT_SECONDS
    if seconds < 0:
        return None
    return seconds or DEFAULT_TIMEOUT_SECONDS


def parse_on_error(text: str) -> OnError | t.Literal[""]:
    """Exactly ``Fail`` or ``Continue``; anything else counts as unset."""
    if text == "Fail":
        return "Fail"
    return "Continue" if text == "Continue" else ""


def backup_hook_prefix(annotations: t.Mapping[str, str], phase: Phase) -> str:
    """What the annotations of the hook of ``phase`` begin with; empty where there is none.

    All four values come from the set whose command is used.
    """
    return next((prefix for prefix in _prefixes(phase) if annotations.get(prefix + "command")), "")


def _prefixes(phase: Phase) -> t.Iterator[str]:
    for vendor in VENDORS:
        yield f"{phase}.hook.backup.{vendor}/"
        if phase == "pre":
            # The set without a prefix is older than 0.7.
            yield f"hook.backup.{vendor}/"


def _parse_phase(annotations: t.Mapping[str, str], phase: Phase, where: str, warnings: list[str]) -> Hook | None:
    prefix = backup_hook_prefix(annotations, phase)
    if not prefix:
        return None
    return Hook(
        source="annotation",
        name=ANNOTATION_HOOK_NAME,
        phase=phase,
        argv=parse_command(annotations[prefix + "command"]),
        container=annotations.get(prefix + "container", ""),
        on_error=parse_on_error(annotations.get(prefix + "on-error", "")),
        timeout_seconds=parse_hook_timeout(
            annotations.get(prefix + "timeout", ""), key=prefix + "timeout", where=where, warnings=warnings
        ),
    )


__all__ = (
    "AnnotationHooks",
    "backup_hook_prefix",
    "parse_backup_hooks",
    "parse_command",
    "parse_hook_timeout",
    "parse_on_error",
)
