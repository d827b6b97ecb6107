# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of Go without running it."""

from __future__ import annotations

import re

import pytest
from kubelab.golang import ARGOCD, CSI_SANITY, FLUX, NODE_BUILDS, go_version
from kubelab.versions import GO_FROM_PYPI, GO_MINIMUM


@pytest.mark.parametrize(
    ("text", "version"),
    [
        pytest.param("go version go1.26.8 linux/amd64\n", (1, 26, 8), id="release"),
        pytest.param("go version go1.26 linux/arm64\n", (1, 26), id="first release"),
        pytest.param("go version go1.27rc1 linux/amd64\n", (1, 27), id="candidate"),
        pytest.param("gccgo (Debian 12.2.0) 12.2.0\n", (), id="another compiler"),
        pytest.param("", (), id="nothing"),
    ],
)
def test_go_version(text: str, version: tuple[int, ...]) -> None:
    assert go_version(text) == version


@pytest.mark.parametrize("build", [*NODE_BUILDS, CSI_SANITY, FLUX, ARGOCD], ids=lambda b: b.name)
def test_the_least_version_is_enough(build: object) -> None:
    source = getattr(build, "source")  # noqa: B009 (a parameter's type is object)
    wanted = re.search(r"^go (\d+)\.(\d+)", (source / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    assert wanted
    assert (int(wanted[1]), int(wanted[2])) <= GO_MINIMUM


def test_the_one_from_pypi_is_enough() -> None:
    assert tuple(int(n) for n in GO_FROM_PYPI[1].split(".")) >= GO_MINIMUM
