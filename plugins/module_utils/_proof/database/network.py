# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The network of a proof: nothing comes in, nothing goes out but questions to the name service. Proven, not believed.

A NetworkPolicy is an object that any cluster takes, and that some enforce. So the pod itself is asked: before the
policy it reaches the API server, and after it does not. Nothing of the database runs before that is known.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import namespaced_path
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.request import ProofRequest
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.scratch_namespace import proof_labels
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.shell import Shell

#: Where the name services of clusters are (CoreDNS; OpenShift's listens on 5353).
_DNS_NAMESPACES = ("kube-system", "openshift-dns")
_DNS_PORTS = (53, 5353)
_PAUSE = 1.0
#: One attempt may fail for another reason than the policy.
_FAILURES = 2
_NO_TOOL = 97
#: A connection is tried for two seconds: packets that are dropped get no answer.
_CONNECT = f"""
if command -v bash >/dev/null 2>&1; then
  if command -v timeout >/dev/null 2>&1; then exec timeout 2 bash -c ': </dev/tcp/$0/$1' "$1" "$2"; fi
  bash -c ': </dev/tcp/$0/$1' "$1" "$2" & p=$!
  (sleep 2; kill $p 2>/dev/null) & wait $p; exit $?
fi
if command -v nc >/dev/null 2>&1; then nc -w 2 "$1" "$2" </dev/null >/dev/null 2>&1; exit $?; fi
if command -v python3 >/dev/null 2>&1; then
  exec python3 -c 'import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)' "$1" "$2"
fi
if command -v perl >/dev/null 2>&1; then
  exec perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(PeerAddr => "$ARGV[0]:$ARGV[1]", Timeout => 2)' "$1" "$2"
fi
exit {_NO_TOOL}
"""
_API_SERVER = 'printf "%s %s" "$KUBERNETES_SERVICE_HOST" "$KUBERNETES_SERVICE_PORT"'
_STEP_SECONDS = 30.0

Verdict: t.TypeAlias = t.Literal["enforced", "not enforced", "unknown"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFinding:
    """``reached``: addresses that the pod reached without the policy; ``open``: with it. ``reason``: a clause."""

    verdict: Verdict
    reason: str
    reached: tuple[str, ...] = ()
    open: tuple[str, ...] = ()

    def to_return(self) -> dict[str, t.Any]:
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "reached_before": list(self.reached),
            "reached_after": list(self.open),
        }


def policy_body(namespace: str) -> Object:
    """For all pods of the namespace."""
    peers = [
        {
            "namespaceSelector": {
                "matchExpressions": [
                    {"key": "kubernetes.io/metadata.name", "operator": "In", "values": list(_DNS_NAMESPACES)}
                ]
            }
        }
    ]
    ports = [{"protocol": protocol, "port": port} for port in _DNS_PORTS for protocol in ("UDP", "TCP")]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "arkive-proof", "namespace": namespace, "labels": proof_labels(namespace)},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Ingress", "Egress"],
            "egress": [{"to": peers, "ports": ports}],
        },
    }


class ScratchNetwork:
    """Of one pod, from before it is cut off."""

    def __init__(self, client: KubeClient, shell: Shell, request: ProofRequest) -> None:
        self._client = client
        self._shell = shell
        self._request = request
        self._reached: tuple[str, ...] = ()
        self._why = ""

    def cut(self, namespace: str) -> NetworkFinding:
        """Look, make the policy, and look again until it has taken effect, or the time for that is over."""
        self._look_before()
        self._client.post(namespaced_path("networking.k8s.io/v1", namespace, "networkpolicies"), policy_body(namespace))
        return self.look()

    def look(self) -> NetworkFinding:
        """Whether what was reached before is not any more."""
        if not self._reached:
            return NetworkFinding(verdict="unknown", reason=self._why)
        end = time.monotonic() + self._request.limits.network
        while True:
            still = tuple(address for address in self._reached if self._still_connects(address))
            if not still:
                return NetworkFinding(
                    verdict="enforced",
                    reason=f"the pod reached {', '.join(self._reached)} before the policy, and does not any more",
                    reached=self._reached,
                )
            if time.monotonic() >= end:
                return NetworkFinding(
                    verdict="not enforced",
                    reason=f"the pod reaches {', '.join(still)} in spite of the policy",
                    reached=self._reached,
                    open=still,
                )
            if self._client.cancel.wait(_PAUSE):
                self._client.cancel.check()

    def _look_before(self) -> None:
        found = self._shell.run(_API_SERVER, seconds=_STEP_SECONDS).out.split()
        addresses = [f"{found[0]}:{found[1]}"] if len(found) == 2 else []
        addresses += [address for address in self._request.targets if address not in addresses]
        self._why = f"the pod does not reach {', '.join(addresses) or 'anything'} even without the policy"
        try:
            self._reached = tuple(address for address in addresses if self._connects(address))
        except ProofError as exc:
            self._why = exc.message.rstrip(".")

    def _still_connects(self, address: str) -> bool:
        return any(self._connects(address) for _attempt in range(_FAILURES))

    def _connects(self, address: str) -> bool:
        host, _colon, port = address.rpartition(":")
        code = self._shell.run(_CONNECT, host.strip("[]"), port, seconds=_STEP_SECONDS).code
        if code == _NO_TOOL:
            raise ProofError("the image has neither bash, nc, python3 nor perl to try a connection with")
        return code == 0


def refusal(finding: NetworkFinding) -> ProofError:
    """For one who has not allowed it."""
    hints = {
        "not enforced": "Use a cluster whose network enforces NetworkPolicies, or set allow_unenforced_network: true.",
        "unknown": "Name an address that pods reach in network_targets, or set allow_unenforced_network: true.",
    }
    return ProofError(
        f"The database was not started, as it is not proven that it cannot reach production: {finding.reason}.",
        hint=hints.get(finding.verdict),
    )


__all__ = ("NetworkFinding", "ScratchNetwork", "policy_body", "refusal")
