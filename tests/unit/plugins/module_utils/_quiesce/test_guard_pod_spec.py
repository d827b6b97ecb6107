# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.errors import QuiesceError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import (
    ApiObjectReader,
    VolumeMount,
    check_pod_spec,
    find_volume_mount,
)

# The first check: by the pod's spec. Only a claim whose volume is a disk of its own may be frozen.


class Reader:
    """Claims and volumes of the cluster; ``errors`` are raised instead."""

    def __init__(self, volume_spec: t.Any = None, *, bound: bool = True) -> None:
        self.claim_object: dict[str, t.Any] | None = {"spec": {"volumeName": "pv-1"} if bound else {}}
        self.volume_object: dict[str, t.Any] | None = {"spec": volume_spec or {"csi": {}}}
        self.asked: list[str] = []
        self.errors: dict[str, KubeError] = {}

    def claim(self, namespace: str, name: str) -> dict[str, t.Any] | None:
        self.asked.append(f"{namespace}/{name}")
        if "claim" in self.errors:
            raise self.errors["claim"]
        return self.claim_object

    def volume(self, name: str) -> dict[str, t.Any] | None:
        self.asked.append(name)
        if "volume" in self.errors:
            raise self.errors["volume"]
        return self.volume_object


CLAIM = {"persistentVolumeClaim": {"claimName": "data"}}


def pod_with(*mounts: tuple[str, t.Any], volumes: dict[str, t.Any] | None = None, **spec: t.Any) -> dict[str, t.Any]:
    """A pod whose container ``db`` has ``mounts`` (path, volume source or the mount's further fields)."""
    sources = dict(volumes or {})
    entries = []
    for index, (path, source) in enumerate(mounts):
        name = source if isinstance(source, str) else f"v{index}"
        if not isinstance(source, str):
            sources[name] = source
        entries.append({"name": name, "mountPath": path})
    return {
        "metadata": {"namespace": "shop", "name": "db-0"},
        "spec": {
            "containers": [{"name": "web"}, {"name": "db", "volumeMounts": entries}],
            "volumes": [{"name": name, **source} for name, source in sources.items()],
            **spec,
        },
    }


@pytest.mark.parametrize("source", ["csi", "awsElasticBlockStore", "iscsi", "fc", "rbd"])
def test_a_claim_on_a_disk_of_its_own_passes(source: str) -> None:
    reader = Reader({source: {"any": "thing"}, "capacity": {"storage": "1Gi"}})
    mount = check_pod_spec(reader, pod_with(("/data", CLAIM)), container="db", path="/data")
    assert mount == VolumeMount("v0", "shop/data", "/data", "")
    assert reader.asked == ["shop/data", "pv-1"]


@pytest.mark.parametrize(
    ("volume_spec", "kind"),
    [
        pytest.param({"hostPath": {"path": "/srv"}}, "hostPath", id="hostPath"),
        pytest.param({"local": {"path": "/mnt/disk"}}, "local", id="local"),
        pytest.param({"nfs": {"server": "n", "path": "/"}}, "nfs", id="nfs"),
        pytest.param({"cephfs": {}}, "not a block device", id="cephfs"),
        pytest.param({"glusterfs": {}}, "not a block device", id="glusterfs"),
        pytest.param({"azureFile": {}}, "not a block device", id="azureFile"),
        pytest.param({"flexVolume": {}}, "not a block device", id="flexVolume"),
        pytest.param({"capacity": {}}, "not a block device", id="no-source"),
    ],
)
def test_a_claim_on_another_volume_is_refused(volume_spec: t.Any, kind: str) -> None:
    with pytest.raises(QuiesceError, match=f"volume pv-1 of kind {kind}") as caught:
        check_pod_spec(Reader(volume_spec), pod_with(("/data", CLAIM)), container="db", path="/data")
    assert caught.value.message.startswith("The freeze of /data in container db of pod shop/db-0 is refused:")
    assert "allow_shared_freeze" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "source",
    [
        {"hostPath": {"path": "/"}},
        {"emptyDir": {}},
        {"emptyDir": {"medium": "Memory"}},
        {"configMap": {"name": "c"}},
        {"secret": {"secretName": "s"}},
        {"projected": {"sources": []}},
        {"downwardAPI": {"items": []}},
        {"csi": {"driver": "secrets-store.csi.k8s.io"}},
        {"nfs": {"server": "n", "path": "/"}},
        {"iscsi": {"targetPortal": "x"}},
        {"image": {"reference": "x"}},
        {"gitRepo": {"repository": "x"}},
    ],
    ids=lambda source: "-".join(["inline" if "csi" in source else "pod", *source]),
)
def test_a_volume_that_is_no_claim_is_refused(source: dict[str, t.Any]) -> None:
    reader = Reader()
    with pytest.raises(QuiesceError, match=f"volume v0 is of kind {next(iter(source))}"):
        check_pod_spec(reader, pod_with(("/data", source)), container="db", path="/data")
    assert reader.asked == []


