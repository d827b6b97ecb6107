# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pod with hooks, examined before the first of them runs."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hooked_pods import HookedPod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import Preflight
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_pod import QuiescedPod, SectionSettings


def prepare_pod(hooked: HookedPod, preflight: Preflight, settings: SectionSettings) -> QuiescedPod:
    """The pod as a critical section takes it: each of its pre hooks examined, its warnings logged."""
    issues = settings.run.issues
    namespace, name = hooked.key
    for warning in hooked.warnings:
        issues.warning(warning, name=name, namespace=namespace, resource="pods")
    pre = [preflight.examine(hooked.pod, hook) for hook in hooked.pre]
    database = None
    if hooked.database is not None:
        # Many pods hold none.
        from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pod_database import prepare_database

        database = prepare_database(settings.run, hooked.pod, hooked.database, pre, settings.policy)
    return QuiescedPod(pod=hooked.pod, pre=pre, post=list(hooked.post), release_owed=not pre, database=database)


__all__ = ("prepare_pod",)
