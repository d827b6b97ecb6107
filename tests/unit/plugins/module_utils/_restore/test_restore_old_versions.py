# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects in versions that the cluster does not serve: what the plan says of them, and how they come back."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import ApiType
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    actions,
    plan,
    restore,
    write_backup,
)

_TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}}
_INGRESS = {"rules": [{"http": {"paths": [{"path": "/", "backend": {"serviceName": "s", "servicePort": 80}}]}}]}


BEFORE = "before, by a task with names: [customresourcedefinitions/gadgets.example.org] and no other filters"


def stored(
    plural: str, api_version: str, kind: str, name: str, *, namespace: str | None = "shop", **body: t.Any
) -> t.Any:
    metadata: Object = {"name": name} | ({"namespace": namespace} if namespace else {})
    return plural, {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


DEPLOYMENT = stored("deployments.extensions", "extensions/v1beta1", "Deployment", "web", spec={"template": _TEMPLATE})
OLD_INGRESS = stored("ingresses.extensions", "extensions/v1beta1", "Ingress", "in", spec=_INGRESS)
INGRESS = stored("ingresses.networking.k8s.io", "networking.k8s.io/v1beta1", "Ingress", "in", spec=_INGRESS)
PSP = stored("podsecuritypolicies.policy", "policy/v1beta1", "PodSecurityPolicy", "psp", namespace=None, spec={})
WIDGET = stored("widgets.example.org", "example.org/v1", "Widget", "w", spec={})


@pytest.fixture
def api(api: RestoreApi) -> RestoreApi:
    """With what a server of today has of these."""
    api.types += (
        ApiType(group="apps", plural="deployments", kind="Deployment"),
        ApiType(group="networking.k8s.io", plural="ingresses", kind="Ingress"),
        ApiType(group="example.org", version="v2", plural="widgets", kind="Widget", custom=True),
    )
    return api


def hint_of(outcome: t.Any, name: str) -> tuple[str, str]:
    (found,) = [item for item in outcome.plan_items if item["name"] == name]
    assert found["action"] == "conflict"
    return found["reason"], found["hint"]


@pytest.mark.parametrize(
    ("entry", "reason", "hint"),
    [
        pytest.param(
            DEPLOYMENT,
            "the API server does not serve extensions/v1beta1 Deployment; it serves apps/v1",
            "Set convert_api_versions: true to have it converted on the way.",
            id="moved",
        ),
        pytest.param(
            PSP,
            "the API server does not serve policy/v1beta1 PodSecurityPolicy, which Kubernetes has no more since 1.25",
            "Pod Security admission has taken its place: label the namespaces with pod-security.kubernetes.io/enforce; "
            "leave the type out with excluded_resources: podsecuritypolicies.policy.",
            id="gone",
        ),
        pytest.param(
            WIDGET,
            "the API server does not serve example.org/v1 Widget; it serves example.org/v2",
            "Where its fields are the same, replace /apiVersion by example.org/v2 in a rule of resource_modifiers; or "
            "let the definition serve the old version again.",
            id="a custom resource whose definition is in the cluster",
        ),
        pytest.param(
            stored("gadgets.example.org", "example.org/v1", "Gadget", "w", spec={}),
            "the API server does not serve example.org/v1 Gadget",
            "Install what brings its CustomResourceDefinition gadgets.example.org, which the backup does not hold, or "
            "leave the type out with excluded_resources: gadgets.example.org.",
            id="no definition anywhere",
        ),
        pytest.param(
            stored("ipaddresses.networking.k8s.io", "networking.k8s.io/v1", "IPAddress", "w", namespace=None, spec={}),
            "the API server does not serve networking.k8s.io/v1 IPAddress",
            "This cluster has no such type; leave the type out with excluded_resources: ipaddresses.networking.k8s.io.",
            id="a type of Kubernetes that an older cluster does not have",
        ),
    ],
)
def test_an_unserved_type_says_what_to_do(
    api: RestoreApi, store: t.Any, entry: tuple[str, Object], reason: str, hint: str
) -> None:
    write_backup(store, "b", entry)
    assert hint_of(plan(api, store), entry[1]["metadata"]["name"]) == (reason, hint)


def test_what_has_no_successor_is_left_out_of_a_conversion_with_a_warning(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", PSP, DEPLOYMENT)
    outcome = restore(api, store, convert_api_versions=True)
    assert outcome.phase == "Completed"
    assert actions(outcome) == {"shop": "unchanged", "psp": "skip", "web": "create"}
    (warning,) = outcome.warnings_list
    assert warning["message"].startswith("podsecuritypolicies.policy psp was left out: the API server does not serve")
    assert warning["hint"].startswith("Pod Security admission has taken its place")


def test_a_definition_in_the_cluster_is_not_told_to_be_restored(api: RestoreApi, store: t.Any) -> None:
    api.add("customresourcedefinitions", "gadgets.example.org")
    write_backup(store, "b", stored("gadgets.example.org", "example.org/v1", "Gadget", "g", spec={}))
    assert hint_of(plan(api, store), "g")[1].startswith(
        "Its CustomResourceDefinition gadgets.example.org is in the cluster and does not serve it"
    )


@pytest.mark.parametrize(
    ("options", "way"),
    [
        ({"include_cluster_resources": False}, "as well, with include_cluster_resources: true"),
        ({"included_resources": ["gadgets.example.org"]}, BEFORE),
        ({"included_resources": ["gadgets.example.org"], "include_cluster_resources": True}, BEFORE),
        ({"names": ["gadgets.example.org/shop/g"]}, BEFORE),
        ({"excluded_resources": ["customresourcedefinitions"]}, BEFORE),
    ],
)
def test_a_definition_that_was_left_out_is_told_to_be_restored(
    api: RestoreApi, store: t.Any, options: Object, way: str
) -> None:
    """include_cluster_resources: true changes nothing where another filter keeps the definition out."""
    definition = stored(
        "customresourcedefinitions.apiextensions.k8s.io",
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "gadgets.example.org",
        namespace=None,
        spec={"group": "example.org"},
    )
    write_backup(store, "b", definition, stored("gadgets.example.org", "example.org/v1", "Gadget", "g", spec={}))
    hint = hint_of(plan(api, store, **options), "g")[1]
    assert f"was not chosen: restore it {way}, or leave the type out" in hint


def test_what_moved_comes_back_under_its_new_type_and_only_once(api: RestoreApi, store: t.Any) -> None:
    """Servers from 1.14 to 1.21 showed each Ingress in both groups."""
    write_backup(store, "b", DEPLOYMENT, OLD_INGRESS, INGRESS)
    outcome = restore(api, store, convert_api_versions=True, image_mapping={"i": "mirror/i"})
    assert outcome.phase == "Completed", outcome.errors_list
    assert actions(outcome) == {"shop": "unchanged", "web": "create", "in": "create"}
    made = api.objects["deployments", "shop", "web"]
    assert made["apiVersion"] == "apps/v1"
    assert made["spec"]["selector"] == {"matchLabels": {"app": "web"}}
    assert made["spec"]["template"]["spec"]["containers"][0]["image"] == "mirror/i:1"
    assert api.objects["ingresses", "shop", "in"]["apiVersion"] == "networking.k8s.io/v1"
    again = restore(api, store, convert_api_versions=True, image_mapping={"i": "mirror/i"})
    assert not again.changed


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ({"included_resources": ["ingresses"]}, {"in"}),
        ({"included_resources": ["ingresses.extensions"]}, {"in"}),
        ({"included_resources": ["deployments.extensions"]}, {"web"}),
        ({"excluded_resources": ["deployments.extensions"]}, {"in"}),
        ({"excluded_resources": ["ingresses"]}, {"web"}),
    ],
)
def test_filters_know_what_moved_by_both_names(
    api: RestoreApi, store: t.Any, options: dict[str, t.Any], taken: set[str]
) -> None:
    write_backup(store, "b", DEPLOYMENT, OLD_INGRESS)
    outcome = plan(api, store, convert_api_versions=True, **options)
    assert {item["name"] for item in outcome.plan_items if item["action"] == "create"} == taken


def test_without_the_option_the_types_are_what_they_were(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", OLD_INGRESS, DEPLOYMENT)
    with pytest.raises(ValidationError, match="ingresses"):
        plan(api, store, included_resources=["ingresses.networking.k8z.io"])
    assert actions(plan(api, store)) == {"shop": "unchanged", "in": "conflict", "web": "conflict"}


def test_what_cannot_be_converted_is_a_conflict_of_its_own(api: RestoreApi, store: t.Any) -> None:
    bad = stored("ingresses.extensions", "extensions/v1beta1", "Ingress", "bad", spec={"backend": {"serviceName": "s"}})
    write_backup(store, "b", bad, DEPLOYMENT)
    outcome = plan(api, store, convert_api_versions=True)
    assert actions(outcome) == {"shop": "unchanged", "bad": "conflict", "web": "create"}
    (item,) = [item for item in outcome.plan_items if item["name"] == "bad"]
    assert item["reason"] == (
        "it cannot be converted from extensions/v1beta1 to networking.k8s.io/v1: a backend of it names no service "
        "with a port"
    )
