# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pod with hooks, examined before the first of them runs."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._databases.cuts import VolumeCuts
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hooked_pods import HookedPod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import Preflight
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_pod import QuiescedPod, SectionSettings


def prepare_pod(
    hooked: HookedPod, preflight: Preflight, settings: SectionSettings, cuts: VolumeCuts | None = None
) -> QuiescedPod:
    """The pod as a critical section takes it: each of its pre hooks examined, its warnings logged.

    ``cuts``: the snapshots that are taken by ``CriticalSection.waves``; None: others take them, or nobody.
    """
    issues = settings.run.issues
    namespace, name = hooked.key
    for warning in hooked.warnings:
        issues.warning(warning, name=name, namespace=namespace, resource="pods")
    pre = [preflight.examine(hooked.pod, hook) for hook in hooked.pre]
    database = None
    if hooked.database is not None:
        # Many pods hold none.
        from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pod_database import (
            DatabaseSettings,
            prepare_database,
        )

        wanted = DatabaseSettings(policy=settings.policy, cuts=cuts or VolumeCuts())
        database = prepare_database(settings.run, hooked.pod, hooked.database, pre, wanted)
    return QuiescedPod(pod=hooked.pod, pre=pre, post=list(hooked.post), release_owed=not pre, database=database)


__all__ = ("prepare_pod",)
