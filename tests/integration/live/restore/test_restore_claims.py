# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No workload starts on an empty volume in the place of one with data; check mode says so before the run does."""

from __future__ import annotations

import gzip
import json
import secrets
import threading
import typing as t

import pytest
from restore_lab import Backups, Cluster
from snapshot_lab import CLAIM_OF, DRIVER, SnapshotLab
from volume_lab import until

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome

if t.TYPE_CHECKING:
    from callers import Callers
    from cluster_access import Kubectl

KIND = "statefulset"
CLAIM = CLAIM_OF[KIND]
FRESH = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: NAME, namespace: NS}
spec: {storageClassName: loopfile, accessModes: [ReadWriteOnce], resources: {requests: {storage: 32Mi}}}
"""
HOLDER = """
apiVersion: v1
kind: Pod
metadata: {name: holder, namespace: NS}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: "busybox:1", command: [sleep, "86400"], volumeMounts: [{name: d, mountPath: /d}]}]
  volumes: [{name: d, persistentVolumeClaim: {claimName: NAME}}]
"""
TOPOLOGY_CLASS = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: NAME}
provisioner: DRIVER
allowedTopologies: [{matchLabelExpressions: [{key: topology.kubernetes.io/zone, values: [nowhere-1a]}]}]
"""
POLICY = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: NAME}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [persistentvolumeclaims]}]
  matchConditions: [{name: here, expression: "object.metadata.namespace == 'NS'"}]
  validations: [{expression: "false", message: no claims here}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: NAME}
