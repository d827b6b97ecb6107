# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A namespace that is there for proofs: one at a time has it, empty, and nobody else's things go."""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.given_namespace import (
    GIVEN_LABEL,
    GivenNamespace,
)
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.scratch_namespace import PROOF_LABEL

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
LATER, BEFORE = NOW + dt.timedelta(hours=1), NOW - dt.timedelta(hours=1)
SPACE = "/api/v1/namespaces/proofs"
POLICIES = "/apis/networking.k8s.io/v1/namespaces/proofs/networkpolicies"
HOLDER = f"{SPACE}/configmaps/arkive-proof-holder"


class Cluster:
    """The namespace with its label, and objects by their paths; ``labels`` None: it is not there."""

    def __init__(self, labels: dict[str, str] | None, **metadata: t.Any) -> None:
        self.asked: list[str] = []
        self.objects: dict[str, dict[str, t.Any]] = {}
        self._version = 0
        if labels is not None:
            self.objects[SPACE] = {"metadata": {"name": "proofs", "labels": labels, **metadata}}

    def add(self, path: str, *, ours: bool = False, **annotations: str) -> None:
        labels = {PROOF_LABEL: "proofs"} if ours else {}
        name = path.rpartition("/")[2]
        self.objects[path] = {"metadata": {"name": name, "labels": labels, "annotations": annotations}}

    def hold(self, expires: dt.datetime) -> None:
        self.add(HOLDER, **{"arkive.k8s/expires": rfc3339(expires)})
        self.objects[HOLDER]["metadata"]["resourceVersion"] = "0"

    def with_cancel(self, _cancel: CancelToken) -> Cluster:
        return self

    def server_now(self) -> dt.datetime:
        return NOW

    def get(self, path: str, *, query: t.Any = None) -> dict[str, t.Any]:
        if path in self.objects:
            return self.objects[path]
        if path.rpartition("/")[2] in ("pods", "persistentvolumeclaims", "networkpolicies", "secrets", "configmaps"):
            found = [value for key, value in self.objects.items() if key.rpartition("/")[0] == path]
            return {"items": [item for item in found if not query or item["metadata"]["labels"].get(PROOF_LABEL)]}
        raise KubeError("Gone.", status=404, reason="NotFound")

    def post(self, path: str, body: dict[str, t.Any]) -> None:
        place = f"{path}/{body['metadata']['name']}"
        if place in self.objects:
            raise KubeError("There.", status=409, reason="AlreadyExists")
        self.asked.append(f"post {place}")
        self.objects[place] = {"metadata": {**body["metadata"], "resourceVersion": "1"}}

    def put(self, path: str, body: dict[str, t.Any]) -> None:
        if body["metadata"]["resourceVersion"] != self.objects[path]["metadata"]["resourceVersion"]:
            raise KubeError("Changed.", status=409, reason="Conflict")
        self.asked.append(f"put {path}")
        self.objects[path] = {"metadata": {**body["metadata"], "resourceVersion": "2"}}

    def delete(self, path: str, *, query: t.Any = None) -> None:
        self.asked.append(f"delete {path}")
        if query is None:
            self.objects.pop(path)
            return
        assert query == {"labelSelector": f"{PROOF_LABEL}=proofs"}
        for key in [key for key, item in self.objects.items() if key.rpartition("/")[0] == path]:
            if self.objects[key]["metadata"]["labels"].get(PROOF_LABEL):
                self.objects.pop(key)


class Volumes:
    """In the place of ``ScratchVolumes``: removes pods and claims that are ours."""

    def __init__(self, cluster: Cluster, problem: str = "") -> None:
        self._cluster = cluster
        self._problem = problem

    def remove_claims(self, _namespace: str, pods: t.Iterable[str]) -> list[str]:
        for pod in pods:
            self._cluster.objects.pop(f"{SPACE}/pods/{pod}")
        return [self._problem] if self._problem else []

    def take_out(self, namespace: str) -> list[str]:
        self._cluster.asked.append(f"take out {namespace}")
        return []


def place(cluster: Cluster, problem: str = "") -> GivenNamespace:
    volumes = t.cast("t.Any", Volumes(cluster, problem))
    return GivenNamespace(t.cast("t.Any", cluster), volumes, "proofs", source="backup 'b'", run_id="run1")


LABELLED = {GIVEN_LABEL: "true"}


