# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup that Velero made is restored by Velero and by our engine: the cluster is the same afterwards."""

from __future__ import annotations

import json
import re
import typing as t

import pytest
from original_objects import Object, key_of, namespaced_types, read_namespace, read_objects
from rich_application import RichApplication
from velero_judge import Judge

from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

pytestmark = pytest.mark.velero

#: Objects by kind and name, as they are but for what a server or a controller gives each of them anew.
State = dict[str, Object]

PHASES = ("fresh", "none", "update")

#: Phase, kind and name, path in it ("" is the whole object): what our engine does otherwise on purpose, and why.
DIFFERENCES: dict[tuple[str, str, str], str] = {
    (phase, "v1/Secret robot-token-abcde", ""): (
        "Velero knows a generated token by the accounts that are in the backup's namespace now, though it restores "
        "into another one; our engine by those in the backup, so that it does not matter what else is in the cluster"
    )
    for phase in PHASES
} | {
    ("update", "v1/ConfigMap kube-root-ca.crt", "/metadata/labels"): (
        "what is equal already gets no patch, not even of Velero's two labels"
    ),
    ("update", "v1/Pod named", "/metadata/labels/by"): (
        "Velero's patch of a pod also takes its node and its token away, so the API server refuses all of it; our "
        "engine asks for what was changed only"
    ),
}

_SYSTEM = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")
_GIVEN_ANNOTATIONS = ("endpoints.kubernetes.io/last-change-trigger-time", "kubernetes.io/service-account.uid")


def normal(obj: Object) -> Object:
    """Without what is new in each cluster."""
    found: Object = json.loads(re.sub(r"velero-restore-init-[0-9a-f]{8}", "velero-restore-init-ID", json.dumps(obj)))
    found.pop("status", None)
    found.pop("subsets", None)  # of Endpoints: addresses of pods
    meta = found["metadata"]
    for name in _SYSTEM:
        meta.pop(name, None)
    for reference in meta.get("ownerReferences", ()):
        reference.pop("uid")
    for name in _GIVEN_ANNOTATIONS:
        meta.get("annotations", {}).pop(name, None)
    if not meta.get("annotations"):
        meta.pop("annotations", None)
    if "velero.io/restore-name" in meta.get("labels", {}):
        meta["labels"]["velero.io/restore-name"] = "RESTORE"
    if found["kind"] == "Secret" and "token" in found.get("data", {}):
        found["data"]["token"] = "TOKEN"
    spec = found.get("spec", {})
    if found["kind"] == "Service":
        for name in ("clusterIP", "clusterIPs"):
            if name in spec and "None" not in spec[name]:
                spec[name] = "ADDRESS"
        for port in spec.get("ports", ()):
            port.update({"nodePort": "PORT"} if "nodePort" in port else {})
    if found["kind"] == "PersistentVolumeClaim":
        spec["volumeName"] = "VOLUME"
    return found


class Sides:
    """One backup, restored in turn by Velero and by our engine; the state after each."""

    def __init__(self, judge: Judge, client: t.Any, store: t.Any, app: RichApplication) -> None:
        self.judge, self.client, self.store, self.app = judge, client, store, app
        self.backup = f"s{app.token}"
        self.types: tuple[str, ...] = ()
        self.states: dict[tuple[str, str], State] = {}
        self.phases: dict[tuple[str, str], str] = {}

    def back_up(self) -> None:
        self.types = namespaced_types(self.app.kubectl)
        self.judge.start()  # sees the new type
        self.judge("backup", "create", self.backup, "--include-namespaces", self.app.source, "--snapshot-volumes=false")
        assert self.judge.await_end("backups", self.backup)["status"]["phase"] == "Completed"

    def restore_by_velero(self, phase: str, policy: str = "") -> None:
        name = f"{self.backup}-velero-{phase}"
        more = ["--existing-resource-policy", policy] if policy else []
        mapping = f"{self.app.source}:{self.app.velero}"
        self.judge("restore", "create", name, "--from-backup", self.backup, "--namespace-mappings", mapping, *more)
        self.phases[phase, "velero"] = self.judge.await_end("restores", name)["status"]["phase"]
        self.note(phase, "velero", self.app.velero)

    def restore_by_us(self, phase: str, policy: str = "") -> None:
        options = {"backup_name": self.backup, "namespace_mapping": {self.app.source: self.app.ours}}
        options |= {"existing_resource_policy": policy} if policy else {}
        request = RestoreRequest(spec=RestoreSpec.from_options(options), name=f"{self.backup}-ours-{phase}")
        self.phases[phase, "ours"] = run_restore(request, client=self.client, store=self.store).phase
        self.note(phase, "ours", self.app.ours)

    def note(self, phase: str, side: str, namespace: str) -> None:
        self.app.await_rest(namespace)
        found = read_namespace(self.app.kubectl, namespace, self.types)
        found |= read_objects(self.app.kubectl, *self.app.cluster_objects)
        state: State = {}
        for obj in found.values():
            own = obj["metadata"].get("namespace") or obj["kind"] == "Namespace"
            text = json.dumps(normal(obj))
            # What is there already keeps its subjects, whosever they are, unless it may be updated.
            same = json.loads(text.replace(namespace, "NAMESPACE") if own or phase != "none" else text)
            key = key_of(same)
            state[f"{key.kind} {key.name}"] = same
        self.states[phase, side] = state

    def remove(self, namespace: str) -> None:
        self.app.kubectl("delete", "pods", "--all", "-n", namespace, "--grace-period=1", "--wait=false")
        self.app.kubectl("delete", "namespace", namespace, "--timeout=110s")
        self.app.remove_cluster_objects()


