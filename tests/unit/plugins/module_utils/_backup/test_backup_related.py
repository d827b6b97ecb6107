# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Related objects: Velero's built-in actions, CRDs, ordered resources, versions (docs/compatibility 3.4, 3.6, 3.9)."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._backup.plan import plan_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._backup.backup_api import (
    BackupApi,
    back_up,
    make_request,
    stored,
)

HOOK = "pre.hook.backup.velero.io/command"
EXCLUDED = {"labels": {"velero.io/exclude-from-backup": "true"}}
WEB = {"labels": {"app": "web"}}


def claim(api: BackupApi, name: str, volume: str = "pv", namespace: str = "shop", **more: t.Any) -> None:
    spec = {"volumeName": volume} | more.pop("spec", {})
    api.add("persistentvolumeclaims", name, namespace, spec=spec, status={"phase": more.pop("phase", "Bound")}, **more)


def account(api: BackupApi) -> None:
    """A service account with a binding, and strangers."""
    api.add("serviceaccounts", "robot", "shop")
    for name, kind, subject in (
        ("bound", "ServiceAccount", "robot"),
        ("other", "ServiceAccount", "else"),
        ("user", "User", "robot"),
    ):
        api.add(
            "clusterrolebindings",
            name,
            subjects=[{"kind": kind, "namespace": "shop", "name": subject}],
            roleRef={"kind": "ClusterRole", "name": f"role-{name}"},
        )
        api.add("clusterroles", f"role-{name}", rules=[])


def contents(store: t.Any, path: str) -> dict[str, t.Any]:
    with Catalog(store).files("b1").open_tarball() as tarball:
        for item in tarball.items:
            if f"{item.group_resource}/{item.namespace}/{item.name}" == path:
                return dict(tarball.read(item))
    raise KeyError(path)


@pytest.mark.parametrize(
    ("options", "related"),
    [
        # docs/compatibility 3.9, 10.2: cluster-scoped additional items allowed when includeClusterResources is unset
        pytest.param(
            {"included_namespaces": ["shop"]},
            ["persistentvolumes/pv", "priorityclasses.scheduling.k8s.io/high"],
            id="unset",
        ),
        # docs/compatibility 10.2: ICR=false blocks
        pytest.param({"included_namespaces": ["shop"], "include_cluster_resources": False}, [], id="icr-false"),
        # docs/compatibility 3.4: the resource filter is respected
        pytest.param(
            {"included_namespaces": ["shop"], "included_resources": ["pods", "pvc"]}, [], id="resource-filter"
        ),
        pytest.param(
            {"included_namespaces": ["shop"], "included_resources": ["pods", "pvc", "pv"]},
            ["persistentvolumes/pv"],
            id="resource-filter-with-pv",
        ),
        # docs/compatibility 3.4 scoped family: related ones come in unless they are excluded
        pytest.param(
            {"included_namespaces": ["shop"], "included_namespace_scoped_resources": ["pods", "pvc"]},
            ["persistentvolumes/pv", "priorityclasses.scheduling.k8s.io/high"],
            id="scoped",
        ),
        pytest.param(
            {"included_namespaces": ["shop"], "excluded_cluster_scoped_resources": ["pv"]},
            ["priorityclasses.scheduling.k8s.io/high"],
            id="scoped-excluded",
        ),
        pytest.param(
            {"included_namespaces": ["shop"], "excluded_cluster_scoped_resources": ["*"]}, [], id="scoped-none"
        ),
    ],
)
def test_pods_bring_claims_volumes_and_priorities(
    api: BackupApi, store: t.Any, options: dict[str, t.Any], related: list[str]
) -> None:
    api.add_pod("a", claims=["data"])
    api.first("pods")["spec"]["priorityClassName"] = "high"
    claim(api, "data")
    for name in ("pv", "stranger"):
        api.add("persistentvolumes", name, spec={})
    for name in ("high", "low"):
        api.add("priorityclasses", name)
    back_up(api, store, **options)
    found = [entry for entry in stored(store) if not entry.startswith("namespaces/")]
    assert found == sorted(["pods/shop/a", "persistentvolumeclaims/shop/data", *related])


