# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API server as the judge of what exists, and what it warns of."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.server_warnings import (
    ServerWarnings,
    Subject,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    config,
    plan,
    restore,
    write_backup,
)

UNKNOWN = 'unknown field "data.old"'


def narrow(obj: Object) -> list[str]:
    """A server that knows no ``data.old``, and gives everything a ``data.mode``."""
    if obj["kind"] != "ConfigMap":
        return []
    obj["data"].setdefault("mode", "auto")
    return [UNKNOWN] if obj["data"].pop("old", None) is not None else []


def item_of(outcome: RestoreOutcome, name: str) -> Object:
    (item,) = [item for item in outcome.plan_items if item["name"] == name]
    return item


def warnings_of(outcome: RestoreOutcome) -> list[str]:
    return [warning["message"] for warning in outcome.warnings_list]


@pytest.mark.parametrize("policy", ["none", "update", "replace", "recreate"])
def test_what_the_server_makes_equal_is_unchanged(api: RestoreApi, store: t.Any, policy: str) -> None:
    """A default that an older cluster had not, and a field that is known no more: nothing is written."""
    api.admit = narrow
    api.add("configmaps", "c", "shop", data={"a": "1", "mode": "auto"})
    write_backup(store, "b", config("c", a="1", old="x"))
    before = api.kept.objects["configmaps", "shop", "c"]
    for run in (plan, restore, restore):
        outcome = run(api, store, existing_resource_policy=policy, want_diff=True)
        assert outcome.changed is False
        item = item_of(outcome, "c")
        assert (item["action"], item["judged"], item["dropped"]) == ("unchanged", "server", ["data.old"])
        assert outcome.diffs == []
        assert warnings_of(outcome) == [f"The API server warns of configmaps shop/c: {UNKNOWN}"]
    assert api.kept.objects["configmaps", "shop", "c"] == before


@pytest.mark.parametrize("policy", ["update", "replace"])
def test_the_diff_is_what_the_server_will_have(api: RestoreApi, store: t.Any, policy: str) -> None:
    api.admit = narrow
    api.add("configmaps", "c", "shop", data={"a": "1", "mode": "auto"})
    write_backup(store, "b", config("c", a="2", old="x"))
    outcome = plan(api, store, existing_resource_policy=policy, want_diff=True)
    assert item_of(outcome, "c")["dropped"] == ["data.old"]
    (diff,) = outcome.diffs
    assert "mode: auto" in diff["after"]
    assert "old: x" not in diff["after"]
    assert diff["after"].endswith("# dropped by the API server: data.old\n")
    assert restore(api, store, existing_resource_policy=policy).states["updated"] == 1
    assert restore(api, store, existing_resource_policy=policy).changed is False


def test_a_new_object_without_what_is_dropped(api: RestoreApi, store: t.Any) -> None:
    api.admit = narrow
    write_backup(store, "b", config("a", old="x"), config("c", old="x"), config("d", b="1"))
    told = plan(api, store, want_diff=True)
    assert item_of(told, "c")["dropped"] == ["data.old"]
    assert "dropped" not in item_of(told, "d")
    assert "old: x" not in str(told.diffs)
    expected = [f"The API server warns of configmaps shop/a (and 1 more object): {UNKNOWN}"]
    assert warnings_of(told) == expected
    assert warnings_of(restore(api, store)) == expected


def test_what_is_dropped_silently_is_said_too(api: RestoreApi, store: t.Any) -> None:
    """Fields of features that are switched off."""

    def drop(obj: Object) -> list[str]:
        obj.get("data", {}).pop("old", None)
        return []

    api.admit = drop
    api.add("configmaps", "c", "shop", data={"a": "1"})
    write_backup(store, "b", config("c", a="1", old="x"))
    done = restore(api, store, existing_resource_policy="update")
    assert warnings_of(done) == ['The API server warns of configmaps shop/c: it drops the field "data.old"']


@pytest.mark.parametrize(
    ("error", "action"),
    [
        pytest.param(
            KubeError('admission webhook "w" does not support dry run', status=400, reason="BadRequest"),
            "update",
            id="a webhook with side effects",
        ),
        pytest.param(
            KubeError(
                'configmaps "c" is forbidden: User "u" cannot patch resource "configmaps" in API group "" in the '
                'namespace "shop"',
                status=403,
                reason="Forbidden",
            ),
            "conflict",
            id="no right",
        ),
        pytest.param(KubeError("failed calling webhook", status=500, reason="InternalError"), "unverified", id="500"),
        pytest.param(KubeError("no answer"), "unverified", id="no answer"),
    ],
)
def test_where_the_server_cannot_judge(api: RestoreApi, store: t.Any, error: KubeError, action: str) -> None:
    api.add("configmaps", "c", "shop", data={"a": "1"})
    write_backup(store, "b", config("c", a="2"))
    api.refuse = lambda verb, _path, dry: error if dry and verb == "PATCH" else None
    item = item_of(plan(api, store, existing_resource_policy="update"), "c")
    assert (item["action"], item["judged"]) == (action, "locally")
    item = item_of(plan(api, store), "c")
    assert (item["action"], item["judged"]) == ("skip", "locally")
    done = restore(api, store, existing_resource_policy="update")
    assert item_of(done, "c")["judged"] == "locally"
    assert done.states["updated"] == 1


