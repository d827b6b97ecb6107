# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A namespace for each file's phases; no temporary pod is left after a test."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from cut_proxy import CutProxy, through
from phase_lab import PhaseLab

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

# Where the engine is run as a process of its own.
sys.path.append(str(Path(__file__).parents[1] / "quiesce"))


class CutLine(t.NamedTuple):
    """A way to the API server that can be cut, and the client that takes it."""

    proxy: CutProxy
    client: KubeClient


@pytest.fixture
def line(kubeconfig: str) -> t.Iterator[CutLine]:
    config = yaml.safe_load(Path(kubeconfig).read_text())
    host, _colon, port = config["clusters"][0]["cluster"]["server"].removeprefix("https://").partition(":")
    proxy = CutProxy(host, int(port))
    yield CutLine(proxy, connect(KubeAuth(kubeconfig=through(config, proxy.port))))
    proxy.close()


@pytest.fixture
def phases(client: KubeClient, kubectl: t.Callable[..., str], module_namespace: str) -> t.Iterator[PhaseLab]:
    lab = PhaseLab(client, kubectl, module_namespace)
    yield lab
    assert lab.temporary_pods() == []
