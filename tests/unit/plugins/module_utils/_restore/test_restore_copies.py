# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A copy of a namespace beside the original: what belongs to both stays the original's, and Namespaces have rules."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import parse_modifiers
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import ApiType, types_named
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    actions,
    config,
    plan,
    restore,
    write_backup,
)

_RBAC = "rbac.authorization.k8s.io"
_ROLE = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "view"}
COPY: Object = {"namespace_mapping": {"shop": "copy"}, "include_cluster_resources": True}


def account(namespace: str) -> Object:
    return {"kind": "ServiceAccount", "name": "app", "namespace": namespace}


def binding(subjects: list[Object], role: Object | None = None, name: str = "reader") -> tuple[str, Object]:
    return f"clusterrolebindings.{_RBAC}", {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": _ROLE if role is None else role,
        "subjects": subjects,
    }


@pytest.fixture
def api(api: RestoreApi) -> RestoreApi:
    """With the original's binding."""
    api.types += types_named("clusterrolebindings", "priorityclasses")
    api.add("clusterrolebindings", "reader", roleRef=_ROLE, subjects=[account("shop"), account("far")])
    return api


def subjects_of(api: RestoreApi, name: str = "reader") -> list[str]:
    found: Object = api.objects["clusterrolebindings", "", name]
    return [subject["namespace"] for subject in found["subjects"]]


def warning(outcome: t.Any, resource: str) -> Object:
    (found,) = [entry for entry in outcome.warnings_list if entry["resource"] == resource]
    return t.cast("Object", found)