def test_it_is_taken_and_left_as_empty_as_it_was() -> None:
    cluster = Cluster(LABELLED)
    cluster.add(f"{SPACE}/configmaps/kube-root-ca.crt")
    cluster.add(f"{SPACE}/secrets/somebodys")
    given = place(cluster)
    given.foresee(LATER)
    assert cluster.asked == []
    assert given.make(LATER) == ([], [])
    before = set(cluster.objects) - {HOLDER}
    cluster.add(f"{SPACE}/secrets/copied", ours=True)
    cluster.add(f"{POLICIES}/arkive-proof", ours=True)
    assert given.remove() == ""
    assert set(cluster.objects) == before


@pytest.mark.parametrize(
    ("cluster", "why"),
    [
        (Cluster(None), "does not exist"),
        (Cluster({}), f"it has no label {GIVEN_LABEL}=true"),
        (Cluster(LABELLED, deletionTimestamp="2026-06-01T11:00:00Z"), "is being deleted"),
    ],
)
def test_a_namespace_that_is_not_meant_for_it(cluster: Cluster, why: str) -> None:
    for step in (place(cluster).foresee, place(cluster).make):
        with pytest.raises(ProofError, match=why):
            step(LATER)
    assert cluster.asked == []


@pytest.mark.parametrize("path", [f"{SPACE}/pods/web", f"{SPACE}/persistentvolumeclaims/data", f"{POLICIES}/allow"])
def test_one_that_is_not_empty_is_refused_and_given_back(path: str) -> None:
    """Another policy may let out what ours does not."""
    cluster = Cluster(LABELLED)
    cluster.add(path)
    for step in (place(cluster).foresee, place(cluster).make):
        with pytest.raises(ProofError, match=f"is not empty: it has {'/'.join(path.split('/')[-2:])}"):
            step(LATER)
    assert path in cluster.objects
    assert HOLDER not in cluster.objects


def test_one_proof_at_a_time_has_it() -> None:
    cluster = Cluster(LABELLED)
    cluster.hold(LATER)
    for step in (place(cluster).foresee, place(cluster).make):
        with pytest.raises(ProofError, match="Another proof works in namespace proofs, until 2026-06-01T13:00:00Z"):
            step(LATER)
    assert cluster.asked == []


def test_what_a_dead_run_has_left_is_removed_by_the_one_who_takes_it_over() -> None:
    cluster = Cluster(LABELLED)
    cluster.hold(BEFORE)
    for path in (f"{SPACE}/pods/db-0", f"{SPACE}/secrets/copied", f"{POLICIES}/arkive-proof"):
        cluster.add(path, ours=True)
    place(cluster).foresee(LATER)
    given = place(cluster)
    assert given.make(LATER) == (["proofs"], [])
    assert set(cluster.objects) == {SPACE, HOLDER}
    assert cluster.asked[:2] == [f"put {HOLDER}", "take out proofs"]


def test_of_two_that_take_it_over_one_does() -> None:
    cluster = Cluster(LABELLED)
    cluster.hold(BEFORE)
    get = cluster.get

    def get_and_change(path: str, **more: t.Any) -> dict[str, t.Any]:
        found = get(path, **more)
        if path == HOLDER:
            cluster.objects[HOLDER] = {"metadata": {**found["metadata"], "resourceVersion": "9"}}
        return found

    cluster.get = get_and_change  # type: ignore[method-assign]
    with pytest.raises(ProofError, match="Another proof works in namespace proofs"):
        place(cluster).make(LATER)
    assert cluster.asked == []


def test_as_long_as_a_pod_is_there_it_stays_cut_off() -> None:
    cluster = Cluster(LABELLED)
    given = place(cluster)
    given.make(LATER)
    cluster.add(f"{SPACE}/pods/db-0", ours=True)
    cluster.add(f"{POLICIES}/arkive-proof", ours=True)
    assert "still has db-0 of the proof" in given.remove()
    assert {HOLDER, f"{POLICIES}/arkive-proof"} <= set(cluster.objects)


def test_what_cannot_be_swept_stays_held() -> None:
    cluster = Cluster(LABELLED)
    cluster.hold(BEFORE)
    cluster.add(f"{POLICIES}/arkive-proof", ours=True)
    with pytest.raises(ProofError, match="is not empty"):
        place(cluster, "pvc-1 is being deleted.").make(LATER)
    assert HOLDER in cluster.objects
