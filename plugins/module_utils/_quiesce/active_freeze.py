# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A freeze that a run holds, or may hold."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_timer import FreezeTimer
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeRecord
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import recognise_hook


@dataclasses.dataclass(slots=True, kw_only=True)
class ActiveFreeze:
    """A freeze that this run holds, or may hold. Times are ``time.monotonic()``.

    ``returned``: the freezing command has ended with 0, so that nothing of it is left to be killed.
    ``release_began``: when its release was first asked for; 0 before.
    ``container_gone``: its container is known to be gone, or to mount something else now.
    """

    timer: FreezeTimer
    records: list[FreezeRecord]
    armed: bool
    freezer: Hook
    frozen_at: float = 0.0
    timer_end: float = 0.0
    returned: bool = False
    release_began: float = 0.0
    container_gone: bool = False

    @property
    def thaws_itself(self) -> bool:
        """The command that freezes thaws again before it ends."""
        found = recognise_hook(self.freezer)
        return bool(found.freezes) and {each.path for each in found.freezes} <= {each.path for each in found.thaws}

    def begin_release(self, now: float) -> None:
        self.release_began = self.release_began or now

    @property
    def held_seconds(self) -> float | None:
        """How long it must have been held at least, if nobody else thawed it; None where that is not known."""
        return self.release_began - self.frozen_at if self.returned and self.release_began else None

    @property
    def where(self) -> str:
        return " and ".join(target.where for target in self.timer.targets)


__all__ = ("ActiveFreeze",)
