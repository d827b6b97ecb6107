# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How execution hooks are run, whatever they are."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy

#: Where Kasten has its blueprints, and looks for them.
BLUEPRINT_NAMESPACE = "kasten-io"
#: Seconds that a phase may take: what Kasten gives the hooks of blueprints.
DEFAULT_PHASE_SECONDS = 20 * 60.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HookSettings:
    """``pod_namespace``: of pods of which the blueprint does not say it; empty for that of the subject.

    ``retries``: how often a pre_hook or an on_success hook that failed is run again, from its first phase.
    ``freeze_policy``: how file systems are guarded that a hook freezes.
    """

    blueprint_namespace: str = BLUEPRINT_NAMESPACE
    pod_namespace: str = ""
    service_account: str = ""
    phase_seconds: float = DEFAULT_PHASE_SECONDS
    retries: int = 0
    freeze_policy: FreezePolicy = dataclasses.field(default_factory=FreezePolicy)


__all__ = ("BLUEPRINT_NAMESPACE", "DEFAULT_PHASE_SECONDS", "HookSettings")
