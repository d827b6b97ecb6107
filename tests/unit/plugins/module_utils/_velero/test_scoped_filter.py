# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scoped filters, the choice of the family, and policies beside them: docs/compatibility 3.4, 3.13, 10.2."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_filter import (
    ALWAYS_EXCLUDED,
    GlobalFilter,
    ResourceFilter,
    build_filter,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_policy import parse_policy
from ansible_collections.arkive.k8s.plugins.module_utils._velero.scoped_filter import ScopedFilter

# What the cluster serves: the short name, and whether it is namespaced.
SERVED = {
    "pods": ("po", True),
    "persistentvolumeclaims": ("pvc", True),
    "deployments.apps": ("deploy", True),
    "namespaces": ("ns", False),
    "persistentvolumes": ("pv", False),
    "storageclasses.storage.k8s.io": ("sc", False),
    "customresourcedefinitions.apiextensions.k8s.io": ("crd", False),
}
NAMESPACED = {name for name, (_short, namespaced) in SERVED.items() if namespaced}
CLUSTER = set(SERVED) - NAMESPACED
CRDS = "customresourcedefinitions.apiextensions.k8s.io"
SHOP: t.Any = {"included_namespaces": ["shop"]}
EXCEPT: t.Any = {"excluded_namespaces": ["shop"]}


def resolve(name: str) -> tuple[GroupResource, bool] | None:
    for full, (short, namespaced) in SERVED.items():
        if name in (full, short, full.partition(".")[0]):
            return GroupResource.parse(full), namespaced
    return None


def build(policy: t.Any = None, **options: t.Any) -> ResourceFilter:
    spec = BackupSpec.from_options(options)
    document = None if policy is None else parse_policy({"version": "v1", "include_exclude_policy": policy})
    return build_filter(spec, resolve, namespaces=spec.namespaces, policy=document)


def listed(found: ResourceFilter) -> set[str]:
    return {
        name
        for name, (_gr, namespaced) in SERVED.items()
        if found.lists(GroupResource.parse(name), namespaced=namespaced)
    }


def related(found: ResourceFilter) -> set[str]:
    return {
        name
        for name, (_gr, namespaced) in SERVED.items()
        if found.admits_related(GroupResource.parse(name), namespaced=namespaced)
    }


def scoped(*, ic: t.Any = (), ec: t.Any = (), ins: t.Any = (), ens: t.Any = ()) -> dict[str, t.Any]:
    return {
        "included_cluster_scoped_resources": ic,
        "excluded_cluster_scoped_resources": ec,
        "included_namespace_scoped_resources": ins,
        "excluded_namespace_scoped_resources": ens,
    }


NS = {"namespaces"}
PV = {"persistentvolumes"}
SC = {"storageclasses.storage.k8s.io"}
PODS = {"pods"}


