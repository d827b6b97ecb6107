# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Warnings of the API server in the headers of its answers (RFC 7234, section 5.5)."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import create_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.warning_header import parse_warnings
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi


@pytest.mark.parametrize(
    ("header", "texts"),
    [
        (None, []),
        ("", []),
        ('299 - "unknown field \\"spec.keepUntil\\""', ['unknown field "spec.keepUntil"']),
        ('299 - "one, two", 299 kube "three"', ["one, two", "three"]),
        ('299 - "a \\\\ b"', ["a \\ b"]),
        ('199 - "not of Kubernetes"', []),
        ('299 - "\x1b[31mred"', ["[31mred"]),
        ("299 - no quotes", []),
        (f'299 - "{"x" * 1000}"', ["x" * 600 + "..."]),
    ],
)
def test_texts(header: str | None, texts: list[str]) -> None:
    assert parse_warnings(header) == texts


def test_who_heeds_is_told() -> None:
    api = MemoryApi()
    api.add("namespaces", "shop")
    api.admit = lambda obj: ["one", 'two "2"'] if obj["kind"] == "ConfigMap" else []
    heard: list[str] = []
    resource = Discovery.read(api.client).find(GroupResource("configmaps"))
    assert resource is not None
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    create_object(api.client.heeding(heard.append), resource, config, namespace="shop")
    assert heard == ["one", 'two "2"']
