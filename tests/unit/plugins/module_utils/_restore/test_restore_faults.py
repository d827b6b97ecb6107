# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restores that lose the API server, or are broken off and finished under their name."""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._catalog import restores as restores_file
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restores import find_unfinished
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply import object_waits, object_writer
from ansible_collections.arkive.k8s.plugins.module_utils._restore.report.records import RestoreRecords
from ansible_collections.arkive.k8s.plugins.module_utils._store.wrapper import StoreWrapper
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys, RestoreKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    config,
    plan,
    record_of,
    restore,
    write_backup,
)

NO_ANSWER = KubeError("The API server gave no answer.")


def is_config(verb: str, path: str, wanted: str = "POST") -> bool:
    return verb == wanted and path.endswith("/configmaps")


@pytest.mark.parametrize(
    "error",
    [
        NO_ANSWER,
        KubeError("The service is unavailable.", status=503),
        KubeError("configmaps is forbidden: not yet ready to handle request", status=403, reason="Forbidden"),
        KubeError("etcdserver: request timed out", status=500, reason="InternalError"),
        KubeError("too many requests", status=429),
    ],
    ids=["no answer", "503", "just started", "etcd", "429"],
)
@pytest.mark.parametrize("had_effect", [False, True], ids=["without effect", "with effect"])
def test_a_create_that_went_wrong_in_passing(api: RestoreApi, store: t.Any, error: KubeError, had_effect: bool) -> None:
    """Nothing is created twice, nothing is left out, and what was made counts as created."""
    write_backup(store, "b", config("a"), config("b"))
    failures = [error]

    def fail(verb: str, path: str, *_dry: bool) -> KubeError | None:
        return failures.pop() if is_config(verb, path) and failures else None

    if had_effect:
        api.lose = fail
    else:
        api.refuse = fail
    done = restore(api, store, name="r")
    assert (done.phase, done.errors_list, done.states["created"]) == ("Completed", [], 2)
    assert api.names("configmaps", "shop") == ["a", "b"]
    posts = [request for request in api.requests if request == "POST /api/v1/namespaces/shop/configmaps"]
    assert len(posts) == (2 if had_effect else 3)


