# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the task's arguments to the engine's request, and from its outcome to the task's result."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.modules import k8s_backup

Runner: t.TypeAlias = "t.Callable[..., dict[str, t.Any]]"

AUTH = {"host": "https://127.0.0.1:1", "api_key": "token"}


class Engine:
    """Answers with ``outcome``, or raises ``error``."""

    def __init__(self) -> None:
        self.requests: list[BackupRequest] = []
        self.outcome = BackupOutcome()
        self.error: ArkiveError | None = None

    def __call__(self, request: BackupRequest, **_means: t.Any) -> BackupOutcome:
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        return self.outcome


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    for name in ("run_backup", "plan_backup"):
        monkeypatch.setattr(k8s_backup, name, engine)
    return engine


def backup_object(phase: str) -> dict[str, t.Any]:
    return {"spec": {}, "status": {"phase": phase}}


def test_options_reach_the_engine(run_module: Runner, engine: Engine, tmp_path: pathlib.Path) -> None:
    engine.outcome = BackupOutcome(changed=True, backup=backup_object("Completed"), items={"pods": 2})
    result = run_module(
        k8s_backup,
        name="shop",
        namespaces=["shop"],
        label_selector={"matchLabels": {"app": "web"}},
        ttl="never",
        hook_on_error_default="Continue",
        freeze_lease="30s",
        require_lease=True,
        storage_location={"path": str(tmp_path), "name": "cellar"},
        **AUTH,
    )
    request = engine.requests[0]
    assert request.name == "shop"
    assert request.spec.included_namespaces == ("shop",)
    assert request.spec.label_selector is not None
    assert request.spec.label_selector.to_dict() == {"matchLabels": {"app": "web"}}
    assert request.spec.ttl_seconds is None
    assert request.spec.storage_location == "cellar"
    assert request.hook_on_error_default == "Continue"
    assert request.freeze_policy.lease_seconds == 30
    assert request.freeze_policy.require_lease
    assert not result["failed"]
    assert result["changed"]
    assert result["item_counts"] == {"pods": 2}


@pytest.mark.parametrize(
    ("phase", "fail_on_partial", "failed"),
    [
        ("Completed", True, False),
        ("PartiallyFailed", True, True),
        ("PartiallyFailed", False, False),
        ("Failed", False, True),
        ("FailedValidation", False, True),
    ],
)
def test_phases(
    run_module: Runner, engine: Engine, tmp_path: pathlib.Path, phase: str, fail_on_partial: bool, failed: bool
) -> None:
    """The result is whole either way (docs/compatibility 14.16)."""
    issues = Issues()
    issues.error("it broke", namespace="shop", name="web-0", resource="pods")
    engine.outcome = BackupOutcome(changed=True, backup=backup_object(phase), issues=issues)
    result = run_module(
        k8s_backup, name="x", fail_on_partial=fail_on_partial, storage_location={"path": str(tmp_path)}, **AUTH
    )
    assert result["failed"] is failed
    assert result["phase"] == phase
    assert result["errors_list"] == [
        {"namespace": "shop", "name": "web-0", "message": "it broke", "reason": "", "hint": "", "resource": "pods"}
    ]
    if failed:
        assert "shop/web-0: it broke." in result["msg"]


def test_an_error_is_a_sentence_with_what_had_happened(
    run_module: Runner, engine: Engine, tmp_path: pathlib.Path
) -> None:
    hook = {"pod": "web-0", "state": "ok", "stdout": "secret", "stdout_truncated": False}
    engine.error = ArkiveError("It broke.", hint="Mend it.", details={"hooks": [hook], "items": {"pods": 1}})
    result = run_module(k8s_backup, name="x", no_log_output=True, storage_location={"path": str(tmp_path)}, **AUTH)
    assert result["failed"]
    assert result["msg"] == "It broke. Mend it."
    assert result["item_counts"] == {"pods": 1}
    assert result["hooks"] == [{"pod": "web-0", "state": "ok"}]


def test_diff_of_a_new_backup(run_module: Runner, engine: Engine, tmp_path: pathlib.Path) -> None:
    engine.outcome = BackupOutcome(changed=True)
    arguments = {"name": "x", "namespaces": ["shop"], "storage_location": {"path": str(tmp_path)}, **AUTH}
    result = run_module(k8s_backup, check_mode=True, diff=True, **arguments)
    assert result["diff"]["before"] == ""
    assert '"shop"' in result["diff"]["after"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param({"storage_location": {}}, "path, bucket", id="no place"),
        pytest.param({"storage_location": {"path": "/a", "bucket": "b"}}, "mutually exclusive", id="two places"),
        pytest.param({"storage_location": {"bucket": "b", "access_key": "a"}}, "secret_key", id="half a credential"),
        pytest.param({"namespaces": ["a"], "included_namespaces": ["b"]}, "Use one of the two names", id="two names"),
        pytest.param({"label_selector": {"matchLabels": {}, "match_labels": {}}}, "two spellings", id="both spellings"),
        pytest.param({"ttl": "72"}, "Write 72s", id="ttl without unit"),
        pytest.param({"name": "No Name"}, "No Name", id="name"),
        pytest.param({"name": None}, "The backup has no name", id="no name"),
        pytest.param({"definition": {"kind": "Restore"}}, "is 'Restore'", id="kind"),
        pytest.param({"definition": {}, "src": "/a"}, "mutually exclusive", id="two manifests"),
        pytest.param({"src": "/nonexistent/backup.yml"}, "cannot be read", id="no manifest"),
        pytest.param({"label_selector": {}, "or_label_selectors": []}, "mutually exclusive", id="two selectors"),
        pytest.param(
            {"resource_policies": {}, "resource_policy": {"name": "x"}}, "mutually exclusive", id="two policies"
        ),
        pytest.param(
            {"included_resources": ["pods"], "excluded_cluster_scoped_resources": ["*"]}, "old filters", id="families"
        ),
        pytest.param({"hold_reason": "case 4711"}, "Nothing is held by hold_reason with state: present", id="no hold"),
        pytest.param(
            {"hold_by": "legal", "state": "absent"}, "Nothing is held by hold_by with state: absent", id="gone"
        ),
        pytest.param(
            {"snapshot_move_data": True, "datamover": "other"}, "only Velero's own data mover", id="data-mover"
        ),
        pytest.param({"hooks": [{"name": "h", "pre": [{"exec": {}}]}]}, "has no command", id="hook"),
        pytest.param({"label_selector": {"match_expressions": [{"key": "a", "operator": "In"}]}}, "values", id="In"),
    ],
)
def test_wrong_input(run_module: Runner, tmp_path: pathlib.Path, arguments: dict[str, t.Any], words: str) -> None:
    given = {"name": "x", "storage_location": {"path": str(tmp_path)}, **AUTH, **arguments}
    result = run_module(k8s_backup, **given)
    assert result["failed"]
    assert words in result["msg"]
