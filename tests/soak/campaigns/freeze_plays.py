# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways to freeze, each as the tasks of a playbook."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from campaigns.freeze_app import FREEZER, FreezeApp
from campaigns.freeze_case import ARM_SECONDS, LEASE_SECONDS

Task = dict[str, t.Any]

_LABEL = {"match_labels": {"app": "soak"}}


def tasks_of(app: FreezeApp, store: Path, folder: Path) -> list[Task]:
    """The tasks of the case's entry. ``folder``: for what a playbook needs beside it."""
    make: dict[str, t.Callable[[FreezeApp, Path, Path], list[Task]]] = {
        "tasks": _between_tasks,
        "command": _commands,
        "backup": _backup,
        "snapshot": _snapshot,
        "role": _role,
    }
    return make[app.case.entry](app, store, folder)


def sweep_task(namespace: str) -> Task:
    """Thaw what dead runs have left."""
    return _hook_exec(namespace, "Sweep", state="swept")


def _hook_exec(namespace: str, name: str, **options: t.Any) -> Task:
    return {"name": name, "arkive.k8s.k8s_hook_exec": {"namespace": namespace, **options}}


def _pause(app: FreezeApp) -> Task:
    return {"name": "Work", "ansible.builtin.command": {"cmd": f"sleep {app.case.hold}"}}


def _between_tasks(app: FreezeApp, _store: Path, _folder: Path) -> list[Task]:
    where: Task = {"label_selector": _LABEL, "container": FREEZER, "freeze_path": app.paths[0]}
    limits: Task = {"lease_seconds": LEASE_SECONDS, "timeout": f"{ARM_SECONDS}s"}
    frozen = _hook_exec(app.namespace, "Freeze", state="frozen", **where, **limits) | {"register": "frozen"}
    thawed = _hook_exec(app.namespace, "Thaw", state="thawed", **where)
    return [{"name": "Frozen", "block": [frozen, _pause(app)], "always": [thawed]}]


def _commands(app: FreezeApp, _store: Path, _folder: Path) -> list[Task]:
    where = {"label_selector": _LABEL}
    pre = _hook_exec(app.namespace, "Pre", phase="pre", lease_seconds=LEASE_SECONDS, **where)
    post = _hook_exec(app.namespace, "Post", phase="post", **where)
    return [{"name": "Frozen", "block": [pre, _pause(app)], "always": [post]}]


def _backup(app: FreezeApp, store: Path, _folder: Path) -> list[Task]:
    options = {
        "name": "b",
        "included_namespaces": [app.namespace],
        "storage_location": {"path": str(store)},
        "freeze_lease": f"{LEASE_SECONDS}s",
    }
    return [{"name": "Back up", "arkive.k8s.k8s_backup": options}]


def _snapshot(app: FreezeApp, _store: Path, _folder: Path) -> list[Task]:
    options = {
        "name": "s",
        "namespace": app.namespace,
        "claims": [path.removeprefix("/") for path in app.paths],
        "freeze_lease": f"{LEASE_SECONDS}s",
    }
    return [{"name": "Snapshot", "arkive.k8s.k8s_snapshot": options}]


def _role(app: FreezeApp, _store: Path, folder: Path) -> list[Task]:
    work = folder / "work.yml"
    work.write_text(json.dumps([_pause(app)]))
    variables = {
        "fsfreeze_namespace": app.namespace,
        "fsfreeze_label_selector": _LABEL,
        "fsfreeze_container": FREEZER,
        "fsfreeze_path": app.paths[0],
        "fsfreeze_tasks_file": str(work),
        "fsfreeze_lease_seconds": LEASE_SECONDS,
    }
    return [{"name": "Freeze", "ansible.builtin.include_role": {"name": "arkive.k8s.fsfreeze"}, "vars": variables}]


__all__ = ("Task", "sweep_task", "tasks_of")
