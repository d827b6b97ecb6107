# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``velero install`` prints is taken apart: the server is no pod, and the node-agent is there when asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kubelab.program_images import VELERO_IMAGE
from kubelab.velero_installation import Installation, listed

#: As Velero 1.18.3 prints them, in its order.
PRINTED = [
    "CustomResourceDefinition",
    "CustomResourceDefinition",
    "Namespace",
    "ClusterRoleBinding",
    "ServiceAccount",
    "Deployment",
    "DaemonSet",
]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A stand-in that prints its arguments as the name of each object."""
    items = [{"kind": kind, "metadata": {"name": "NAME"}, "spec": {"replicas": 1}} for kind in PRINTED]
    (tmp_path / "items.json").write_text(json.dumps({"kind": "List", "items": items}), encoding="utf-8")
    made = tmp_path / "velero"
    made.write_text(f'#!/bin/sh\nsed "s|NAME|$*|g" {tmp_path}/items.json\n', encoding="utf-8")
    made.chmod(0o755)
    return made


def test_objects_are_sorted_by_who_needs_them(program: Path) -> None:
    found = Installation.of(program, Path("kubeconfig"))
    assert [each["kind"] for each in found.definitions] == ["CustomResourceDefinition"] * 2
    assert [each["kind"] for each in found.server] == ["Namespace", "Deployment"]
    assert [each["kind"] for each in found.node_agent] == ["ServiceAccount", "ClusterRoleBinding", "DaemonSet"]


def test_the_deployment_has_no_pods_and_the_real_image(program: Path) -> None:
    deployment = Installation.of(program, Path("kubeconfig")).server[-1]
    assert deployment["spec"]["replicas"] == 0
    assert f"--image={VELERO_IMAGE.name} " in deployment["metadata"]["name"]


def test_the_list_is_what_kubectl_reads() -> None:
    assert json.loads(listed([{"kind": "Secret"}])) == {
        "apiVersion": "v1",
        "kind": "List",
        "items": [{"kind": "Secret"}],
    }