@pytest.mark.parametrize(
    ("setup", "expected", "warnings"),
    [
        # docs/compatibility 3.9, 10.2
        pytest.param({}, ["persistentvolumeclaims/shop/data"], 0, id="a-claim-without-the-label"),
        pytest.param({"metadata": EXCLUDED}, [], 0, id="exclude-label"),
        pytest.param({"metadata": {"deletionTimestamp": "2026-06-01T02:00:00Z"}}, [], 0, id="terminating"),
        pytest.param(None, [], 1, id="not-found-is-tolerated"),  # docs/compatibility 10.2
    ],
)
def test_a_selected_pod_brings_its_claim(
    api: BackupApi, store: t.Any, setup: dict[str, t.Any] | None, expected: list[str], warnings: int
) -> None:
    api.add_pod("a", claims=["data"])
    api.first("pods")["metadata"] |= WEB
    if setup is not None:
        claim(api, "data", phase="Pending", **setup)
    outcome = back_up(api, store, included_namespaces=["shop"], label_selector={"matchLabels": WEB["labels"]})
    assert [entry for entry in stored(store) if entry.startswith("persistentvolumeclaims")] == expected
    assert (outcome.phase, len(outcome.warnings_list)) == ("Completed", warnings)


def test_an_excluded_namespace_is_respected_by_related_items(api: BackupApi, store: t.Any) -> None:
    """docs/compatibility 10.2."""
    account(api)
    claim(api, "data", namespace="web")
    api.add_pod("a", claims=["data"])
    back_up(api, store, included_namespaces=["shop"])
    assert not [entry for entry in stored(store) if "/web/" in entry]


@pytest.mark.parametrize(
    ("options", "rbac"),
    [
        # docs/compatibility 3.9
        pytest.param({}, ["clusterrolebindings.{}/bound", "clusterroles.{}/role-bound"], id="unset"),
        pytest.param({"include_cluster_resources": False}, [], id="icr-false"),
        pytest.param(
            {"excluded_cluster_scoped_resources": ["clusterroles"]},
            ["clusterrolebindings.{}/bound"],
            id="role-excluded",
        ),
        pytest.param({"excluded_namespace_scoped_resources": ["sa"]}, [], id="no-accounts"),
    ],
)
def test_a_service_account_brings_its_bindings(
    api: BackupApi, store: t.Any, options: dict[str, t.Any], rbac: list[str]
) -> None:
    account(api)
    back_up(api, store, included_namespaces=["shop"], **options)
    found = [entry for entry in stored(store) if entry.startswith("clusterrole")]
    assert found == [entry.format("rbac.authorization.k8s.io") for entry in rbac]


def test_bindings_are_read_by_one_list(api: BackupApi, store: t.Any) -> None:
    account(api)
    for number in range(30):
        api.add("serviceaccounts", f"robot-{number}", "shop")
    back_up(api, store, included_namespaces=["shop"])
    assert len([each.path for each in api.seen if "clusterrolebindings" in each.path]) == 1


def test_related_items_are_not_stored_twice(api: BackupApi, store: t.Any) -> None:  # docs/compatibility 10.2: not twice
    api.add_pod("a", claims=["data"])
    api.add_pod("b", claims=["data"])
    claim(api, "data")
    api.add("persistentvolumes", "pv", spec={})
    outcome = back_up(api, store)
    assert (outcome.items["persistentvolumeclaims"], outcome.items["persistentvolumes"]) == (1, 1)


def test_forbidden_volumes_are_a_warning_with_a_remedy(api: BackupApi, store: t.Any) -> None:
    claim(api, "data")
    api.forbidden = {"persistentvolumes"}
    outcome = back_up(api, store, included_namespaces=["shop"])
    assert outcome.phase == "Completed"
    data, warning = outcome.warnings_list
    assert (data["name"], "its PersistentVolume cannot be read" in data["message"]) == ("data", True)
    assert "persistentvolumes" in warning["message"]
    assert "include_cluster_resources: false" in warning["hint"]


