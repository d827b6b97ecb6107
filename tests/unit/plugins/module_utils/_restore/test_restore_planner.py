# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a restore: what each object's fate is and why, in which order, from which requests."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    actions,
    config,
    plan,
    restore,
    write_backup,
)

RBAC = 'configmaps is forbidden: User "u" cannot create resource "configmaps" in API group "" in the namespace "shop"'


def refuse_dry_run(api: RestoreApi, verb: str, error: KubeError) -> None:
    api.refuse = lambda asked, path, dry: error if dry and asked == verb and "configmaps" in path else None


@pytest.mark.parametrize(
    ("error", "action", "reason"),
    [
        pytest.param(
            KubeError('ConfigMap "new" is invalid: data: Invalid value', status=422, reason="Invalid"),
            "conflict",
            'ConfigMap "new" is invalid',
            id="the server refuses the object",
        ),
        pytest.param(
            KubeError('admission webhook "w" denied the request: no', status=403, reason="Forbidden"),
            "conflict",
            "denied the request",
            id="a webhook refuses it",
        ),
        pytest.param(
            KubeError('admission webhook "w" does not support dry run', status=400, reason="BadRequest"),
            "unverified",
            "an admission webhook does not support dry run",
            id="a webhook does not support dry run",
        ),
        pytest.param(
            KubeError(RBAC, status=403, reason="Forbidden"), "conflict", "cannot create resource", id="rights"
        ),
        pytest.param(
            KubeError("exceeded quota: q", status=403, reason="Forbidden"), "conflict", "exceeded quota", id="quota"
        ),
        pytest.param(
            KubeError("Internal error occurred: failed calling webhook", status=500, reason="InternalError"),
            "unverified",
            "the server could not judge it",
            id="a webhook that is down",
        ),
        pytest.param(KubeError("no answer"), "unverified", "the server gave no answer", id="no answer"),
        pytest.param(
            KubeError("gone", status=409, reason="AlreadyExists"), "unverified", "created by someone else", id="a race"
        ),
    ],
)
def test_answers_of_the_dry_run(api: RestoreApi, store: t.Any, error: KubeError, action: str, reason: str) -> None:
    write_backup(store, "b", config("new"))
    refuse_dry_run(api, "POST", error)
    outcome = plan(api, store)
    (item,) = [item for item in outcome.plan_items if item["name"] == "new"]
    assert item["action"] == action
    assert reason in item["reason"]
    assert item["intent"] == ("create" if action == "unverified" else "")


SAME = ("action", "intent", "reason", "hint", "kind", "namespace")


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [(422, "Invalid", "data: Invalid value"), (403, "Forbidden", RBAC), (403, "Forbidden", "exceeded quota: q")],
    ids=["invalid", "rights", "quota"],
)
@pytest.mark.parametrize("live", [None, {"a": "2"}], ids=["new", "existing"])
def test_plan_and_run_have_the_same_words_for_what_is_refused(
    api: RestoreApi, store: t.Any, status: int, reason: str, message: str, live: t.Any
) -> None:
    """Also where the plan asks the server in a dry run and the run hears of it as it writes."""
    write_backup(store, "b", config("c", a="1"), config("other"))
    if live is not None:
        api.add("configmaps", "c", "shop", data=live)
    error = KubeError(message, status=status, reason=reason)
    verb = "PATCH" if live else "POST"
    api.refuse = lambda asked, path, _dry: error if asked == verb and "configmaps" in path else None
    told = plan(api, store, existing_resource_policy="update")
    done = restore(api, store, existing_resource_policy="update")
    before, after = ({item["name"]: item for item in outcome.plan_items} for outcome in (told, done))
    assert {name: [item.get(key) for key in SAME] for name, item in before.items()} == {
        name: [item.get(key) for key in SAME] for name, item in after.items()
    }
    assert (after["c"]["action"], after["c"]["state"]) == ("conflict", "failed")
    assert told.summary == done.summary
    errors = [sorted(outcome.errors_list, key=lambda error: str(error["name"])) for outcome in (told, done)]
    assert errors[0] == errors[1]


def test_plan_and_run_have_the_same_words_for_a_namespace_that_cannot_be_made(api: RestoreApi, store: t.Any) -> None:
    api.objects.pop(("namespaces", "", "shop"), None)
    write_backup(store, "b", config("c", a="1"))
    error = KubeError("exceeded quota: q", status=403, reason="Forbidden")
    api.refuse = lambda verb, path, _dry: error if verb == "POST" and path.endswith("/namespaces") else None
    told, done = plan(api, store), restore(api, store)
    for outcome in (told, done):
        assert {(item["name"], item["action"], item["intent"]) for item in outcome.plan_items} == {
            ("shop", "conflict", ""),
            ("c", "conflict", ""),
        }
    reasons = [[(item["name"], item["reason"]) for item in outcome.plan_items] for outcome in (told, done)]
    assert reasons[0] == reasons[1]


