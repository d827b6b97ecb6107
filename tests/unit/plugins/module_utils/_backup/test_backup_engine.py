# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole backup, from an API that answers from a list of objects into a directory."""

from __future__ import annotations

import dataclasses
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._backup.plan import plan_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._store.lock_record import LockRecord
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock, WriteLockHeld
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._backup.backup_api import (
    BackupApi,
    back_up,
    make_request,
    stored,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.contract import put_expired

HOOK = "pre.hook.backup.velero.io/"
POST = "post.hook.backup.velero.io/"


def pod(api: BackupApi, name: str, namespace: str = "shop", **annotations: str) -> None:
    api.add_pod(name, namespace, **annotations)


run = back_up


def test_a_backup(api: BackupApi, store: t.Any) -> None:
    pod(api, "a")
    pod(api, "b", "web")
    api.add("configmaps", "c", "shop", data={"k": "v"})
    outcome = run(api, store)
    assert (outcome.changed, outcome.phase) == (True, "Completed")
    assert stored(store) == ["configmaps/shop/c", "namespaces/shop", "namespaces/web", "pods/shop/a", "pods/web/b"]
    assert outcome.items == {"configmaps": 1, "namespaces": 2, "pods": 2}
    assert (outcome.backup or {})["status"]["progress"] == {"totalItems": 5, "itemsBackedUp": 5}
    assert (outcome.backup or {})["status"]["hookStatus"] == {}
    files = Catalog(store).files("b1")
    assert files.read_json("resource_list")["v1/Pod"] == ["shop/a", "web/b"]
    record = files.read_record()
    assert record is not None
    assert {entry["resource"] for entry in record.lists} > {"pods", "configmaps", "persistentvolumes"}


def test_hooks_run_around_their_pod(api: BackupApi, store: t.Any) -> None:  # docs/compatibility E-3
    for name in ("b", "a"):
        pod(api, name, **{HOOK + "command": "pre", POST + "command": "post"})
    outcome = run(api, store)
    for name in ("a", "b"):
        assert [command for pod, command in api.executed if pod == name] == ["pre", "post"]
    assert (outcome.backup or {})["status"]["hookStatus"] == {"hooksAttempted": 4}


def test_a_pod_whose_pre_hook_fails_is_left_out(api: BackupApi, store: t.Any) -> None:
    """docs/compatibility D1, D5, D6, D9, F4."""
    api.codes["bad"] = 1
    pod(api, "a", **{HOOK + "command": "bad", POST + "command": "post"})
    pod(api, "b", **{HOOK + "command": "good"})
    api.add("persistentvolumeclaims", "data", "shop", spec={"volumeName": "pv"}, status={"phase": "Bound"})
    api.add("persistentvolumes", "pv", spec={"persistentVolumeReclaimPolicy": "Delete"})
    outcome = run(api, store, included_namespaces=["shop"])
    status = (outcome.backup or {})["status"]
    assert (outcome.phase, status["errors"]) == ("PartiallyFailed", 2)
    assert status["hookStatus"] == {"hooksAttempted": 2, "hooksFailed": 1}
    assert stored(store) == [
        "namespaces/shop",
        "persistentvolumeclaims/shop/data",
        "persistentvolumes/pv",
        "pods/shop/b",
    ]
    assert sorted(api.executed) == [("a", "bad"), ("b", "good")]
    assert Catalog(store).files("b1").read_json("resource_list")["v1/Pod"] == ["shop/a", "shop/b"]
    assert [entry["pvName"] for entry in outcome.volumes] == ["pv"]


def test_a_pod_that_is_met_twice_has_its_hooks_once(api: BackupApi, store: t.Any) -> None:  # docs/compatibility E-6
    pod(api, "a", **{HOOK + "command": "pre"})
    api.first("pods")["metadata"]["labels"] = {"app": "web", "tier": "front"}
    either = [{"matchLabels": {"app": "web"}}, {"matchLabels": {"tier": "front"}}]
    outcome = run(api, store, or_label_selectors=either, ordered_resources={"pods": ["shop/a"]})
    assert api.executed == [("a", "pre")]
    assert outcome.items["pods"] == 1


def test_a_malformed_timeout_is_a_warning(api: BackupApi, store: t.Any) -> None:  # docs/compatibility D10
    pod(api, "a", **{HOOK + "command": "x", HOOK + "timeout": "300"})
    outcome = run(api, store)
    assert (outcome.phase, (outcome.backup or {})["status"]["warnings"]) == ("Completed", 1)
    assert "Write 300s for seconds" in outcome.warnings_list[0]["message"]


@pytest.mark.parametrize(
    "metadata",
    [{"labels": {"velero.io/exclude-from-backup": "true"}}, {"deletionTimestamp": "2026-06-01T02:00:00Z"}],
    ids=["E-7", "terminating"],
)
def test_a_pod_that_is_not_stored_has_no_hooks(api: BackupApi, store: t.Any, metadata: dict[str, t.Any]) -> None:
    pod(api, "a", **{HOOK + "command": "x"})
    api.first("pods")["metadata"] |= metadata
    run(api, store)
    assert api.executed == []
    assert "pods/shop/a" not in stored(store)


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        pytest.param(
            {}, ["namespaces/shop", "namespaces/web", "persistentvolumes/free", "persistentvolumes/pv"], id="all"
        ),
        pytest.param(
            {"included_namespaces": ["shop"]}, ["namespaces/shop", "persistentvolumes/pv"], id="of-the-claims"
        ),
        pytest.param(
            {"included_namespaces": ["shop"], "include_cluster_resources": True},
            ["namespaces/shop", "persistentvolumes/free", "persistentvolumes/pv"],
            id="true",
        ),
        pytest.param({"include_cluster_resources": False}, [], id="false"),
        pytest.param({"included_resources": ["persistentvolumeclaims"]}, [], id="the-filter-drops-the-volume"),
    ],
)
def test_cluster_scoped_objects(api: BackupApi, store: t.Any, options: dict[str, t.Any], kept: list[str]) -> None:
    api.add("persistentvolumeclaims", "data", "shop", spec={"volumeName": "pv"}, status={"phase": "Bound"})
    for name in ("pv", "free"):
        api.add("persistentvolumes", name, spec={})
    run(api, store, **options)
    assert stored(store) == sorted([*kept, "persistentvolumeclaims/shop/data"])


