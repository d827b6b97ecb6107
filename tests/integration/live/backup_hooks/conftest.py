# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pods of a file's tests, and what must be true after each: nothing is frozen."""

from __future__ import annotations

import typing as t

import pytest
from hook_pods import HookPods

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.annotated import FROZEN_ANNOTATION


@pytest.fixture
def pods(client: KubeClient, kubectl: t.Callable[..., str], namespace: str) -> t.Iterator[HookPods]:
    """A namespace of its own for the test."""
    found = HookPods(client, kubectl, namespace)
    yield found
    marked, frozen = [], []
    for each in found.all():
        name = each["metadata"]["name"]
        if FROZEN_ANNOTATION in (each["metadata"].get("annotations") or {}):
            marked.append(name)
        if each["spec"].get("volumes", [{}])[0].get("persistentVolumeClaim") and found.is_frozen(name):
            frozen.append(name)
    assert (marked, frozen) == ([], [])