spec: {policyName: NAME, validationActions: [Deny]}
"""


@pytest.fixture
def apply(kubectl: Kubectl) -> t.Iterator[t.Callable[..., str]]:
    """``apply(text, kinds)`` makes cluster-scoped objects called NAME, which go after the test; their name."""
    made: list[tuple[str, str]] = []

    def make(text: str, kinds: str) -> str:
        name = f"arkive-test-{secrets.token_hex(3)}"
        made.append((kinds, name))
        kubectl("apply", "-f", "-", stdin=text.replace("NAME", name))
        return name

    yield make
    for kinds, name in made:
        kubectl("delete", kinds, name, "--ignore-not-found")


def workloads(kubectl: Kubectl, namespace: str) -> list[str]:
    return kubectl("-n", namespace, "get", "statefulsets,pods,pvc", "-o", "name").split()


def check_refused(backups: Backups, kubectl: Kubectl, namespace: str, **options: t.Any) -> str:
    """Check, then run: the same refusal, in the same phase, and nothing was written; its sentence."""
    before = workloads(kubectl, namespace)
    planned = backups.plan("shop", name="r1", **options)
    assert planned.refusal is not None
    with pytest.raises(ArkiveError) as caught:
        backups.restore("shop", name="r1", **options)
    assert (planned.refusal.sentence, planned.phase) == (caught.value.sentence, "Failed")
    assert workloads(kubectl, namespace) == before
    return caught.value.sentence


def heal(lab: SnapshotLab, backups: Backups, namespace: str) -> None:
    """The corrected run of the same name brings the data."""
    done = backups.restore("shop", name="r1")
    assert (done.phase, done.errors_list) == ("Completed", [])
    lab.await_running(namespace, KIND)
    assert lab.read(namespace, KIND) == {"before": "it is before"}
    assert lab.left() == []


def held_back(outcome: RestoreOutcome) -> set[str]:
    return {error["resource"] for error in outcome.errors_list if "held back: it needs claim" in error["message"]}


def test_class_that_is_not_there(lost: str, lab: SnapshotLab, backups: Backups, kubectl: Kubectl) -> None:
    options = {"storage_class_mapping": {"loopfile": "arkive-test-none"}}
    said = check_refused(backups, kubectl, lost, **options)
    assert "storage_class_mapping names the class 'arkive-test-none', which the cluster does not have" in said
    done = backups.restore("shop", name="r1", on_missing_volume_data="warn", **options)
    assert done.phase == "PartiallyFailed"
    assert {"pods"} <= held_back(done)
    assert workloads(kubectl, lost) == []
    heal(lab, backups, lost)


@pytest.mark.parametrize(
    ("hard", "said"),
    [
        pytest.param("persistentvolumeclaims=0", "exceeded quota: none", id="number"),
        pytest.param("requests.storage=16Mi", "exceeded quota: none", id="storage"),
    ],
)
def test_quota(lost: str, lab: SnapshotLab, backups: Backups, kubectl: Kubectl, hard: str, said: str) -> None:
    kubectl("-n", lost, "create", "quota", "none", f"--hard={hard}")
    assert said in check_refused(backups, kubectl, lost)
    kubectl("-n", lost, "delete", "quota", "none")
    heal(lab, backups, lost)


def test_policy(lost: str, lab: SnapshotLab, backups: Backups, kubectl: Kubectl, apply: t.Callable[..., str]) -> None:
    kinds = "validatingadmissionpolicy,validatingadmissionpolicybinding"
    name = apply(POLICY.replace("'NS'", f"'{lost}'"), kinds)
    refused = ["-n", lost, "create", "--dry-run=server", "-f", "-"]
    probe = FRESH.replace("NAME", "probe").replace("NS", lost)
    while "created" in kubectl(*refused, stdin=probe, check=False):
        pass  # the API server takes a policy over after a moment
    assert "no claims here" in check_refused(backups, kubectl, lost)
    kubectl("delete", kinds, name)
    while "created" not in kubectl(*refused, stdin=probe, check=False):
        pass
    heal(lab, backups, lost)


def test_place_without_a_node(lost: str, backups: Backups, kubectl: Kubectl, apply: t.Callable[..., str]) -> None:
    name = apply(TOPOLOGY_CLASS.replace("DRIVER", DRIVER), "storageclass")
    said = check_refused(backups, kubectl, lost, storage_class_mapping={"loopfile": name})
    assert f"no node of the cluster is where its storage class '{name}' makes volumes" in said
    assert "nowhere-1a" in said


def test_nothing_is_left_of_a_claim_that_is_refused(
    lost: str, lab: SnapshotLab, backups: Backups, kubectl: Kubectl
) -> None:
    """Its snapshot is not brought into the cluster: nobody would take it out again."""
    kubectl("-n", lost, "create", "quota", "none", "--hard=persistentvolumeclaims=0")
    for engine in (backups.plan, backups.restore):
        done = engine("shop", on_missing_volume_data="warn")
        assert done.phase == "PartiallyFailed"
        assert {i["action"] for i in done.plan_items if i["resource"].startswith("volumesnapshot")} == {"skip"}
    assert lab.left() == []


def test_old_claim_that_a_pod_keeps(lost: str, lab: SnapshotLab, backups: Backups, kubectl: Kubectl) -> None:
    """Refused as long as the pod is there; then its new volume is waited for, and its snapshot taken out."""
    fresh = FRESH.replace("{name: NAME", "{finalizers: [arkive.test/x], name: NAME")
    kubectl("apply", "-f", "-", stdin=fresh.replace("NAME", CLAIM).replace("NS", lost))
    kubectl("apply", "-f", "-", stdin=HOLDER.replace("NAME", CLAIM).replace("NS", lost))
    kubectl("-n", lost, "wait", "--for=condition=Ready", "pod/holder", "--timeout=60s")
    kubectl("-n", lost, "delete", "pvc", CLAIM, "--wait=false")
    assert "it is being deleted, and cannot go as long as pod 'holder' uses it" in check_refused(backups, kubectl, lost)
    kubectl("-n", lost, "delete", "pod", "holder", "--now")
    done = backups.restore("shop", name="r1", terminating_timeout=1.0)
    assert "the old one is still being deleted after 1 s, held by its finalizers (" in done.errors_list[0]["message"]
    assert "arkive.test/x" in done.errors_list[0]["message"]
    assert held_back(done) == {"statefulsets.apps", "pods"}
    threading.Timer(
        2.0, kubectl, ["-n", lost, "patch", "pvc", CLAIM, "--type=merge", "-p", '{"metadata":{"finalizers":null}}']
    ).start()
    heal(lab, backups, lost)


@pytest.mark.parametrize("verb", ["claims", "snapshots"])
def test_rights(lost: str, backups: Backups, kubectl: Kubectl, callers: Callers, verb: str) -> None:
    writes = ["create", "delete", "patch", "update"]
    rules = [
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["apps", "coordination.k8s.io"], "resources": ["*"], "verbs": writes},
        {"apiGroups": [""], "resources": ["pods", "services", "configmaps", "serviceaccounts"], "verbs": writes},
    ]
    if verb == "claims":
        rules.append({"apiGroups": ["snapshot.storage.k8s.io"], "resources": ["*"], "verbs": writes})
    else:
        rules.append({"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": writes})
    client, backups.client = backups.client, callers.may(*rules, cluster=True)
    said = check_refused(backups, kubectl, lost)
    assert ("cannot create resource" if verb == "claims" else "let you create volumesnapshotcontents") in said
    kubectl("delete", "namespace", lost)
    said = check_refused(backups, kubectl, lost)
    assert ("cannot create resource" if verb == "claims" else "volumesnapshotcontents") in said
    backups.client = client


@pytest.mark.parametrize("name", ["r1", "another"])
def test_name_that_is_taken(lost: str, lab: SnapshotLab, backups: Backups, kubectl: Kubectl, name: str) -> None:
    """By a claim that somebody else has made: reported each time, whatever the run is called."""
    kubectl("apply", "-f", "-", stdin=FRESH.replace("NAME", CLAIM).replace("NS", lost))
    said = check_refused(backups, kubectl, lost)
    assert f"{lost}/{CLAIM} would not come back (kept: not from this backup" in said
    options = {"name": name, "on_missing_volume_data": "warn"}
    for outcome in (backups.plan("shop", **options), backups.restore("shop", **options)):
        (item,) = [i for i in outcome.plan_items if i["resource"] == "persistentvolumeclaims"]
        assert item["reason"].startswith("kept: not from this backup")
        (entry,) = outcome.volumes
        assert entry["method"] == "kept"
        assert entry["message"].startswith("kept: not from this backup")
        assert [w["name"] for w in outcome.warnings_list if "kept: not from this backup" in w["message"]] == [CLAIM]
    again = backups.plan("shop", **options)
    assert any("kept: not from this backup" in warning["message"] for warning in again.warnings_list)
    kubectl("-n", lost, "delete", "statefulset,pod,pvc", "--all", "--now")
    heal(lab, backups, lost)


def test_claim_that_comes_in_between(lost: str, lab: SnapshotLab, backups: Backups, kubectl: Kubectl) -> None:
    """It shows only during the run: the workload is held back, and the next run refuses until the claim is gone."""

    def progress(line: str) -> None:
        if line.startswith("plan: "):
            kubectl("apply", "-f", "-", stdin=FRESH.replace("NAME", CLAIM).replace("NS", lost))

    request = backups.request("shop", {"name": "r1"})
    done = run_restore(request, client=backups.client, store=backups.store, progress=progress)
    assert done.phase == "PartiallyFailed"
    assert "kept: not from this backup" in done.errors_list[0]["message"]
    assert held_back(done) == {"statefulsets.apps", "pods"}
    assert workloads(kubectl, lost) == [f"persistentvolumeclaim/{CLAIM}"]
    assert "kept: not from this backup" in check_refused(backups, kubectl, lost)
    kubectl("-n", lost, "delete", "pvc", CLAIM)
    heal(lab, backups, lost)


def test_original_claims_are_not_rolled_back(lab: SnapshotLab, backups: Backups) -> None:
    namespace = lab.application(KIND)
    objects, info = lab.stored(namespace, CLAIM)
    backups.write("shop", objects, spec={}, volume_info=info)
    lab.write(namespace, KIND, "after")
    for policy in ("none", "update"):
        for outcome in (backups.plan("shop", existing_resource_policy=policy),
                        backups.restore("shop", existing_resource_policy=policy)):  # fmt: skip
            (warning,) = [w for w in outcome.warnings_list if w["resource"] == "persistentvolumeclaims"]
            assert "its data is not rolled back" in warning["message"]
            assert "delete the claim" in warning["hint"]
            assert outcome.volumes[0]["message"].startswith("kept: its data is not rolled back")
    assert set(lab.read(namespace, KIND)) == {"before", "after"}


def test_retained_volume_whose_claim_was_made_anew(lab: SnapshotLab, backups: Backups, kubectl: Kubectl) -> None:
    """The data is in a volume that waits, and a controller has made an empty claim of its name."""
    namespace = lab.application(KIND)
    volume = lab.volume_of(namespace, CLAIM)["metadata"]["name"]
    kubectl("patch", "pv", volume, "-p", '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}')
    backups.write("shop", lab.cluster.stored(namespace), spec={})
    kubectl("-n", namespace, "delete", "statefulset,pod,pvc", "--all", "--now")
    kubectl("apply", "-f", "-", stdin=FRESH.replace("NAME", CLAIM).replace("NS", namespace))
    try:
        assert "kept: not from this backup" in check_refused(backups, kubectl, namespace)
        kubectl("-n", namespace, "delete", "pvc", CLAIM)
        heal(lab, backups, namespace)
    finally:
        kubectl("patch", "pv", volume, "-p", '{"spec":{"persistentVolumeReclaimPolicy":"Delete"}}', check=False)


def test_two_claims_that_are_mapped_to_one_place(
    lost: str, cluster: Cluster, backups: Backups, kubectl: Kubectl, archived: tuple[str, t.Any, list[Object]]
) -> None:
    before, objects, info = archived
    names = [cluster.new_name() for _each in range(2)]
    text, told = json.dumps([[str(key[0]), obj] for key, obj in objects.items()]), json.dumps(info)
    pairs = [pair for name in names for pair in json.loads(text.replace(before, name))]
    backups.write(
        "shop", pairs, spec={}, volume_info=[e for name in names for e in json.loads(told.replace(before, name))]
    )
    said = check_refused(backups, kubectl, lost, namespace_mapping=dict.fromkeys(names, lost))
    assert "from another namespace was mapped to its place" in said


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"namespace_mapping": {"arkive-test-typo": "x"}}, id="namespace"),
        pytest.param({"storage_class_mapping": {"loopfil": "loopfile"}}, id="class"),
        pytest.param({"image_mapping": {"busyboxx": "other"}}, id="image"),
        pytest.param({"included_namespaces": ["arkive-test-typo"]}, id="included namespace"),
        pytest.param({"included_resources": ["deploymints"]}, id="type"),
        pytest.param({"names": ["pvc/data-web-9"]}, id="name"),
    ],
)
def test_names_that_fit_nothing(lost: str, backups: Backups, kubectl: Kubectl, options: Object) -> None:
    for engine in (backups.plan, backups.restore):
        with pytest.raises(ArkiveError, match="which the backup does not hold") as caught:
            engine("shop", **dict(options))
        assert caught.value.details["phase"] == "FailedValidation"
    assert workloads(kubectl, lost) == []
    (option,) = options
    if option in ("namespace_mapping", "included_namespaces", "included_resources"):
        done = backups.plan("shop", from_manifest=frozenset(options), **options)
        assert any("which the backup does not hold" in warning["message"] for warning in done.warnings_list)


def test_conflict_is_foreseen(lost: str, backups: Backups, kubectl: Kubectl) -> None:
    """Objects without volumes: the same errors in the same phase, by the check and by the run."""
    bad = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": lost}, "spec": {"ports": []}}
    good = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf", "namespace": lost}}
    backups.write("b", [("services", bad), ("configmaps", good)])
    planned, done = backups.plan("b", name="r1"), backups.restore("b", name="r1")
    assert (planned.phase, done.phase) == ("PartiallyFailed", "PartiallyFailed")
    assert planned.errors_list == done.errors_list
    assert len(done.errors_list) == 1


def test_quota_for_all_objects_together_is_foreseen(lost: str, backups: Backups, kubectl: Kubectl) -> None:
    """Each alone would fit, which is all that the server's dry run says."""
    kubectl("-n", lost, "create", "quota", "few", "--hard=count/configmaps=3")
    used = ["-n", lost, "get", "quota", "few", "-o", "jsonpath={.status.used}"]
    until(lambda: "count/configmaps" in kubectl(*used), "it holds", seconds=60)
    metadata = [{"name": name, "namespace": lost} for name in ("a", "b", "c", "d")]
    backups.write("b", [("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": one}) for one in metadata])
    planned, done = backups.plan("b", name="r1"), backups.restore("b", name="r1")
    assert (planned.phase, done.phase) == ("PartiallyFailed", "PartiallyFailed")
    assert len(planned.errors_list) == len(done.errors_list) > 0
    for outcome in (planned, done):
        assert all("exceeded quota: few" in error["message"] for error in outcome.errors_list)