def test_a_list_that_fails_is_an_error_of_its_type(api: BackupApi, store: t.Any) -> None:  # docs/compatibility 3.6
    api.forbidden = {"configmaps"}
    pod(api, "a")
    outcome = run(api, store)
    assert (outcome.phase, outcome.items["pods"]) == ("PartiallyFailed", 1)
    assert "You may not list configmaps" in outcome.errors_list[0]["message"] + outcome.errors_list[0]["reason"]


def test_a_missing_namespace_beside_others(api: BackupApi, store: t.Any) -> None:  # docs/compatibility 3.5
    outcome = run(api, store, included_namespaces=["shop", "gone"])
    assert outcome.phase == "PartiallyFailed"
    (error,) = outcome.errors_list
    assert "does not exist" in error["message"]
    # A Namespace lies in no namespace: "namespace gone", not "namespace gone/gone".
    assert (error["resource"], error["namespace"], error["name"]) == ("namespaces", "", "gone")
    again = run(api, store, included_namespaces=["shop", "gone"])
    assert [(each["namespace"], each["name"]) for each in again.errors_list] == [("", "gone")]


def test_the_second_run_does_nothing(api: BackupApi, store: t.Any) -> None:
    pod(api, "a", **{HOOK + "command": "x"})
    first = run(api, store)
    again = run(api, store)
    assert (again.changed, again.backup, len(api.executed)) == (False, first.backup, 1)
    with pytest.raises(ValidationError, match="with another spec: ttl differs") as caught:
        run(api, store, ttl="1h")
    assert caught.value.details["phase"] == "Failed"  # docs/compatibility 1.7: the name is taken


def test_a_cancelled_backup_leaves_nothing(api: BackupApi, store: t.Any, tmp_path: Path) -> None:
    token = CancelToken()
    api.on_exec = lambda: token.cancel("SIGTERM")
    pod(api, "a", **{HOOK + "command": "pre", POST + "command": "post"})
    with pytest.raises(Cancelled) as caught:
        run(api, store, cancel=token)
    assert api.executed == [("a", "pre"), ("a", "post")]
    assert [hook["phase"] for hook in caught.value.details["hooks"]] == ["pre", "post"]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_nothing_is_written_when_nothing_can_be_backed_up(api: BackupApi, store: t.Any, tmp_path: Path) -> None:
    with pytest.raises(ArkiveError, match="Namespace gone does not exist"):
        run(api, store, included_namespaces=["gone"])
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_check_mode_is_not_kept_from_replacing_by_a_claim_that_is_over(api: BackupApi, store: t.Any) -> None:
    """The failed run could not remove its claim; what it was to store is there, so nobody works under it."""
    pod(api, "a", **{HOOK + "command": '["false"]'})
    api.codes["false"] = 1
    failed = back_up(api, store)
    assert failed.phase == "PartiallyFailed"
    uid = (failed.backup or {})["metadata"]["uid"]
    left = dataclasses.replace(LockRecord.make("r1", "host", 1, utc_now(), 600.0), commits=uid)
    store.put("backups/b1/b1-arkive-claim.json", left.encode())
    request = make_request(request={"replace_failed": True})
    assert plan_backup(request, client=api.client, store=store).changed


