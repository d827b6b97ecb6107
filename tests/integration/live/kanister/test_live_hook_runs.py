# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups with execution hooks that are ended from outside, in each of their phases, by ``ansible-playbook``."""

from __future__ import annotations

import json
import signal
import time
import typing as t
from pathlib import Path

import pytest
from phase_lab import IMAGE, PhaseLab, shell, sleeping_pod

if t.TYPE_CHECKING:
    from processes import Engine, Started

Result: t.TypeAlias = "dict[str, t.Any]"

FREEZE, THAW = ["fsfreeze", "--freeze", "/data"], ["fsfreeze", "--unfreeze", "/data"]
#: Found among the processes of the pod.
PAUSE = "sleep 77"


@pytest.fixture
def engine(kubeconfig: str, tmp_path: Path) -> t.Iterator[Engine]:
    from processes import Engine

    folder = tmp_path / "runs"
    folder.mkdir()
    made = Engine(kubeconfig, folder)
    yield made
    made.close()


@pytest.fixture
def pod(phases: PhaseLab) -> t.Iterator[str]:
    """With a file system that may be frozen."""
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}
    made = sleeping_pod("db")
    made["spec"]["containers"][0] |= {
        "securityContext": {"privileged": True},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    made["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": wanted}
    phases.apply(claim, made)
    phases.kubectl("wait", "--for=condition=Ready", "pod", "db", "--timeout=110s")
    yield "db"
    phases.kubectl("delete", "pod", "db", "--wait=true")


def on_pod(name: str, command: list[str]) -> Result:
    arguments = {"namespace": "{{ .Namespace.Name }}", "pod": "db", "container": "main", "command": command}
    return {"func": "KubeExec", "name": name, "args": arguments}


def task(name: str, script: str) -> Result:
    return {"func": "KubeTask", "name": name, "args": {"image": IMAGE, "command": shell(script)}}


def mark(name: str) -> Result:
    """Makes a ConfigMap: a second time it fails, because it is there."""
    spec = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: '{{{{ .Namespace.Name }}}}'\n"
    return {"func": "KubeOps", "name": name, "args": {"operation": "create", "spec": spec}}


class Backups:
    """Backups of one namespace with the actions of one blueprint around them."""

    def __init__(self, engine: Engine, namespace: str, folder: Path, actions: Result) -> None:
        self._engine = engine
        self._namespace = namespace
        self._store = folder / "store"
        self._store.mkdir()
        self._source = folder / "blueprint.json"
        document = {"apiVersion": "cr.kanister.io/v1alpha1", "kind": "Blueprint", "metadata": {"name": "lab"}}
        self._source.write_text(json.dumps({**document, "actions": actions}))

    def start(self, name: str, export: t.Mapping[str, str] | None = None, **hooks: str) -> Started:
        inline = f"{{{{ lookup('ansible.builtin.file', '{self._source}') | from_json }}}}"

        def references(actions: t.Mapping[str, str]) -> Result:
            return {event: {"blueprint": inline, "action_name": action} for event, action in actions.items()}

        given = references(hooks) | ({"export": references(export)} if export else {})
        options = {
            "name": name,
            "included_namespaces": [self._namespace],
            "storage_location": {"path": str(self._store)},
            "freeze_lease": "5s",
            "execution_hooks": given,
        }
        return self._engine.play([{"arkive.k8s.k8s_backup": options}])

    def is_stored(self, name: str) -> bool:
        return (self._store / "backups" / name / "velero-backup.json").exists()


def marks(phases: PhaseLab) -> set[str]:
    names = phases.kubectl("get", "configmaps", "-o", "name").split()
    return {name.removeprefix("configmap/") for name in names} - {"kube-root-ca.crt"}


def await_word(run: Started, phases: PhaseLab, what: str, seconds: float = 60.0) -> None:
    """Until a process of that command line is in the pod."""
    end = time.monotonic() + seconds
    while what not in phases.kubectl("exec", "db", "--", "ps"):
        assert run.runs, run.stdout
        assert time.monotonic() < end
        time.sleep(0.1)


def writes(phases: PhaseLab) -> None:
    """Returns when the file system of the pod takes writes."""
    phases.kubectl("exec", "db", "--", "touch", "/data/probe")


def test_frozen_before_and_thawed_after(phases: PhaseLab, pod: str, engine: Engine, tmp_path: Path) -> None:
    actions = {"freeze": {"phases": [on_pod("freeze", FREEZE)]}, "thaw": {"phases": [on_pod("thaw", THAW)]}}
    backups = Backups(engine, phases.namespace, tmp_path, actions)
    run = backups.start("held", pre_hook="freeze", on_success="thaw", on_failure="thaw")
    assert run.end(90) == 0, run.stdout
    assert "would be frozen for as long as its snapshot takes only" in " ".join(run.stdout.split() + run.stderr.split())
    writes(phases)
    left = backups.start("left", pre_hook="freeze")
    assert left.end(90) == 0, left.stdout
    assert "was thawed by no phase of it" in " ".join((left.stdout + left.stderr).split())
    writes(phases)


def test_killed_between_the_hooks_while_frozen(phases: PhaseLab, pod: str, engine: Engine, tmp_path: Path) -> None:
    """The timer in the pod thaws; the next run finds nothing frozen, and is a whole backup."""
    actions = {"freeze": {"phases": [on_pod("freeze", FREEZE)]}, "thaw": {"phases": [on_pod("thaw", THAW)]}}
    command = json.dumps(PAUSE.split())
    phases.kubectl(
        "annotate", "pod", "db", f"pre.hook.backup.velero.io/command={command}", "pre.hook.backup.velero.io/timeout=2m"
    )
    backups = Backups(engine, phases.namespace, tmp_path, actions)
    run = backups.start("killed", pre_hook="freeze", on_success="thaw", on_failure="thaw")
    await_word(run, phases, PAUSE)
    run.kill_all()
    began = time.monotonic()
    writes(phases)
    assert time.monotonic() - began < 20
    phases.kubectl("annotate", "pod", "db", "pre.hook.backup.velero.io/command-")
    again = backups.start("again", pre_hook="freeze", on_success="thaw", on_failure="thaw")
    assert again.end(90) == 0, again.stdout
    writes(phases)


def test_hooks_of_an_export_run_once_the_backup_is_stored(phases: PhaseLab, engine: Engine, tmp_path: Path) -> None:
    actions = {
        "own": {"phases": [mark("own")]},
        "export": {"phases": [task("export", "sleep 3")]},
        "exported": {"phases": [mark("exported")]},
        "fails": {"phases": [task("fails", "exit 3")]},
        "not-exported": {"phases": [mark("not-exported")]},
    }
    backups = Backups(engine, phases.namespace, tmp_path, actions)
    hooks = {"pre_hook": "export", "on_success": "exported", "on_failure": "not-exported"}
    run = backups.start("moved", export=hooks, on_success="own")
    phases.await_running()
    assert backups.is_stored("moved")
    assert "own" in marks(phases)
    assert run.end(90) == 0, run.stdout
    assert {"own", "exported"} <= marks(phases)
    for name in ("own", "exported"):
        phases.kubectl("delete", "configmap", name)
    failed = backups.start("kept", export=hooks, on_success="fails")
    assert failed.end(90) != 0
    assert backups.is_stored("kept")
    assert not {"exported", "not-exported"} & marks(phases)


@pytest.mark.parametrize("event", ["pre_hook", "on_success"])
def test_terminated_in_a_hook(event: str, phases: PhaseLab, engine: Engine, tmp_path: Path) -> None:
    """What is deferred runs, on_failure runs once, and no pod is left."""
    marked = event.replace("_", "-")
    actions = {
        "long": {"phases": [task("long", "sleep 600")], "deferPhase": mark(f"{marked}-deferred")},
        "undo": {"phases": [mark(f"{marked}-undone")]},
    }
    backups = Backups(engine, phases.namespace, tmp_path, actions)
    run = backups.start(f"terminated-{marked}", **{event: "long"}, on_failure="undo")
    phases.await_running()
    run.signal(signal.SIGTERM)
    assert run.end(60) != 0
    end = time.monotonic() + 30
    while not {f"{marked}-deferred", f"{marked}-undone"} <= marks(phases) or phases.temporary_pods():
        assert time.monotonic() < end, (marks(phases), phases.temporary_pods(), run.stdout)
        time.sleep(0.2)


def test_killed_in_a_hook_and_swept_by_the_next_run(phases: PhaseLab, engine: Engine, tmp_path: Path) -> None:
    actions = {"long": {"phases": [task("long", "sleep 600")]}, "short": {"phases": [task("short", "true")]}}
    backups = Backups(engine, phases.namespace, tmp_path, actions)
    run = backups.start("shot", on_success="long")
    phases.await_running()
    run.kill_all()
    [left] = phases.temporary_pods()
    again = backups.start("swept", pre_hook="short")
    assert again.end(90) == 0, again.stdout
    assert left in again.stdout
    assert phases.temporary_pods() == []


def test_a_quota_fails_the_pre_hook_and_on_failure_runs_once(phases: PhaseLab, engine: Engine, tmp_path: Path) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    phases.apply(quota)
    actions = {"full": {"phases": [task("full", "true")]}, "undo": {"phases": [mark("quota-undone")]}}
    backups = Backups(engine, phases.namespace, tmp_path, actions)
    run = backups.start("full", pre_hook="full", on_failure="undo")
    code = run.end(60)
    phases.kubectl("delete", "resourcequota", "none")
    assert code != 0
    assert "exceeded quota" in run.stdout
    assert "quota-undone" in marks(phases)
