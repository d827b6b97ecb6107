# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the tests of blueprints."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kanister import function_table, waiting
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods import pod_start
from ansible_collections.arkive.k8s.plugins.module_utils._kube import pod_logs, pod_states, waits
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.function_lab import FunctionLab
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.scripted_function import Scripted


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> FunctionLab:
    """A cluster in memory, in which nobody is patient."""
    monkeypatch.setattr(waiting, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(waits, "_PAUSE", 0.01)
    monkeypatch.setattr(pod_logs, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(pod_start, "_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(pod_states, "_RETRIED_SECONDS", 0.1)
    monkeypatch.setattr(pod_states, "_UNSCHEDULABLE_SECONDS", 0.1)
    return FunctionLab()


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """KubeTask does what its command says."""
    scripted = Scripted()
    row = function_table.FUNCTIONS["KubeTask"]
    replaced = {**function_table.FUNCTIONS, "KubeTask": dataclasses.replace(row, load=lambda: scripted)}
    monkeypatch.setattr(function_table, "FUNCTIONS", replaced)
    return scripted
