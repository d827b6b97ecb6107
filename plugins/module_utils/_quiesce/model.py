# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Freezes: what is asked for, and the account of what became of each."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now

ThawedBy: t.TypeAlias = t.Literal[
    "post hook", "release", "lease", "its own command", "someone else", "not frozen", "not proven"
]
TimerState: t.TypeAlias = t.Literal["armed", "unavailable"]

DEFAULT_LEASE_SECONDS = 60.0
DEFAULT_FREEZE_MAX_SECONDS = 300.0
#: No mark is believed that promises a longer freeze: whoever may patch a pod could else keep the sweeper away forever.
LONGEST_FREEZE_SECONDS = 86400.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HelperPod:
    """What a short-lived pod is made of that thaws where no container can; ``namespace`` empty: the claim's own."""

    image: str
    namespace: str = ""
    service_account: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FreezePolicy:
    """How freezes are guarded in one run.

    ``lease_seconds``: one renewal. ``freeze_max_seconds``: no timer is renewed beyond it.
    ``require_lease``: refuse a freeze without timer or mark. ``allow_shared_freeze``: skip the guard.
    ``helper_pod``: what thaws where no container can.
    """

    lease_seconds: float = DEFAULT_LEASE_SECONDS
    freeze_max_seconds: float = DEFAULT_FREEZE_MAX_SECONDS
    require_lease: bool = False
    allow_shared_freeze: bool = False
    helper_pod: HelperPod | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FreezeTarget:
    """One file system that a command in a container would freeze, as the guard found it.

    ``claim`` is ``namespace/name`` of the PersistentVolumeClaim, ``device`` its ``major:minor``; both are empty when
    the guard was switched off.
    """

    namespace: str
    pod: str
    node: str
    container: str
    path: str
    claim: str = ""
    volume: str = ""
    device: str = ""
    fs_type: str = ""

    @property
    def where(self) -> str:
        return f"{self.path} in container {self.container} of pod {self.namespace}/{self.pod}"


@dataclasses.dataclass(slots=True, kw_only=True)
class FreezeRecord:
    """The life of one freeze. ``seconds`` are those measured in the container; ``started`` None: by an earlier task."""

    target: FreezeTarget
    lease_id: str
    timer: TimerState
    started: dt.datetime | None = None
    ended: dt.datetime | None = None
    seconds: float | None = None
    thawed_by: ThawedBy = "not proven"
    consistent: bool = False
    error: str = ""
    released: bool = False

    @property
    def lasted(self) -> float | None:
        """The seconds that it lasted or has lasted, from the outside where they were not measured. None: unknown."""
        if self.thawed_by == "not frozen":
            return 0.0
        if self.seconds is not None or self.started is None:
            return self.seconds
        return max(0.0, ((self.ended or utc_now()) - self.started).total_seconds())

    @property
    def ending(self) -> str:
        """How it ended, for a line of progress."""
        if self.thawed_by in ("not proven", "not frozen"):
            return "its thaw is not proven" if self.thawed_by == "not proven" else "it was not frozen"
        return f"thawed by {self.thawed_by}"

    def to_return(self) -> dict[str, t.Any]:
        """The entry of a task's ``freezes`` list; what is not known is left out."""
        target = self.target
        known = {
            "started": rfc3339(self.started) if self.started else None,
            "ended": rfc3339(self.ended) if self.ended else None,
            "seconds": None if self.lasted is None else round(self.lasted, 2),
        }
        return {
            "namespace": target.namespace,
            "pod": target.pod,
            "container": target.container,
            "path": target.path,
            "claim": target.claim,
            "device": target.device,
            "lease": self.timer,
            "lease_id": self.lease_id,
            **{name: value for name, value in known.items() if value is not None},
            "thawed_by": self.thawed_by,
            "consistent": self.consistent,
            "error": self.error,
        }


__all__ = (
    "DEFAULT_FREEZE_MAX_SECONDS",
    "DEFAULT_LEASE_SECONDS",
    "LONGEST_FREEZE_SECONDS",
    "FreezePolicy",
    "FreezeRecord",
    "FreezeTarget",
    "HelperPod",
    "ThawedBy",
    "TimerState",
)
