# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The application that is frozen, the stores, and what must be true after every test: nothing is frozen."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import lab_node
import pytest
import yaml
from cut_proxy import CutProxy, through
from nginx_app import NginxApp, until
from processes import Engine

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

Location = dict[str, t.Any]


@pytest.fixture(scope="module")
def app(client: KubeClient, kubectl: t.Callable[..., str], module_namespace: str) -> NginxApp:
    """The application, for all tests of a file."""
    found = NginxApp(client, kubectl, module_namespace)
    found.deploy()
    return found


@pytest.fixture
def engine(kubeconfig: str, tmp_path: Path) -> t.Iterator[Engine]:
    found = Engine(kubeconfig, tmp_path)
    yield found
    found.close()


@pytest.fixture
def location(tmp_path: Path) -> Location:
    """A local directory to store backups in."""
    folder = tmp_path / "store"
    folder.mkdir()
    return {"path": str(folder)}


@pytest.fixture
def s3_location(s3: t.Any, s3_bucket: t.Any) -> Location:
    """The bucket to store backups in."""
    return {
        "bucket": s3_bucket.name,
        "endpoint_url": s3.endpoint,
        "access_key": s3.access_key,
        "secret_key": s3.secret_key,
        "region": "us-east-1",
    }


@pytest.fixture(scope="session")
def frozen_lines() -> t.Callable[[], list[str]]:
    """What the local cluster says was left frozen; nothing on a cluster that cannot say it."""
    state = os.environ.get("ARKIVE_TEST_STATE", "")
    return lambda: lab_node.frozen_lines(Path(state)) if state else []


@pytest.fixture(autouse=True)
def nothing_stays_frozen(request: pytest.FixtureRequest, frozen_lines: t.Callable[[], list[str]]) -> t.Iterator[None]:
    """After each test a write goes through, no lease is left in the pod, and no mark on it."""
    before = frozen_lines()
    yield
    if "app" not in request.fixturenames:
        return
    app: NginxApp = request.getfixturevalue("app")
    try:
        app.await_thawed(5)
        assert app.marks == app.claim_marks == []
        until(lambda: not app.armed_leases, "every lease is over", seconds=20)
        assert frozen_lines() == before
    except AssertionError:
        app.clean()  # the next test is to start well
        raise


@pytest.fixture
def start(app: NginxApp) -> float:
    """The uptime when the test began, and the application as the page sets it up."""
    app.annotate()
    return app.uptime


@pytest.fixture
def proxy(kubeconfig: str) -> t.Iterator[tuple[CutProxy, Location]]:
    """A way to the API server that can be cut, and the kubeconfig that takes it."""
    config = yaml.safe_load(Path(kubeconfig).read_text())
    host, _colon, port = config["clusters"][0]["cluster"]["server"].removeprefix("https://").partition(":")
    found = CutProxy(host, int(port))
    yield found, through(config, found.port)
    found.close()


@pytest.fixture
def lab(state: Path) -> t.Callable[..., str]:
    """``lab("ls", "/")``: a command in the node of the local cluster."""
    return lambda *argv: lab_node.run_in_node(state, argv)