@pytest.mark.parametrize(
    ("options", "expected", "expected_related"),
    [
        pytest.param({}, set(SERVED), set(SERVED), id="no-filter"),
        pytest.param({"included_namespaces": ["*"]}, set(SERVED), set(SERVED), id="star-is-everything"),
        pytest.param(SHOP, NAMESPACED | NS, set(SERVED), id="some-namespaces"),
        pytest.param(EXCEPT, NAMESPACED | NS, set(SERVED), id="excluded-namespaces-are-not-everything"),
        pytest.param(scoped(ins=["pods"]), PODS | NS, PODS | CLUSTER, id="namespaced-included"),
        pytest.param(scoped(ins=["po"]), PODS | NS, PODS | CLUSTER, id="short-name"),
        pytest.param(scoped(ins=["*"]), set(SERVED), set(SERVED), id="namespaced-star"),
        pytest.param(scoped(ens=["pods"]), (NAMESPACED - PODS) | NS, set(SERVED) - PODS, id="namespaced-excluded"),
        pytest.param(scoped(ens=["*"]), NS, CLUSTER, id="nothing-namespaced"),
        pytest.param(scoped(ins=["*"], ens=["pods"]), (NAMESPACED - PODS) | NS, set(SERVED) - PODS, id="star-but"),
        pytest.param(scoped(ic=["pv"]), NAMESPACED | NS | PV, set(SERVED), id="cluster-included"),
        pytest.param(scoped(ic=["pv"]) | SHOP, NAMESPACED | NS | PV, set(SERVED), id="cluster-included-in-subset"),
        pytest.param(scoped(ic=["*"]) | SHOP, set(SERVED), set(SERVED), id="cluster-star-in-subset"),
        pytest.param(scoped(ic=["*"], ec=["pv"]), set(SERVED) - PV, set(SERVED) - PV, id="cluster-star-but"),
        pytest.param(scoped(ec=["pv"]), NAMESPACED | NS, set(SERVED) - PV, id="an-exclude-turns-off-everything"),
        pytest.param(scoped(ec=["*"]), NAMESPACED, NAMESPACED, id="nothing-cluster-scoped"),
        pytest.param(scoped(ec=["ns"]), NAMESPACED, set(SERVED) - NS, id="no-namespace-objects"),
        pytest.param(scoped(ic=["pv"], ins=["pods"]), PODS | NS | PV, PODS | CLUSTER, id="both-included"),
        pytest.param(scoped(ic=["sc"], ens=["*"]), NS | SC, CLUSTER, id="only-cluster-scoped"),
        pytest.param(scoped(ec=["*"], ens=["*"]), set(), set(), id="nothing-at-all"),
        pytest.param(scoped(ic=["*.k8s.io"]), NAMESPACED | NS | SC | {CRDS}, set(SERVED), id="glob"),
        pytest.param(scoped(ins=["nonsense"]), NS, CLUSTER, id="all-unresolvable-is-nothing"),
        pytest.param(scoped(ins=["pods", "nonsense"]), PODS | NS, PODS | CLUSTER, id="unresolvable-include"),
        pytest.param(scoped(ens=["nonsense"]), NAMESPACED | NS, set(SERVED), id="unresolvable-exclude"),
        pytest.param(scoped(ins=["pv"]), NS, CLUSTER, id="of-the-other-scope-is-nothing"),
        pytest.param(scoped(ic=["pods"]), NAMESPACED | NS, set(SERVED), id="of-the-other-scope"),
    ],
)
def test_combinations(options: dict[str, t.Any], expected: set[str], expected_related: set[str]) -> None:
    found = build(**options)
    assert isinstance(found, ScopedFilter)
    assert (listed(found), related(found)) == (expected, expected_related)


@pytest.mark.parametrize(
    ("options", "state"),
    [
        pytest.param({}, "included", id="everything"),
        pytest.param(SHOP, "unset", id="some-namespaces"),
        pytest.param(scoped(ic=["crd"]) | SHOP, "included", id="included"),
        pytest.param(scoped(ic=["pv"]) | SHOP, "unset", id="others-included"),
        pytest.param(scoped(ec=["crd"]), "excluded", id="excluded"),
        pytest.param(scoped(ec=["*"]), "excluded", id="all-excluded"),
        pytest.param(scoped(ec=["pv"]), "unset", id="others-excluded"),
    ],
)
def test_definitions_of_stored_types(options: dict[str, t.Any], state: str) -> None:
    assert build(**options).crd_state == state


@pytest.mark.parametrize(
    ("options", "old"),
    [
        pytest.param({}, False, id="no-filter-is-scoped"),
        pytest.param({"included_resources": ["pods"]}, True, id="included"),
        pytest.param({"excluded_resources": ["pods"]}, True, id="excluded"),
        pytest.param({"include_cluster_resources": False}, True, id="cluster-false"),
        pytest.param({"include_cluster_resources": True}, True, id="cluster-true"),
        pytest.param(scoped(ins=["pods"]), False, id="scoped"),
    ],
)
def test_family(options: dict[str, t.Any], old: bool) -> None:
    assert isinstance(build(**options), GlobalFilter) is old


