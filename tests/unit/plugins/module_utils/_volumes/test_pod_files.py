# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which volumes are copied file by file: docs/compatibility 3.12, 19.12 (Velero 1.18.3)."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.pod_files import (
    choose_files,
    is_on_many_nodes,
    volumes_of_pod,
)

_IN, _OUT = "backup.velero.io/backup-volumes", "backup.velero.io/backup-volumes-excludes"
_CLAIM = {"persistentVolumeClaim": {"claimName": "data"}}


def pod(name: str = "web", *, volumes: t.Sequence[t.Any] = (), **more: t.Any) -> dict[str, t.Any]:
    """A running pod with the claim ``data``, mounted, unless ``more`` says otherwise."""
    found = list(volumes) or [{"name": "files", **_CLAIM}]
    mounts = [{"name": each["name"], "mountPath": f"/{each['name']}"} for each in found]
    spec = {"nodeName": "n1", "containers": [{"name": "main", "volumeMounts": mounts}], "volumes": found}
    metadata = {"namespace": "shop", "name": name, "uid": f"uid-{name}", "annotations": more.pop("annotations", {})}
    return {
        "metadata": metadata | more.pop("metadata", {}),
        "spec": spec | more.pop("spec", {}),
        "status": {"phase": "Running"} | more,
    }


def claim(volume: t.Any = None, **spec: t.Any) -> ClaimVolume:
    own = {"volumeName": "pv", "accessModes": ["ReadWriteOnce"], **spec}
    found = {"nfs": {"path": "/x"}} if volume is None else volume
    return ClaimVolume(claim={"metadata": {"namespace": "shop", "name": "data"}, "spec": own}, volume={"spec": found})


@pytest.mark.parametrize(
    ("annotations", "by_default", "wanted"),
    [
        pytest.param({}, False, False, id="nobody asks"),
        pytest.param({_IN: "files"}, False, True, id="opted in"),
        pytest.param({_IN: "other,files"}, False, True, id="opted in, second of a list"),
        pytest.param({_IN: "file"}, False, False, id="another one is opted in"),
        pytest.param({_IN: "other, files"}, False, False, id="Velero takes no blanks away"),
        pytest.param({_OUT: "files"}, False, False, id="opting out means nothing without the default"),
        pytest.param({}, True, True, id="all by default"),
        pytest.param({_OUT: "files"}, True, False, id="opted out"),
        pytest.param({_OUT: "files", _IN: "files"}, True, False, id="opting in means nothing with the default"),
    ],
)
def test_annotations(annotations: dict[str, str], by_default: bool, wanted: bool) -> None:
    (found,) = volumes_of_pod(pod(annotations=annotations), by_default=by_default)
    assert (found.is_wanted, found.claim, found.node) == (wanted, "data", "n1")
    choice = choose_files(claim(), [found], by_policy=False, by_default=by_default)
    assert (choice is not None and choice.volume == found) == wanted


@pytest.mark.parametrize("source", ["hostPath", "secret", "configMap", "projected", "downwardAPI"])
def test_what_never_is(source: str) -> None:
    assert volumes_of_pod(pod(volumes=[{"name": "files", source: {}}]), by_default=True) == []


def test_a_token_of_an_account_never_is() -> None:
    assert volumes_of_pod(pod(volumes=[{"name": "default-token-x1", "emptyDir": {}}]), by_default=True) == []


def test_an_ephemeral_volume_has_the_claim_that_is_made_for_it() -> None:
    """For Velero it is a volume of the pod: its record names no claim."""
    (found,) = volumes_of_pod(pod(volumes=[{"name": "tmp", "ephemeral": {}}]), by_default=True)
    assert (found.claim, found.by_claim) == ("web-tmp", False)


_UNMOUNTED = {"containers": [{"name": "main"}]}
_DEVICE = {"containers": [{"name": "main", "volumeDevices": [{"name": "files", "devicePath": "/dev/x"}]}]}


