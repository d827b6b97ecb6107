# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command of the local cluster: what is built by which words."""

from __future__ import annotations

import functools

import pytest
from kubelab import cli


@pytest.mark.parametrize(
    ("words", "built"),
    [
        pytest.param([], ["cluster"], id="the cluster by default"),
        pytest.param(["kopia"], ["kopia"], id="one"),
        pytest.param(["kopia", "cluster"], ["cluster", "kopia"], id="in the order of what needs what"),
    ],
)
def test_build(words: list[str], built: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str] = []

    def note(what: str, _options: object) -> None:
        found.append(what)

    monkeypatch.setattr(cli, "_BUILDS", {what: functools.partial(note, what) for what in cli._BUILDS})
    assert cli.main(["build", *words]) == 0
    assert found == built