@pytest.mark.parametrize("lacking", ["namespaces", "configmaps"])
def test_missing_rights_are_foreseen_in_new_namespaces(
    cluster: Cluster, backups: Backups, callers: Callers, lacking: str
) -> None:
    """The same errors of the same objects, though nothing can be tried in a namespace that is not there."""
    new = cluster.new_name()
    kinds = {"configmaps": "ConfigMap", "secrets": "Secret"}
    metadata = {"name": "conf", "namespace": new}
    backups.write("b", [(kind, {"apiVersion": "v1", "kind": kinds[kind], "metadata": metadata}) for kind in kinds])
    may = [kind for kind in ("namespaces", "leases", *kinds) if kind != lacking]
    backups.client = callers.may(
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["", "coordination.k8s.io"], "resources": may, "verbs": ["create", "patch", "update", "delete"]},
        cluster=True,
    )
    planned, done = backups.plan("b", name="r1"), backups.restore("b", name="r1")
    assert (planned.phase, done.phase) == ("PartiallyFailed", "PartiallyFailed")
    assert sorted(e["message"] for e in planned.errors_list) == sorted(e["message"] for e in done.errors_list)
    assert planned.changed is done.changed is (lacking == "configmaps")
    assert len(done.errors_list) == (1 if lacking == "configmaps" else 3)