@pytest.mark.parametrize(
    ("options", "definitions"),
    [
        pytest.param({"included_namespaces": ["shop"]}, ["orders.shop.example"], id="unset"),
        pytest.param({}, ["orders.shop.example", "others.shop.example"], id="everything-lists-them"),
        pytest.param({"included_namespaces": ["shop"], "include_cluster_resources": False}, [], id="icr-false"),
        pytest.param(
            {"included_namespaces": ["shop"], "included_resources": ["orders.shop.example"]},
            [],
            id="old-list-without-them",
        ),
        pytest.param(
            {"included_namespaces": ["shop"], "included_namespace_scoped_resources": ["orders.shop.example"]},
            ["orders.shop.example"],
            id="scoped-list-without-them",
        ),
        pytest.param(
            {"included_namespaces": ["shop"], "excluded_cluster_scoped_resources": ["crd"]}, [], id="scoped-excluded"
        ),
        pytest.param(
            {"included_namespaces": ["shop"], "included_cluster_scoped_resources": ["crd"]},
            ["orders.shop.example", "others.shop.example"],
            id="scoped-included",
        ),
        pytest.param({"included_namespaces": ["web"]}, [], id="nothing-of-that-type"),
    ],
)
def test_definitions_of_custom_types(  # docs/compatibility 3.4 CRD auto-add
    api: BackupApi, store: t.Any, options: dict[str, t.Any], definitions: list[str]
) -> None:
    api.add("orders", "o1", "shop")
    for name in ("orders.shop.example", "others.shop.example"):
        api.add("customresourcedefinitions", name)
    back_up(api, store, **options)
    prefix = "customresourcedefinitions.apiextensions.k8s.io/"
    assert [entry.removeprefix(prefix) for entry in stored(store) if entry.startswith(prefix)] == definitions


def test_ordered_resources_come_first_in_their_order(api: BackupApi, store: t.Any) -> None:
    """docs/compatibility 3.6, E-5."""
    for name in ("a", "b", "c"):
        api.add("configmaps", name, "shop")
        api.add_pod(name, **{HOOK: name})
    outcome = back_up(
        api,
        store,
        ordered_resources={"configmaps": ["shop/c", "shop/a", "shop/gone"], "pods": ["shop/b", "shop/a"]},
    )
    with Catalog(store).files("b1").open_tarball() as tarball:
        order = [item.name for item in tarball.items if str(item.group_resource) == "configmaps"]
    assert sorted(order) == ["a", "b", "c"]
    executed = [pod for pod, _command in api.executed]
    assert executed.index("b") < executed.index("a")
    (warning,) = outcome.warnings_list
    assert (warning["resource"], warning["namespace"], warning["name"]) == ("configmaps", "shop", "gone")


@pytest.mark.parametrize(("all_versions", "versions"), [(False, ["v2"]), (True, ["v1", "v2"])])
def test_api_versions(api: BackupApi, store: t.Any, all_versions: bool, versions: list[str]) -> None:
    """docs/compatibility 2.1, 3.6."""
    api.add("orders", "o1", "shop")
    back_up(api, store, request={"all_api_versions": all_versions}, included_namespaces=["shop"])
    resource_list = Catalog(store).files("b1").read_json("resource_list")
    found = [kind.split("/")[1] for kind in resource_list if kind.startswith("shop.example")]
    assert found == versions


@pytest.mark.parametrize(
    ("spec", "labels", "kept_spec", "kept_labels"),
    [
        pytest.param({"dataSource": {"name": "s"}, "dataSourceRef": {"name": "s"}}, {}, {}, {}, id="data-source"),
        pytest.param({"selector": {"matchLabels": {"a": "b"}}}, {}, {}, {}, id="selector"),
        pytest.param(
            {"storageClassName": "", "selector": {"matchLabels": {"a": "b", "velero.io/x": "y"}}},
            {},
            {"storageClassName": "", "selector": {"matchLabels": {"a": "b"}}},
            {},
            id="selector-with-empty-class",
        ),
        pytest.param(
            {},
            {
                "velero.io/restore-name": "r",
                "velero.io/volume-snapshot-name": "s",
                "velero.io/backup-name": "old",
                "x": "y",
            },
            {},
            {"x": "y"},
            id="stale-labels",
        ),
        pytest.param({}, {"velero.io/restore-name": "r"}, {}, None, id="no-label-is-left"),
        pytest.param({}, {"velero.io/backup-name": "b1"}, {}, {"velero.io/backup-name": "b1"}, id="this-backup"),
    ],
)
def test_a_bound_claim_is_cleaned(  # docs/compatibility 3.9 velero.io/pv
    api: BackupApi,
    store: t.Any,
    spec: dict[str, t.Any],
    labels: dict[str, str],
    kept_spec: dict[str, t.Any],
    kept_labels: dict[str, str] | None,
) -> None:
    claim(api, "data", spec=spec, metadata={"labels": labels})
    back_up(api, store, included_namespaces=["shop"])
    found = contents(store, "persistentvolumeclaims/shop/data")
    assert found["spec"] == {"volumeName": "pv"} | kept_spec
    assert found["metadata"].get("labels") == kept_labels


