# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A critical section with one pod's database, as a program that may be stopped and killed.

``held_section.py KUBECONFIG NAMESPACE POD KIND MODE LEASE [PHASE NUMBER]``. It says ``held`` or ``not held``, goes on
when a line comes, and ends with what has become of it, as JSON. With PHASE and NUMBER it stops before that statement of
``begin`` or ``release`` (0 of ``begin``: before it connects; the one after the last of ``release``: before it closes),
says ``at PHASE NUMBER``, and goes on when a line comes.
"""

from __future__ import annotations

import json
import sys
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import DatabaseDeclaration
from ansible_collections.arkive.k8s.plugins.module_utils._databases.session import DatabaseSession
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pod_database import DatabaseSettings, prepare_database
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_block import (
    CriticalSection,
    QuiescedPod,
    SectionSettings,
)


class Gate:
    """Counts the statements of each phase, but for signs of life, and stops before one of them."""

    def __init__(self, phase: str = "", number: str = "-1") -> None:
        self._stop_at = (phase, int(number))
        self.asked = {"begin": 0, "release": 0}
        self.phase = "begin"
        if self._stop_at == ("begin", 0):
            self._stop()

    def install(self) -> None:
        ask, close = DatabaseSession.ask, DatabaseSession.close

        def gated_ask(session: DatabaseSession, statement: str, **how: t.Any) -> list[list[str]]:
            self._pass()
            return ask(session, statement, **how)

        def gated_close(session: DatabaseSession) -> None:
            self._pass()
            close(session)

        DatabaseSession.ask = gated_ask  # type: ignore[method-assign]
        DatabaseSession.close = gated_close  # type: ignore[method-assign]

    def _pass(self) -> None:
        if threading.current_thread().name == "arkive-database":
            return
        self.asked[self.phase] += 1
        if (self.phase, self.asked[self.phase]) == self._stop_at:
            self._stop()

    def _stop(self) -> None:
        phase, number = self._stop_at
        print(f"at {phase} {number}", flush=True)
        sys.stdin.readline()


def main(kubeconfig: str, namespace: str, name: str, kind: str, mode: str, lease: str, *at: str) -> None:
    client = connect(KubeAuth(kubeconfig=kubeconfig))
    policy = FreezePolicy(lease_seconds=float(lease), freeze_max_seconds=30.0 if at else 120.0)
    settings = SectionSettings(run=ClusterRun(client=client, run_id="held"), policy=policy)
    pod = client.get(f"/api/v1/namespaces/{namespace}/pods/{name}")
    declared = DatabaseDeclaration(kind=kind, mode=mode)
    database = prepare_database(settings.run, pod, declared, [], DatabaseSettings(policy=policy))
    section = CriticalSection([QuiescedPod(pod=pod, pre=[], post=[], database=database)], settings)
    gate = Gate(*at)
    gate.install()
    with section:
        print("held" if database.held else f"not held: {database.record.error}", flush=True)
        sys.stdin.readline()
        gate.phase = "release"
    found = {"quiesces": [record.to_return() for record in section.quiesces], "errors": section.errors}
    print(json.dumps(found | {"consistent": section.consistent, "asked": gate.asked}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
