# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The blocks of a backup have the databases that are held, by what their servers say."""

from __future__ import annotations

import types
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._backup.blocks import Block
from ansible_collections.arkive.k8s.plugins.module_utils._backup.run import BackupRun
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import parse_databases
from ansible_collections.arkive.k8s.plugins.module_utils._databases.role import ServerRole
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.spec_hooks import PodHooks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce import database_choice
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hooked_pods import HookedPod, give_hooks


def hooked(name: str) -> HookedPod:
    container = {"name": "db", "image": "postgres:15", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": name}}
    pod = {
        "metadata": {"namespace": "shop", "name": name},
        "spec": {"containers": [container], "volumes": [volume]},
        "status": {"phase": "Running", "conditions": []},
    }
    return give_hooks(pod, PodHooks(), parse_databases("auto"))


def test_each_block_keeps_its_pods_with_what_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    roles: dict[str, t.Any] = {"a": "primary", "b": "standby"}

    def ask(_run: t.Any, pod: t.Any, _declared: t.Any) -> ServerRole:
        return ServerRole(role=roles[pod["metadata"]["name"]], lineage="1")

    monkeypatch.setattr(database_choice, "ask_role", ask)
    context = types.SimpleNamespace(progress=lambda _text: None, cancel=CancelToken(), client=None)
    run = t.cast("t.Any", types.SimpleNamespace(_context=context))
    first, second = BackupRun._with_roles(run, [Block([hooked("a")]), Block([hooked("b")])])
    primary, standby = first.pods[0].database, second.pods[0].database
    assert primary is not None
    assert standby is not None
    assert "The standby in pod shop/b is held in its place" in primary.passed_over
    assert (standby.expected, standby.passed_over) == ("standby", "")