def test_a_right_that_is_missing_is_asked_about_once(api: RestoreApi, store: t.Any) -> None:
    for number in range(9):
        api.add("configmaps", f"c{number}", "shop", data={"a": "1"})
    write_backup(store, "b", *(config(f"c{number}", a="2") for number in range(9)))
    api.denied.add(("patch", "configmaps"))
    restore(api, store, workers=1)
    assert sum(request.verb == "PATCH" for request in api.seen) == 1


def test_equal_objects_are_not_asked_about(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", *(config(f"c{number}") for number in range(9)))
    restore(api, store)
    del api.seen[:]
    assert restore(api, store, existing_resource_policy="update").changed is False
    assert not [request for request in api.seen if request.verb != "GET"]


@pytest.mark.parametrize("method", ["update", "replace"])
def test_an_update_that_could_not_be(api: RestoreApi, store: t.Any, method: str) -> None:
    """Plan and run say the same: an error of the object, with the way out, and no update in the counts."""
    verb = {"update": "PATCH", "replace": "PUT"}[method]
    immutable = KubeError('ConfigMap "c" is invalid: data: field is immutable', status=422, reason="Invalid")
    api.add("configmaps", "c", "shop", data={"a": "1"})
    write_backup(store, "b", config("c", a="2"))
    api.refuse = lambda asked, path, _dry: immutable if asked == verb and "configmaps" in path else None
    for run in (plan, restore):
        outcome = run(api, store, existing_resource_policy=method)
        (error,) = outcome.errors_list
        assert "configmaps shop/c could not be updated: " in error["message"]
        assert "existing_resource_policy: recreate" in error["hint"]
        assert item_of(outcome, "c")["action"] == "conflict"
        assert (outcome.summary["update"], outcome.summary["conflict"]) == (0, 1)
        assert outcome.phase == "PartiallyFailed"
    assert outcome.states == {"failed": 1, "unchanged": 1}


def test_what_came_after_the_plan_is_judged_too(api: RestoreApi, store: t.Any) -> None:
    api.admit = narrow
    write_backup(store, "b", config("c", a="1", old="x"))

    def come(verb: str, path: str, dry: bool) -> None:
        if verb == "POST" and path.endswith("/configmaps") and not dry and not api.names("configmaps", "shop"):
            api.add("configmaps", "c", "shop", data={"a": "1", "mode": "auto"})

    api.refuse = come
    done = restore(api, store, existing_resource_policy="update")
    assert item_of(done, "c")["action"] == "unchanged"
    assert done.states == {"unchanged": 2}


@pytest.mark.parametrize("policy", ["update", "recreate"])
@pytest.mark.parametrize("equal", [True, False])
def test_what_may_not_be_changed_is_made_anew_in_thought(
    api: RestoreApi, store: t.Any, policy: str, equal: bool
) -> None:
    """A pod keeps the token that the server has given it: leaving that out is refused, and means nothing."""
    immutable = KubeError('ConfigMap "c" is invalid: data: field is immutable', status=422, reason="Invalid")
    api.admit = narrow
    api.refuse = lambda verb, path, _dry: immutable if verb == "PATCH" and "configmaps" in path else None
    api.add("configmaps", "c", "shop", data={"a": "1" if equal else "2", "mode": "auto", "self": "c"})
    write_backup(store, "b", config("c", a="1", self="c"))
    item = item_of(plan(api, store, existing_resource_policy=policy), "c")
    different = {"update": "conflict", "recreate": "unverified"}[policy]
    assert item["action"] == ("unchanged" if equal else different)
    assert item.get("judged", "") == ("server" if equal else "")
    assert api.names("configmaps", "shop") == ["c"]


def test_texts_are_told_once_and_not_without_end() -> None:
    warned, issues = ServerWarnings(), Issues()
    for number in range(120):
        for name in ("b", "a"):
            warned.note_dropped(Subject("things.example.org", "shop", name), [f"spec.x{number:03}"])
    warned.report(issues)
    warned.report(issues)
    texts = [issue.message for issue in issues.warnings]
    assert len(texts) == 101
    first = "The API server warns of things.example.org shop/a (and 1 more object): it drops the field"
    assert texts[0] == f'{first} "spec.x000"'
    assert texts[-1] == "The API server has 20 more warnings."
    assert issues.warnings[0].name == "a"