@pytest.fixture(scope="module")
def sides(judge: Judge, client: t.Any, kubectl: t.Any, judged_store: t.Any) -> t.Iterator[Sides]:
    """All restores, one after the other.

    Fresh: each into a cluster that has nothing of it. Then Velero's namespace is made once more, beside ours; the same
    is changed in both by hand, and both are restored over it.
    """
    app = RichApplication(kubectl)
    found = Sides(judge, client, judged_store, app)
    try:
        app.create()
        found.back_up()
        found.remove(app.source)
        found.restore_by_velero("fresh")
        found.remove(app.velero)
        found.restore_by_us("fresh")
        found.restore_by_velero("beside")
        for namespace in (app.velero, app.ours):
            app.change(namespace)
        for policy in ("none", "update"):
            found.restore_by_velero(policy, policy)
            found.restore_by_us(policy, policy)
        yield found
    finally:
        app.remove()


def differences(theirs: t.Any, ours: t.Any, path: str = "") -> t.Iterator[tuple[str, str]]:
    """Paths, and what is at each of them."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in sorted(theirs.keys() | ours.keys()):
            yield from differences(theirs.get(name), ours.get(name), f"{path}/{name}")
    elif theirs != ours:
        yield path, f"Velero's {json.dumps(theirs)}, ours {json.dumps(ours)}"


@pytest.mark.parametrize("phase", PHASES)
def test_same_state(sides: Sides, phase: str) -> None:
    theirs, ours = sides.states[phase, "velero"], sides.states[phase, "ours"]
    assert len(theirs) > 30
    found = {
        (phase, key, path): text
        for key in sorted(theirs.keys() | ours.keys())
        for path, text in differences(theirs.get(key), ours.get(key))
    }
    unknown = [f"{key[1]} {key[2]}: {text}" for key, text in found.items() if key not in DIFFERENCES]
    assert not unknown, "\n".join(unknown)
    assert set(found) == {key for key in DIFFERENCES if key[0] == phase}, "a difference that is no more"


@pytest.mark.parametrize("side", ["velero", "ours"])
def test_what_it_is(sides: Sides, side: str) -> None:
    """Counted by hand, for comparisons can be wrong."""
    fresh, none, update = (sides.states[phase, side] for phase in PHASES)
    assert [sides.phases[phase, side] for phase in PHASES] == ["Completed"] * 3
    conf = [state["v1/ConfigMap conf"]["data"]["a"] for state in (fresh, none, update)]
    assert conf == ["1", "2", "1"]
    assert ["v1/ConfigMap mine" in state for state in (fresh, none, update)] == [False, True, True]
    assert all("v1/Secret key" in state and "batch/v1/Job done" not in state for state in (fresh, none, update))
    first = [container["name"] for container in fresh["v1/Pod named"]["spec"]["initContainers"]]
    assert first == ["restored-first", "own"]
    subjects = fresh["rbac.authorization.k8s.io/v1/RoleBinding reader"]["subjects"]
    assert [subject.get("namespace") for subject in subjects] == ["NAMESPACE", None]
    assert len([key for key in fresh if key.startswith(f"{sides.app.group}/v1/Widget ")]) == 2
    assert f"apiextensions.k8s.io/v1/CustomResourceDefinition widgets.{sides.app.group}" in fresh