def test_a_generic_ephemeral_volume_passes() -> None:
    reader = Reader()
    pod = pod_with(("/data", {"ephemeral": {"volumeClaimTemplate": {}}}))
    assert check_pod_spec(reader, pod, container="db", path="/data").claim == "shop/db-0-v0"
    assert reader.asked == ["shop/db-0-v0", "pv-1"]


@pytest.mark.parametrize("path", ["/", "/var/lib/db", "/database", "/dat"])
def test_a_path_without_a_volume_is_the_nodes_own_disk(path: str) -> None:
    with pytest.raises(QuiesceError, match="no volume is mounted there"):
        find_volume_mount(pod_with(("/data", CLAIM)), "db", path)


@pytest.mark.parametrize("path", ["data", "", "./data", "../data"])
def test_a_relative_path_is_refused(path: str) -> None:
    with pytest.raises(QuiesceError, match="the path is not absolute"):
        check_pod_spec(Reader(), pod_with(("/data", CLAIM)), container="db", path=path)


def test_a_container_that_is_not_there_is_refused() -> None:
    with pytest.raises(QuiesceError, match="there is no such container"):
        find_volume_mount(pod_with(("/data", CLAIM)), "other", "/data")


def test_a_volume_that_the_spec_does_not_list_is_refused() -> None:
    with pytest.raises(QuiesceError, match="of kind unknown"):
        find_volume_mount(pod_with(("/data", "ghost")), "db", "/data")


def test_a_native_sidecar_has_mounts_too() -> None:
    sidecar = {"name": "freezer", "restartPolicy": "Always", "volumeMounts": [{"name": "v0", "mountPath": "/snap"}]}
    pod = pod_with(("/data", CLAIM), initContainers=[sidecar])
    assert find_volume_mount(pod, "freezer", "/snap").volume == "v0"


@pytest.mark.parametrize(
    ("path", "volume"),
    [
        pytest.param("/data", "claim", id="outer"),
        pytest.param("/data/x/y", "claim", id="below"),
        pytest.param("/data/cache", None, id="the-nested-one-is-an-emptyDir"),
        pytest.param("/data/cache/deep", None, id="below-the-nested-one"),
        pytest.param("/data/cache2", "claim", id="not-by-the-first-letters"),
        pytest.param("/data/../data/db", "claim", id="dots"),
        pytest.param("/data/../etc", None, id="dots-that-lead-out"),
        pytest.param("/data/", "claim", id="slash-behind"),
    ],
)
def test_the_longest_mount_counts(path: str, volume: str | None) -> None:
    volumes = {"claim": CLAIM, "scratch": {"emptyDir": {}}}
    pod = pod_with(("/data", "claim"), ("/data/cache/", "scratch"), volumes=volumes)
    if volume is None:
        with pytest.raises(QuiesceError):
            check_pod_spec(Reader(), pod, container="db", path=path)
    else:
        assert check_pod_spec(Reader(), pod, container="db", path=path).volume == volume


def test_a_claim_mounted_at_the_root() -> None:
    assert find_volume_mount(pod_with(("/", CLAIM)), "db", "/anything").volume == "v0"


@pytest.mark.parametrize(
    ("fields", "sub_path"), [({"subPath": "mysql"}, "mysql"), ({"subPathExpr": "$(POD)"}, "$(POD)"), ({}, "")]
)
def test_the_sub_path_is_kept_for_the_second_check(fields: dict[str, str], sub_path: str) -> None:
    pod = pod_with(("/data", CLAIM))
    pod["spec"]["containers"][1]["volumeMounts"][0] |= fields
    assert find_volume_mount(pod, "db", "/data").sub_path == sub_path


@pytest.mark.parametrize("missing", ["claim", "binding", "volume"])
def test_an_unbound_claim_is_refused(missing: str) -> None:
    reader = Reader(bound=missing != "binding")
    if missing == "claim":
        reader.claim_object = None
    if missing == "volume":
        reader.volume_object = None
    with pytest.raises(QuiesceError, match="claim shop/data is not bound to a volume"):
        check_pod_spec(reader, pod_with(("/data", CLAIM)), container="db", path="/data")


@pytest.mark.parametrize("which", ["claim", "volume"])
def test_what_may_not_be_read_does_not_pass(which: str) -> None:
    reader = Reader()
    reader.errors[which] = KubeError("You may not.", status=403, reason="Forbidden")
    with pytest.raises(QuiesceError, match="cannot be read: You may not") as caught:
        check_pod_spec(reader, pod_with(("/data", CLAIM)), container="db", path="/data")
    assert "Grant get on persistentvolumeclaims and persistentvolumes" in (caught.value.hint or "")


def test_the_api_reader(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    reader = ApiObjectReader(cluster.client)
    assert (reader.claim("shop", "data") or {})["spec"] == {"volumeName": "pv-data"}
    assert (reader.volume("pv-data") or {})["spec"] == {"csi": {"driver": "loopfile"}}
    assert reader.claim("shop", "other") is None
    assert reader.volume("other") is None
