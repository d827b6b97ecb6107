# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_filter import (
    ALWAYS_EXCLUDED,
    NAMESPACES,
    IncludeExclude,
    ResourceFilter,
    is_excluded_by_label,
    list_errors,
    namespace_pattern_errors,
)

# Velero 1.18, include/exclude semantics (spec 3.4 and 3.5; checklist 10.2).
PODS = GroupResource("pods")
DEPLOYMENTS = GroupResource("deployments", "apps")
VOLUMES = GroupResource("persistentvolumes")
CRDS = GroupResource("customresourcedefinitions", "apiextensions.k8s.io")


@pytest.mark.parametrize(
    ("includes", "excludes", "name", "accepted"),
    [
        pytest.param([], [], "a", True, id="no-filters"),
        pytest.param(["*"], [], "a", True, id="star"),
        pytest.param(["a"], [], "a", True, id="included"),
        pytest.param(["a"], [], "b", False, id="not-included"),
        pytest.param([], ["a"], "a", False, id="excluded"),
        pytest.param([], ["a"], "b", True, id="not-excluded"),
        pytest.param(["*"], ["a"], "a", False, id="excludes-win-over-star"),
        pytest.param(["a"], ["a"], "a", False, id="excludes-win"),
        pytest.param(["*", "b"], [], "a", True, id="wildcard-plus-specific-is-wildcard"),
        pytest.param(["app-*"], [], "app-1", True, id="glob"),
        pytest.param(["app-*"], ["app-1"], "app-1", False, id="glob-and-exclude"),
        pytest.param(["*.apps"], [], "deployments.apps", True, id="glob-crosses-dots"),
        pytest.param([""], [], "a", False, id="empty-string-is-nothing"),
        pytest.param(["[a"], [], "[a", False, id="uncompilable-never-matches"),
    ],
)
def test_accepts(includes: list[str], excludes: list[str], name: str, accepted: bool) -> None:
    assert IncludeExclude(tuple(includes), tuple(excludes)).accepts(name) is accepted


@pytest.mark.parametrize(
    ("includes", "excludes", "is_everything", "lists_all"),
    [
        pytest.param([], [], True, True, id="empty"),
        pytest.param(["*"], [], True, True, id="star"),
        pytest.param(["*"], ["a"], False, True, id="star-with-excludes"),
        pytest.param([], ["a"], False, True, id="excludes-only"),
        pytest.param(["a"], [], False, False, id="names"),
        pytest.param(["app-*"], [], False, False, id="a-glob-is-no-literal-star"),
    ],
)
def test_everything(includes: list[str], excludes: list[str], is_everything: bool, lists_all: bool) -> None:
    found = IncludeExclude(tuple(includes), tuple(excludes))
    assert (found.is_everything, found.lists_all) == (is_everything, lists_all)


def filter_of(
    *, resources: t.Any = ((), ()), namespaces: t.Any = ((), ()), cluster: bool | None = None
) -> ResourceFilter:
    return ResourceFilter(IncludeExclude(*resources), IncludeExclude(*namespaces), cluster)


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
    ("labels", "excluded"),
    [("true", True), ("false", False), ("True", False), ("", False), ("1", False), (None, False)],
)
def test_the_exclude_label(labels: str | None, excluded: bool) -> None:
    obj = {"metadata": {"labels": {"velero.io/exclude-from-backup": labels} if labels is not None else None}}
    assert is_excluded_by_label(obj) is excluded
    assert not is_excluded_by_label({})


@pytest.mark.parametrize(
    ("includes", "excludes", "errors"),
    [
        pytest.param([], [], [], id="empty"),
        pytest.param(["*"], ["a"], [], id="star-alone"),
        pytest.param(["", "a"], [""], ["excludes list cannot contain an item in the includes list: "], id="empty-item"),
        pytest.param(
            ["*", "a"],
            [],
            ["includes list must either contain '*' only, or a non-empty list of items"],
            id="star-not-alone",
        ),
        pytest.param([], ["*"], ["excludes list cannot contain '*'"], id="star-excluded"),
        pytest.param(["a", "b"], ["b"], ["excludes list cannot contain an item in the includes list: b"], id="in-both"),
    ],
)
def test_list_errors(includes: list[str], excludes: list[str], errors: list[str]) -> None:
    assert list_errors("namespace", includes, excludes) == [
        f"Invalid included/excluded namespace lists: {text}" for text in errors
    ]


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        *((name, True) for name in ("a", "*", "app-*", "a?", "a[abc]", "a[a-z]", "", "*-[0-9]")),
        *(
            (name, False)
            for name in ("a|b", "a(b)", "!a", "a[!b]", "{a,b}", "a,b", "a**", "a[]", "a[b", "a]", "a[z-a]")
        ),
    ],
)
def test_namespace_patterns(name: str, valid: bool) -> None:
    assert (namespace_pattern_errors([name]) == []) is valid