@pytest.mark.parametrize(
    ("of_pod", "of_claim", "words"),
    [
        pytest.param(
            {"phase": "Pending"},
            {},
            "encountered a problem with backing up the PVC of pod shop/web: pod is not in the expected status, "
            "name=web, namespace=shop, phase=Pending: pod is not running",
            id="not running",
        ),
        pytest.param({"phase": "Succeeded"}, {}, "phase=Succeeded: pod is not running", id="has ended"),
        pytest.param({"spec": {"nodeName": ""}}, {}, "pod is not scheduled, name=web", id="no node"),
        pytest.param({"metadata": {"deletionTimestamp": "x"}}, {}, "pod is being terminated", id="is going"),
        pytest.param({}, {"volume": {"hostPath": {}}}, "is a hostPath volume which is not supported", id="hostPath"),
        pytest.param({"spec": _DEVICE}, {}, "Block volumes are not supported for fs backup", id="a device"),
        pytest.param({}, {"volumeMode": "Block"}, "Block volumes are not supported for fs backup", id="block"),
        pytest.param({"spec": _UNMOUNTED}, {}, "but not mounted by any container, skipping", id="not mounted"),
    ],
)
def test_why_not(of_pod: dict[str, t.Any], of_claim: dict[str, t.Any], words: str) -> None:
    """In Velero's words and form; nobody is left with the belief that it was done."""
    volumes = volumes_of_pod(pod(**of_pod), by_default=True)
    choice = choose_files(claim(**of_claim), volumes, by_policy=False, by_default=True)
    assert choice is not None
    assert (choice.volume, choice.error) == (None, "")
    assert choice.reason.startswith("podvolume: ")
    assert words in choice.reason


def test_one_pod_alone_is_read_in_that_pod_by_consent() -> None:
    labels = {"level": "s0:c1,c2"}
    mounts = [{"name": "files", "mountPath": "/a", "subPath": "x"}]
    containers = [
        {"name": "side", "securityContext": {"seLinuxOptions": {"level": "s0:c9"}}},
        {"name": "main", "volumeMounts": mounts, "securityContext": {"seLinuxOptions": labels}},
        {"name": "more", "volumeMounts": mounts},
    ]
    volumes = volumes_of_pod(pod(spec={"containers": containers}), by_default=True)
    alone = claim(accessModes=["ReadWriteOncePod"])
    choice = choose_files(alone, volumes, by_policy=False, by_default=True, in_pods=True)
    assert choice is not None
    assert choice.volume is not None
    assert (choice.volume.in_pod, choice.volume.labels, choice.error) == (True, labels, "")
    other = choose_files(claim(), volumes, by_policy=False, by_default=True, in_pods=True)
    assert other is not None
    assert other.volume == volumes[0], "what a Job can mount needs nothing in its pod"


def test_one_pod_alone_is_refused_with_what_to_do() -> None:
    volumes = volumes_of_pod(pod(), by_default=True)
    choice = choose_files(claim(accessModes=["ReadWriteOncePod"]), volumes, by_policy=False, by_default=True)
    assert choice is not None
    assert choice.volume is None
    assert "shop/data is ReadWriteOncePod" in choice.error
    assert "mover.ephemeral_containers: true" in choice.error
    assert _OUT in choice.error


def test_a_volume_of_two_pods_is_copied_once_by_the_first_that_runs() -> None:
    pods = [pod("c"), pod("b"), pod("a", phase="Pending")]
    volumes = [each for found in pods for each in volumes_of_pod(found, by_default=True)]
    choice = choose_files(claim(), volumes, by_policy=False, by_default=True)
    assert choice is not None
    assert choice.volume is not None
    assert choice.volume.pod == "b"


def test_one_of_two_pods_wants_it() -> None:
    pods = [pod("a"), pod("b", annotations={_IN: "files"})]
    volumes = [each for found in pods for each in volumes_of_pod(found, by_default=False)]
    choice = choose_files(claim(), volumes, by_policy=False, by_default=False)
    assert choice is not None
    assert choice.volume is not None
    assert (choice.volume.pod, choice.is_asked) == ("b", False)


def test_a_policy_wants_what_nobody_mounts() -> None:
    choice = choose_files(claim(), [], by_policy=True, by_default=False)
    assert choice is not None
    assert choice.reason == "podvolume: no running pod of the backup mounts it;"
    assert choose_files(claim(), [], by_policy=False, by_default=True) is None, "its snapshot is taken"


@pytest.mark.parametrize(
    ("modes", "free"),
    [(["ReadWriteOnce"], False), (["ReadWriteMany"], True), (["ReadOnlyMany"], True), ([], False)],
)
def test_where_its_pod_may_run(modes: list[str], free: bool) -> None:
    assert is_on_many_nodes(claim(accessModes=modes)) is free
