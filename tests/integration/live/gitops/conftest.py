# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flux's controllers, and an application that they keep like a tree in a bucket."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import pytest
from flux_lab import FluxApplication, FluxLab
from play_runner import PlayRunner
from releases import Releases
from web_application import WebApplication

sys.path.append(str(Path(__file__).parents[1] / "quiesce"))

if t.TYPE_CHECKING:
    from cluster_access import Kubectl, S3Access

    from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient


@pytest.fixture(scope="module")
def flux(
    state: Path, client: KubeClient, kubectl: Kubectl, s3: S3Access, module_s3_bucket: t.Any
) -> t.Iterator[FluxLab]:
    """The controllers, built now when nothing has built them before.

    Of one file: they watch all namespaces, and other tests have Kustomizations on which nobody is to act.
    """
    found = FluxLab(state, client, kubectl, s3, module_s3_bucket)
    try:
        found.build()
        found.start()
        yield found
    finally:
        found.stop()


@pytest.fixture(scope="module")
def clock(flux: FluxLab, module_namespace: str) -> t.Iterator[FluxApplication]:
    """Another application, whose reconciliations show that the controllers run, and how time goes by for them."""
    followed = flux.follow(module_namespace)
    metadata = {"name": "clock", "namespace": module_namespace}
    followed.commit({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}})
    followed.await_applied()
    yield followed
    followed.remove()


@pytest.fixture
def web(flux: FluxLab, namespace: str, kubeconfig: str, tmp_path: Path) -> t.Iterator[WebApplication]:
    """The application, applied by Flux as its first commit has it."""
    made = WebApplication(flux, namespace, PlayRunner(tmp_path, kubeconfig), tmp_path / "backups")
    made.first_commit()
    yield made
    made.remove()


@pytest.fixture
def releases(flux: FluxLab, namespace: str) -> t.Iterator[Releases]:
    made = Releases(flux, namespace)
    yield made
    made.remove()
