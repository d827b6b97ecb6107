# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole backup, from an API that answers from a list of objects into a directory."""

from __future__ import annotations

import copy
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.repository import BackupRepository
from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.plan import plan_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks import executor
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import ExecResult
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec

VERBS = frozenset({"create", "delete", "get", "list"})
KINDS = {
    "namespaces": ("Namespace", False),
    "configmaps": ("ConfigMap", True),
    "persistentvolumeclaims": ("PersistentVolumeClaim", True),
    "persistentvolumes": ("PersistentVolume", False),
    "pods": ("Pod", True),
}
HOOK = "pre.hook.backup.velero.io/"
POST = "post.hook.backup.velero.io/"


class Api:
    """The fake API server and its containers."""

    server = "https://127.0.0.1:6443"
    requests_made = 0

    def __init__(self) -> None:
        self.objects: dict[str, list[dict[str, t.Any]]] = {plural: [] for plural in KINDS}
        self.executed: list[tuple[str, str]] = []
        self.codes: dict[str, int] = {}
        self.forbidden: set[str] = set()
        self.on_exec: t.Callable[[], None] = lambda: None

    def add(self, plural: str, name: str, namespace: str = "", **more: t.Any) -> None:
        metadata = {"name": name} | ({"namespace": namespace} if namespace else {}) | more.pop("metadata", {})
        self.objects[plural].append({"metadata": metadata, **more})

    def with_cancel(self, _cancel: t.Any) -> Api:
        return self

    def version(self) -> dict[str, str]:
        return {"gitVersion": "v1.34.1", "major": "1", "minor": "34"}

    def get(self, path: str, **_more: t.Any) -> dict[str, t.Any]:
        words = path.removeprefix("/api/v1/").split("/")
        namespace = words[1] if words[0] == "namespaces" and len(words) > 2 else ""
        plural, *name = words[2:] if namespace else words
        if plural in self.forbidden:
            raise KubeError(f"You may not list {plural}.", status=403, reason="Forbidden")
        found = [o for o in self.objects[plural] if not namespace or o["metadata"]["namespace"] == namespace]
        if not name:
            return {"items": copy.deepcopy(found), "metadata": {"resourceVersion": "7"}}
        for each in found:
            if each["metadata"]["name"] == name[0]:
                return copy.deepcopy(each)
        raise KubeError(f"{path} is not there.", status=404, reason="NotFound")

    def get_bytes(self, path: str, **more: t.Any) -> bytes:
        return json.dumps(self.get(path, **more)).encode()

    def exec_command(self, _client: t.Any, **given: t.Any) -> ExecResult:
        self.executed.append((given["pod"], " ".join(given["argv"])))
        self.on_exec()
        rc = self.codes.get(given["argv"][0], 0)
        return ExecResult(
            rc=rc, stdout=b"", stderr=b"", stdout_truncated=False, stderr_truncated=False, duration_seconds=0.0
        )


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    fake = Api()
    found = [
        ApiResource("", "v1", plural, kind.lower(), kind, namespaced, VERBS)
        for plural, (kind, namespaced) in KINDS.items()
    ]
    monkeypatch.setattr(Discovery, "read", lambda _client: Discovery(found))
    monkeypatch.setattr(executor, "exec_command", fake.exec_command)
    for name in ("shop", "web"):
        fake.add("namespaces", name, status={"phase": "Active"})
    return fake


@pytest.fixture
def store(tmp_path: Path) -> t.Any:
    return open_store(StorageLocation(path=str(tmp_path)))


def pod(api: Api, name: str, namespace: str = "shop", **annotations: str) -> None:
    api.add(
        "pods",
        name,
        namespace,
        metadata={"annotations": annotations},
        spec={"containers": [{"name": "main"}], "nodeName": "n1"},
        status={"phase": "Running"},
    )


def run(api: Api, store: t.Any, *, cancel: CancelToken | None = None, **options: t.Any) -> BackupOutcome:
    request = BackupRequest(name="b1", spec=BackupSpec.from_options(options), workers=2)
    return run_backup(request, client=t.cast("t.Any", api), store=store, cancel=cancel)


def stored(store: t.Any) -> list[str]:
    with BackupRepository(store).open_tarball("b1") as tarball:
        return sorted(
            f"{item.group_resource}/{f'{item.namespace}/' if item.namespace else ''}{item.name}"
            for item in tarball.items
        )


def test_a_backup(api: Api, store: t.Any) -> None:
    pod(api, "a")
    pod(api, "b", "web")
    api.add("configmaps", "c", "shop", data={"k": "v"})
    outcome = run(api, store)
    assert (outcome.changed, outcome.phase) == (True, "Completed")
    assert stored(store) == ["configmaps/shop/c", "namespaces/shop", "namespaces/web", "pods/shop/a", "pods/web/b"]
    assert outcome.items == {"configmaps": 1, "namespaces": 2, "pods": 2}
    assert (outcome.backup or {})["status"]["progress"] == {"totalItems": 5, "itemsBackedUp": 5}
    assert (outcome.backup or {})["status"]["hookStatus"] == {}
    repository = BackupRepository(store)
    assert repository.read_json("b1", "resource_list")["v1/Pod"] == ["shop/a", "web/b"]
    record = repository.read_record("b1")
    assert record is not None
    assert {entry["resource"] for entry in record.lists} == {
        "pods",
        "configmaps",
        "persistentvolumeclaims",
        "persistentvolumes",
    }