def test_an_unbound_claim_stays_as_it_is(api: BackupApi, store: t.Any) -> None:  # docs/compatibility 3.9
    claim(api, "data", phase="Pending", spec={"dataSource": {"name": "s"}})
    back_up(api, store, included_namespaces=["shop"])
    assert contents(store, "persistentvolumeclaims/shop/data")["spec"]["dataSource"] == {"name": "s"}


def test_siblings_that_share_a_claim_come_along(api: BackupApi, store: t.Any) -> None:  # docs/compatibility 3.10, E-4
    for name in ("a", "b", "c"):
        api.add_pod(name, claims=["shared"] if name != "c" else (), **{HOOK: "x"})
    api.first("pods")["metadata"] |= WEB
    claim(api, "shared")
    back_up(api, store, included_namespaces=["shop"], label_selector={"matchLabels": WEB["labels"]})
    assert [entry for entry in stored(store) if entry.startswith("pods")] == ["pods/shop/a", "pods/shop/b"]
    assert sorted(pod for pod, _command in api.executed) == ["a", "b"]


def test_a_namespace_that_excludes_itself(api: BackupApi, store: t.Any) -> None:  # docs/compatibility 3.2, 3.3
    api.add("namespaces", "private", status={"phase": "Active"}, metadata=EXCLUDED)
    api.add("configmaps", "c", "private")
    api.add("persistentvolumes", "free", spec={})
    outcome = back_up(api, store)
    # The excludes are no longer empty, so "everything" is not asked for, and no cluster-scoped object is listed.
    assert stored(store) == ["namespaces/shop", "namespaces/web"]
    assert (outcome.backup or {})["spec"]["excludedNamespaces"] == ["private"]
    assert back_up(api, store).changed is False
    with pytest.raises(ValidationError, match="its label"):
        back_up(api, store, name="b2", included_namespaces=["private"])


def test_what_may_not_be_listed_is_named_before_anything_is_done(api: BackupApi, store: t.Any) -> None:
    api.denied = {"configmaps"}
    api.add_pod("a", **{HOOK: "x"})
    with pytest.raises(KubeError, match="list configmaps in namespace shop") as caught:
        back_up(api, store, included_namespaces=["shop"])
    assert caught.value.details["phase"] == "Failed"
    assert api.executed == []
    outcome = back_up(api, store, included_namespaces=["shop"], request={"skip_forbidden": True})
    assert (outcome.phase, len(outcome.warnings_list)) == ("Completed", 1)


def test_hooks_that_could_not_be_run_are_refused_before_the_first(api: BackupApi, store: t.Any) -> None:
    api.denied = {"pods/exec"}
    api.add_pod("a", **{HOOK: "x"})
    with pytest.raises(KubeError, match="pods/exec in namespace shop"):
        back_up(api, store, included_namespaces=["shop"])
    assert api.executed == []


def test_the_plan_counts_what_the_run_stores(api: BackupApi, store: t.Any) -> None:
    api.add_pod("a", claims=["data"], **{HOOK: "x"})
    claim(api, "data")
    api.add("persistentvolumes", "pv", spec={})
    api.add("orders", "o1", "shop")
    api.add("customresourcedefinitions", "orders.shop.example")
    account(api)
    request = make_request(included_namespaces=["shop"])
    plan = plan_backup(request, client=api.client, store=store)
    assert api.executed == []
    assert plan.items == back_up(api, store, included_namespaces=["shop"]).items
