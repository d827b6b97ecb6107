# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked, and what a caller lacks."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._access.answer import look_at_access
from ansible_collections.arkive.k8s.plugins.module_utils._access.question import AccessQuestion
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi


@pytest.fixture
def api() -> MemoryApi:
    api = MemoryApi()
    for name in ("shop", "arkive"):
        api.add("namespaces", name)
    return api


def look(api: MemoryApi, *tasks: str, **options: t.Any) -> dict[str, t.Any]:
    question = AccessQuestion(tasks=tasks or ("backup",), **{"namespaces": ("shop",), "providers": ("csi",), **options})
    return look_at_access(question, client=api.client).to_return()


def test_who_may_everything_lacks_nothing(api: MemoryApi) -> None:
    answer = look(api)
    assert (answer["allowed"], answer["lacking"], answer["grant"], answer["warnings_list"]) == (True, [], "", [])
    assert [entry["kind"] for entry in answer["roles"]][:2] == ["ServiceAccount", "Role"]


def test_what_is_lacking_is_named_type_by_type(api: MemoryApi) -> None:
    api.denied = {("list", "secrets"), "pods/exec", ("patch", "pods")}
    answer = look(api)
    assert answer["allowed"] is False
    assert [(entry["verb"], entry["resource"], entry["subresource"]) for entry in answer["lacking"]] == [
        ("list", "secrets", ""),
        ("create", "pods", "exec"),
        ("get", "pods", "exec"),
        ("patch", "pods", ""),
    ]
    assert [entry["required"] for entry in answer["lacking"]] == [True, True, True, False]
    assert all(entry["namespace"] == "shop" and entry["why"] for entry in answer["lacking"])
    assert answer["grant"].startswith("Add to a Role in namespace shop that is bound to this user: rules: [")
    assert "resources: [secrets], verbs: [list]" in answer["grant"]


def test_rights_in_a_namespace_that_may_be_missing_are_told_and_in_no_role(api: MemoryApi) -> None:
    """The password of Velero's repositories: a Role in namespace velero cannot be applied where that is missing."""
    answer = look(api, providers=("mover",))
    [right] = answer["elsewhere"]
    assert (right["verb"], right["resource"], right["namespace"]) == ("get", "secrets", "velero")
    assert "repository_password" in right["otherwise"]
    assert {made["metadata"].get("namespace") for made in answer["roles"]} == {"arkive", "shop", None}
    said = " ".join(line.lstrip("# ") for line in answer["yaml"].splitlines())
    assert "Not in these roles: get secrets in namespace velero." in said
    assert "repository_password" in said
    api.add("namespaces", "velero")
    there = look(api, providers=("mover",), namespaces=("shop", "velero"))
    assert there["elsewhere"] == []
    assert "Not in these roles" not in there["yaml"]


def test_what_can_be_spared_does_not_forbid(api: MemoryApi) -> None:
    api.denied = {("patch", "pods")}
    answer = look(api)
    assert (answer["allowed"], len(answer["lacking"])) == (True, 1)
    assert answer["lacking"][0]["otherwise"].startswith("The freeze is not marked")


def test_it_needs_no_right(api: MemoryApi) -> None:
    """Nothing is written, and namespaces that may not be read are taken to be there."""
    api.denied = {"namespaces"}
    assert look(api)["warnings_list"] == []
    assert {line.split()[0] for line in api.requests} == {"GET"}


def test_a_namespace_that_is_not_there(api: MemoryApi) -> None:
    (warning,) = look(api, namespaces=("shop", "gone"))["warnings_list"]
    assert (warning["name"], warning["hint"]) == ("gone", "kubectl create namespace gone")


def test_an_account_without_a_namespace_is_no_warning_to_who_lacks_nothing(api: MemoryApi) -> None:
    """It is the reason of no refusal: whoever applies the roles reads it there."""
    elsewhere = {"account_namespace": "accounts"}
    answer = look(api, **elsewhere)
    assert (answer["allowed"], answer["grant"], answer["warnings_list"]) == (True, "", [])
    last = answer["yaml"].splitlines()[-1]
    assert last == "# Namespace accounts is not there. To make it first: kubectl create namespace accounts"
    api.denied = {("patch", "pods")}
    (warning,) = look(api, **elsewhere)["warnings_list"]
    assert warning["name"] == "accounts"
    api.add("namespaces", "accounts")
    answer = look(api, **elsewhere)
    assert (answer["warnings_list"], "# Namespace" in answer["yaml"]) == ([], False)


@pytest.mark.parametrize("task", ["backup", "restore", "delete", "prune", "repository"])
def test_the_password_is_that_of_the_velero_that_is_meant(api: MemoryApi, task: str) -> None:
    """As ``velero_namespace`` of each of these modules."""
    options: dict[str, t.Any] = {"providers": ("csi", "mover"), "velero_namespace": "backup-system"}
    api.denied = {("get", "secrets")}
    answer = look(api, task, **options)
    assert {right["namespace"] for right in answer["elsewhere"]} == {"backup-system"}
    found = {entry["namespace"] for entry in answer["lacking"] if entry["resource"] == "secrets"}
    assert "backup-system" in found
    assert "velero" not in found


def test_types_as_people_call_them(api: MemoryApi) -> None:
    role = look(api, resources=("cm", "Deployment", "pv"), providers=(), hooks=False)["roles"][1]
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"]},
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"resources": ("podz",)},
            "resources names 'podz', a type of objects that the cluster does not serve. Did you",
        ),
        ({"namespaces": ("Shop",)}, "namespaces names 'Shop', which can be no name in Kubernetes."),
        ({"namespaces": ("a\n- b",)}, "can be no name"),
        ({"functions": ("KubeTsk",)}, "functions names 'KubeTsk', which is no function"),
        ({"account": "a b"}, "account names 'a b'"),
        ({"velero_namespace": "Velero"}, "velero_namespace names 'Velero'"),
        ({"account_namespace": ""}, "account_namespace names ''"),
    ],
)
def test_refused(api: MemoryApi, options: dict[str, t.Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        look(api, **options)
    assert said in refused.value.sentence


def test_no_task() -> None:
    with pytest.raises(ValidationError):
        AccessQuestion(tasks=())
