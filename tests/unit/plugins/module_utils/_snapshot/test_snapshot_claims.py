# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which claims a task means."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.claims import find_claims, read_volumes
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import (
    ClaimChoice,
    Workload,
    WorkloadKind,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import types_named


class Api(MemoryApi):
    """``forbidden``: paths."""

    def __init__(self) -> None:
        types = ("persistentvolumeclaims", "persistentvolumes", "pods", "deployments", "statefulsets")
        super().__init__(types_named(*types))
        self.forbidden: set[str] = set()
        self.refuse = lambda _verb, path, _dry: KubeError("No.", status=403) if path in self.forbidden else None

    def add_claim(self, name: str, labels: dict[str, str] | None = None, **more: t.Any) -> None:
        metadata = {"labels": labels or {}, **more.pop("metadata", {})}
        claim = {"spec": {"volumeName": f"pv-{name}"}, "status": {"phase": "Bound"}, **more}
        self.add("persistentvolumeclaims", name, "shop", metadata=metadata, **claim)
        self.add("persistentvolumes", f"pv-{name}", spec={"csi": {"driver": "disk.example"}})

    def claim(self, name: str) -> Object:
        return self.objects["persistentvolumeclaims", "shop", name]


@pytest.fixture
def api() -> Api:
    return Api()


def names(api: Api, **choice: t.Any) -> list[str]:
    return [claim["metadata"]["name"] for claim in find_claims(api.client, "shop", ClaimChoice(**choice))]


def test_claims_by_name(api: Api) -> None:
    for name in ("b", "a", "c"):
        api.add_claim(name)
    assert names(api, claims=("b", "a", "b")) == ["a", "b"]


def test_claims_that_are_not_there_are_named(api: Api) -> None:
    api.add_claim("a")
    with pytest.raises(SnapshotError, match="not all there: x, y do not exist"):
        names(api, claims=("y", "a", "x"))


def test_claims_by_labels(api: Api) -> None:
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
    return plural, {"spec": {"template": template, **spec}}


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
    api: Api, kind: WorkloadKind, spec: Object, volumes: list[Object], expected: list[str]
) -> None:
    plural, found = workload(kind, spec, volumes)
    api.add(plural, "app", "shop", **found)
    api.add("pods", "app-1", "shop", metadata={"labels": {"app": "x"}}, spec={"volumes": volumes})
    for name in ("shared", "data-app-0", "data-app-1", "data-app-3", "log-app-0", "app-1-scratch"):
        api.add_claim(name)
    assert names(api, workload=Workload(kind, "app")) == expected


def test_a_workload_without_claims(api: Api) -> None:
    plural, found = workload("Deployment", {}, [])
    api.add(plural, "app", "shop", **found)
    with pytest.raises(SnapshotError, match="Deployment app in namespace shop mounts no PersistentVolumeClaim"):
        names(api, workload=Workload("Deployment", "app"))
    with pytest.raises(SnapshotError, match="StatefulSet app does not exist"):
        names(api, workload=Workload("StatefulSet", "app"))


def test_volumes(api: Api) -> None:
    """docs/compatibility 8.3: the driver is the volume's or, where it may not be read, the provisioner's annotation."""
    api.add_claim("a")
    api.add_claim("b", metadata={"annotations": {"volume.kubernetes.io/storage-provisioner": "other.example"}})
    api.add_claim("c")
    api.forbidden = {"/api/v1/persistentvolumes/pv-b", "/api/v1/persistentvolumes/pv-c"}
    volumes = read_volumes(api.client, [api.claim(name) for name in "abc"])
    assert [(claim.name, claim.driver, claim.volume is None) for claim in volumes] == [
        ("a", "disk.example", False),
        ("b", "other.example", True),
        ("c", "", True),
    ]


def test_a_claim_that_is_not_bound(api: Api) -> None:
    """docs/compatibility 8.3: an error, not an empty snapshot."""
    api.add_claim("a", status={"phase": "Pending"})
    with pytest.raises(SnapshotError, match="The PersistentVolumeClaim a in namespace shop is not bound"):
        read_volumes(api.client, [api.claim("a")])