def test_hooks_run_around_their_pod(api: Api, store: t.Any) -> None:  # E-3
    for name in ("b", "a"):
        pod(api, name, **{HOOK + "command": "pre", POST + "command": "post"})
    outcome = run(api, store)
    assert api.executed == [("a", "pre"), ("a", "post"), ("b", "pre"), ("b", "post")]
    assert (outcome.backup or {})["status"]["hookStatus"] == {"hooksAttempted": 4}


def test_a_pod_whose_pre_hook_fails_is_left_out(api: Api, store: t.Any) -> None:  # D1, D5, D6, D9, F4
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
    assert api.executed == [("a", "bad"), ("b", "good")]
    assert BackupRepository(store).read_json("b1", "resource_list")["v1/Pod"] == ["shop/a", "shop/b"]
    assert [entry["pvName"] for entry in outcome.volumes] == ["pv"]


def test_a_malformed_timeout_is_a_warning(api: Api, store: t.Any) -> None:  # D10
    pod(api, "a", **{HOOK + "command": "x", HOOK + "timeout": "300"})
    outcome = run(api, store)
    assert (outcome.phase, (outcome.backup or {})["status"]["warnings"]) == ("Completed", 1)
    assert "Write 300s for seconds" in outcome.warnings_list[0]["message"]


@pytest.mark.parametrize(
    "metadata",
    [{"labels": {"velero.io/exclude-from-backup": "true"}}, {"deletionTimestamp": "2026-06-01T02:00:00Z"}],
    ids=["E-7", "terminating"],
)
def test_a_pod_that_is_not_stored_has_no_hooks(api: Api, store: t.Any, metadata: dict[str, t.Any]) -> None:
    pod(api, "a", **{HOOK + "command": "x"})
    api.objects["pods"][0]["metadata"] |= metadata
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
def test_cluster_scoped_objects(api: Api, store: t.Any, options: dict[str, t.Any], kept: list[str]) -> None:
    api.add("persistentvolumeclaims", "data", "shop", spec={"volumeName": "pv"}, status={"phase": "Bound"})
    for name in ("pv", "free"):
        api.add("persistentvolumes", name, spec={})
    run(api, store, **options)
    assert stored(store) == sorted([*kept, "persistentvolumeclaims/shop/data"])


def test_a_list_that_fails_is_an_error_of_its_type(api: Api, store: t.Any) -> None:  # 3.6
    api.forbidden = {"configmaps"}
    pod(api, "a")
    outcome = run(api, store)
    assert (outcome.phase, outcome.items["pods"]) == ("PartiallyFailed", 1)
    assert "You may not list configmaps" in outcome.errors_list[0]["message"] + outcome.errors_list[0]["reason"]


def test_a_missing_namespace_beside_others(api: Api, store: t.Any) -> None:  # 3.5
    outcome = run(api, store, included_namespaces=["shop", "gone"])
    assert outcome.phase == "PartiallyFailed"
    (error,) = outcome.errors_list
    assert "does not exist" in error["message"]
    assert "gone" in (error["namespace"], error["name"])


def test_the_second_run_does_nothing(api: Api, store: t.Any) -> None:
    pod(api, "a", **{HOOK + "command": "x"})
    first = run(api, store)
    again = run(api, store)
    assert (again.changed, again.backup, len(api.executed)) == (False, first.backup, 1)
    with pytest.raises(ValidationError, match="with another spec: ttl differs"):
        run(api, store, ttl="1h")


def test_a_cancelled_backup_leaves_nothing(api: Api, store: t.Any, tmp_path: Path) -> None:
    token = CancelToken()
    api.on_exec = lambda: token.cancel("SIGTERM")
    pod(api, "a", **{HOOK + "command": "pre", POST + "command": "post"})
    with pytest.raises(Cancelled) as caught:
        run(api, store, cancel=token)
    assert api.executed == [("a", "pre"), ("a", "post")]
    assert [hook["phase"] for hook in caught.value.details["hooks"]] == ["pre", "post"]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_nothing_is_written_when_nothing_can_be_backed_up(api: Api, store: t.Any, tmp_path: Path) -> None:
    with pytest.raises(ArkiveError, match="Namespace gone does not exist"):
        run(api, store, included_namespaces=["gone"])
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_check_mode_counts_and_executes_nothing(api: Api, store: t.Any, tmp_path: Path) -> None:
    pod(api, "a", **{HOOK + "command": '["x", "y"]', HOOK + "on-error": "Continue"})
    api.add("configmaps", "c", "shop")
    request = BackupRequest(name="b1", spec=BackupSpec.from_options({}))
    plan = plan_backup(request, client=t.cast("t.Any", api), store=store)
    assert (plan.changed, plan.items) == (True, {"configmaps": 1, "namespaces": 2, "pods": 1})
    assert [(hook["pod"], hook["argv"], hook["on_error"]) for hook in plan.planned_hooks] == [
        ("a", ["x", "y"], "Continue")
    ]
    assert api.executed == []
    assert list(tmp_path.rglob("*")) == []