@pytest.mark.parametrize(
    ("cluster", "namespaces", "cluster_listed", "cluster_related"),
    [
        pytest.param(True, {}, CLUSTER, CLUSTER, id="true-all"),
        pytest.param(True, SHOP, CLUSTER, CLUSTER, id="true-subset"),
        pytest.param(False, {}, set(), set(), id="false-all"),
        pytest.param(False, SHOP, set(), set(), id="false-subset"),
        pytest.param(None, {}, CLUSTER, CLUSTER, id="unset-all"),
        pytest.param(None, SHOP, NS, CLUSTER, id="unset-subset"),
    ],
)
def test_include_cluster_resources(  # the 3x2 matrix
    cluster: bool | None, namespaces: dict[str, t.Any], cluster_listed: set[str], cluster_related: set[str]
) -> None:
    found = build(include_cluster_resources=cluster, included_resources=["*"], **namespaces)
    assert isinstance(found, GlobalFilter)
    assert listed(found) == NAMESPACED | cluster_listed
    assert related(found) == NAMESPACED | cluster_related


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({"included_resources": ["po", "pv"]}, PODS | PV, id="short-names"),
        pytest.param(
            {"included_resources": ["pods"], "excluded_resources": ["*"]}, PODS, id="excluded-star-is-ignored"
        ),
        pytest.param({"included_resources": ["pods", "nonsense"]}, PODS, id="unresolvable-include-is-ignored"),
        pytest.param({"included_resources": ["nonsense"]}, set(), id="all-unresolvable-is-nothing"),
        pytest.param({"excluded_resources": ["nonsense"]}, set(SERVED), id="unresolvable-exclude-is-ignored"),
        pytest.param({"included_resources": ["*", "pods"]}, set(SERVED), id="wildcard-plus-specific-is-wildcard"),
        pytest.param({"excluded_resources": ["deploy"]}, set(SERVED) - {"deployments.apps"}, id="excluded-short-name"),
    ],
)
def test_old_lists_are_resolved(options: dict[str, t.Any], expected: set[str]) -> None:
    assert listed(build(**options)) == expected


@pytest.mark.parametrize(
    ("options", "policy", "expected"),
    [
        pytest.param({}, scoped(ens=["po"]), (NAMESPACED - PODS) | NS, id="excludes-are-added"),
        pytest.param({}, scoped(ins=["po"]), PODS | NS, id="includes-are-added"),
        pytest.param(SHOP, scoped(ic=["pv"]), NAMESPACED | NS | PV, id="cluster-scoped-are-added"),
        pytest.param(scoped(ins=["pods"]), scoped(ens=["pods"]), PODS | NS, id="exclude-that-the-spec-includes-loses"),
        pytest.param(scoped(ens=["pods"]), scoped(ins=["pods"]), (NAMESPACED - PODS) | NS, id="include-loses"),
        pytest.param(scoped(ens=["*"]), scoped(ins=["pods"]), NS, id="include-loses-to-a-star"),
        pytest.param(scoped(ec=["pv"]), scoped(ic=["pv", "sc"]), NAMESPACED | NS | SC, id="one-of-two-loses"),
        pytest.param(
            {}, scoped(ins=["po", "pvc"], ens=["po"]), {"persistentvolumeclaims"} | NS, id="its-own-exclude-wins"
        ),
        pytest.param({}, scoped(), set(SERVED), id="empty-lists"),
    ],
)
def test_policies(options: dict[str, t.Any], policy: dict[str, t.Any], expected: set[str]) -> None:
    assert listed(build(policy, **options)) == expected


def test_policies_and_old_filters_clash() -> None:  # docs/compatibility 3.3
    with pytest.raises(ValidationError, match="cannot be used with the includeExcludePolicy") as caught:
        build(scoped(ins=["pods"]), included_resources=["pods"])
    assert caught.value.details["phase"] == "FailedValidation"


@pytest.mark.parametrize("gr", ALWAYS_EXCLUDED, ids=str)
def test_snapshots_are_never_listed(gr: GroupResource) -> None:
    found = build(**scoped(ic=[str(gr)], ins=[str(gr)]))
    for namespaced in (True, False):
        assert not found.lists(gr, namespaced=namespaced)
        assert not found.admits_related(gr, namespaced=namespaced)


def test_a_stored_spec_means_the_same_again() -> None:
    """What the server adds to the excludes does not turn off "everything"."""
    stored = BackupSpec().to_dict()
    again = build(**scoped(ec=stored["excludedClusterScopedResources"], ens=stored["excludedNamespaceScopedResources"]))
    assert listed(again) == set(SERVED)
    assert again.warnings == ()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"included_resources": ["pods", "podz"]}, ["'podz', and the cluster has no such"], id="unknown"),
        pytest.param({"included_resources": ["*.apps", "*"]}, [], id="globs"),
        pytest.param(scoped(ins=["pv"]), ["'pv', which is cluster-scoped"], id="cluster-scoped"),
        pytest.param(scoped(ec=["po"]), ["'po', which is in namespaces"], id="namespaced"),
        pytest.param(scoped(ic=["pv"], ens=["po"]), [], id="in-order"),
    ],
)
def test_entries_that_cannot_match_are_told(options: dict[str, t.Any], words: list[str]) -> None:
    said = build(**options).warnings
    assert len(said) == len(words)
    assert all(word in sentence for word, sentence in zip(words, said, strict=True))
