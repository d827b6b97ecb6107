# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What earlier runs have frozen, for a run that its store stops before it comes to the pods.

A name that is held, or a location that is away, may be what the same bad night has left: who starts the run again then
wants nothing more than to hear what is frozen, and that it is thawed.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._backup.resolve import resolve_request
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.annotated import list_marked_pods
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.sweeping import sweep_namespaces

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.sweeper import Swept


def sweep_early(run: ClusterRun, request: BackupRequest) -> list[dict[str, t.Any]]:
    """Thaw what dead runs left frozen, and report to the run what is still frozen. Returns entries of ``swept``.

    Raises nothing: something worse is under way.
    """
    try:
        return _look(run, request)
    except Cancelled:
        pass
    except ArkiveError as exc:
        run.issues.warning(f"Whether an earlier run has left anything frozen could not be found out: {exc.sentence}")
    return []


def _look(run: ClusterRun, request: BackupRequest) -> list[dict[str, t.Any]]:
    # What may not be listed is no reason to leave the rest frozen.
    resolved = resolve_request(dataclasses.replace(request, skip_forbidden=True), run.with_issues(Issues()))
    namespaces = resolved.list_plan.list_namespaces
    pods = list_marked_pods(run.client, namespaces)
    sweeping = sweep_namespaces(run.client, pods, namespaces, helper=request.freeze_policy.helper_pod)
    run.issues.add_warnings([*sweeping.notes, *sweeping.unread])
    for swept in sweeping.done:
        if swept.state == "live":
            run.issues.warning(_held(swept), resource="pods", namespace=swept.namespace, name=swept.pod)
        elif swept.error:
            run.issues.warning(f"A freeze of an earlier run: {swept.error}", namespace=swept.namespace, name=swept.pod)
    return [swept.to_return() for swept in sweeping.ended]


def _held(swept: Swept) -> str:
    mark = swept.mark
    claim = f" (claim {mark.claim})" if mark.claim else ""
    return (
        f"{mark.target.where}{claim} is marked as frozen by run {mark.run} until {rfc3339(mark.until)}: its timer in "
        "the container thaws it by then, and a run after that, or k8s_hook_exec with state: swept, proves it."
    )


__all__ = ("sweep_early",)
