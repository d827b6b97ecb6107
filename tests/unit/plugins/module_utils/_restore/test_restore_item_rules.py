# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.images import map_image
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.table import (
    ITEM_RULES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.volume_decisions import (
    VolumeDecisions,
    VolumeTerms,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.metadata import (
    restore_labels,
    strip_system_metadata,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.restore import EbsRestore
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.rule_runs import Archive, run_rules

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def test_reset_metadata_keeps_what_it_must() -> None:
    """docs/compatibility 5.6.8."""
    kept = {
        "name": "a",
        "namespace": "b",
        "labels": {"x": "y"},
        "annotations": {"x": "y"},
        "finalizers": ["f"],
        "managedFields": [{}],
        "unknown": 1,
    }
    gone = dict.fromkeys(
        ("generateName", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
         "deletionGracePeriodSeconds", "ownerReferences"), "x"
    )  # fmt: skip
    obj = {"metadata": {**kept, **gone}, "status": {"phase": "Running"}, "spec": {}}
    strip_system_metadata(obj)
    assert obj == {"metadata": kept, "spec": {}}


@pytest.mark.parametrize(
    ("name", "value"),
    [("short", "short"), ("x" * 63, "x" * 63), ("x" * 64, "x" * 57 + "7ce100")],
    ids=["short", "63", "longer"],
)
def test_labels_of_names(name: str, value: str) -> None:
    """docs/compatibility 0.2."""
    assert restore_labels("b", name) == {"velero.io/backup-name": "b", "velero.io/restore-name": value}


def test_legacy_label() -> None:
    assert restore_labels("b", "r", legacy=True)["ark-restore"] == "r"


@pytest.mark.parametrize(
    ("kind", "obj", "reason"),
    [
        pytest.param("pods", {"status": {"phase": "Succeeded"}}, "run to its end", id="completed pod"),
        pytest.param("pods", {"status": {"phase": "Failed"}}, "run to its end", id="failed pod"),
        pytest.param("pods", {"status": {"phase": "Running"}}, "", id="running pod"),
        pytest.param(
            "pods",
            {"metadata": {"name": "x", "annotations": {"kubernetes.io/config.mirror": "h"}}},
            "mirror",
            id="mirror pod",
        ),
        pytest.param(
            "pods",
            {"metadata": {"name": "x", "annotations": {"kubernetes.io/config.mirror": ""}}},
            "",
            id="empty mirror",
        ),
        pytest.param("jobs.batch", {"status": {"completionTime": "2026-01-01T00:00:00Z"}}, "run to its end", id="job"),
        pytest.param("jobs.batch", {"status": {"completionTime": ""}}, "", id="job without completion"),
        pytest.param(
            "configmaps", {"metadata": {"name": "kube-root-ca.crt"}}, "published by the cluster", id="root ca"
        ),
        pytest.param(
            "apiservices.apiregistration.k8s.io",
            {"metadata": {"name": "v1.", "labels": {"kube-aggregator.kubernetes.io/automanaged": "onstart"}}},
            "API server itself",
            id="apiservice",
        ),
        pytest.param(
            "endpointslices.discovery.k8s.io",
            {
                "metadata": {
                    "name": "web-x1",
                    "labels": {
                        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                        "kubernetes.io/service-name": "web",
                    },
                }
            },
            "rebuilt by its controller (endpointslice-controller.k8s.io)",
            id="slice of a controller",
        ),
        pytest.param(
            "endpointslices.discovery.k8s.io",
            {"metadata": {"name": "own", "labels": {"endpointslice.kubernetes.io/managed-by": "me"}}},
            "",
            id="slice of somebody else",
        ),
    ],
)
def test_left_out(kind: str, obj: Object, reason: str) -> None:
    draft = run_rules(kind, obj)
    assert reason in draft.skip
    assert bool(draft.skip) is bool(reason)


@pytest.mark.parametrize(
    ("spec", "skipped"),
    [({"selector": {"app": "web"}}, True), ({"selector": {}}, False), ({}, False)],
    ids=["selector", "empty selector", "no selector"],
)
def test_endpoints_follow_their_service(spec: Object, skipped: bool) -> None:
    archive = Archive({("services", "shop", "web"): {"spec": spec}})
    draft = run_rules("endpoints", {"metadata": {"name": "web"}}, archive=archive)
    assert bool(draft.skip) is skipped


def test_pod_of_a_restored_job() -> None:
    pod = {"metadata": {"name": "x", "ownerReferences": [{"kind": "Job", "name": "load", "controller": True}]}}
    archive = Archive({("jobs.batch", "shop", "load"): {}})
    assert "makes a new pod" in run_rules("pods", pod, archive=archive).skip
    assert not run_rules("pods", pod).skip


def test_pod_reset() -> None:
    """docs/compatibility 5.9.2."""
    mounts = [{"name": "robot-token-abcde"}, {"name": "data"}, {"name": "kube-api-access-1"}]
    pod = {
        "metadata": {"name": "x", "annotations": {"arkive.k8s/frozen": "{}", "keep": "1"}},
        "spec": {
            "serviceAccountName": "robot",
            "nodeName": "n1",
            "priority": 5,
            "ephemeralContainers": [{"name": "debug"}],
            "volumes": copy.deepcopy(mounts),
            "containers": [{"name": "c", "volumeMounts": copy.deepcopy(mounts)}],
            "initContainers": [{"name": "i", "volumeMounts": copy.deepcopy(mounts)}],
        },
    }
    body = run_rules("pods", pod).body
    assert body["metadata"]["annotations"] == {"keep": "1"}
    assert set(body["spec"]) == {"serviceAccountName", "volumes", "containers", "initContainers"}
    for entries in (
        body["spec"]["volumes"],
        body["spec"]["containers"][0]["volumeMounts"],
        body["spec"]["initContainers"][0]["volumeMounts"],
    ):
        assert [entry["name"] for entry in entries] == ["data", "kube-api-access-1"]


def wait_pod() -> Object:
    mount = {"name": "data", "mountPath": "/restores/data"}
    return {"spec": {"initContainers": [{"name": "restore-wait", "volumeMounts": [mount]}, {"name": "own"}]}}


def test_wait_container_is_dropped_with_a_warning() -> None:
    draft = run_rules("pods", wait_pod())
    assert [container["name"] for container in draft.body["spec"]["initContainers"]] == ["own"]
    assert len(draft.warnings) == 1
    assert "'data'" in draft.warnings[0]


@pytest.mark.parametrize(("restore_data", "keep"), [(True, False), (True, True), (False, False)])
def test_pod_volume_without_a_claim_is_told_of(*, restore_data: bool, keep: bool) -> None:
    """The matrix of foreign buckets: each volume out of reach; once, also where a container waits for it."""
    entry = {
        "backupMethod": "PodVolumeBackup",
        "pvbInfo": {"podNamespace": "shop", "podName": "x", "volumeName": "data"},
    }
    claimed = {"backupMethod": "PodVolumeBackup", "pvcNamespace": "shop", "pvcName": "c", "pvbInfo": entry["pvbInfo"]}
    volumes = VolumeDecisions(
        archive=Archive(),
        volume_info=[claimed, entry],
        live={},
        terms=VolumeTerms(namespace_mapping={"shop": "copy"}, restore_data=restore_data),
    )
    pod = wait_pod() | {"metadata": {"name": "x"}}
    found = run_rules("pods", pod, mapping={"shop": "copy"}, volumes=volumes, keep_wait_containers=keep).warnings
    assert len(found) == 1
    assert found[0].startswith("Pod copy/x: ")
    assert ("volume 'data' does not get its data" in found[0]) is restore_data


def test_init_hook_comes_after_a_kept_wait_container() -> None:
    pod = wait_pod()
    prefix = "init.hook.restore.velero.io/"
    pod["metadata"] = {
        "name": "x",
        "annotations": {prefix + "container-image": "alpine", prefix + "container-name": "hook"},
    }
    names = [c["name"] for c in run_rules("pods", pod, keep_wait_containers=True).body["spec"]["initContainers"]]
    assert names == ["restore-wait", "hook", "own"]
    names = [c["name"] for c in run_rules("pods", pod).body["spec"]["initContainers"]]
    assert names == ["hook", "own"]


def service(*ports: Object, applied: Object | None = None, managed: t.Sequence[Object] = (), **spec: t.Any) -> Object:
    metadata: Object = {"name": "web", "managedFields": list(managed)}
    if applied is not None:
        metadata["annotations"] = {LAST_APPLIED: json.dumps({"spec": applied})}
    return {"metadata": metadata, "spec": {"type": "NodePort", "clusterIP": "10.0.0.1", "ports": list(ports), **spec}}


def managed(port: int, protocol: str = "TCP") -> Object:
    key = "k:" + json.dumps({"port": port, "protocol": protocol}, separators=(",", ":"))
    return {"fieldsV1": {"f:spec": {"f:ports": {key: {"f:nodePort": {}}}}}}


HTTP = {"name": "http", "port": 80, "protocol": "TCP", "nodePort": 30080}
BARE = {"port": 81, "protocol": "TCP", "nodePort": 30081}


@pytest.mark.parametrize(
    ("obj", "kept"),
    [
        pytest.param(service(HTTP, BARE), [], id="none asked for"),
        pytest.param(service(HTTP, BARE, applied={"ports": [HTTP]}), [30080], id="applied by name"),
        pytest.param(service(HTTP, BARE, applied={"ports": [BARE]}), [30081], id="applied by value"),
        pytest.param(service(HTTP, BARE, applied={}, managed=[managed(80)]), [], id="annotation hides managedFields"),
        pytest.param(service(HTTP, BARE, managed=[managed(80)]), [30080], id="managedFields"),
        pytest.param(service(HTTP, managed=[managed(80, "UDP")]), [], id="another protocol"),
        pytest.param(service(HTTP, type="ExternalName"), [30080], id="ExternalName untouched"),
    ],
)
def test_node_ports(obj: Object, kept: list[int]) -> None:
    """docs/compatibility 5.9.5."""
    spec = run_rules("services", obj).body["spec"]
    assert [port["nodePort"] for port in spec["ports"] if "nodePort" in port] == kept
    assert "clusterIP" not in spec


def test_preserved_node_ports() -> None:
    spec = run_rules("services", service(HTTP, BARE), preserve_node_ports=True).body["spec"]
    assert [port["nodePort"] for port in spec["ports"]] == [30080, 30081]
    assert "clusterIP" not in spec


def test_headless_service_stays_headless() -> None:
    spec = run_rules("services", service(clusterIP="None", clusterIPs=["None"])).body["spec"]
    assert (spec["clusterIP"], spec["clusterIPs"]) == ("None", ["None"])


@pytest.mark.parametrize(
    ("applied", "kept"), [(None, False), ({}, False), ({"healthCheckNodePort": 31000}, True)], ids=["no", "not", "yes"]
)
def test_health_check_node_port(applied: Object | None, kept: bool) -> None:
    obj = service(type="LoadBalancer", externalTrafficPolicy="Local", healthCheckNodePort=31000, applied=applied)
    assert ("healthCheckNodePort" in run_rules("services", obj).body["spec"]) is kept


def test_service_account_loses_one_token() -> None:
    """docs/compatibility 5.9.6: exactly one, the last."""
    secrets = [{"name": name} for name in ("robot-token-1", "other", "robot-token-2", "robot-dockercfg")]
    obj = {"metadata": {"name": "robot"}, "secrets": secrets, "imagePullSecrets": [{"name": "robot-token-3"}]}
    body = run_rules("serviceaccounts", obj).body
    assert [entry["name"] for entry in body["secrets"]] == ["robot-token-1", "other", "robot-dockercfg"]
    assert body["imagePullSecrets"] == [{"name": "robot-token-3"}]


TOKEN = {
    "type": "kubernetes.io/service-account-token",
    "metadata": {
        "name": "robot-token-1",
        "annotations": {"kubernetes.io/service-account.uid": "u", "kubernetes.io/service-account.name": "robot"},
    },
    "data": {"token": "dA==", "ca.crt": "Yw==", "namespace": "bg=="},
}


def test_generated_token_is_skipped() -> None:
    """docs/compatibility 5.9.18."""
    archive = Archive({("serviceaccounts", "shop", "robot"): {}})
    assert "generated token" in run_rules("secrets", TOKEN, archive=archive).skip


def test_declared_token_is_emptied() -> None:
    """docs/compatibility 5.9.18."""
    body = run_rules("secrets", TOKEN).body
    assert body["data"] == {"namespace": "bg=="}
    assert body["metadata"]["annotations"] == {"kubernetes.io/service-account.name": "robot"}


def test_other_secrets_are_untouched() -> None:
    obj = {"metadata": {"name": "robot-token-1"}, "type": "Opaque", "data": {"token": "dA=="}}
    assert run_rules("secrets", obj, archive=Archive({("serviceaccounts", "shop", "robot"): {}})).body == obj


def test_job_loses_its_uid() -> None:
    """docs/compatibility 5.9.1."""
    labels = {"controller-uid": "u", "batch.kubernetes.io/controller-uid": "u", "job-name": "x"}
    obj = {"spec": {"selector": {"matchLabels": dict(labels)}, "template": {"metadata": {"labels": dict(labels)}}}}
    spec = run_rules("jobs.batch", obj).body["spec"]
    assert spec == {
        "selector": {"matchLabels": {"job-name": "x"}},
        "template": {"metadata": {"labels": {"job-name": "x"}}},
    }


def test_generated_job_selector_is_dropped() -> None:
    obj = {"spec": {"selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}}}}
    assert run_rules("jobs.batch", obj).body["spec"] == {}


def test_crd_preserves_unknown_fields() -> None:
    """docs/compatibility 5.9.13; versions without a schema are skipped."""
    obj = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "spec": {
            "preserveUnknownFields": True,
            "versions": [{"name": "v1", "schema": {"openAPIV3Schema": {"type": "object"}}}, {"name": "v2"}],
        },
    }
    spec = run_rules("customresourcedefinitions.apiextensions.k8s.io", obj).body["spec"]
    assert spec["preserveUnknownFields"] is False
    assert spec["versions"][0]["schema"]["openAPIV3Schema"]["x-kubernetes-preserve-unknown-fields"] is True
    assert spec["versions"][1] == {"name": "v2"}


@pytest.mark.parametrize("side_effects", ["Unknown", "Some", "None", "NoneOnDryRun"])
@pytest.mark.parametrize("kind", ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"])
def test_webhook_side_effects(kind: str, side_effects: str) -> None:
    """docs/compatibility 5.9.17."""
    obj = {"apiVersion": "admissionregistration.k8s.io/v1", "webhooks": [{"name": "w", "sideEffects": side_effects}]}
    webhooks = run_rules(f"{kind}.admissionregistration.k8s.io", obj).body["webhooks"]
    assert webhooks[0]["sideEffects"] == (side_effects if side_effects.startswith("None") else "None")


def test_claim_is_unbound() -> None:
    """docs/compatibility 5.9.15."""
    noise = ("pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller",
             "volume.kubernetes.io/storage-provisioner", "volume.beta.kubernetes.io/storage-provisioner",
             "volume.kubernetes.io/selected-node", "velero.io/volume-snapshot-name",
             "velero.io/data-upload-name")  # fmt: skip
    finalizers = ["kubernetes.io/pvc-protection", "snapshot.storage.kubernetes.io/pvc-as-source-protection"]
    obj = {
        "metadata": {
            "name": "data",
            "annotations": dict.fromkeys([*noise, "own"], "x"),
            "finalizers": finalizers,
        },
        "spec": {"volumeName": "pv1", "storageClassName": "loop"},
    }
    draft = run_rules("persistentvolumeclaims", obj)
    assert draft.body["metadata"]["finalizers"] == finalizers[:1]  # no snapshot is there that would end the other
    assert draft.body["metadata"]["annotations"] == {"own": "x"}
    assert draft.body["spec"] == {"storageClassName": "loop"}
    assert draft.volume is not None
    assert draft.volume.missing


def test_retained_volume_is_handed_to_the_mapped_claim() -> None:
    """docs/compatibility 5.8, no method, reclaim Retain."""
    claim = {"namespace": "shop", "name": "data", "uid": "u", "resourceVersion": "5"}
    obj = {
        "metadata": {"name": "pv1", "annotations": {"pv.kubernetes.io/bound-by-controller": "yes"}},
        "spec": {"persistentVolumeReclaimPolicy": "Retain", "claimRef": claim},
    }
    draft = run_rules("persistentvolumes", obj, mapping={"shop": "shop2"}, namespace="")
    assert not draft.skip
    assert draft.body["spec"]["claimRef"] == {"namespace": "shop2", "name": "data"}
    assert draft.body["metadata"]["annotations"] == {}


def test_deleted_volume_is_not_restored() -> None:
    """docs/compatibility 5.8, no method, reclaim Delete."""
    obj = {"metadata": {"name": "pv1"}, "spec": {"persistentVolumeReclaimPolicy": "Delete"}}
    assert "reclaim policy is Delete" in run_rules("persistentvolumes", obj, namespace="").skip


def test_volume_with_a_native_snapshot_is_renamed() -> None:
    """docs/compatibility 5.8.1: its claim is mapped, the volume is there, and restorePVs is false."""
    claim = {"namespace": "shop", "name": "data", "uid": "u"}
    obj = {"metadata": {"name": "pv1"}, "spec": {"persistentVolumeReclaimPolicy": "Delete", "claimRef": claim}}
    archive = Archive({("persistentvolumes", None, "pv1"): obj})
    mapping = {"shop": "shop2"}
    volumes = VolumeDecisions(
        archive=archive,
        volume_info=[{"pvName": "pv1", "backupMethod": "NativeSnapshot"}],
        live={"pv1": obj},
        providers=[EbsRestore({}, None, client=t.cast("t.Any", None), discovery=Discovery([]))],
        terms=VolumeTerms(namespace_mapping=mapping, restore_data=False, restore_name="r"),
    )
    name = volumes.target_name("pv1")
    assert name.startswith("velero-clone-")
    draft = run_rules("persistentvolumes", obj, namespace="", mapping=mapping, volumes=volumes)
    assert (draft.skip, draft.body["metadata"]["name"]) == ("", name)
    assert draft.body["metadata"]["annotations"] == {"velero.io/original-pv-name": "pv1"}
    assert draft.body["spec"]["claimRef"] == {"namespace": "shop2", "name": "data"}
    stored_claim = {"metadata": {"name": "data"}, "spec": {"volumeName": "pv1"}}
    draft = run_rules("persistentvolumeclaims", stored_claim, mapping=mapping, volumes=volumes)
    assert (draft.volume and draft.volume.missing, draft.body["spec"]["volumeName"]) == ("", name)


CLASSES = {"slow": "fast", "gone": "nowhere"}
BETA = "volume.beta.kubernetes.io/storage-class"


@pytest.mark.parametrize(
    ("kind", "obj", "found"),
    [
        pytest.param("persistentvolumeclaims", {"spec": {"storageClassName": "slow"}}, "fast", id="claim"),
        pytest.param("persistentvolumeclaims", {"spec": {"storageClassName": "other"}}, "other", id="another class"),
        pytest.param("persistentvolumeclaims", {"spec": {}}, None, id="no class"),
        pytest.param(
            "persistentvolumes",
            {"spec": {"storageClassName": "slow", "persistentVolumeReclaimPolicy": "Retain"}},
            "fast",
            id="volume",
        ),
    ],
)
def test_storage_classes(kind: str, obj: Object, found: str | None) -> None:
    """docs/compatibility 5.9.9."""
    draft = run_rules(kind, obj, storage_class_mapping=CLASSES, missing_storage_classes=frozenset({"nowhere"}))
    assert (draft.body["spec"].get("storageClassName"), draft.refusal) == (found, "")


def test_storage_class_of_templates_and_annotations() -> None:
    """docs/compatibility 5.9.9."""
    claim = {"metadata": {"name": "d", "annotations": {BETA: "slow"}}, "spec": {"storageClassName": "slow"}}
    obj = {"spec": {"volumeClaimTemplates": [claim]}}
    template = run_rules("statefulsets.apps", obj, storage_class_mapping=CLASSES).body["spec"]["volumeClaimTemplates"][
        0
    ]
    assert (template["metadata"]["annotations"], template["spec"]) == ({BETA: "fast"}, {"storageClassName": "fast"})


def test_storage_class_that_is_not_there() -> None:
    """docs/compatibility 5.9.9: the new class must exist, else it is an error of the item."""
    obj = {"spec": {"storageClassName": "gone"}}
    draft = run_rules(
        "persistentvolumeclaims",
        obj,
        storage_class_mapping=CLASSES,
        missing_storage_classes=frozenset({"nowhere"}),
    )
    assert "'nowhere', which the cluster does not have" in draft.refusal


@pytest.mark.parametrize(
    ("image", "mapped"),
    [
        ("docker.io/library/nginx:1.25", "mirror.example/library/nginx:1.25"),
        ("docker.io/bitnami/redis:7", "bitnami.example/redis:7"),
        ("nginx", "web"),
        ("nginx:1.25", "web:1.25"),
        ("nginx:1.26", "web@sha256:0123"),
        ("nginx@sha256:abcd", "web@sha256:abcd"),
        ("nginx-exporter:1", "nginx-exporter:1"),
        ("library/nginx:1", "library/nginx:1"),
        ("docker.iox/a", "docker.iox/a"),
    ],
)
def test_image_mapping(image: str, mapped: str) -> None:
    """The longest key that the image begins with, at the end of a part of it."""
    mapping = {
        "docker.io": "mirror.example",
        "docker.io/bitnami/": "bitnami.example/",
        "nginx": "web",
        "nginx:1.26": "web@sha256:0123",
    }
    assert map_image(image, mapping) == mapped


POD = {
    "containers": [{"name": "a", "image": "x/a:1"}, {"name": "b"}],
    "initContainers": [{"name": "i", "image": "x/i:1"}],
    "volumes": [{"name": "v", "image": {"reference": "x/v:1"}}, {"name": "w", "emptyDir": {}}],
}


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("pods", ()),
        ("deployments.apps", ("spec", "template")),
        ("statefulsets.apps", ("spec", "template")),
        ("daemonsets.apps", ("spec", "template")),
        ("replicasets.apps", ("spec", "template")),
        ("replicationcontrollers", ("spec", "template")),
        ("jobs.batch", ("spec", "template")),
        ("cronjobs.batch", ("spec", "jobTemplate", "spec", "template")),
        ("podtemplates", ("template",)),
    ],
)
def test_images_of_all_that_makes_pods(kind: str, path: tuple[str, ...]) -> None:
    """docs/compatibility 5.9.10."""
    obj: Object = {"spec": copy.deepcopy(POD)}
    for name in reversed(path):
        obj = {name: obj}
    found = run_rules(kind, obj, image_mapping={"x": "y"}).body
    for name in path:
        found = found[name]
    spec = found["spec"]
    images = [entry.get("image") for entry in (*spec["containers"], *spec["initContainers"])]
    assert images == ["y/a:1", None, "y/i:1"]
    assert [volume.get("image") for volume in spec["volumes"]] == [{"reference": "y/v:1"}, None]


@pytest.mark.parametrize("kind", ["volumesnapshotclasses", "volumesnapshots", "volumesnapshotcontents"])
def test_snapshot_objects_without_volumes(kind: str) -> None:
    """docs/compatibility 5.1, 8.4: ``restorePVs: false`` skips them."""
    draft = run_rules(f"{kind}.snapshot.storage.k8s.io", {"spec": {}}, restore_volume_data=False)
    assert draft.skip == "restore_pvs is false: no volume comes from a snapshot"


def test_data_upload_never_comes_back() -> None:
    """docs/compatibility 5.9.19."""
    assert run_rules("datauploads.velero.io", {"spec": {}}).skip == "a record of Velero's data mover"


#: docs/compatibility 5.9: where each restore action of Velero is found.
ACTIONS: list[tuple[int, str, str]] = [
    (1, "jobs.batch", "reset_job"),
    (2, "pods", "reset_pod"),
    (3, "pods", "replace_init_containers"),
    (4, "pods", "replace_init_containers"),
    (5, "services", "reset_service"),
    (6, "serviceaccounts", "drop_token_reference"),
    (9, "persistentvolumeclaims", "map_storage_class"),
    (9, "persistentvolumes", "map_storage_class"),
    (9, "statefulsets.apps", "map_template_classes"),
    (10, "pods", "map_pod_images"),
    (10, "deployments.apps", "map_template_images"),
    (10, "cronjobs.batch", "map_cron_job_images"),
    (13, "customresourcedefinitions.apiextensions.k8s.io", "preserve_unknown_fields"),
    (14, "persistentvolumeclaims", "reset_claim"),
    (15, "persistentvolumeclaims", "reset_claim"),
    (16, "apiservices.apiregistration.k8s.io", "skip_automanaged_api_service"),
    (17, "mutatingwebhookconfigurations.admissionregistration.k8s.io", "repair_side_effects"),
    (17, "validatingwebhookconfigurations.admissionregistration.k8s.io", "repair_side_effects"),
    (18, "secrets", "reset_token_secret"),
    (19, "datauploads.velero.io", "skip_data_upload"),
]


@pytest.mark.parametrize(
    ("kind", "rule"), [pytest.param(kind, rule, id=f"5.9.{number} {kind}") for number, kind, rule in ACTIONS]
)
def test_each_restore_action_has_its_rule(kind: str, rule: str) -> None:
    """docs/compatibility 5.9.

    Steps 2, 7, 8 and 15 add objects too: see the selection. Step 20 is for snapshots; 11 and 12 are part of what is
    done for every type, see the names of namespaces.
    """
    assert rule in [each.__name__ for each in ITEM_RULES[GroupResource.parse(kind)]]
