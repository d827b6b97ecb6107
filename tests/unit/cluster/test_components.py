# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Command lines and configuration files that must hold together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kubelab import components
from kubelab.configs import write_configs
from kubelab.model import POD_RANGE, Lab

PROGRAMS = (*components.NAMES, "kubectl")


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in PROGRAMS:
        (programs / name).touch()
    return Lab(state=tmp_path / "state", port=6443, programs=(programs,), images=tmp_path / "images")


def _all(lab: Lab) -> list[components.Component]:
    return [*components.first(lab, 5), *components.with_api_server(lab), *components.with_definitions(lab)]


def test_every_component_has_its_name(lab: Lab) -> None:
    assert [c.name for c in _all(lab)] == [*components.NAMES]


def test_files_named_on_command_lines_are_written(lab: Lab) -> None:
    write_configs(lab)
    options = [o.partition("=")[2] for c in _all(lab) for o in c.argv if o.startswith("--config=")]
    assert len(options) == 2
    assert all(Path(o).is_file() for o in options)


def test_driver_does_not_thaw(lab: Lab) -> None:
    driver = next(c for c in _all(lab) if c.name == "loopfile")
    assert "-thaw-at-unstage=false" in driver.argv


def test_pods_get_addresses_of_the_node(lab: Lab) -> None:
    write_configs(lab)
    network = json.loads(lab.path("cni/10-pods.conflist").read_text(encoding="utf-8"))
    assert network["plugins"][0]["ipam"]["ranges"] == [[{"subnet": str(POD_RANGE)}]]


@pytest.mark.parametrize("name", ["KUBECONFIG", "HTTPS_PROXY", "http_proxy"])
def test_environment_is_clean(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "something")
    assert name not in components.environment()
