# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contracts of pyproject.toml name every kind of store and every volume provider: they guard no others."""

from __future__ import annotations

import pathlib
import tomllib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = "ansible_collections.arkive.k8s.plugins.module_utils"


@pytest.mark.parametrize(
    ("room", "contract", "member"),
    [
        ("_volumes", "Who snapshots volumes is known by the table of providers alone", "forbidden_modules"),
        ("_volumes", "Volume providers do not know each other", "modules"),
        ("_store", "Of which kind a store is, is known by the table of kinds alone", "protected_modules"),
        ("_store", "Kinds of stores do not know each other", "modules"),
    ],
)
def test_every_folder_of_the_room_is_named(room: str, contract: str, member: str) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = {entry["name"]: entry for entry in settings["tool"]["importlinter"]["contracts"]}
    folders = {path.parent.name for path in (ROOT / "plugins/module_utils" / room).glob("*/*.py")}
    assert set(contracts[contract][member]) == {f"{ROOMS}.{room}.{folder}" for folder in folders}
