# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the containers of live pods have the programs of their hooks. A shell in each container is asked, once."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import resolve_container
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.explanations import lacks_program
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.shell_words import is_one_word
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import ExecResult, exec_command
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_running
from ansible_collections.arkive.k8s.plugins.module_utils._lint.finding import Finding
from ansible_collections.arkive.k8s.plugins.module_utils._lint.pod_checks import PlacedHook
from ansible_collections.arkive.k8s.plugins.module_utils._lint.simple_commands import commands_of
from ansible_collections.arkive.k8s.plugins.module_utils._lint.subjects import PodSubject
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.shell_words import SHELLS

_SECONDS = 20.0
_SCRIPT = 'for each in "$@"; do command -v "$each" >/dev/null 2>&1 || echo "$each"; done'
#: In the script of a shell, these alone are looked for: other words may be its own functions.
_KNOWN = frozenset(
    (
        "fsfreeze", "mariadb", "mongo", "mongosh", "mysql", "nodetool", "pg_dump", "pg_dumpall", "psql", "redis-cli",
        "sync", "valkey-cli", "xfs_freeze", "curl", "wget",
    )
)  # fmt: skip


def program_findings(client: KubeClient, subject: PodSubject, placed: t.Iterable[PlacedHook]) -> list[Finding]:
    """Of one live pod. A container that cannot be asked is a note."""
    if not is_running(subject.pod):
        return []
    wanted: dict[str, dict[str, PlacedHook]] = {}
    for each in placed:
        try:
            container = resolve_container(subject.pod, each.hook.container)
        except HookError:
            continue
        for program in _programs(each.hook.argv):
            wanted.setdefault(container, {}).setdefault(program, each)
    return [finding for container, programs in wanted.items() for finding in _ask(client, subject, container, programs)]


def _programs(argv: t.Sequence[str]) -> list[str]:
    if not argv or is_one_word(argv):
        return []
    found = [command.program for command in commands_of(argv) if not command.in_shell or command.name in _KNOWN]
    return list(dict.fromkeys(filter(None, found)))


def _ask(
    client: KubeClient, subject: PodSubject, container: str, programs: t.Mapping[str, PlacedHook]
) -> t.Iterator[Finding]:
    place = dataclasses.replace(subject.place, container=container)
    try:
        result = exec_command(
            client,
            namespace=subject.place.namespace,
            pod=subject.place.name,
            container=container,
            argv=["/bin/sh", "-c", _SCRIPT, "arkive-lint", *programs],
            timeout=_SECONDS,
        )
    except KubeError as exc:
        if lacks_program(exc.message):
            yield from _without_shell(subject, container, programs)
        else:
            yield Finding.of("not-looked-at", place, f"Its programs are not known: {exc.message}", hint=exc.hint or "")
        return
    if result.rc in (126, 127):
        yield from _without_shell(subject, container, programs)
    elif result.rc != 0:
        yield Finding.of("not-looked-at", place, f"Its programs are not known: the shell ended with {result.rc}.")
    else:
        for program in _missing(result, programs):
            yield _lacking(programs[program], container, program)


def _missing(result: ExecResult, programs: t.Mapping[str, PlacedHook]) -> list[str]:
    said = set(result.stdout.decode("utf-8", "replace").splitlines())
    return [program for program in programs if program in said]


def _without_shell(subject: PodSubject, container: str, programs: t.Mapping[str, PlacedHook]) -> t.Iterator[Finding]:
    """There is no shell to ask: of a hook that needs it the answer is known."""
    shells = [program for program in programs if program.rpartition("/")[2] in SHELLS]
    for program in shells:
        yield _lacking(programs[program], container, program)
    unknown = [readable(program) for program in programs if program not in shells]
    # What stands in a script that cannot run is of no interest.
    if unknown and not shells:
        place = dataclasses.replace(subject.place, container=container)
        said = f"The container has no shell to ask whether it has {', '.join(unknown)}."
        yield Finding.of("not-looked-at", place, said)


def _lacking(each: PlacedHook, container: str, program: str) -> Finding:
    return Finding.of(
        "no-such-program",
        dataclasses.replace(each.place, container=container),
        f"Container {container} has no {readable(program)}: the hook fails.",
        hint="Name a container whose image has it; for fsfreeze, a sidecar that mounts the same claim.",
    )


__all__ = ("program_findings",)
