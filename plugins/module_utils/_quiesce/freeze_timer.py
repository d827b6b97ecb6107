# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The freeze timer: a dead-man switch beside the freeze, in the same container, that thaws when nobody else does.

Users know it as the lease of a freeze (``freeze_lease``, ``lease_id``).
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import secrets
import shlex
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import ExecResult, exec_command
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeTarget
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.scripts import (
    DISARM,
    FREEZE,
    MARKER,
    RELEASE,
    RENEW,
    TIMER,
)

_SHELL = ("/bin/sh", "-c")
#: What the containers' shells need at most to answer, beside the hook itself.
SCRIPT_SECONDS = 20.0
#: Each of several thaws: thawed, not frozen, no such tool, or failed.
_THAW_EACH = 'q(){ o=$("$@" 2>&1);case $?$o in 0*)k=0;;*nvalid\\ arg*);;127*)m=1;;*)b=1;echo "$o";;esac;};k=1 b=0 m=0;'
_THAW_END = "[ $b = 1 ]&&exit 1;[ $k = 0 ]&&exit 0;[ $m = 1 ]&&exit 127;echo Invalid argument;exit 1"
Renewal: t.TypeAlias = t.Literal["renewed", "rearmed", "over", "failed"]
_RENEWALS: dict[int, Renewal] = {0: "renewed", 3: "over", 4: "over", 6: "rearmed"}
_BUSY = re.compile(rb"resource busy|EBUSY|already frozen", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class FreezeTimer:
    """One freeze timer: its id, what it guards (all in one container) and the commands that thaw it."""

    lease_id: str
    targets: tuple[FreezeTarget, ...]
    thaws: tuple[tuple[str, ...], ...]
    seconds: float

    @property
    def target(self) -> FreezeTarget:
        return self.targets[0]

    def clean(self, output: bytes) -> bytes:
        """``output`` without the timer's own lines."""
        return take_marker(output, self.lease_id)[0]

    @property
    def last_words(self) -> str:
        """What its programs begin their last line with: they stay on as the parent of the timer."""
        return f"{MARKER} {self.lease_id}"

    @property
    def thaw_text(self) -> str:
        """For the shell's eval, in a shell of its own: ends and speaks as the one thaw does, or as all together.

        One that fails makes the whole fail; else 0 when anything was thawed.
        """
        if len(self.thaws) == 1:
            return shlex.join(self.thaws[0])
        return f"{_THAW_EACH}{''.join(f'q {shlex.join(thaw)};' for thaw in self.thaws)}{_THAW_END}"


@dataclasses.dataclass(frozen=True, slots=True)
class ReleaseReport:
    """What a release found.

    ``winner``: who claimed the token. ``freezer_gone``: the freezing command has ended. ``thaw``: ``p`` the post hook
    was the thaw, ``1`` we thawed, ``0`` nothing was frozen, ``x`` the thaw failed. ``up``: uptime of the node in
    seconds, ``frozen_up`` what it was when the freeze returned. ``fired_at``: when the timer thawed,
    ``fired_frozen`` whether it found something frozen.
    """

    winner: str
    freezer_gone: bool
    thaw: str
    up: float
    frozen_up: float | None = None
    fired_at: float | None = None
    fired_frozen: bool = False

    @property
    def proven(self) -> bool:
        return self.freezer_gone and self.thaw in ("p", "0", "1")


def new_lease_id() -> str:
    return secrets.token_hex(8)


def freeze_argv(timer: FreezeTimer, argv: t.Sequence[str], *, plain: bool, arm_seconds: float) -> list[str]:
    """``argv`` under ``timer``. ``arm_seconds``: how long the freezing command may take before the timer kills it."""
    numbers = [str(max(1, round(timer.seconds))), str(max(1, round(arm_seconds)))]
    return [
        *_SHELL,
        FREEZE,
        "arkive-freeze",
        timer.lease_id,
        *numbers,
        "1" if plain else "0",
        timer.thaw_text,
        TIMER,
        *argv,
    ]


def release_argv(timer: FreezeTimer, argv: t.Sequence[str], *, pure: bool) -> list[str]:
    """The release, around the post hook ``argv`` (may be empty); ``pure``: it is exactly the thaw of this freeze."""
    return [*_SHELL, RELEASE, "arkive-release", timer.lease_id, "1" if pure else "0", timer.thaw_text, *argv]


def renew(client: KubeClient, timer: FreezeTimer) -> Renewal:
    """Set it again, from now. Raises ``KubeError`` when nobody can say.

    ``renewed``; ``rearmed``: the timer was dead, and a new one runs; ``over``: it has fired, or was released, or
    nothing is known of it there; ``failed``: the container could not do it.
    """
    seconds = str(max(1, round(timer.seconds)))
    argv = [*_SHELL, RENEW, "arkive-renew", timer.lease_id, seconds, timer.thaw_text, TIMER]
    rc = run_script(client, timer.target, argv, last_words=timer.last_words).rc
    return _RENEWALS.get(rc, "failed")


def disarm(client: KubeClient, timer: FreezeTimer) -> None:
    """End the timer without a thaw: what is frozen there is someone else's. Raises ``KubeError``."""
    run_script(client, timer.target, [*_SHELL, DISARM, "arkive-disarm", timer.lease_id])


def run_script(client: KubeClient, target: FreezeTarget, argv: t.Sequence[str], *, last_words: str = "") -> ExecResult:
    """Run one of the timer's programs where the freeze is. Raises ``KubeError``; never cancelled."""
    never = CancelToken()
    return exec_command(
        client.with_cancel(never),
        namespace=target.namespace,
        pod=target.pod,
        container=target.container,
        argv=list(argv),
        timeout=SCRIPT_SECONDS,
        cancel=never,
        last_words=last_words,
    )


def take_marker(output: bytes, lease_id: str) -> tuple[bytes, dict[str, str]]:
    """``output`` without the timer's own lines, and what the last of them says."""
    kept: list[bytes] = []
    values: dict[str, str] = {}
    prefix = f"{MARKER} {lease_id} ".encode()
    for line in output.splitlines(keepends=True):
        before, found, rest = line.partition(prefix)
        if not found:
            kept.append(line)
            continue
        kept.append(before)
        text = rest.decode("ascii", "replace").strip()
        head, _fired, fired = text.partition(" fired=")
        values = dict(part.split("=", 1) for part in head.split() if "=" in part)
        if fired:
            values["fired"] = fired
    return b"".join(kept), values


def parse_release(values: t.Mapping[str, str]) -> ReleaseReport | None:
    """The report in a release's marker line; None when there was none (the stream broke)."""
    if "winner" not in values:
        return None
    fired_at, _blank, frozen = values.get("fired", "- -").partition(" ")
    return ReleaseReport(
        winner=values["winner"],
        freezer_gone=values.get("gone") == "1",
        thaw=values.get("thaw", "x"),
        up=_seconds(values.get("up", "")) or 0.0,
        frozen_up=_seconds(values.get("at", "")),
        fired_at=_seconds(fired_at),
        fired_frozen=frozen == "1",
    )


def _seconds(text: str) -> float | None:
    """An uptime; None for ``-``, and for a file that was read before it was written."""
    try:
        return float(text)
    except ValueError:
        return None


def is_busy(stderr: bytes) -> bool:
    """True when a freeze failed because the file system is frozen by someone else."""
    return _BUSY.search(stderr) is not None


__all__ = (
    "SCRIPT_SECONDS",
    "FreezeTimer",
    "ReleaseReport",
    "Renewal",
    "disarm",
    "freeze_argv",
    "is_busy",
    "new_lease_id",
    "parse_release",
    "release_argv",
    "renew",
    "run_script",
    "take_marker",
)
