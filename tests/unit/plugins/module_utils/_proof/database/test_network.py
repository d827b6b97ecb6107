# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the network of a pod is cut, by what it reaches before the policy and after it."""

from __future__ import annotations

import types
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.network import ScratchNetwork, refusal
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.request import ProofLimits, ProofRequest
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.shell import Said, Shell

API = "10.96.0.1:443"
NO_TOOL = 97


class StubNetwork(Shell):
    """``codes``: of the attempts at an address, one after the other; the last one goes on."""

    def __init__(self, **codes: t.Sequence[int]) -> None:
        self._codes = {name: list(found) for name, found in codes.items()}

    def run(self, script: str, *arguments: str, seconds: float = 0.0) -> Said:
        if not arguments:
            return Said(0, API.replace(":", " "), "")
        codes = self._codes["api" if arguments[0] == "10.96.0.1" else "db"]
        return Said(codes.pop(0) if len(codes) > 1 else codes[0], "", "")


@pytest.mark.parametrize(
    ("codes", "targets", "verdict", "why"),
    [
        ({"api": [0, 124]}, (), "enforced", f"the pod reached {API} before the policy, and does not any more"),
        # A plugin takes a while, and one attempt may fail for another reason.
        ({"api": [0, 0, 124]}, (), "enforced", "does not any more"),
        ({"api": [0, 124, 0]}, (), "not enforced", "in spite of the policy"),
        ({"api": [0]}, (), "not enforced", f"the pod reaches {API} in spite of the policy"),
        ({"api": [124]}, (), "unknown", f"the pod does not reach {API} even without the policy"),
        ({"api": [NO_TOOL]}, (), "unknown", "has neither bash, nc, python3 nor perl"),
        ({"api": [124], "db": [0, 124]}, ("db.shop:5432",), "enforced", "the pod reached db.shop:5432 before"),
        ({"api": [0, 124], "db": [0]}, ("db.shop:5432",), "not enforced", "the pod reaches db.shop:5432 in spite"),
        ({"api": [0, 124], "db": [1]}, ("db.shop:5432",), "enforced", f"the pod reached {API} before"),
    ],
)
def test_what_is_said_of_the_network(codes: t.Any, targets: t.Any, verdict: str, why: str) -> None:
    made: list[str] = []
    client = types.SimpleNamespace(cancel=CancelToken(), post=lambda path, _body: made.append(path))
    request = ProofRequest(name="b", targets=targets, limits=ProofLimits(network=1.5))
    finding = ScratchNetwork(t.cast("t.Any", client), StubNetwork(**codes), request).cut("arkive-proof-x")
    assert made == ["/apis/networking.k8s.io/v1/namespaces/arkive-proof-x/networkpolicies"]
    assert finding.verdict == verdict
    assert why in finding.reason
    if verdict != "enforced":
        assert "The database was not started" in refusal(finding).message
        assert "allow_unenforced_network: true" in refusal(finding).sentence
