# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of ``k8s_restore`` and ``k8s_hook_exec``, as the engines take them."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.between_tasks import FreezeTaskRequest
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hook_task import HookTaskOutcome, HookTaskRequest
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import HelperPod
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.applied import AppliedPlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.modules import k8s_hook_exec, k8s_restore

Runner: t.TypeAlias = "t.Callable[..., dict[str, t.Any]]"

AUTH = {"host": "https://127.0.0.1:1", "api_key": "token"}
POD = {"namespace": "shop", "pod": "db-0", **AUTH}


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, t.Any]]:
    """The engines that were called, by name, with what they were asked."""
    calls: list[tuple[str, t.Any]] = []

    def stand_in(module: t.Any, name: str, answer: t.Any) -> None:
        def engine(request: t.Any, **_means: t.Any) -> t.Any:
            calls.append((name, request))
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(module, name, engine)

    for name in ("run_restore", "plan_restore"):
        stand_in(k8s_restore, name, ArkiveError("Not done."))
    for name in ("run_hook_task", "freeze_path", "thaw_path", "sweep_namespace"):
        stand_in(k8s_hook_exec, name, HookTaskOutcome(changed=True, lease_ids=["abc"]))
    return calls


def test_restore(run_module: Runner, called: list[tuple[str, RestoreRequest]]) -> None:
    result = run_module(
        k8s_restore,
        diff=True,
        backup="shop",
        name="again",
        namespace_mapping={"shop": "shop-copy"},
        or_label_selectors=[{"matchLabels": {"a": "b"}}, {"match_expressions": [{"key": "c", "operator": "Exists"}]}],
        existing_resource_policy="update",
        resource_timeout="90s",
        storage_location={"path": "/tmp", "read_only": True},
        **AUTH,
    )
    assert result["msg"] == "Not done."
    [(engine, request)] = called
    assert engine == "run_restore"
    assert request.name == "again"
    assert request.spec.namespace_mapping == {"shop": "shop-copy"}
    assert [selector.to_text() for selector in request.spec.or_label_selectors] == ["a in (b)", "c"]
    assert request.spec.existing_resource_policy == "update"
    assert request.resource_timeout == 90
    assert request.want_diff
    assert not request.write_records  # the location must not be written


def test_restore_defaults(run_module: Runner, called: list[tuple[str, RestoreRequest]]) -> None:
    run_module(k8s_restore, check_mode=True, backup="shop", storage_location={"path": "/tmp"}, **AUTH)
    [(engine, request)] = called
    assert engine == "plan_restore"
    assert request == RestoreRequest(spec=request.spec, write_records=True)
    assert request.spec.existing_resource_policy is None  # Velero stores nothing for its default


MODIFIERS = {
    "version": "v1",
    "resourceModifierRules": [
        {"conditions": {"groupResource": "pods"}, "mergePatches": [{"patchData": {"metadata": {"labels": {"a": "b"}}}}]}
    ],
}
MANIFEST = {
    "apiVersion": "velero.io/v1",
    "kind": "Restore",
    "metadata": {"name": "from-manifest", "namespace": "velero-2"},
    "spec": {
        "backupName": "shop",
        "restorePVs": False,
        "existingResourcePolicy": "update",
        "includedNamespaces": ["a"],
    },
}


def test_every_option_of_a_restore(run_module: Runner, called: list[tuple[str, RestoreRequest]]) -> None:
    run_module(
        k8s_restore,
        schedule="nightly",
        restore_pvs=False,
        restore_status={"includedResources": ["jobs"]},
        existing_resource_policy="recreate",
        hooks=[{"name": "r", "postHooks": [{"exec": {"command": ["true"]}}]}],
        item_operation_timeout="1h",
        resource_modifiers=MODIFIERS,
        uploader_config={"parallel_files_download": 3},
        storage_class_mapping={"gp2": "fast"},
        image_mapping={"docker.io/": "mirror/"},
        names=["secret/shop/db"],
        select="metadata.name == 'db'",
        resource_priorities="secrets,-,configmaps",
        all_api_versions=True,
        api_version_priorities={"widgets.example.org": ["v2", "v1"]},
        velero_namespace="backups",
        hook_wait_limit="5m",
        wait=True,
        wait_timeout="90s",
        no_log_output=True,
        storage_location={"path": "/tmp"},
        **AUTH,
    )
    [(_engine, request)] = called
    spec = request.spec.to_dict()
    assert (spec["scheduleName"], "backupName" in spec, spec["restorePVs"]) == ("nightly", False, False)
    assert spec["restoreStatus"] == {"includedResources": ["jobs"]}
    assert (spec["existingResourcePolicy"], spec["itemOperationTimeout"]) == ("recreate", "1h0m0s")
    assert [rule["name"] for rule in spec["hooks"]["resources"]] == ["r"]
    assert spec["uploaderConfig"] == {"parallelFilesDownload": 3}
    assert request.modifiers is not None
    assert len(request.modifiers.rules) == 1
    assert (request.storage_class_mapping, request.image_mapping) == ({"gp2": "fast"}, {"docker.io/": "mirror/"})
    assert request.names == ("secret/shop/db",)
    assert request.select is not None
    assert [request.select({"metadata": {"name": name}}) for name in ("db", "web")] == [True, False]
    assert request.resource_priorities == (("secrets",), ("configmaps",))
    assert request.api_version_priorities == {"widgets.example.org": ("v2", "v1")}
    assert (request.velero_namespace, request.hook_wait_limit, request.log_output) == ("backups", 300, False)
    assert request.wait_timeout == 90


