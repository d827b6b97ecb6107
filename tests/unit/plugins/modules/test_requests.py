# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of ``k8s_restore`` and ``k8s_hook_exec``, as the engines take them."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.between_tasks import FreezeTaskRequest
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hook_task import HookTaskOutcome, HookTaskRequest
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


def test_sweep(run_module: Runner, called: list[tuple[str, str]]) -> None:
    run_module(k8s_hook_exec, state="swept", **POD)
    assert called == [("sweep_namespace", "shop")]


def test_errors_fail_the_task_with_all_that_happened(run_module: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = HookTaskOutcome(changed=True, errors=["It broke.", "And this."], warnings=["Odd."])
    monkeypatch.setattr(k8s_hook_exec, "run_hook_task", lambda *_args, **_means: outcome)
    result = run_module(k8s_hook_exec, argv=["id"], **POD)
    assert result["failed"]
    assert result["changed"]
    assert result["msg"] == "It broke. (1 more in errors_list)"
    assert [entry["message"] for entry in result["errors_list"]] == ["It broke.", "And this."]
    assert [entry["message"] for entry in result["warnings_list"]] == ["Odd."]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param({}, "one of the following is required", id="nothing to do"),
        pytest.param({"argv": ["id"], "command": "id"}, "mutually exclusive", id="two commands"),
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
