# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_filter import (
    ALWAYS_EXCLUDED,
    GlobalFilter,
    IncludeExclude,
)

# Velero 1.18, docs/compatibility 3.4, 3.5, 10.2.
PODS = GroupResource("pods")
DEPLOYMENTS = GroupResource("deployments", "apps")
VOLUMES = GroupResource("persistentvolumes")
CRDS = GroupResource("customresourcedefinitions", "apiextensions.k8s.io")


def filter_of(
    *, resources: t.Any = ((), ()), namespaces: t.Any = ((), ()), cluster: bool | None = None
) -> GlobalFilter:
    return GlobalFilter(IncludeExclude(*resources), IncludeExclude(*namespaces), cluster)


ALL: t.Any = ((), ())
STAR: t.Any = (("*",), ())
SUBSET: t.Any = (("shop",), ())
EXCEPT: t.Any = ((), ("shop",))


@pytest.mark.parametrize(
    ("cluster", "namespaces", "listed", "related"),
    [
        pytest.param(True, ALL, True, True, id="true-all"),
        pytest.param(True, SUBSET, True, True, id="true-subset"),
        pytest.param(False, ALL, False, False, id="false-all"),
        pytest.param(False, SUBSET, False, False, id="false-subset"),
        pytest.param(None, ALL, True, True, id="unset-all"),
        pytest.param(None, STAR, True, True, id="unset-star"),
        pytest.param(None, SUBSET, False, True, id="unset-subset"),
        pytest.param(None, EXCEPT, False, True, id="unset-excludes-are-not-everything"),
    ],
)
def test_cluster_scoped_types(cluster: bool | None, namespaces: t.Any, listed: bool, related: bool) -> None:
    found = filter_of(namespaces=namespaces, cluster=cluster)
    assert found.lists(VOLUMES, namespaced=False) is listed
    assert found.admits_related(VOLUMES, namespaced=False) is related
    assert found.lists(PODS, namespaced=True)
    assert found.admits_related(PODS, namespaced=True)


@pytest.mark.parametrize("namespaces", [ALL, SUBSET, EXCEPT], ids=["all", "subset", "except"])
@pytest.mark.parametrize(("cluster", "stored"), [(True, True), (None, True), (False, False)])
def test_namespace_objects(cluster: bool | None, stored: bool, namespaces: t.Any) -> None:
    assert filter_of(namespaces=namespaces, cluster=cluster).lists(NAMESPACES, namespaced=False) is stored


@pytest.mark.parametrize(
    ("resources", "gr", "namespaced", "listed"),
    [
        pytest.param((("pods",), ()), PODS, True, True, id="included"),
        pytest.param((("pods",), ()), DEPLOYMENTS, True, False, id="not-included"),
        pytest.param((("deployments.apps",), ()), DEPLOYMENTS, True, True, id="with-group"),
        pytest.param(((), ("pods",)), PODS, True, False, id="excluded"),
        pytest.param((("pods",), ()), NAMESPACES, False, False, id="pods-only-stores-no-namespace"),
        pytest.param((("pods", "namespaces"), ()), NAMESPACES, False, True, id="namespaces-asked-for"),
        pytest.param(((), ("namespaces",)), NAMESPACES, False, False, id="namespaces-excluded"),
        pytest.param((("nonsense",), ()), PODS, True, False, id="all-includes-unresolvable-is-nothing"),
        pytest.param(((), ("nonsense",)), PODS, True, True, id="unresolvable-excludes-are-ignored"),
        pytest.param((("*.apps",), ()), DEPLOYMENTS, True, True, id="glob"),
        pytest.param((("persistentvolumes",), ()), VOLUMES, False, True, id="cluster-scoped-all-namespaces"),
    ],
)
def test_types(resources: t.Any, gr: GroupResource, namespaced: bool, listed: bool) -> None:
    assert filter_of(resources=resources).lists(gr, namespaced=namespaced) is listed


@pytest.mark.parametrize(
    ("resources", "cluster", "admitted"),
    [
        pytest.param((("persistentvolumeclaims",), ()), None, False, id="pvc-only-drops-the-pv"),
        pytest.param((("persistentvolumeclaims", "persistentvolumes"), ()), None, True, id="asked-for"),
        pytest.param(((), ("persistentvolumes",)), None, False, id="excluded"),
        pytest.param(ALL, False, False, id="no-cluster-resources"),
        pytest.param((("persistentvolumeclaims",), ()), True, True, id="kept-unless-excluded"),
        pytest.param((("persistentvolumeclaims",), ("persistentvolumes",)), True, False, id="true-but-excluded"),
    ],
)
def test_related_volumes(resources: t.Any, cluster: bool | None, admitted: bool) -> None:
    found = filter_of(resources=resources, cluster=cluster, namespaces=SUBSET)
    assert found.admits_related(VOLUMES, namespaced=False) is admitted


@pytest.mark.parametrize("gr", ALWAYS_EXCLUDED, ids=str)
def test_snapshots_are_never_listed(gr: GroupResource) -> None:
    found = filter_of(resources=((str(gr),), ()), cluster=True)
    assert not found.lists(gr, namespaced=True)
    assert not found.admits_related(gr, namespaced=True)


@pytest.mark.parametrize(
    ("resources", "cluster", "namespaces", "state"),
    [
        pytest.param(ALL, None, ALL, "included", id="everything"),
        pytest.param(ALL, None, SUBSET, "unset", id="a-subset-is-added-to"),
        pytest.param(ALL, True, SUBSET, "included", id="all-cluster-resources"),
        pytest.param(ALL, False, ALL, "excluded", id="no-cluster-resources"),
        pytest.param((("pods",), ()), None, ALL, "excluded", id="unset-and-not-in-the-includes"),
        pytest.param((("pods", str(CRDS)), ()), None, SUBSET, "unset", id="included-but-not-listed"),
        pytest.param((("pods", str(CRDS)), ()), None, ALL, "included", id="included"),
        pytest.param((("pods",), ()), True, SUBSET, "unset", id="true-and-not-in-the-includes"),
        pytest.param(((), (str(CRDS),)), True, ALL, "excluded", id="excluded"),
    ],
)
def test_definitions_of_stored_types(resources: t.Any, cluster: bool | None, namespaces: t.Any, state: str) -> None:
    """docs/compatibility 3.4, CRD auto-add."""
    assert filter_of(resources=resources, cluster=cluster, namespaces=namespaces).crd_state == state
