# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._backup.list_plan import ListPlan, plan_lists
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, PODS
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import types_named

ALL_VERBS = frozenset({"create", "delete", "get", "list", "patch", "update", "watch"})


def resource(
    plural: str, kind: str, group: str = "", version: str = "v1", *, namespaced: bool = True, **more: t.Any
) -> ApiResource:
    given: dict[str, t.Any] = {"verbs": ALL_VERBS, "short_names": (), "preferred": True} | more
    return ApiResource(group, version, plural, kind.lower(), kind, namespaced, **given)


DISCOVERED = [
    resource("configmaps", "ConfigMap", short_names=("cm",)),
    resource("events", "Event"),
    resource("namespaces", "Namespace", namespaced=False, short_names=("ns",)),
    resource("persistentvolumeclaims", "PersistentVolumeClaim", short_names=("pvc",)),
    resource("persistentvolumes", "PersistentVolume", namespaced=False, short_names=("pv",)),
    resource("pods", "Pod", short_names=("po",)),
    resource("bindings", "Binding", verbs=frozenset({"create"})),
    resource("deployments", "Deployment", "extensions", "v1beta1"),
    resource("deployments", "Deployment", "apps", short_names=("deploy",)),
    resource("events", "Event", "events.k8s.io"),
    resource("clusterroles", "ClusterRole", "rbac.authorization.k8s.io", namespaced=False),
    resource("ingresses", "Ingress", "extensions", "v1beta1"),
    resource("tokenreviews", "TokenReview", "authentication.k8s.io", namespaced=False, verbs=frozenset({"create"})),
]


class Cluster(MemoryApi):
    """The namespaces of a cluster, and who may read them."""

    def __init__(self) -> None:
        super().__init__(types_named("namespaces"))
        self.may_list = True
        self.forbidden: set[str] = set()
        self.refuse = self._forbid
        for name in ("default", "shop", "shop-test", "kube-system"):
            self.add_namespace(name)

    def add_namespace(self, name: str, **labels: str) -> None:
        self.add("namespaces", name, metadata={"labels": labels}, status={"phase": "Active"})

    def _forbid(self, _verb: str, path: str, _dry_run: bool) -> KubeError | None:
        name = path.rpartition("/")[2]
        if name in self.forbidden or (name == "namespaces" and not self.may_list):
            return KubeError(f"You may not list {name}.", status=403, reason="Forbidden")
        return None


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def choose(cluster: Cluster, **options: t.Any) -> ListPlan:
    return plan_lists(cluster.client, Discovery(DISCOVERED), BackupSpec.from_options(options))


def types_of(cluster: Cluster, **options: t.Any) -> list[str]:
    return [str(found.group_resource) for found in choose(cluster, **options).types]


NAMESPACED = ["pods", "persistentvolumeclaims", "configmaps", "events"]


def test_everything_in_the_order_of_velero(cluster: Cluster) -> None:  # docs/compatibility 3.6
    assert types_of(cluster) == [
        "pods",
        "persistentvolumeclaims",
        "persistentvolumes",
        "configmaps",
        "events",
        "namespaces",
        "deployments.apps",
        "clusterroles.rbac.authorization.k8s.io",
        "ingresses.extensions",
    ]


@pytest.mark.parametrize(
    ("cluster_resources", "namespaces", "cluster_scoped"),
    [
        pytest.param(True, [], ["persistentvolumes", "namespaces", "clusterroles"], id="true-all"),
        pytest.param(True, ["shop"], ["persistentvolumes", "namespaces", "clusterroles"], id="true-subset"),
        pytest.param(False, [], [], id="false-all"),
        pytest.param(False, ["shop"], [], id="false-subset"),
        pytest.param(None, [], ["persistentvolumes", "namespaces", "clusterroles"], id="unset-all"),
        pytest.param(None, ["shop"], ["namespaces"], id="unset-subset"),
    ],
)
def test_include_cluster_resources(
    cluster: Cluster, cluster_resources: bool | None, namespaces: list[str], cluster_scoped: list[str]
) -> None:
    found = choose(cluster, include_cluster_resources=cluster_resources, included_namespaces=namespaces).types
    assert [each.plural for each in found if not each.namespaced] == cluster_scoped


