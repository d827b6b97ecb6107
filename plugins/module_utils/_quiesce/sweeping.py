# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look whether dead runs have left anything frozen in some namespaces, and thaw it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.annotated import has_mark, try_list_marked_claims
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import HelperPod

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.sweeper import Swept


@dataclasses.dataclass(frozen=True, slots=True)
class Sweeping:
    """``done`` has every mark that was found; ``notes`` what else there is to say.

    ``unread``: why the marks on claims could not be read; those on the pods have to do then.
    """

    done: tuple[Swept, ...] = ()
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def ended(self) -> list[Swept]:
        """Without the freezes of live runs."""
        return [swept for swept in self.done if swept.state != "live"]


def sweep_namespaces(
    client: KubeClient,
    pods: t.Sequence[t.Mapping[str, t.Any]],
    namespaces: t.Sequence[str] | None,
    *,
    helper: HelperPod | None = None,
    ended_run: str = "",
) -> Sweeping:
    """Sweep what is marked on ``pods`` and on the claims of ``namespaces`` (None: of the whole cluster).

    With ``helper``, helper pods that killed runs have left are removed as well. The freezes of ``ended_run``, which is
    known to be gone, are over whatever their marks say.
    """
    unread: list[str] = []
    claims = try_list_marked_claims(client, namespaces, pods, unread)
    if helper is None and not claims and not any(has_mark(pod) for pod in pods):
        return Sweeping(unread=tuple(unread))
    # Most runs find none, and need nothing of what thaws.
    from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.active_freezes import gather
    from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.helper_pod import HelperRun
    from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.sweeper import sweep

    found = dataclasses.replace(gather(pods, claims), ended_run=ended_run)
    notes = HelperRun(client, helper).remove_leftovers(namespaces) if helper is not None else []
    done = sweep(client, found, pods=pods, helper=helper)
    return Sweeping(tuple(done), (*notes, *found.faults), tuple(unread))


__all__ = ("Sweeping", "sweep_namespaces")
