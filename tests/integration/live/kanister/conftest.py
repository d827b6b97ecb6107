# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A namespace for each file's phases; no temporary pod is left after a test."""

from __future__ import annotations

import typing as t

import pytest
from phase_lab import PhaseLab

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient


@pytest.fixture
def phases(client: KubeClient, kubectl: t.Callable[..., str], module_namespace: str) -> t.Iterator[PhaseLab]:
    lab = PhaseLab(client, kubectl, module_namespace)
    yield lab
    assert lab.temporary_pods() == []