def test_an_object_of_somebody_else_came_meanwhile(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", config("a", a="1"))

    def come_first(verb: str, path: str, _dry: bool) -> KubeError | None:
        if not is_config(verb, path):
            return None
        api.add("configmaps", "a", "shop", data={"a": "2"})
        return NO_ANSWER

    api.refuse = come_first
    done = restore(api, store, name="r")
    assert done.states == {"failed": 1, "unchanged": 1}
    assert api.objects[("configmaps", "shop", "a")]["data"] == {"a": "2"}


def remade(api: RestoreApi) -> list[str]:
    """What was asked about the object, but reads."""
    return [request.partition(" ")[0] for request in api.requests if "/configmaps" in request and "GET" not in request]


@pytest.mark.parametrize("had_effect", [False, True], ids=["without effect", "with effect"])
def test_an_object_that_is_made_anew_is_made_in_any_case(api: RestoreApi, store: t.Any, had_effect: bool) -> None:
    """The old one is gone by then: an answer that is lost must not be the end of it."""
    write_backup(store, "b", config("a", a="1"))
    api.add("configmaps", "a", "shop", data={"a": "2"})
    failures = [NO_ANSWER]

    def fail(verb: str, path: str, *_dry: bool) -> KubeError | None:
        return failures.pop() if is_config(verb, path) and failures else None

    if had_effect:
        api.lose = fail
    else:
        api.refuse = fail
    done = restore(api, store, name="r", existing_resource_policy="recreate")
    assert (done.phase, done.errors_list, done.states["updated"]) == ("Completed", [], 1)
    assert api.objects[("configmaps", "shop", "a")]["data"] == {"a": "1"}
    assert remade(api) == ["DELETE", "POST"] + ["POST"] * (not had_effect)


def test_an_object_that_is_gone_and_not_made_anew(api: RestoreApi, store: t.Any) -> None:
    """It is reported as missing, and under its name the restore makes it."""
    write_backup(store, "b", config("a", a="1"))
    api.add("configmaps", "a", "shop", data={"a": "2"})
    refusal = KubeError("a webhook denied the request", status=403, reason="Forbidden")
    api.refuse = lambda verb, path, _dry: refusal if is_config(verb, path) else None
    done = restore(api, store, name="r", existing_resource_policy="recreate")
    (error,) = done.errors_list
    assert (done.phase, api.names("configmaps", "shop")) == ("PartiallyFailed", [])
    assert "the old one was deleted, and the new one is not there: a webhook denied" in error["message"]
    assert error["hint"] == "Run the restore again with name: r to have it made."
    api.refuse = lambda *_given: None
    assert restore(api, store, name="r", existing_resource_policy="recreate").phase == "Completed"
    assert api.objects[("configmaps", "shop", "a")]["data"] == {"a": "1"}


@pytest.mark.parametrize("had_effect", [False, True], ids=["without effect", "with effect"])
def test_the_answer_to_a_new_namespace_is_lost(api: RestoreApi, store: t.Any, had_effect: bool) -> None:
    write_backup(store, "b", config("a", "new"))
    failures = [NO_ANSWER]

    def fail(verb: str, path: str, *_dry: bool) -> KubeError | None:
        return failures.pop() if failures and (verb, path) == ("POST", "/api/v1/namespaces") else None

    if had_effect:
        api.lose = fail
    else:
        api.refuse = fail
    done = restore(api, store, name="r")
    assert (done.phase, done.errors_list) == ("Completed", [])
    assert api.names("configmaps", "new") == ["a"]


def test_one_type_without_an_answer(api: RestoreApi, store: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody whom the server asks about it hangs: the others are restored all the same."""
    monkeypatch.setattr(object_writer, "_PAUSE", 0.0)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "shop"}}
    write_backup(store, "b", ("secrets", secret), config("a"))
    late = KubeTimeout("The API server did not answer within 30 s.")
    api.refuse = lambda verb, path, _dry: late if verb == "POST" and path.endswith("/secrets") else None
    done = restore(api, store, name="r")
    assert (done.phase, len(done.errors_list)) == ("PartiallyFailed", 1)
    assert (api.names("configmaps", "shop"), api.names("secrets", "shop")) == (["a"], [])


def test_an_update_is_sent_again(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", config("a", a="1"))
    api.add("configmaps", "a", "shop", data={"a": "2"})
    failures = [NO_ANSWER, NO_ANSWER]
    api.refuse = lambda verb, _path, _dry: failures.pop() if verb == "PATCH" and failures else None
    assert restore(api, store, existing_resource_policy="update").states["updated"] == 1
    assert api.objects[("configmaps", "shop", "a")]["data"] == {"a": "1"}


def test_a_server_that_stays_away(api: RestoreApi, store: t.Any) -> None:
    """It is given up once, not for each object; under its name the restore is finished."""
    write_backup(store, "b", *(config(f"c-{number}") for number in range(50)))
    made: list[str] = []

    def go_away(verb: str, path: str, _dry: bool) -> KubeError | None:
        if is_config(verb, path):
            made.append(path)
        return NO_ANSWER if len(made) > 10 else None

    api.refuse = go_away
    done = restore(api, store, name="r", workers=1)
    assert (done.phase, done.restore["status"]["failureReason"]) == ("Failed", NO_ANSWER.message)
    assert len(made) < 20
    api.refuse = lambda *_given: None
    uids = {key: obj["metadata"]["uid"] for key, obj in api.objects.items()}
    again = restore(api, store, name="r", force=True)
    assert (again.phase, again.states) == ("Completed", {"created": 40, "unchanged": 11})
    assert all(api.objects[key]["metadata"]["uid"] == uid for key, uid in uids.items() if key[0] == "configmaps")


def test_a_definition_that_is_never_established(api: RestoreApi, store: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/compatibility 5.3: an error of that definition; everything else is restored."""
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.org"},
        "spec": {},
    }
    write_backup(store, "b", ("customresourcedefinitions.apiextensions.k8s.io", definition), config("a"))

    def wait_in_vain(*_given: t.Any, **_more: t.Any) -> None:
        raise KubeTimeout("It was not seen in time.")

    monkeypatch.setattr(object_waits, "wait_for_object", wait_in_vain)
    done = restore(api, store, name="r")
    assert done.phase == "PartiallyFailed"
    assert ["was not established within" in error["message"] for error in done.errors_list] == [True]
    assert api.names("configmaps", "shop") == ["a"]


class Killed(BaseException):
    """The process ends here."""


def break_off(api: RestoreApi, store: t.Any, name: str, after: int) -> None:
    """A restore that ends without another word once ``after`` objects are made."""

    def kill(verb: str, path: str, _dry: bool) -> KubeError | None:
        if is_config(verb, path) and len(api.names("configmaps", "shop")) >= after:
            raise Killed
        return None

    api.refuse = kill
    with pytest.raises(Killed):
        restore(api, store, name=name, workers=1)
    api.refuse = lambda *_given: None


def test_a_restore_that_was_broken_off(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", *(config(f"c-{number}") for number in range(5)))
    write_backup(store, "other", config("x"))
    break_off(api, store, "r1", 2)
    record = record_of(store, "r1")
    assert (record["restore"]["status"]["phase"], record["hooks"]) == ("InProgress", [])
    assert find_unfinished(store, "b").names == ["r1"]
    assert find_unfinished(store, "other").names == []

    unnamed = plan(api, store)
    assert [(warning["message"], warning["hint"]) for warning in unnamed.warnings_list] == [
        (
            "Restore 'r1' of this backup was begun and has not ended: it runs still, or was broken off.",
            "Run it again with name: r1 to finish it.",
        )
    ]
    assert plan(api, store, name="r1").warnings_list == []

    done = restore(api, store, name="r1")
    # What the broken run had made is reported as in the plan; the record counts it as created.
    assert (done.phase, done.states, done.recorded) == ("Completed", {"created": 3, "unchanged": 3}, True)
    assert done.closing_line == "Completed: 3 created, 3 unchanged, 0 errors, 0 warnings"
    assert done.summary["unchanged"] == 3
    assert record_of(store, "r1")["restore"]["status"]["phase"] == "Completed"
    assert find_unfinished(store, "b").names == []
    assert plan(api, store).warnings_list == []


def test_a_restore_that_was_broken_off_at_its_very_end(api: RestoreApi, store: t.Any) -> None:
    """All objects are there, its record was never finished: that is all that is left to do."""
    write_backup(store, "b", config("a"))
    break_off(api, store, "r1", 0)
    assert restore(api, store, name="x").states["created"] == 1
    done = restore(api, store, name="r1")
    assert (done.changed, done.recorded) == (False, True)
    assert find_unfinished(store, "b").names == []


def test_a_backup_whose_deletion_has_begun(api: RestoreApi, store: t.Any) -> None:
    """It may have lost snapshots (guide "Retention", "What goes with a backup")."""
    write_backup(store, "b", config("a"))
    note = BackupKeys("b").deletion
    assert plan(api, store).warnings_list == []
    store.put(note, b"{}")
    said = "The deletion of backup 'b' has begun: it may have lost snapshots, and may lose the others."
    for outcome in (plan(api, store), restore(api, store, name="r1")):
        assert [warning["message"] for warning in outcome.warnings_list] == [said]


def test_a_deletion_that_begins_when_the_restore_is_planned(api: RestoreApi, store: t.Any) -> None:
    """Whoever deletes looks for the records of restores after its own note."""
    write_backup(store, "b", config("a"))

    class Begun(StoreWrapper):
        def around(self, operation: str, key: str, request: t.Callable[[], t.Any]) -> t.Any:
            if operation.startswith("put") and key == RestoreKeys("r1").arkive_record:
                self.inner.put(BackupKeys("b").deletion, b"{}")
            return super().around(operation, key, request)

    outcome = restore(api, Begun(store), name="r1")
    assert ["The deletion of backup 'b' has begun" in warning["message"] for warning in outcome.warnings_list] == [True]


def _cancel_after(api: RestoreApi, cancel: CancelToken, made: int) -> None:
    """As the preStop hook of a pod does it: the task is asked to stop, and comes to its end."""

    def count(verb: str, path: str) -> KubeError | None:
        if is_config(verb, path) and len(api.names("configmaps", "shop")) >= made:
            cancel.cancel("SIGTERM was received")
        return None

    api.lose = count


def test_a_restore_that_was_cancelled(api: RestoreApi, store: t.Any) -> None:
    """It says how it goes on, the next one without a name says so too, and under its name it goes on."""
    write_backup(store, "b", *(config(f"c-{number}") for number in range(5)))
    cancel = CancelToken()
    _cancel_after(api, cancel, 2)
    cancelled = restore(api, store, name="r1", cancel=cancel, workers=1)
    assert (cancelled.phase, record_of(store, "r1")["restore"]["status"]["phase"]) == ("Failed", "Failed")
    [error] = cancelled.errors_list
    assert (error["message"], error["hint"]) == (
        "The run was cancelled: SIGTERM was received.",
        "Run it again with name: r1 to finish it.",
    )
    api.lose = lambda *_given: None
    assert find_unfinished(store, "b").names == ["r1"]
    [warning] = plan(api, store).warnings_list
    assert "Restore 'r1' of this backup was begun and has not ended" in warning["message"]
    assert RestoreRecords(store, "r1").read_previous("b").unfinished

    done = restore(api, store, name="r1")
    assert (done.phase, done.states["created"], done.recorded) == ("Completed", 3, True)
    assert find_unfinished(store, "b").names == []
    assert plan(api, store).warnings_list == []


def test_one_that_is_cancelled_again_before_it_has_done_anything_stays_to_be_finished(
    api: RestoreApi, store: t.Any
) -> None:
    write_backup(store, "b", *(config(f"c-{number}") for number in range(5)))
    first = CancelToken()
    _cancel_after(api, first, 2)
    restore(api, store, name="r1", cancel=first, workers=1)
    second = CancelToken()
    api.lose = lambda verb, path: second.cancel("again") if "leases" in path else None
    assert restore(api, store, name="r1", cancel=second, workers=1).phase == "Failed"
    api.lose = lambda *_given: None
    assert find_unfinished(store, "b").names == ["r1"]


def test_one_that_has_done_nothing_is_not_to_be_finished(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", config("a"))
    refused = KubeError("No.", status=403, reason="Forbidden")
    api.refuse = lambda verb, path, _dry: refused if is_config(verb, path) else None
    assert restore(api, store, name="r1").phase == "PartiallyFailed"
    assert find_unfinished(store, "b").names == []


def test_what_was_broken_off_long_ago_is_not_asked_about(
    api: RestoreApi, store: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one reads the records of late ones only, however many there are in the location."""
    write_backup(store, "b", *(config(f"c-{number}") for number in range(5)))
    cancel = CancelToken()
    _cancel_after(api, cancel, 2)
    restore(api, store, name="r1", cancel=cancel, workers=1)
    later = utc_now() + dt.timedelta(days=8)
    monkeypatch.setattr(restores_file, "utc_now", lambda: later)
    monkeypatch.setattr(restores_file, "read_record", lambda *_given: pytest.fail("it was read"))
    assert find_unfinished(store, "b").names == []


def test_a_location_that_is_read_only_is_never_written(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", config("a"))
    before = {info.key for info in store.list("").objects}
    object.__setattr__(store.location, "read_only", True)
    done = restore(api, store, name="r1")
    assert (done.phase, done.recorded) == ("Completed", False)
    assert {info.key for info in store.list("").objects} == before


def test_a_credential_that_ends_on_the_way_ends_the_restore(api: RestoreApi, store: t.Any) -> None:
    """It is reported once, not for each object; under its name the restore is finished with another one."""
    write_backup(store, "b", *(config(f"c-{number}") for number in range(50)))
    ended = KubeError("The credential is not accepted.", status=401, reason="Unauthorized", hint="Renew it.")
    made: list[str] = []

    def refuse(verb: str, path: str, _dry: bool) -> KubeError | None:
        if is_config(verb, path):
            made.append(path)
        return ended if len(made) > 10 else None

    api.refuse = refuse
    done = restore(api, store, name="r", workers=4)
    assert (done.phase, done.restore["status"]["failureReason"]) == ("Failed", ended.message)
    assert len(made) < 20
    assert len([issue for issue in done.errors_list if "credential" in issue["message"]]) <= 4
    api.refuse = lambda *_given: None
    again = restore(api, store, name="r", force=True)
    assert (again.phase, again.states) == ("Completed", {"created": 40, "unchanged": 11})
