# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A network that enforces the policies of proofs, which the local cluster's own does not.

What leaves a pod of a namespace with the policy is dropped in the node: a network plugin does the same, and more.
"""

from __future__ import annotations

import contextlib
import threading
import typing as t
from pathlib import Path

from lab_node import run_in_node

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

_TABLE = "arkive_test"
_SETUP = (
    f"add table ip {_TABLE}; add chain ip {_TABLE} out {{ type filter hook prerouting priority -300; policy accept; }}"
)


class PolicyEnforcer:
    """Until ``stop``. ``cut``: addresses of pods that are cut off."""

    def __init__(self, client: KubeClient, state: Path) -> None:
        self._client = client
        self._state = state
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.cut: set[str] = set()

    def start(self) -> None:
        self._nft(_SETUP)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(timeout=30)
        self._nft(f"delete table ip {_TABLE}")

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            with contextlib.suppress(KubeError):
                self._look()

    def _look(self) -> None:
        found = self._client.get("/apis/networking.k8s.io/v1/networkpolicies").get("items") or []
        for policy in found:
            namespace = policy["metadata"]["namespace"]
            for pod in self._client.get(f"/api/v1/namespaces/{namespace}/pods").get("items") or []:
                address = str((pod.get("status") or {}).get("podIP") or "")
                if address and address not in self.cut:
                    self._nft(f"add rule ip {_TABLE} out ip saddr {address} drop")
                    self.cut.add(address)

    def _nft(self, commands: str) -> None:
        run_in_node(self._state, ["nft", commands])


@contextlib.contextmanager
def enforcing(client: KubeClient, state: Path) -> t.Iterator[PolicyEnforcer]:
    enforcer = PolicyEnforcer(client, state)
    enforcer.start()
    try:
        yield enforcer
    finally:
        enforcer.stop()


__all__ = ("PolicyEnforcer", "enforcing")