@pytest.mark.parametrize(
    ("given", "warned", "waits"),
    [
        ({"wait_timeout": "100s"}, True, None),
        ({"wait_timeout": "100s", "wait": True}, False, 100),
        ({"wait": True}, False, 600),
        ({}, False, None),
    ],
)
def test_a_limit_of_no_wait_is_told(
    run_module: Runner, monkeypatch: pytest.MonkeyPatch, given: t.Any, warned: bool, waits: float | None
) -> None:
    asked: list[RestoreRequest] = []
    outcome = RestoreOutcome(
        restore={"metadata": {"name": "r"}, "spec": {"backupName": "b"}},
        phase="Completed",
        changed=False,
        applied=AppliedPlan(RestorePlan()),
        diffs=[],
        diffs_left_out=0,
        hooks=[],
        issues=Issues(),
        timings={},
        recorded=False,
    )

    def restore(request: RestoreRequest, **_means: t.Any) -> RestoreOutcome:
        asked.append(request)
        return outcome

    monkeypatch.setattr(k8s_restore, "run_restore", restore)
    result = run_module(k8s_restore, backup="b", storage_location={"path": "/tmp"}, **given, **AUTH)
    said = [each["message"] for each in result["warnings_list"]]
    expected = ["wait_timeout (100s) does nothing without wait: true, so the workloads are not waited for."]
    assert (said, asked[0].wait_timeout) == (expected if warned else [], waits)


@pytest.mark.parametrize(
    ("arguments", "name", "policy", "namespaces"),
    [
        ({}, "from-manifest", "update", ("a",)),
        ({"name": "own", "existing_resource_policy": "none", "included_namespaces": ["b"]}, "own", "none", ("b",)),
    ],
)
def test_options_win_over_the_manifest(
    run_module: Runner,
    called: list[tuple[str, RestoreRequest]],
    arguments: dict[str, t.Any],
    name: str,
    policy: str,
    namespaces: tuple[str, ...],
) -> None:
    run_module(k8s_restore, definition=MANIFEST, storage_location={"path": "/tmp"}, **AUTH, **arguments)
    [(_engine, request)] = called
    assert (request.name, request.velero_namespace, request.spec.backup_name) == (name, "velero-2", "shop")
    assert (request.spec.existing_resource_policy, request.spec.restore_pvs) == (policy, False)
    assert request.spec.included_namespaces == namespaces


def test_schedule_wins_over_the_backup_of_the_manifest(
    run_module: Runner, called: list[tuple[str, RestoreRequest]]
) -> None:
    run_module(k8s_restore, definition=MANIFEST, schedule="nightly", storage_location={"path": "/tmp"}, **AUTH)
    [(_engine, request)] = called
    assert (request.spec.backup_name, request.spec.schedule_name) == ("", "nightly")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param({}, "one of the following is required: backup, schedule, definition, src", id="no source"),
        pytest.param({"backup": "a", "schedule": "b"}, "mutually exclusive", id="two sources"),
        pytest.param({"definition": {"kind": "Backup"}}, "must be 'Restore'", id="another kind"),
        pytest.param({"src": "/nowhere.yml"}, "The file /nowhere.yml cannot be read", id="no file"),
        pytest.param({"backup": "a", "names": ["secrets"]}, "not the name of an object", id="names"),
        pytest.param({"backup": "a", "select": "a ="}, "is no JMESPath expression for the stored", id="select"),
        pytest.param({"backup": "a", "resource_modifiers": {"version": "v1"}}, "no resourceModifierRules", id="rules"),
        pytest.param({"backup": "a", "resource_modifiers": ["x"]}, "is not a mapping", id="list of rules"),
        pytest.param(
            {"backup": "a", "resource_modifiers": MODIFIERS, "resource_modifier": {"name": "x"}}, "exclusive", id="both"
        ),
        pytest.param({"backup": "a", "image_mapping": {"x": None}}, "image_mapping.x is not text", id="no new image"),
        pytest.param({"backup": "a", "storage_class_mapping": {"x": ""}}, "has an empty name", id="no new class"),
        pytest.param({"backup": "a", "resource_priorities": ["a", "-", "-"]}, "more than one '-'", id="priorities"),
        pytest.param(
            {"backup": "a", "api_version_priorities": {"x": ["v1"]}}, "without all_api_versions", id="no versions"
        ),
        pytest.param(
            {"backup": "a", "all_api_versions": True, "api_version_priorities": {"x": "v1"}}, "lists", id="no list"
        ),
        pytest.param({"backup": "a", "item_operation_timeout": "4"}, "Write 4s", id="duration"),
        pytest.param({"backup": "a", "included_resources": ["nodes"]}, "non-restorable", id="nodes"),
        pytest.param({"backup": "a", "hooks": [{"name": "x", "pre": []}]}, "no field 'pre'", id="hooks"),
    ],
)
def test_wrong_restores(
    run_module: Runner, called: list[tuple[str, RestoreRequest]], arguments: dict[str, t.Any], words: str
) -> None:
    result = run_module(k8s_restore, storage_location={"path": "/tmp"}, **AUTH, **arguments)
    assert result["failed"]
    assert words in result["msg"]
    assert called == []