@pytest.mark.parametrize(
    ("included", "excluded", "types"),
    [
        pytest.param(["pods"], [], ["pods"], id="plural"),
        pytest.param(["po", "pvc"], [], ["pods", "persistentvolumeclaims"], id="short-names-in-velero's-order"),
        pytest.param(["Pod"], [], ["pods"], id="kind"),
        pytest.param(["configmap"], [], ["configmaps"], id="singular"),
        pytest.param(["deployments.apps"], [], ["deployments.apps"], id="with-group"),
        pytest.param(["pods", "nonsense"], [], ["pods"], id="unresolvable-is-ignored"),
        pytest.param(["*roles*"], [], ["clusterroles.rbac.authorization.k8s.io"], id="glob"),
        pytest.param(["pods"], ["*"], ["pods"], id="star-in-excludes-is-ignored"),
        pytest.param(["pods"], ["nonsense"], ["pods"], id="unresolvable-exclude-is-ignored"),
        pytest.param(["po", "cm"], ["configmaps"], ["pods"], id="excluded"),
        pytest.param(["po", "cm"], ["cm"], ["pods"], id="excluded-by-short-name"),
        pytest.param(["ns"], [], ["namespaces"], id="namespaces"),
        pytest.param(["bindings"], [], [], id="cannot-be-listed"),
    ],
)
def test_resources(cluster: Cluster, included: list[str], excluded: list[str], types: list[str]) -> None:
    spec = BackupSpec(included_resources=tuple(included), excluded_resources=tuple(excluded))
    found = plan_lists(cluster.client, Discovery(DISCOVERED), spec)
    assert [str(each.group_resource) for each in found.types] == types


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param(
            {"included_resources": ["configmapz"]},
            "included_resources names 'configmapz', and the cluster has no such resource. Did you mean configmaps?",
            id="near",
        ),
        pytest.param(
            {"included_resources": ["zzz", "Podz"]},
            "included_resources names 'zzz', and the cluster has no such resource. "
            "included_resources names 'Podz', and the cluster has no such resource. Did you mean pods?",
            id="several",
        ),
        pytest.param(
            {"included_namespace_scoped_resources": ["podz"], "excluded_cluster_scoped_resources": ["*"]},
            "included_namespace_scoped_resources names 'podz', and the cluster has no such resource. "
            "Did you mean pods?",
            id="scoped",
        ),
    ],
)
def test_names_that_leave_no_type_are_refused(cluster: Cluster, options: dict[str, t.Any], told: str) -> None:
    """An empty backup that is Completed would be found out when it is needed."""
    with pytest.raises(ValidationError) as refused:
        choose(cluster, **options)
    assert refused.value.message == f"There is nothing to back up: {told}"


def test_a_misspelt_exclude_is_told_with_what_may_be_meant(cluster: Cluster) -> None:
    found = choose(cluster, excluded_resources=["configmapz"])
    told = "excluded_resources names 'configmapz', and the cluster has no such resource. Did you mean configmaps?"
    assert found.filter.warnings == (told,)


@pytest.mark.parametrize(
    ("included", "types"),
    [
        pytest.param(["deployments.apps", "deployments.extensions"], ["deployments.apps"], id="extensions-come-last"),
        pytest.param(["deployments.extensions"], ["deployments.extensions"], id="only-one-asked-for"),
        pytest.param(["events", "events.events.k8s.io"], ["events"], id="events"),
    ],
)
def test_cohabiting_groups_are_taken_once(cluster: Cluster, included: list[str], types: list[str]) -> None:
    assert types_of(cluster, included_resources=included) == types


@pytest.mark.parametrize(
    ("options", "namespaces", "listed"),
    [
        pytest.param({}, ["default", "kube-system", "shop", "shop-test"], None, id="all"),
        pytest.param({"included_namespaces": ["*"]}, ["default", "kube-system", "shop", "shop-test"], None, id="star"),
        pytest.param({"included_namespaces": ["shop"]}, ["shop"], ("shop",), id="one"),
        pytest.param({"included_namespaces": ["shop*"]}, ["shop", "shop-test"], ("shop", "shop-test"), id="glob"),
        pytest.param({"excluded_namespaces": ["kube-*"]}, ["default", "shop", "shop-test"], None, id="excluded-glob"),
        pytest.param(
            {"included_namespaces": ["shop*"], "excluded_namespaces": ["shop-test"]}, ["shop"], ("shop",), id="both"
        ),
        pytest.param({"included_namespaces": ["none-*"]}, [], (), id="a-glob-that-fits-nothing"),
        pytest.param({"included_namespaces": [""]}, [], (), id="empty-string-is-nothing"),
    ],
)
def test_namespaces(cluster: Cluster, options: t.Any, namespaces: list[str], listed: t.Any) -> None:
    found = choose(cluster, **options)
    assert (list(found.namespaces.accepted), found.list_namespaces) == (namespaces, listed)
    assert found.namespaces.missing == ()


def test_a_labelled_namespace_is_excluded(cluster: Cluster) -> None:  # docs/compatibility 3.2
    cluster.add_namespace("secret", **{"velero.io/exclude-from-backup": "true"})
    found = choose(cluster)
    assert not found.namespaces.accepts("secret")
    assert found.namespaces.accepts("shop")


def test_a_namespace_that_is_missing_beside_others_is_told(cluster: Cluster) -> None:
    found = choose(cluster, included_namespaces=["shop", "gone"])
    assert (found.namespaces.accepted, found.namespaces.missing) == (("shop",), ("gone",))