def test_immutable_field(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", config("c", a="1"))
    api.add("configmaps", "c", "shop", data={"a": "2"})
    refuse_dry_run(api, "PATCH", KubeError("field is immutable when `immutable` is set", status=422, reason="Invalid"))
    assert actions(plan(api, store, existing_resource_policy="update"))["c"] == "conflict"
    assert actions(plan(api, store))["c"] == "skip"


def test_what_comes_from_the_plan_itself(api: RestoreApi, store: t.Any) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"serviceAccountName": "robot", "containers": [{"name": "c", "image": "i"}]},
    }
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": "shop"}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.org"},
        "spec": {},
    }
    widget = {"apiVersion": "example.org/v1", "kind": "Widget", "metadata": {"name": "one", "namespace": "shop"}}
    write_backup(
        store,
        "b",
        ("pods", pod),
        ("serviceaccounts", account),
        ("customresourcedefinitions.apiextensions.k8s.io", definition),
        ("widgets.example.org", widget),
        config("far", "new"),
    )
    forbidden = KubeError('pods "web" is forbidden: error looking up service account', status=403, reason="Forbidden")
    api.refuse = lambda _verb, path, dry: forbidden if dry and path.endswith("/pods") else None
    outcome = plan(api, store)
    reasons = {item["name"]: (item["action"], item["reason"]) for item in outcome.plan_items}
    assert reasons["web"] == (
        "unverified",
        "the server refuses it until serviceaccounts 'robot' is there, which this restore creates",
    )
    assert reasons["one"] == (
        "unverified",
        "its type is created by this restore (CustomResourceDefinition widgets.example.org)",
    )
    assert reasons["far"] == ("unverified", "namespace 'new' is created by this restore")
    assert api.names("configmaps", "new") == []
    # docs/compatibility 5.3: definitions, namespaces, service accounts, then the rest in its order.
    waves = [wave["resources"] for wave in outcome.waves]
    assert waves == [
        ["customresourcedefinitions.apiextensions.k8s.io"],
        ["namespaces"],
        ["serviceaccounts"],
        ["configmaps"],
        ["pods"],
        ["widgets.example.org"],
    ]
    assert outcome.waves[1] == {"wave": 2, "resources": ["namespaces"], "actions": {"create": 1, "unchanged": 1}}
    assert [item["wave"] for item in outcome.plan_items] == sorted(item["wave"] for item in outcome.plan_items)


def test_what_cannot_be_listed(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", config("c"))
    forbidden = KubeError("configmaps is forbidden", status=403, reason="Forbidden")
    api.refuse = lambda verb, path, _dry: forbidden if verb == "GET" and path.endswith("/configmaps") else None
    (item,) = [item for item in plan(api, store).plan_items if item["name"] == "c"]
    assert (item["action"], item["intent"]) == ("unverified", "create")
    assert "cannot be listed" in item["reason"]
    assert restore(api, store).states["created"] == 1


def test_what_may_neither_be_listed_nor_made(api: RestoreApi, store: t.Any) -> None:
    """The plan fails as the restore would: nobody hears of missing rights only when it has begun."""
    write_backup(store, "b", config("c"))
    forbidden = KubeError("configmaps is forbidden", status=403, reason="Forbidden")
    api.refuse = lambda _verb, path, _dry: forbidden if "/configmaps" in path else None
    outcome = plan(api, store)
    (item,) = [item for item in outcome.plan_items if item["name"] == "c"]
    assert (item["action"], item["reason"]) == ("conflict", "configmaps is forbidden")
    assert "configmaps is forbidden" in outcome.errors_list[0]["message"]
    assert restore(api, store).states["failed"] == 1


def test_the_mark_of_another_restore_is_left_out(api: RestoreApi, store: t.Any) -> None:
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "arkive-restore", "namespace": "shop"},
    }
    write_backup(store, "b", ("leases.coordination.k8s.io", lease), config("c"))
    outcome = restore(api, store)
    assert actions(outcome) == {"shop": "unchanged", "arkive-restore": "skip", "c": "create"}


# Requests: Velero 1.18 puts a LIST between writes, which costs it 70 to 95 ms each (docs/compatibility 13.2).


def is_list(request: str) -> bool:
    return request.startswith("GET ") and request.rpartition("/")[2] in {"configmaps", "secrets"}


def secret(name: str, namespace: str) -> tuple[str, Object]:
    return "secrets", {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}}


def test_no_list_between_writes_and_none_in_a_new_namespace(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", config("a"), config("b"), secret("s", "shop"), config("a", "new"), secret("s", "new"))
    restore(api, store, name="r")
    lists = [request for request in api.requests if is_list(request)]
    assert sorted(lists) == [
        "GET /api/v1/namespaces/shop/configmaps",
        "GET /api/v1/namespaces/shop/secrets",
    ]
    first_write = next(at for at, request in enumerate(api.requests) if not request.startswith("GET "))
    assert not any(is_list(request) for request in api.requests[first_write:])


@pytest.mark.parametrize(
    ("strangers", "everywhere"), [(0, True), (100, True), (1000, False)], ids=["none", "few", "many"]
)
def test_one_list_of_the_cluster_where_that_is_cheaper(
    api: RestoreApi, store: t.Any, strangers: int, everywhere: bool
) -> None:
    names = [f"ns-{number}" for number in range(10)]
    for name in names:
        api.add("namespaces", name, status={"phase": "Active"})
        api.add("configmaps", "c", name, data={"a": "1"})
    for number in range(strangers):
        api.add("configmaps", f"other-{number}", "elsewhere")
    write_backup(store, "b", *(config("c", name) for name in names))
    outcome = restore(api, store)
    assert outcome.changed is False
    lists = [request for request in api.requests if request.endswith("/configmaps")]
    whole = [request for request in lists if request == "GET /api/v1/configmaps"]
    assert (len(whole), len(lists)) == ((2, 2) if everywhere else (1, 11))


def test_without_the_right_to_list_the_cluster(api: RestoreApi, store: t.Any) -> None:
    names = [f"ns-{number}" for number in range(10)]
    for name in names:
        api.add("namespaces", name, status={"phase": "Active"})
        api.add("configmaps", "c", name, data={"a": "1"})
    write_backup(store, "b", *(config("c", name) for name in names))
    forbidden = KubeError("configmaps is forbidden", status=403, reason="Forbidden")
    api.refuse = lambda _verb, path, _dry: forbidden if path == "/api/v1/configmaps" else None
    assert restore(api, store).changed is False
