# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose an object is, row by row of the table in ``_gitops/tracking.py``."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.tracking import Tracking

ID = "argocd.argoproj.io/tracking-id"
INSTANCE = "app.kubernetes.io/instance"
KUSTOMIZE, HELM = "kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io"


def obj(*, labels: Object | None = None, annotations: Object | None = None, **more: t.Any) -> Object:
    metadata = {"name": "web", "namespace": "shop", "labels": labels or {}, "annotations": annotations or {}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, **more}


def found(one: Object, tracking: Tracking | None = None) -> list[str]:
    return [str(mark.owner) for mark in (tracking or Tracking()).marks(one)]


@pytest.mark.parametrize(
    ("text", "owners"),
    [
        ("shop:apps/Deployment:shop/web", ["Application shop"]),
        ("teams_shop:apps/Deployment:shop/web", ["Application teams/shop"]),
        # What does not name its own object is ignored (resource_tracking.md).
        ("shop:apps/Deployment:other/web", []),
        ("shop:apps/Deployment:shop/api", []),
        ("shop:apps/StatefulSet:shop/web", []),
        ("shop:/Deployment:shop/web", []),
        ("shop", []),
        ("", []),
        ("a:b:c:d/e", []),
    ],
)
def test_tracking_ids(text: str, owners: list[str]) -> None:
    assert found(obj(annotations={ID: text})) == owners


def test_an_object_of_the_cluster_has_the_namespace_of_its_application() -> None:
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "a:b", "annotations": {ID: "shop:rbac.authorization.k8s.io/ClusterRole:shop/a:b"}},
    }
    assert found(role) == ["Application shop"]


@pytest.mark.parametrize(
    ("tracking", "labels", "owners"),
    [
        # Argo CD 3.0 and newer track by annotation unless told otherwise.
        (Tracking(by_label=False), {INSTANCE: "shop"}, []),
        (Tracking(by_label=True, applications=None), {INSTANCE: "shop"}, ["Application shop"]),
        (Tracking(by_label=None, applications=None), {INSTANCE: "shop"}, ["Application shop"]),
        (Tracking(by_label=None, applications=frozenset({"shop"})), {INSTANCE: "shop"}, ["Application shop"]),
        (Tracking(by_label=None, applications=frozenset({"other"})), {INSTANCE: "shop"}, []),
        (Tracking(by_label=True, label="example.org/app"), {"example.org/app": "shop"}, ["Application shop"]),
        (Tracking(by_label=True, label="example.org/app"), {INSTANCE: "shop"}, []),
        (Tracking(), {"argocd.argoproj.io/instance": "teams_shop"}, ["Application teams/shop"]),
        (Tracking(), {INSTANCE: ""}, []),
    ],
)
def test_labels_of_argo(tracking: Tracking, labels: Object, owners: list[str]) -> None:
    assert found(obj(labels=labels), tracking) == owners


def test_labels_of_flux() -> None:
    both = {f"{KUSTOMIZE}/name": "apps", f"{KUSTOMIZE}/namespace": "flux-system"}
    assert found(obj(labels=both)) == ["Kustomization flux-system/apps"]
    assert found(obj(labels={f"{KUSTOMIZE}/name": "apps"})) == []
    release = {f"{HELM}/name": "web", f"{HELM}/namespace": "shop"}
    assert found(obj(labels=both | release)) == ["Kustomization flux-system/apps", "HelmRelease shop/web"]


@pytest.mark.parametrize(
    ("name", "value", "alone"),
    [
        (f"{KUSTOMIZE}/reconcile", "disabled", True),
        (f"{KUSTOMIZE}/reconcile", "Disabled", True),
        (f"{KUSTOMIZE}/reconcile", "enabled", False),
        (f"{KUSTOMIZE}/ssa", "Ignore", True),
        (f"{KUSTOMIZE}/ssa", "IfNotPresent", True),
        (f"{KUSTOMIZE}/ssa", "Merge", False),
        (f"{HELM}/driftDetection", "disabled", False),
    ],
)
def test_what_flux_leaves_alone(name: str, value: str, alone: bool) -> None:
    labels = {f"{KUSTOMIZE}/name": "apps", f"{KUSTOMIZE}/namespace": "flux-system"}
    for one in (obj(labels=labels | {name: value}), obj(labels=labels, annotations={name: value})):
        assert [mark.left_alone for mark in Tracking().marks(one)] == [alone]


def test_releases_of_helm() -> None:
    annotations = {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop"}
    assert found(obj(annotations=annotations)) == ["Helm release shop/web"]


def test_metadata_of_any_shape() -> None:
    for metadata in ({}, {"labels": None, "annotations": []}, {"labels": {"a": 1}, "annotations": {ID: {}}}):
        assert Tracking().marks({"metadata": metadata}) == ()


def test_a_copy_is_stripped() -> None:
    tracking = Tracking(by_label=True, applications=frozenset({"shop"}))
    labels = {f"{KUSTOMIZE}/name": "a", f"{KUSTOMIZE}/namespace": "b", INSTANCE: "shop", "app": "web"}
    one = obj(labels=dict(labels), annotations={ID: "shop:apps/Deployment:shop/web", "note": "kept"})
    tracking.strip(one["metadata"])
    assert (one["metadata"]["labels"], one["metadata"]["annotations"]) == ({"app": "web"}, {"note": "kept"})
    one = obj(labels=dict(labels))
    tracking.strip(one["metadata"], keep_labels=True)
    assert one["metadata"]["labels"] == {INSTANCE: "shop", "app": "web"}
    # The label of a chart that no Application installs is no mark.
    one = obj(labels={INSTANCE: "chart"})
    tracking.strip(one["metadata"])
    assert one["metadata"]["labels"] == {INSTANCE: "chart"}