def test_broken_member_is_foreseen(lost: str, backups: Backups, kubectl: Kubectl) -> None:
    good = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf", "namespace": lost}}
    backups.write("b", [("configmaps", good)])
    path = backups.path / "backups" / "b" / "b.tar.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b'"metadata":', b'"metadata";')))
    planned = backups.plan("b", name="r1")
    with pytest.raises(ArkiveError) as caught:
        backups.restore("b", name="r1")
    assert planned.refusal is not None
    assert (planned.refusal.sentence, planned.phase) == (caught.value.sentence, "Failed")
    assert planned.errors_list == caught.value.details["errors_list"]
    assert [error["name"] for error in planned.errors_list] == ["conf"]
    assert kubectl("-n", lost, "get", "configmap", "conf", "--ignore-not-found", "-o", "name") == ""


def test_refusal_carries_what_is_known(lost: str, backups: Backups, kubectl: Kubectl) -> None:
    kubectl("-n", lost, "create", "quota", "none", "--hard=persistentvolumeclaims=0")
    with pytest.raises(RestoreError) as caught:
        backups.restore("shop", name="r1")
    details = caught.value.details
    assert details["phase"] == "Failed"
    assert details["claims"] == [f"{lost}/{CLAIM}"]
    assert [entry["state"] for entry in details["volumes"]] == ["refused"]
    assert [error["name"] for error in details["errors_list"]] == [CLAIM]
