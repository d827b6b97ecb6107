# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which claims a task means."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.claims import find_claims, read_volumes
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import (
    Selection,
    Workload,
    WorkloadKind,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError

Object = dict[str, t.Any]
CLAIMS = "/api/v1/namespaces/shop/persistentvolumeclaims"


class Api:
    """Answers GET from a table; a list is filtered by its label selector."""

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.pods: list[Object] = []
        self.forbidden: set[str] = set()

    def add_claim(self, name: str, labels: dict[str, str] | None = None, **more: t.Any) -> None:
        metadata = {"namespace": "shop", "name": name, "labels": labels or {}, **more.pop("metadata", {})}
        claim = {"metadata": metadata, "spec": {"volumeName": f"pv-{name}"}, "status": {"phase": "Bound"}, **more}
        self.objects[f"{CLAIMS}/{name}"] = claim
        self.objects[f"/api/v1/persistentvolumes/pv-{name}"] = {"spec": {"csi": {"driver": "disk.example"}}}

    def get(self, path: str, *, query: t.Any = None) -> Object:
        if path in self.forbidden:
            raise KubeError("No.", status=403)
        if path.endswith("/pods"):
            return {"items": self.pods}
        if path == CLAIMS:
            wanted = LabelSelector.from_text(query["labelSelector"])
            found = [obj for key, obj in self.objects.items() if key.startswith(f"{CLAIMS}/")]
            return {"items": [obj for obj in found if wanted.matches(obj["metadata"]["labels"])]}
        if path not in self.objects:
            raise KubeError("No.", status=404)
        return self.objects[path]


@pytest.fixture
def api() -> t.Any:
    return Api()


def names(api: t.Any, **selection: t.Any) -> list[str]:
    return [claim["metadata"]["name"] for claim in find_claims(api, "shop", Selection(**selection))]


def test_claims_by_name(api: t.Any) -> None:
    for name in ("b", "a", "c"):
        api.add_claim(name)
    assert names(api, claims=("b", "a", "b")) == ["a", "b"]


def test_claims_that_are_not_there_are_named(api: t.Any) -> None:
    api.add_claim("a")
    with pytest.raises(SnapshotError, match="not all there: x, y do not exist"):
        names(api, claims=("y", "a", "x"))


def test_claims_by_labels(api: t.Any) -> None:
    api.add_claim("a", {"app": "web"})
    api.add_claim("b", {"app": "db"})
    api.add_claim("c", {"app": "other"})
    one, two = (LabelSelector.from_text(f"app={app}") for app in ("web", "db"))
    assert names(api, selectors=(two,)) == ["b"]
    assert names(api, selectors=(two, one)) == ["a", "b"]
    with pytest.raises(SnapshotError, match=r"No PersistentVolumeClaim with labels app in \(none\)"):
        names(api, selectors=(LabelSelector.from_text("app=none"),))


def workload(kind: WorkloadKind, spec: Object, volumes: list[Object]) -> tuple[str, Object]:
    plural = {"Deployment": "deployments", "StatefulSet": "statefulsets"}[kind]
    template = {"spec": {"volumes": volumes}}
    return f"/apis/apps/v1/namespaces/shop/{plural}/app", {"spec": {"template": template, **spec}}


TEMPLATES = [{"metadata": {"name": "data"}}, {"metadata": {"name": "log"}}]


@pytest.mark.parametrize(
    ("kind", "spec", "volumes", "expected"),
    [
        (
            "Deployment",
            {},
            [{"name": "v", "persistentVolumeClaim": {"claimName": "shared"}}, {"name": "e", "emptyDir": {}}],
            ["shared"],
        ),
        ("StatefulSet", {"replicas": 2, "volumeClaimTemplates": TEMPLATES[:1]}, [], ["data-app-0", "data-app-1"]),
        ("StatefulSet", {"volumeClaimTemplates": TEMPLATES}, [], ["data-app-0", "log-app-0"]),
        (
            "StatefulSet",
            {"replicas": 1, "ordinals": {"start": 3}, "volumeClaimTemplates": TEMPLATES[:1]},
            [{"name": "v", "persistentVolumeClaim": {"claimName": "shared"}}],
            ["data-app-3", "shared"],
        ),
        (
            "Deployment",
            {"selector": {"matchLabels": {"app": "x"}}},
            [{"name": "scratch", "ephemeral": {}}],
            ["app-1-scratch"],
        ),
    ],
    ids=["template", "replicas", "one by default", "ordinals start", "ephemeral"],
)
def test_claims_of_a_workload(
    api: t.Any, kind: WorkloadKind, spec: Object, volumes: list[Object], expected: list[str]
) -> None:
    path, found = workload(kind, spec, volumes)
    api.objects[path] = found
    api.pods = [{"metadata": {"namespace": "shop", "name": "app-1"}, "spec": {"volumes": volumes}}]
    for name in ("shared", "data-app-0", "data-app-1", "data-app-3", "log-app-0", "app-1-scratch"):
        api.add_claim(name)
    assert names(api, workload=Workload(kind, "app")) == expected


def test_a_workload_without_claims(api: t.Any) -> None:
    path, found = workload("Deployment", {}, [])
    api.objects[path] = found
    with pytest.raises(SnapshotError, match="Deployment app in namespace shop mounts no PersistentVolumeClaim"):
        names(api, workload=Workload("Deployment", "app"))
    with pytest.raises(SnapshotError, match="StatefulSet app does not exist"):
        names(api, workload=Workload("StatefulSet", "app"))


def test_volumes(api: t.Any) -> None:
    """docs/compatibility 8.3: the driver is the volume's or, where it may not be read, the provisioner's annotation."""
    api.add_claim("a")
    api.add_claim("b", metadata={"annotations": {"volume.kubernetes.io/storage-provisioner": "other.example"}})
    api.add_claim("c")
    api.forbidden = {"/api/v1/persistentvolumes/pv-b", "/api/v1/persistentvolumes/pv-c"}
    volumes = read_volumes(api, [api.objects[f"{CLAIMS}/{name}"] for name in "abc"])
    assert [(claim.name, claim.driver, claim.volume is None) for claim in volumes] == [
        ("a", "disk.example", False),
        ("b", "other.example", True),
        ("c", "", True),
    ]


def test_a_claim_that_is_not_bound(api: t.Any) -> None:
    """docs/compatibility 8.3: an error, not an empty snapshot."""
    api.add_claim("a", status={"phase": "Pending"})
    with pytest.raises(SnapshotError, match="The PersistentVolumeClaim a in namespace shop is not bound"):
        read_volumes(api, [api.objects[f"{CLAIMS}/a"]])
