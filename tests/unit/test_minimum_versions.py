# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever names a minimum version names the same one."""

from __future__ import annotations

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

REQUIREMENT = re.compile(r"^(?P<name>[a-z0-9-]+)>=(?P<version>[0-9.]+)$", re.MULTILINE)


def requirements(path: str) -> list[tuple[str, str]]:
    return REQUIREMENT.findall((ROOT / path).read_text())


def lines(path: str) -> list[str]:
    return [line for line in (ROOT / path).read_text().splitlines() if line and not line.startswith("#")]


OLDEST = "tests/setup/requirements/oldest.txt"
WANTED = requirements("requirements.txt")
ACCELERATORS = requirements("requirements-accel.txt")


def test_boto3_comes_first() -> None:
    assert [name for name, _version in WANTED][:2] == ["boto3", "kubernetes"]


@pytest.mark.parametrize(
    "path",
    [
        "requirements.txt",
        "tests/integration/requirements.txt",
    ],
)
def test_requirements_are_lower_bounds_in_the_same_order(path: str) -> None:
    assert lines(path) == [f"{name}>={version}" for name, version in WANTED]


def test_the_oldest_libraries_are_those_that_are_admitted() -> None:
    """Those of them that tests run with once more."""
    pinned = dict(re.findall(r"^([a-z0-9-]+)==([0-9.]+)$", (ROOT / OLDEST).read_text(), re.MULTILINE))
    del pinned["botocore"]
    assert pinned == {name: version for name, version in WANTED if name != "kubernetes"}


def test_unit_tests_need_what_stands_in_for_ec2_too() -> None:
    assert lines("tests/unit/requirements.txt") == [*lines("requirements.txt"), "moto[ec2]"]


def test_the_execution_environment_has_the_accelerators_too() -> None:
    found = [f"{name}>={version}" for name, version in [*WANTED, *ACCELERATORS]]
    assert lines("meta/ee-requirements.txt") == found


@pytest.mark.parametrize("path", ["README.md", "plugins/doc_fragments/_requirements.py"])
def test_documents_name_the_same_accelerators(path: str) -> None:
    named = dict(re.findall(r"\b(isal|orjson) >= ([0-9.]*[0-9])", (ROOT / path).read_text()))
    assert named == dict(ACCELERATORS)


@pytest.mark.parametrize(
    "path", ["README.md", "plugins/doc_fragments/_requirements.py", "docs/docsite/rst/guide_backup_and_restore.rst"]
)
def test_documents_name_the_same_versions(path: str) -> None:
    names = "|".join(name for name, _version in WANTED)
    named = dict(re.findall(rf"\b({names})(?:``|`)? >= ([0-9.]*[0-9])", (ROOT / path).read_text()))
    assert named == dict(WANTED)


def test_documents_name_the_same_python_and_ansible_core() -> None:
    readme = (ROOT / "README.md").read_text()
    core = re.search(r'requires_ansible: ">=([0-9.]+)\.0"', (ROOT / "meta/runtime.yml").read_text())
    python = re.search(r'python_requires: ">=([0-9.]+)"', (ROOT / "tests/config.yml").read_text())
    assert core is not None
    assert python is not None
    assert f"ansible-core >= {core[1]}" in readme
    assert f"Python >= {python[1]}" in readme
    assert f"python >= {python[1]}" in (ROOT / "plugins/doc_fragments/_requirements.py").read_text()
    assert f'_OLDEST = "{core[1]}."' in (ROOT / "tests/unit/conftest.py").read_text()