@pytest.mark.parametrize(
    ("included", "message", "hint"),
    [
        (["shpo"], "Namespace shpo does not exist", "Did you mean shop"),
        (["zzz"], "Namespace zzz does not exist", "Check included_namespaces and the cluster that is meant."),
        (["zzz", "yyy"], "Namespaces zzz, yyy do not exist", "Check included_namespaces"),
    ],
)
def test_nothing_to_back_up_is_a_sentence(cluster: Cluster, included: list[str], message: str, hint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        choose(cluster, included_namespaces=included)
    assert caught.value.message.startswith(f"{message} in the cluster at https://127.0.0.1:6443, so there is nothing")
    assert (caught.value.hint or "").startswith(hint)


def test_who_may_not_list_namespaces_gets_those_that_are_named(cluster: Cluster) -> None:
    cluster.may_list = False
    cluster.forbidden = {"default"}
    found = choose(cluster, included_namespaces=["shop", "default", "gone"])
    assert found.namespaces.accepted == ("default", "shop")
    assert found.namespaces.existing["default"].item is None
    assert (found.list_namespaces, found.namespaces.missing) == (("default", "shop"), ("gone",))


@pytest.mark.parametrize("included", [[], ["*"]])
def test_without_names_the_right_to_list_is_needed(cluster: Cluster, included: list[str]) -> None:
    cluster.may_list = False
    with pytest.raises(KubeError, match="You may not list namespaces"):
        choose(cluster, included_namespaces=included)


def test_label_selectors_go_to_the_api(cluster: Cluster) -> None:  # docs/compatibility 3.6
    found = choose(cluster, label_selector="app=web,!legacy")
    assert [selector.to_text() for selector in found.spec.selectors] == ["app in (web),!legacy"]
    assert choose(cluster).spec.selectors == ()
    either = choose(cluster, or_label_selectors=["app=web", "app=db"])
    assert [selector.to_text() for selector in either.spec.selectors] == ["app in (web)", "app in (db)"]
    assert either.spec.selects_labels({"app": "db"})
    assert not either.spec.selects_labels({"app": "other"})


@pytest.mark.parametrize(
    ("resource", "options", "places"),
    [
        ("configmaps", {}, [""]),
        ("configmaps", {"included_namespaces": ["shop*"]}, ["shop", "shop-test"]),
        ("configmaps", {"included_namespaces": ["none-*"]}, []),  # docs/compatibility 3.5: never degrades to everything
        ("persistentvolumes", {"include_cluster_resources": True, "included_namespaces": ["shop"]}, [""]),
    ],
)
def test_scopes(cluster: Cluster, resource: str, options: dict[str, t.Any], places: list[str]) -> None:
    found = choose(cluster, **options)
    chosen = next(each for each in found.types if each.plural == resource)
    assert [scope.namespace for scope in found.scopes(chosen)] == places


def test_a_namespace_of_argo_cd_is_a_warning(cluster: Cluster) -> None:  # docs/compatibility 3.14
    cluster.add_namespace("gitops", **{"argocd.argoproj.io/managed-by": "argo"})
    assert ["gitops" in warning for warning in choose(cluster).namespaces.warnings] == [True]
    assert choose(cluster, included_namespaces=["shop"]).namespaces.warnings == ()


def test_find(cluster: Cluster) -> None:
    found = choose(cluster, included_resources=["pods"])
    assert found.find(PODS) == found.types[0]
    assert found.find(CLAIMS) is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(
            {"excluded_namespaces": ["shopp"]},
            "excluded_namespaces names the namespace 'shopp', which fits none in the cluster, so that it has no effect."
            " Did you mean shop",
            id="excluded namespace",
        ),
        pytest.param({"excluded_namespaces": ["test-*"]}, "names the pattern 'test-*'", id="excluded glob"),
        pytest.param(
            {"included_namespaces": ["shop", "zz*"]}, "included_namespaces names the pattern 'zz*'", id="glob"
        ),
        pytest.param({"included_namespaces": ["shop*"], "excluded_namespaces": ["kube-*"]}, "", id="what fits"),
        pytest.param(
            {"excluded_resources": ["*.example.org"]},
            "excluded_resources has the pattern '*.example.org', which fits no resource of the cluster.",
            id="glob of types",
        ),
        pytest.param(
            {"excluded_namespace_scoped_resources": ["none*"]},
            "excluded_namespace_scoped_resources has the pattern 'none*'",
            id="scoped glob",
        ),
        pytest.param({"excluded_resources": ["po*"]}, "", id="a glob that fits"),
    ],
)
def test_what_fits_nothing_is_told(cluster: Cluster, options: t.Any, said: str) -> None:
    found = choose(cluster, **options)
    told = [*found.namespaces.warnings, *found.filter.warnings]
    assert any(said in sentence for sentence in told) if said else told == []


def test_who_sees_few_namespaces_is_not_told_what_fits_none(cluster: Cluster) -> None:
    cluster.may_list = False
    assert choose(cluster, included_namespaces=["shop"], excluded_namespaces=["kube-system"]).namespaces.warnings == ()