def test_check_mode_counts_and_executes_nothing(api: BackupApi, store: t.Any, tmp_path: Path) -> None:
    pod(api, "a", **{HOOK + "command": '["x", "y"]', HOOK + "on-error": "Continue"})
    api.add("configmaps", "c", "shop")
    plan = plan_backup(make_request(), client=api.client, store=store)
    assert (plan.changed, plan.items) == (True, {"configmaps": 1, "namespaces": 2, "pods": 1})
    assert [(hook["pod"], hook["argv"], hook["on_error"]) for hook in plan.planned_hooks] == [
        ("a", ["x", "y"], "Continue")
    ]
    assert api.executed == []
    assert list(tmp_path.rglob("*")) == []


CLAIM = "backups/b1/b1-arkive-claim.json"


def foreseen(api: BackupApi, store: t.Any) -> list[str]:
    before = {info.key: store.get(info.key) for info in store.list().objects}
    plan = plan_backup(make_request(), client=api.client, store=store)
    assert {info.key: store.get(info.key) for info in store.list().objects} == before
    return [warning["message"] for warning in plan.warnings_list]


def test_check_mode_tells_what_a_dead_run_of_the_name_has_left(api: BackupApi, store: t.Any) -> None:
    pod(api, "a")
    put_expired(store, key=CLAIM)
    store.put("backups/b1/b1.tar.gz", b"half")
    who = "run dead-run on host-x (pid 4711)"
    assert foreseen(api, store) == [
        f"This backup was begun by {who}, which had not finished it: its files would be removed."
    ]
    assert run(api, store).phase == "Completed"
    # The run is over when its backup is to be seen, whenever its claim ends; the claim is removed by the next run.
    stored_backup = Catalog(store).read_backup("b1") or {}
    put_expired(store, age=0, key=CLAIM, commits=stored_backup["metadata"]["uid"])
    sentence = f"The backup was stored by {who}, which did not end as it should."
    assert foreseen(api, store) == [sentence]
    outcome = run(api, store)
    assert (outcome.changed, [warning["message"] for warning in outcome.warnings_list]) == (False, [sentence])
    assert not store.exists(CLAIM)


def test_check_mode_refuses_a_live_run_of_the_name(api: BackupApi, store: t.Any) -> None:
    pod(api, "a")
    with WriteLock.acquire(store, CLAIM, run_id="live"), pytest.raises(WriteLockHeld):
        foreseen(api, store)
    # The run itself would wait for one that was about to commit.
    put_expired(store, age=0, key=CLAIM, commits="u-1")
    (sentence,) = foreseen(api, store)
    assert sentence.startswith("run dead-run on host-x (pid 4711) was about to store this backup: the run would wait")


def hook_rule(name: str, **filters: t.Any) -> dict[str, t.Any]:
    return {"name": name, "pre": [{"exec": {"command": ["flush"]}}], **filters}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        pytest.param(hook_rule("db", labelSelector={"matchLabels": {"app": "bd"}}), "'db' fits no pod", id="labels"),
        pytest.param(hook_rule("db", includedNamespaces=["shopp"]), "'db' fits no pod", id="namespace"),
        pytest.param(hook_rule("db", includedResources=["deployments"]), "'db' is not for pods", id="type"),
        pytest.param(hook_rule("db", includedNamespaces=["sh*"]), "", id="one that fits"),
    ],
)
def test_a_hook_rule_that_never_runs_is_told(api: BackupApi, store: t.Any, rule: t.Any, said: str) -> None:
    """The data would be stored without the hooks that were to quiesce it. A pod's own hooks win, and the rule fits."""
    pod(api, "a", **{HOOK + "command": "own"})
    outcome = run(api, store, hooks={"resources": [rule]})
    told = [warning["message"] for warning in outcome.warnings_list]
    assert (outcome.phase, len(told)) == ("Completed", 1 if said else 0)
    assert all(f"The hook rule {said}" in sentence for sentence in told)


@pytest.mark.parametrize("ended", ["configmaps", "persistentvolumes", "customresourcedefinitions"])
def test_a_credential_that_ends_on_the_way_ends_the_backup(
    api: BackupApi, store: t.Any, tmp_path: Path, ended: str
) -> None:
    """It is one error, and no backup of what had been read before is stored; a freeze is released all the same."""
    pod(api, "a", **{HOOK + "command": "pre", POST + "command": "post"})
    api.add("persistentvolumeclaims", "data", "shop", spec={"volumeName": "pv"}, status={"phase": "Bound"})
    api.add("persistentvolumes", "pv", spec={"persistentVolumeReclaimPolicy": "Delete"})
    api.unauthorized = {ended}
    if ended == "customresourcedefinitions":
        api.add("customresourcedefinitions", "widgets.example.org", spec={})
    with pytest.raises(KubeError, match="did not accept the credential") as caught:
        run(api, store, include_cluster_resources=True)
    phases = [hook["phase"] for hook in caught.value.details["hooks"]]
    assert phases == ([] if ended == "persistentvolumes" else ["pre", "post"]), "volumes are read before the hooks"
    assert caught.value.details["errors_list"] == []
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
