# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with the command of a hook, whichever pod it runs in."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.shell_words import is_one_word, shell_advice
from ansible_collections.arkive.k8s.plugins.module_utils._lint.database_locks import lock_findings
from ansible_collections.arkive.k8s.plugins.module_utils._lint.finding import Finding, Place
from ansible_collections.arkive.k8s.plugins.module_utils._lint.passwords import password_findings
from ansible_collections.arkive.k8s.plugins.module_utils._lint.simple_commands import commands_of
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import recognise_hook
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import ExecHook, HookRule


def command_findings(argv: t.Sequence[str], place: Place, *, image: str = "") -> list[Finding]:
    """By the words of the command alone. ``image``: of its container, empty where it is not known."""
    found: list[Finding] = []
    advice = shell_advice(argv)
    if advice:
        # The advice repeats the command, which may hold a password.
        what = "is one word, and there is no program of that name" if is_one_word(argv) else "has words for a shell"
        found.append(
            Finding.of(
                "needs-shell",
                place,
                f"The command {what}: hooks run without a shell, and it fails or does something else.",
                hint='Write ["/bin/sh", "-c", "..."] for a shell, or a JSON list with a word for each argument.',
            )
        )
    commands = commands_of(("/bin/sh", "-c", argv[0]) if is_one_word(argv) else argv)
    return [*found, *lock_findings(commands, argv, place, image), *password_findings(commands, place)]


def pair_findings(pre: t.Sequence[tuple[Hook, Place]], post: t.Sequence[tuple[Hook, Place]]) -> list[Finding]:
    """Freezes and thaws of one pod that do not fit each other. Containers are as written: empty is the first one."""
    frozen = {path: place for hook, place in pre for path in _paths(hook, "freezes")}
    thawed = {path: place for hook, place in post for path in _paths(hook, "thaws")}
    unclear = [place for hook, place in (*pre, *post) if recognise_hook(hook).unclear]
    found = [
        Finding.of(
            "freeze-unclear",
            place,
            "The command freezes something, but what cannot be read from it, so that nobody can guard or undo it.",
            hint="Write the path as it is, without variables and patterns.",
        )
        for place in unclear
    ]
    if unclear:
        return found
    for path, place in frozen.items():
        if path not in thawed:
            found.append(
                Finding.of(
                    "freeze-without-thaw",
                    place,
                    f"The pre hook freezes {path}, and no post hook thaws it: writes to it hang until somebody does.",
                    hint=f'Add the post hook ["/sbin/fsfreeze", "--unfreeze", "{path}"] in the same container.',
                )
            )
    for path, place in thawed.items():
        if path not in frozen:
            found.append(
                Finding.of(
                    "thaw-without-freeze",
                    place,
                    f"The post hook thaws {path}, which no pre hook freezes: it fails, or ends somebody else's freeze.",
                    hint="Name the path that is frozen, or remove the hook.",
                )
            )
    return found


def _paths(hook: Hook, what: t.Literal["freezes", "thaws"]) -> list[str]:
    found = recognise_hook(hook)
    return [
        readable(command.path.rstrip("/") or "/") for command in (found.freezes if what == "freezes" else found.thaws)
    ]


def rule_findings(rule: HookRule, place_of: t.Callable[[str], Place]) -> list[Finding]:
    """The commands of one entry of ``spec.hooks.resources``. ``place_of``: of what stands there under ``pre[0]``."""
    sides: dict[str, list[tuple[Hook, Place]]] = {"pre": [], "post": []}
    found: list[Finding] = []
    entries: tuple[tuple[t.Literal["pre", "post"], tuple[ExecHook, ...]], ...] = (
        ("pre", rule.pre),
        ("post", rule.post),
    )
    for phase, hooks in entries:
        for at, entry in enumerate(hooks):
            place = place_of(f"{phase}[{at}]")
            sides[phase].append((Hook.of(entry, source="spec", name=rule.name, phase=phase, index=at), place))
            found += command_findings(entry.command, place)
    return found + pair_findings(sides["pre"], sides["post"])


__all__ = ("command_findings", "pair_findings", "rule_findings")
