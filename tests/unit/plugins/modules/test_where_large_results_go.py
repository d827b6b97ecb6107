# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the whole of a large result goes, by what the run of a module has recorded."""

from __future__ import annotations

import dataclasses
import gzip
import json
import pathlib
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.large_results import LIMIT
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issue, Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hook_task import HookTaskOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.applied import AppliedPlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.modules import k8s_backup, k8s_hook_exec, k8s_restore

Runner: t.TypeAlias = "t.Callable[..., dict[str, t.Any]]"

AUTH = {"host": "https://127.0.0.1:1", "api_key": "token-that-is-secret"}
HOOKS = [{"pod": f"p-{number}", "state": "ok", "stdout": "x" * 65536} for number in range(40)]
RESTORE = RestoreOutcome(
    restore={"metadata": {"name": "r"}, "spec": {"backupName": "b"}},
    phase="Completed",
    changed=True,
    applied=AppliedPlan(RestorePlan()),
    diffs=[],
    diffs_left_out=0,
    hooks=HOOKS,
    issues=Issues(),
    timings={},
    recorded=True,
)


@pytest.fixture(autouse=True)
def temporary(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def restored(
    run_module: Runner, monkeypatch: pytest.MonkeyPatch, place: pathlib.Path, outcome: RestoreOutcome, **options: t.Any
) -> dict[str, t.Any]:
    for engine in ("run_restore", "plan_restore"):
        monkeypatch.setattr(k8s_restore, engine, lambda *_given, **_means: outcome)
    result = run_module(k8s_restore, backup="b", storage_location={"path": str(place)}, **AUTH, **options)
    assert len(json.dumps(result)) < LIMIT
    return result


def test_a_restore_that_was_recorded(
    run_module: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, temporary: pathlib.Path
) -> None:
    result = restored(run_module, monkeypatch, tmp_path, RESTORE)
    assert result["result_key"] == "restores/r/r-arkive-result.json.gz"
    assert json.loads(gzip.decompress((tmp_path / result["result_key"]).read_bytes())) == {"hooks": HOOKS}
    assert result["left_out"] == {"hooks": 40}
    assert (result["result_path"], list(temporary.iterdir())) == (None, [])


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_restore_that_was_not_recorded(
    run_module: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, check_mode: bool
) -> None:
    """Check mode, a location that is read-only, and a restore that changed nothing write nothing there."""
    outcome = dataclasses.replace(RESTORE, recorded=False)
    result = restored(run_module, monkeypatch, tmp_path, outcome, check_mode=check_mode)
    assert result["result_key"] is None
    assert json.loads(pathlib.Path(result["result_path"]).read_text()) == {"hooks": HOOKS}
    assert not (tmp_path / "restores").exists()


def test_a_backup(run_module: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    outcome = BackupOutcome(changed=True, backup={"status": {"phase": "Completed"}}, recorded_hooks=HOOKS)
    monkeypatch.setattr(k8s_backup, "run_backup", lambda *_given, **_means: outcome)
    result = run_module(k8s_backup, name="b", storage_location={"path": str(tmp_path)}, **AUTH)
    assert result["result_key"] == "backups/b/b-arkive-result.json.gz"
    outcome = dataclasses.replace(outcome, changed=False)  # found as it was stored
    result = run_module(k8s_backup, name="b", storage_location={"path": str(tmp_path)}, **AUTH)
    assert (result["result_key"], bool(result["result_path"])) == (None, True)


def test_an_error_with_much_beside_it(
    run_module: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    def refuse(*_given: t.Any, **_means: t.Any) -> t.NoReturn:
        conflicts = [{"name": f"c-{number}", "action": "conflict", "reason": "r" * 500} for number in range(3000)]
        errors = [{"message": "token-that-is-secret", "name": f"c-{number}"} for number in range(3000)]
        raise ArkiveError("It cannot be restored.", details={"plan": conflicts, "errors_list": errors})

    monkeypatch.setattr(k8s_restore, "run_restore", refuse)
    result = run_module(k8s_restore, backup="b", storage_location={"path": str(tmp_path)}, **AUTH)
    assert result["failed"]
    assert result["msg"].startswith("It cannot be restored.")
    assert len(json.dumps(result)) < LIMIT
    assert set(result["left_out"]) == {"plan", "errors_list"}
    assert len(json.loads(pathlib.Path(result["plan_path"]).read_text())) == 3000
    assert "token-that-is-secret" not in pathlib.Path(result["result_path"]).read_text()


REFUSED = "Not begun: shop/data would not come back (its class is not there)."
LOST = Issue(message="error restoring PersistentVolumeClaim shop/data: its class is not there")
OTHER = Issue(message="error restoring PersistentVolumeClaim shop/logs: another reason")
SAME_WORDS = Issue(message="its class is not there")


@pytest.mark.parametrize(
    ("errors", "told", "msg"),
    [
        pytest.param([LOST], [LOST], REFUSED, id="what it was refused for"),
        pytest.param(
            [OTHER, LOST], [LOST], f"{REFUSED} Errors before that: {OTHER.message}.", id="and what was met before"
        ),
        pytest.param([LOST, OTHER], [LOST, OTHER], REFUSED, id="several reasons"),
        pytest.param(
            [SAME_WORDS],
            [LOST],
            f"{REFUSED} Errors before that: {SAME_WORDS.message}.",
            id="the same words by chance",
        ),
        pytest.param([LOST], [], f"{REFUSED} Errors before that: {LOST.message}.", id="nothing that it says it tells"),
    ],
)
def test_a_reason_is_said_once(
    run_module: Runner,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: pathlib.Path,
    errors: list[Issue],
    told: list[Issue],
    msg: str,
) -> None:
    """All of them are in errors_list all the same."""

    def refuse(*_given: t.Any, **_means: t.Any) -> t.NoReturn:
        raise ArkiveError(REFUSED, details={"errors_list": to_return(errors)}, told=told)

    monkeypatch.setattr(k8s_restore, "run_restore", refuse)
    result = run_module(k8s_restore, backup="b", storage_location={"path": str(tmp_path)}, **AUTH)
    assert result["msg"] == msg
    assert result["errors_list"][1:] == to_return(errors)


def test_a_module_without_a_location(
    run_module: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    """The rest is in a temporary file unless the task names one."""
    outcome = HookTaskOutcome(planned=HOOKS)
    monkeypatch.setattr(k8s_hook_exec, "run_hook_task", lambda *_given, **_means: outcome)
    task = {"namespace": "shop", "argv": ["id"], **AUTH}
    result = run_module(k8s_hook_exec, **task)
    assert result["left_out"] == {"hooks": 40}
    assert json.loads(pathlib.Path(result["result_path"]).read_text()) == {"hooks": HOOKS}
    result = run_module(k8s_hook_exec, result_path=str(tmp_path / "whole.json"), **task)
    assert (result["left_out"], result["result_path"]) == ({"hooks": 40}, str(tmp_path / "whole.json"))