@pytest.mark.parametrize(
    ("arguments", "engine", "argv"),
    [
        ({"argv": ["echo", "a b"]}, "run_hook_task", ("echo", "a b")),
        ({"command": '["echo", "a b"]'}, "run_hook_task", ("echo", "a b")),
        ({"command": "echo a b"}, "run_hook_task", ("echo a b",)),  # as an annotation: nothing is split
        ({"phase": "post"}, "run_hook_task", ()),
    ],
)
def test_hook(
    run_module: Runner,
    called: list[tuple[str, HookTaskRequest]],
    arguments: dict[str, t.Any],
    engine: str,
    argv: tuple[str, ...],
) -> None:
    result = run_module(k8s_hook_exec, **POD, **arguments)
    assert not result["failed"]
    [(name, request)] = called
    assert (name, request.argv, request.phase) == (engine, argv, arguments.get("phase"))
    assert (request.namespace, request.pod, request.on_error, request.timeout_seconds) == ("shop", "db-0", "Fail", 30)


@pytest.mark.parametrize(("state", "engine"), [("frozen", "freeze_path"), ("thawed", "thaw_path")])
def test_freeze(run_module: Runner, called: list[tuple[str, FreezeTaskRequest]], state: str, engine: str) -> None:
    result = run_module(k8s_hook_exec, state=state, freeze_path="/data", lease_seconds=7, lease_id="abc", **POD)
    [(name, request)] = called
    assert (name, request.path, request.lease_id) == (engine, "/data", "abc")
    assert request.task.freeze_policy.lease_seconds == 7
    assert (result["lease_id"], result["lease_ids"]) == ("abc", ["abc"])


def test_sweep(run_module: Runner, called: list[tuple[str, t.Any]]) -> None:
    run_module(k8s_hook_exec, state="swept", helper_pod={"image": "busybox", "namespace": "kube-system"}, **POD)
    [(name, request)] = called
    assert (name, request.namespace) == ("sweep_namespace", "shop")
    assert request.freeze_policy.helper_pod == HelperPod(image="busybox", namespace="kube-system")


def test_errors_fail_the_task_with_all_that_happened(run_module: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = HookTaskOutcome(changed=True, issues=Issues.of(errors=["It broke.", "And this."], warnings=["Odd."]))
    monkeypatch.setattr(k8s_hook_exec, "run_hook_task", lambda *_args, **_means: outcome)
    result = run_module(k8s_hook_exec, argv=["id"], **POD)
    assert result["failed"]
    assert result["changed"]
    assert result["msg"] == "(1) It broke. (2) And this."
    assert [entry["message"] for entry in result["errors_list"]] == ["It broke.", "And this."]
    assert [entry["message"] for entry in result["warnings_list"]] == ["Odd."]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param({}, "one of the following is required", id="nothing to do"),
        pytest.param({"argv": ["id"], "command": "id"}, "mutually exclusive", id="two commands"),
        # Ansible makes a text of a list.
        pytest.param({"command": ["sh", "-c", "id"]}, "Give a list as 'argv'", id="a list as command"),
        pytest.param({"state": "frozen"}, "freeze_path", id="no path"),
        pytest.param({"argv": ["id"], "freeze_path": "/data"}, "state", id="path without state"),
        pytest.param({"phase": "pre", "container": "web"}, "mutually exclusive", id="the annotations name it"),
        pytest.param({"state": "frozen", "freeze_path": "/data", "lease_seconds": 0}, "at least 1", id="no lease"),
        pytest.param({"argv": ["id"], "timeout": "5"}, "Write 5s", id="timeout without unit"),
    ],
)
def test_wrong_hooks(run_module: Runner, arguments: dict[str, t.Any], words: str) -> None:
    result = run_module(k8s_hook_exec, **POD, **arguments)
    assert result["failed"]
    assert words in result["msg"]
