# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A result has the documented keys, all of them and no others, in every module and however its task ended."""

from __future__ import annotations

import ast
import inspect
import os
import pathlib
import signal
import typing as t

import pytest
import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._access.answer import AccessAnswer
from ansible_collections.arkive.k8s.plugins.module_utils._access.lacking import LackingRight
from ansible_collections.arkive.k8s.plugins.module_utils._access.roles import Account, AccountRights
from ansible_collections.arkive.k8s.plugins.module_utils._ansible import hold_task, result_keys
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._catalog import delete as catalog_delete
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import DeletedBackup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.holds import HeldBackup, Hold
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import BackupListing
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._dump import make as dump_make
from ansible_collections.arkive.k8s.plugins.module_utils._dump import restore as dump_restore
from ansible_collections.arkive.k8s.plugins.module_utils._dump.request import DumpOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_outcome import ActionOutcome, PhaseOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.blueprint_task import BlueprintOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.finding import Finding
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import Artifact
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle import schedule_check, schedule_run, sync_run
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations import (
    operations_run,
    types_task,
    waiting_objects,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import (
    Operation,
    OperationsOutcome,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.types_task import TypesOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prunable import Prunable
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_outcome import (
    Leftover,
    PrunedBackup,
    PruneOutcome,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories import work as repository_work
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.request import (
    ListedSnapshot,
    RepositoryOutcome,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_plan import Verdict
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_request import ScheduleOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_request import Remark, SyncOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._proof import verify
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.outcome import ProofAccount, ProofOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.server_proof import Check
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.subject import Subject
from ansible_collections.arkive.k8s.plugins.module_utils._proof.diff_outcome import ComparedObject, DiffOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._proof.verify_request import (
    CheckedFile,
    CheckedSnapshot,
    VerifyOutcome,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hook_task import HookTaskOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.applied import AppliedPlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.outcome import SnapshotOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi import listing as csi_listing
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.held_snapshots import HeldSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import Sighting
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_listing import FoundSnapshots
from ansible_collections.arkive.k8s.plugins.modules import (
    k8s_access_info,
    k8s_backup,
    k8s_backup_diff,
    k8s_backup_info,
    k8s_backup_prune,
    k8s_backup_repository,
    k8s_backup_schedule,
    k8s_backup_sync,
    k8s_backup_verify,
    k8s_blueprint,
    k8s_db_dump,
    k8s_db_verify,
    k8s_hook_exec,
    k8s_restore,
    k8s_restore_info,
    k8s_snapshot,
    k8s_snapshot_info,
    k8s_velero_operations,
)

Runner: t.TypeAlias = "t.Callable[..., dict[str, t.Any]]"

AUTH = {"host": "https://127.0.0.1:1", "api_key": "token"}
#: Ansible's own, and those that the way a task ended explains.
OF_ANSIBLE = {"failed", "changed", "msg", "diff", "warnings", "invocation"}
#: What stands in every place that a cluster, an archive or a server may fill.
CANARY = "canary\x1b[2J\x9b\u202e\r\x00\udc80"


def restore_outcome(phase: str = "Completed", errors: t.Sequence[str] = ()) -> RestoreOutcome:
    return RestoreOutcome(
        restore={"metadata": {"name": "r"}, "spec": {"backupName": "b"}, "status": {"note": CANARY}},
        phase=t.cast("t.Any", phase),
        changed=True,
        applied=AppliedPlan(RestorePlan()),
        diffs=[{"before_header": CANARY, "after_header": CANARY, "before": f"{CANARY}\n", "after": CANARY}],
        diffs_left_out=0,
        hooks=[{"stdout": CANARY}],
        issues=Issues.of(warnings=[CANARY], errors=errors),
        timings={},
    )


def _canaries() -> Issues:
    issues = Issues()
    issues.warning(CANARY, name=CANARY)
    return issues


def _backup() -> BackupOutcome:
    return BackupOutcome(
        changed=True,
        backup={"metadata": {"annotations": {CANARY: CANARY}}, "spec": {}, "status": {"phase": "Completed"}},
        items={CANARY: 1},
        recorded_hooks=[{"stdout": CANARY, "stdout_truncated": False}],
        volumes=[{"pvcName": CANARY}],
        issues=_canaries(),
        location=CANARY,
    )


def _deleted_backup() -> DeletedBackup:
    return DeletedBackup(
        changed=True,
        backup={"metadata": {"annotations": {CANARY: CANARY}}, "spec": {}, "status": {"phase": "Completed"}},
        deleted=[CANARY],
        deleted_snapshots=[{"handle": CANARY}],
        issues=_canaries(),
        location=CANARY,
    )


def _held_backup() -> HeldBackup:
    return HeldBackup(
        location=CANARY,
        changed=True,
        backup={"metadata": {"name": CANARY}},
        before=None,
        after=Hold(CANARY, CANARY, CANARY),
        warnings=(CANARY,),
    )


def _pruned() -> PruneOutcome:
    verdict = Verdict(Prunable(name=CANARY, schedule=CANARY, phase=CANARY, hold=Hold(CANARY)), False, (CANARY,))
    return PruneOutcome(
        location=CANARY,
        backups=(PrunedBackup(verdict=verdict, state="kept"),),
        leftovers=(Leftover(kind="restore", name=CANARY, message=CANARY),),
        warnings=(CANARY,),
    )


def _access() -> AccessAnswer:
    need = Need("list", CANARY, CANARY, namespace=CANARY)
    return AccessAnswer(
        rights=AccountRights(Account("arkive", CANARY), [Grant(CANARY, (need,), CANARY)], [CANARY]),
        lacking=(LackingRight(task="backup", need=need, why=CANARY, otherwise=CANARY),),
        issues=tuple(_canaries().warnings),
    )


def _blueprint() -> BlueprintOutcome:
    phases = (PhaseOutcome(name=CANARY, function="KubeExec", state="complete", shown={CANARY: CANARY}),)
    artifacts = {CANARY: Artifact(key_values={CANARY: CANARY})}
    action = ActionOutcome(
        blueprint="hooks",
        action="before",
        subject=CANARY,
        state="complete",
        phases=phases,
        defer_phase=phases[0],
        shown_artifacts=artifacts,
    )
    return BlueprintOutcome(issues=_canaries(), action=action, swept=(CANARY,))


def _proof() -> ProofOutcome:
    subject = Subject(
        source=CANARY,
        pod={"metadata": {"name": CANARY, "namespace": CANARY}},
        container={"name": CANARY, "image": CANARY},
        kind=CANARY,
        snapshots=(),
        lacking={},
        quiesce={},
        find=lambda _kind, _name: None,
    )
    account = ProofAccount(
        subject=subject,
        started=utc_now(),
        namespace=CANARY,
        checks=[Check(name=CANARY, tool=CANARY, state="failed", found=(CANARY,))],
        log=[CANARY],
        swept=[CANARY],
        complete=True,
    )
    return ProofOutcome(account=account, issues=_canaries())


class Case(t.NamedTuple):
    """A module, the engines that are replaced, what they answer, and arguments with which it runs."""

    module: t.Any
    engines: tuple[str, ...]
    outcome: t.Callable[[], t.Any]
    arguments: dict[str, t.Any]
    location: bool = False


BLUEPRINT = {
    "definition": {"kind": "Blueprint", "metadata": {"name": "hooks"}, "actions": {"before": {"phases": []}}},
    "action_name": "before",
    "subject": {"kind": "namespace", "name": "shop"},
}
SET = {"name": "s", "namespace": "shop", **AUTH}
#: Engines that a module imports once it knows that they are needed.
LOADED_LATE: dict[str, t.Any] = {
    "list_snapshots": csi_listing,
    "look_after": repository_work,
    "make_dump": dump_make,
    "restore_dump": dump_restore,
    "delete_backup": catalog_delete,
    "hold_backup": hold_task,
    "release_backup": hold_task,
    "tick": schedule_run,
    "check_schedule": schedule_check,
    "sync_backups": sync_run,
    "run_operations": operations_run,
    "foresee_operations": waiting_objects,
    "install_types": types_task,
    "remove_types": types_task,
    "verify_backup": verify,
}
CASES = {
    "access_info": Case(k8s_access_info, ("look_at_access",), _access, {"for": ["backup"], **AUTH}),
    "backup": Case(k8s_backup, ("run_backup", "plan_backup"), _backup, {"name": "b", **AUTH}, location=True),
    "backup absent": Case(
        k8s_backup, ("delete_backup",), _deleted_backup, {"name": "b", "state": "absent", **AUTH}, location=True
    ),
    "backup held": Case(
        k8s_backup, ("hold_backup",), _held_backup, {"name": "b", "state": "held", **AUTH}, location=True
    ),
    "backup released": Case(
        k8s_backup, ("release_backup",), _held_backup, {"name": "b", "state": "released", **AUTH}, location=True
    ),
    "backup_prune": Case(k8s_backup_prune, ("prune",), _pruned, {"keep_last": 3, **AUTH}, location=True),
    "backup_schedule": Case(
        k8s_backup_schedule,
        ("tick",),
        lambda: ScheduleOutcome(
            location=CANARY, name=CANARY, made=_backup(), running=CANARY, recorded=True, warnings=(CANARY,)
        ),
        {"name": "s", "schedule": "@daily", **AUTH},
        location=True,
    ),
    "backup_schedule checked": Case(
        k8s_backup_schedule,
        ("check_schedule",),
        lambda: ScheduleOutcome(location=CANARY, running=CANARY, warnings=(CANARY,)),
        {"name": "s", "state": "checked", "max_age": "26h"},
        location=True,
    ),
    "backup_sync": Case(
        k8s_backup_sync,
        ("sync_backups",),
        lambda: SyncOutcome(
            location=CANARY,
            api_version="velero.io/v1",
            namespace=CANARY,
            before=(CANARY,),
            created=("b",),
            skipped=(Remark(CANARY, CANARY),),
            kept=(Remark(CANARY, CANARY),),
            warnings=(CANARY,),
        ),
        AUTH,
        location=True,
    ),
    "velero_operations passed": Case(
        k8s_velero_operations,
        ("run_operations", "foresee_operations"),
        lambda: OperationsOutcome(
            namespace=CANARY, busy=CANARY, operations=(Operation("Backup", CANARY, CANARY, CANARY),)
        ),
        AUTH,
    ),
    "velero_operations present": Case(
        k8s_velero_operations,
        ("install_types",),
        lambda: TypesOutcome(created=(CANARY,), kept=(CANARY,)),
        {"state": "present", **AUTH},
    ),
    "velero_operations absent": Case(
        k8s_velero_operations,
        ("remove_types",),
        lambda: TypesOutcome(removed=(CANARY,)),
        {"state": "absent", **AUTH},
    ),
    "backup_verify": Case(
        k8s_backup_verify,
        ("verify_backup",),
        lambda: VerifyOutcome(
            name=CANARY,
            location=CANARY,
            phase=CANARY,
            files=(CheckedFile(CANARY, 1, "intact"),),
            snapshots=(CheckedSnapshot(RecordedSnapshot("CSI", CANARY, CANARY), Sighting("unknown", CANARY)),),
            warnings=(CANARY,),
        ),
        {"name": "b", **AUTH},
        location=True,
    ),
    "db_verify": Case(
        k8s_db_verify,
        ("prove_database",),
        _proof,
        {"backup": "b", **AUTH},
        location=True,
    ),
    "backup_diff": Case(
        k8s_backup_diff,
        ("compare",),
        lambda: DiffOutcome(
            backup=CANARY,
            other=CANARY,
            location=CANARY,
            objects=(ComparedObject(GroupResource("pods"), CANARY, CANARY, "changed", CANARY, (CANARY,)),),
            diffs=({"before_header": CANARY, "after_header": CANARY, "before": CANARY, "after": CANARY},),
            warnings=(CANARY,),
        ),
        {"name": "b", **AUTH},
        location=True,
    ),
    "backup_info": Case(
        k8s_backup_info,
        ("list_backups",),
        lambda: BackupListing([{"name": CANARY, "items": {}, "logs": CANARY}], [{"name": CANARY}]),
        {"query": "[].name", "describe": True},
        location=True,
    ),
    "backup_info of one": Case(
        k8s_backup_info, ("list_backups",), lambda: BackupListing([], []), {"name": "b"}, location=True
    ),
    "blueprint": Case(k8s_blueprint, ("run_blueprint", "plan_blueprint"), _blueprint, {**BLUEPRINT, **AUTH}),
    "blueprint validated": Case(
        k8s_blueprint,
        ("validate_blueprints",),
        lambda: BlueprintOutcome(issues=_canaries(), findings=((CANARY, Finding(level="warning", message=CANARY)),)),
        {"definition": BLUEPRINT["definition"], "state": "validated"},
    ),
    "db_dump": Case(
        k8s_db_dump,
        ("make_dump",),
        lambda: DumpOutcome(changed=True, location=CANARY, planned=CANARY, warnings=(CANARY,)),
        {"backup": "b", "namespace": "shop", "pod": "db-0", **AUTH},
        location=True,
    ),
    "db_dump restored": Case(
        k8s_db_dump,
        ("restore_dump",),
        lambda: DumpOutcome(changed=True, location=CANARY),
        {"state": "restored", "backup": "b", "namespace": "shop", "pod": "db-0", **AUTH},
        location=True,
    ),
    "hook_exec": Case(
        k8s_hook_exec,
        ("run_hook_task",),
        lambda: HookTaskOutcome(planned=[{"error": CANARY}], issues=Issues.of(warnings=[CANARY]), lease_ids=["1"]),
        {"namespace": "shop", "argv": ["id"], **AUTH},
    ),
    "hook_exec frozen": Case(
        k8s_hook_exec,
        ("freeze_path",),
        HookTaskOutcome,
        {"namespace": "shop", "state": "frozen", "freeze_path": "/data", **AUTH},
    ),
    "hook_exec thawed": Case(
        k8s_hook_exec,
        ("thaw_path",),
        HookTaskOutcome,
        {"namespace": "shop", "state": "thawed", "freeze_path": "/data", **AUTH},
    ),
    "hook_exec swept": Case(
        k8s_hook_exec,
        ("sweep_namespace",),
        lambda: HookTaskOutcome(swept=[{"error": CANARY}]),
        {"namespace": "shop", "state": "swept", **AUTH},
    ),
    "restore": Case(
        k8s_restore, ("run_restore", "plan_restore"), restore_outcome, {"backup": "b", **AUTH}, location=True
    ),
    "repository": Case(
        k8s_backup_repository,
        ("look_after",),
        lambda: RepositoryOutcome(
            where=CANARY,
            namespace="shop",
            repository_state="usable",
            snapshots=(ListedSnapshot(held=HeldSnapshot(id=CANARY, source=CANARY), backups=(CANARY,)),),
            missing=({"id": CANARY, "backup": CANARY, "volume": CANARY},),
            warnings=(CANARY,),
        ),
        {"namespace": "shop", **AUTH},
        location=True,
    ),
    "restore_info": Case(
        k8s_restore_info,
        ("list_restores",),
        lambda: [{"name": CANARY, "items": {}, "logs": CANARY, "restore": {"metadata": {"labels": {"a": CANARY}}}}],
        {"query": "[].name", "describe": True},
        location=True,
    ),
    "snapshot": Case(
        k8s_snapshot,
        ("take_snapshots",),
        lambda: SnapshotOutcome(snapshots=[{"error": CANARY}], before=[CANARY], issues=Issues.of(warnings=[CANARY])),
        {"claims": ["data"], **SET},
    ),
    "snapshot absent": Case(k8s_snapshot, ("remove_snapshots",), SnapshotOutcome, {"state": "absent", **SET}),
    "snapshot_info": Case(
        k8s_snapshot_info,
        ("list_snapshots",),
        lambda: FoundSnapshots(snapshots=[{"labels": {CANARY: CANARY}}], warnings=[CANARY]),
        {**AUTH},
    ),
}


def _cancelled(*_given: t.Any, cancel: CancelToken | None = None, **_means: t.Any) -> t.NoReturn:
    os.kill(os.getpid(), signal.SIGTERM)
    if cancel is not None:
        assert cancel.wait(5)
    raise Cancelled(f"The run was cancelled: {cancel.reason if cancel else CANARY}.")


def _raise(error: BaseException) -> t.Callable[..., t.NoReturn]:
    def engine(*_given: t.Any, **_means: t.Any) -> t.NoReturn:
        raise error

    return engine


EARLY = {
    "refused input": lambda: ValidationError(f"Not {CANARY}.", details={"validation_errors": [CANARY], "near": {}}),
    "forbidden": lambda: KubeError(
        f"No {CANARY}.", status=403, reason=CANARY, details={"server": CANARY, "request": "GET /", "forbidden": []}
    ),
    "late": lambda: ArkiveError(
        f"It broke {CANARY}.",
        hint=CANARY,
        details={"hooks": [{"stdout": CANARY}], "errors_list": [{"message": CANARY}], "warnings_list": []},
    ),
    "defect": lambda: KeyError(CANARY),
}
ENDS = ("ok", "check mode", *EARLY, "cancelled", "wrong options", "no library")


def documented(module: t.Any) -> tuple[set[str], set[str]]:
    """All keys of RETURN, and those that are there always."""
    source = ast.parse(inspect.getsource(module))
    texts = {
        ast.unparse(node.targets[0]): node.value.value
        for node in source.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }
    keys = yaml.safe_load(t.cast("str", texts["RETURN"]))
    return set(keys), {name for name, key in keys.items() if key["returned"] == "always"}


def run_to(end: str, case: Case, run_module: Runner, monkeypatch: pytest.MonkeyPatch, place: str) -> dict[str, t.Any]:
    arguments = {**case.arguments, **({"storage_location": {"path": place}} if case.location else {})}
    engine: t.Callable[..., t.Any] = lambda *_given, **_means: case.outcome()  # noqa: E731
    if end in EARLY:
        engine = _raise(EARLY[end]())
    elif end == "cancelled":
        engine = _cancelled
    elif end == "wrong options":
        arguments["unheard_of"] = True
    elif end == "no library":
        engine = _raise(ArkiveError("The Python library kubernetes is needed.", hint="Install it."))
    if case.module is k8s_snapshot:  # It would ask the cluster.
        monkeypatch.setattr(k8s_snapshot, "choose_set", lambda *_given: None)
    for name in case.engines:
        monkeypatch.setattr(LOADED_LATE.get(name, case.module), name, engine)
    return run_module(case.module, check_mode=end == "check mode", diff=True, **arguments)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", CASES)
def test_keys(run_module: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, name: str, end: str) -> None:
    case = CASES[name]
    result = run_to(end, case, run_module, monkeypatch, str(tmp_path))
    known, always = documented(case.module)
    assert result["failed"] is (end not in ("ok", "check mode"))
    assert set(result) - OF_ANSIBLE - known == set()
    assert (always | {"changed"}) - set(result) == set()
    if result["failed"]:
        assert result["errors_list"], "an error is in the list, whatever it was"
        assert result["errors_list"][0]["message"].rstrip(".") in result["msg"]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", CASES)
def test_nothing_in_it_steers_a_terminal(
    run_module: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, name: str, end: str
) -> None:
    """Only line feeds and tabs pass, and these in text of several lines alone."""
    result = run_to(end, CASES[name], run_module, monkeypatch, str(tmp_path))
    for text in texts_of(result):
        assert [char for char in text if char not in "\n\t" and not char.isprintable()] == []
    for text in [result.get("msg", ""), *result.get("warnings", ()), *texts_of(result["errors_list"])]:
        assert "\n" not in str(text)


def texts_of(value: t.Any) -> t.Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from texts_of(key)
            yield from texts_of(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from texts_of(entry)


def test_the_keys_are_those_of_the_documentation() -> None:
    for case in CASES.values():
        keys = getattr(result_keys, case.module.__name__.rpartition(".")[2].upper())
        assert set(keys) - {"changed"} == documented(case.module)[0]


@pytest.mark.parametrize("name", [name for name in dir(result_keys) if name.startswith("K8S_")])
def test_a_key_is_no_method_in_a_template(name: str) -> None:
    """``result.copy`` would be that of a dict."""
    keys = getattr(result_keys, name)
    assert [key for key in keys if hasattr({}, key)] == []


def test_warnings_are_shown_by_ansible(run_module: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the task fails; the first of them, and how many more there are."""
    warnings = [f"Look at {number}." for number in range(14)]
    outcome = SnapshotOutcome(issues=Issues.of(warnings=warnings, errors=["It broke."]))
    monkeypatch.setattr(k8s_snapshot, "choose_set", lambda *_given: None)
    monkeypatch.setattr(k8s_snapshot, "take_snapshots", lambda *_given, **_means: outcome)
    result = run_module(k8s_snapshot, claims=["data"], **SET)
    shown = [str(getattr(entry, "event", entry)) for entry in result["warnings"]]
    assert len(result["warnings_list"]) == 14
    assert len(shown) == 11
    assert "Look at 0." in shown[0]
    assert "And 4 more warnings" in shown[-1]
    assert result["msg"].endswith("It broke.")


def test_errors_that_fail_nothing_are_shown(
    run_module: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    outcome = restore_outcome("PartiallyFailed")
    outcome.issues.error("was refused", name="web", namespace="shop")
    monkeypatch.setattr(k8s_restore, "run_restore", lambda *_given, **_means: outcome)
    arguments = {"backup": "b", "storage_location": {"path": str(tmp_path)}, **AUTH}
    passed = run_module(k8s_restore, fail_on_partial=False, **arguments)
    assert not passed["failed"]
    assert any("shop/web: was refused." in str(warning) for warning in passed["warnings"])
    failed = run_module(k8s_restore, **arguments)
    assert failed["msg"] == "Restore 'r' of backup 'b' ended PartiallyFailed. shop/web: was refused."


def test_secrets_do_not_escape_by_being_escaped(run_module: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret of several lines is found in a sentence that is put on one."""
    secret = "-----BEGIN\nabc\tdef\n-----END"
    error = ArkiveError(f"The server said: {secret}.", details={"warnings_list": [{"message": secret}]})
    monkeypatch.setattr(k8s_snapshot, "choose_set", lambda *_given: None)
    monkeypatch.setattr(k8s_snapshot, "take_snapshots", _raise(error))
    result = run_module(k8s_snapshot, claims=["data"], **{**SET, "api_key": secret})
    assert [text for text in texts_of(result) if "abc" in text] == []