def test_the_hint_for_a_binding_never_takes_the_originals_right(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", binding([account("shop")]), config("c"))
    outcome = plan(api, store, **COPY)
    assert actions(outcome)["reader"] == "skip"
    hint = warning(outcome, f"clusterrolebindings.{_RBAC}")["hint"]
    assert hint == "Set merge_subjects: true to add its subjects to those that are there, which stay."


def test_the_hint_for_another_object_of_the_cluster_is_not_to_change_it(api: RestoreApi, store: t.Any) -> None:
    api.add("priorityclasses", "high", value=1)
    metadata = {"name": "high"}
    high = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": metadata, "value": 2}
    write_backup(store, "b", ("priorityclasses.scheduling.k8s.io", high), config("c"))
    hint = warning(plan(api, store, **COPY), "priorityclasses.scheduling.k8s.io")["hint"]
    assert "update" not in hint
    assert "excluded_resources: priorityclasses.scheduling.k8s.io" in hint
    same_place = plan(api, store)
    assert warning(same_place, "priorityclasses.scheduling.k8s.io")["hint"] == (
        "Set existing_resource_policy: update to change it."
    )


def test_a_binding_in_a_namespace_that_is_not_mapped_is_the_originals_too(api: RestoreApi, store: t.Any) -> None:
    api.types += types_named("rolebindings")
    api.add("namespaces", "far", status={"phase": "Active"})
    api.add("rolebindings", "reader", "far", roleRef=_ROLE, subjects=[account("shop")])
    stored = binding([account("shop")])[1] | {"kind": "RoleBinding", "metadata": {"name": "reader", "namespace": "far"}}
    write_backup(store, "b", (f"rolebindings.{_RBAC}", stored), config("c"))
    assert warning(plan(api, store, **COPY), f"rolebindings.{_RBAC}")["hint"].startswith("Set merge_subjects: true")
    changed = warning(plan(api, store, **COPY, existing_resource_policy="update"), f"rolebindings.{_RBAC}")
    assert changed["message"].endswith("takes it from ServiceAccount shop/app.")
    assert restore(api, store, **COPY, merge_subjects=True).phase == "Completed"
    found: Object = api.objects["rolebindings", "far", "reader"]
    assert [subject["namespace"] for subject in found["subjects"]] == ["shop", "copy"]


@pytest.mark.parametrize("policy", ["none", "update", "replace", "recreate"])
def test_subjects_are_added_and_none_is_taken_away(api: RestoreApi, store: t.Any, policy: str) -> None:
    write_backup(store, "b", binding([account("shop")]), config("c"))
    options = {**COPY, "merge_subjects": True, "existing_resource_policy": policy}
    assert actions(plan(api, store, **options))["reader"] == "update"
    assert subjects_of(api) == ["shop", "far"]
    outcome = restore(api, store, **options)
    assert outcome.phase == "Completed", outcome.errors_list
    assert subjects_of(api) == ["shop", "far", "copy"]
    assert actions(plan(api, store, **options))["reader"] == "unchanged"
    assert outcome.warnings_list == []


def test_a_binding_to_another_role_is_not_merged(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", binding([account("shop")], {**_ROLE, "name": "cluster-admin"}), config("c"))
    assert actions(plan(api, store, **COPY, merge_subjects=True))["reader"] == "skip"


def test_an_update_that_takes_a_right_away_says_whose(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", binding([account("shop")]), config("c"))
    found = warning(plan(api, store, **COPY, existing_resource_policy="update"), f"clusterrolebindings.{_RBAC}")
    assert found["message"].endswith("takes it from ServiceAccount shop/app, ServiceAccount far/app.")
    assert found["hint"].startswith("Set merge_subjects: true")


def test_an_update_that_turns_the_originals_webhook_to_the_copy_says_so(api: RestoreApi, store: t.Any) -> None:
    def hooks(namespace: str) -> Object:
        return {"webhooks": [{"name": "w", "clientConfig": {"service": {"name": "s", "namespace": namespace}}}]}

    group = "admissionregistration.k8s.io"
    plural = "validatingwebhookconfigurations"
    kind = "ValidatingWebhookConfiguration"
    api.types.append(ApiType(group=group, plural=plural, kind=kind, namespaced=False))
    api.add(plural, "w", **hooks("shop"))
    stored = {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": "w"}, **hooks("shop")}
    write_backup(store, "b", (f"{plural}.{group}", stored), config("c"))
    left = warning(plan(api, store, **COPY), f"{plural}.{group}")
    assert f"excluded_resources: {plural}.{group}" in left["hint"]
    changed = warning(plan(api, store, **COPY, existing_resource_policy="update"), f"{plural}.{group}")
    assert changed["message"].endswith("and this restore takes it from namespace 'shop'.")
    assert changed["hint"] == left["hint"]


def test_what_still_names_the_original_is_a_warning_of_the_object(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", config("c", url="http://db.shop.svc/"))
    found = warning(plan(api, store, **COPY), "configmaps")
    assert (found["namespace"], found["name"]) == ("copy", "c")
    assert "data.url: 'db.shop.svc'" in found["message"]


# -- Namespace objects ------------------------------------------------------------------------------------------------


def namespace(name: str, **metadata: t.Any) -> tuple[str, Object]:
    return "namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, **metadata}}


def rule(patch: Object, **conditions: t.Any) -> t.Any:
    return parse_modifiers(
        {
            "version": "v1",
            "resourceModifierRules": [
                {"conditions": {"groupResource": "namespaces", **conditions}, "mergePatches": [{"patchData": patch}]}
            ],
        }
    )


PATCH = {"metadata": {"annotations": {"project": "new"}, "labels": {"denied": None}}}


@pytest.mark.parametrize(
    ("conditions", "changed"),
    [
        ({}, True),
        ({"resourceNameRegex": "^sub$"}, True),
        ({"namespaces": ["sub"]}, True),
        ({"labelSelector": {"matchLabels": {"denied": "yes"}}}, True),
        ({"namespaces": ["other"]}, False),
        ({"resourceNameRegex": "^copy$"}, False),
    ],
)
def test_modifiers_change_namespaces(
    api: RestoreApi, store: t.Any, conditions: dict[str, t.Any], changed: bool
) -> None:
    """Beyond Velero (velero-io/velero#4478). Conditions see the namespace of the backup."""
    labels = {"denied": "yes", "kubernetes.io/metadata.name": "sub"}
    write_backup(store, "b", namespace("sub", labels=labels), config("c", "sub"))
    outcome = restore(
        api, store, namespace_mapping={"sub": "copy"}, modifiers=rule(PATCH, **conditions), legacy_labels=True
    )
    assert outcome.phase == "Completed"
    made: Object = api.objects["namespaces", "", "copy"]
    assert made["metadata"].get("annotations") == ({"project": "new"} if changed else None)
    assert made["metadata"]["labels"]["kubernetes.io/metadata.name"] == "copy"
    assert ("denied" in made["metadata"]["labels"]) is not changed


def test_a_namespace_without_an_object_in_the_backup_is_changed_as_well(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", config("c", "sub"))
    restore(api, store, modifiers=rule(PATCH))
    made: Object = api.objects["namespaces", "", "sub"]
    assert made["metadata"]["annotations"] == {"project": "new"}


def test_the_plan_tells_what_a_namespace_that_is_being_deleted_waits_for(api: RestoreApi, store: t.Any) -> None:
    remaining = {
        "type": "NamespaceContentRemaining",
        "status": "True",
        "message": "configmaps. has 1 resource instances",
    }
    api.add("namespaces", "sub", status={"phase": "Terminating", "conditions": [remaining]})
    write_backup(store, "b", config("c", "sub"))
    reasons = {item["name"]: item["reason"] for item in plan(api, store).plan_items}
    assert reasons["sub"].endswith("(it waits for this: configmaps. has 1 resource instances)")


def test_a_rule_that_fails_for_a_namespace_is_an_error_of_it(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", namespace("sub"), config("c", "sub"))
    outcome = restore(api, store, modifiers=rule({"metadata": {"name": "else"}}))
    assert outcome.phase == "PartiallyFailed"
    (error,) = outcome.errors_list
    assert (error["resource"], error["name"]) == ("namespaces", "sub")
    assert "A restored object keeps its name" in error["message"]
    assert ("namespaces", "", "sub") in api.objects
