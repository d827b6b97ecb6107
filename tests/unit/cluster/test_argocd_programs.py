# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of Argo CD's programs without running them."""

from __future__ import annotations

from pathlib import Path

from kubelab import images
from kubelab.argocd import ArgoFiles
from kubelab.golang import ARGOCD
from kubelab.versions import VALKEY_FROM_PYPI


def test_the_valkey_on_the_host_is_that_of_the_image() -> None:
    """Named twice: each change of ``images.py`` makes all images anew."""
    assert VALKEY_FROM_PYPI == images._VALKEY


def test_one_module_for_all(tmp_path: Path) -> None:
    """The program of each log, but for Valkey, is one of the build; none of them runs for a folder of no cluster."""
    files = ArgoFiles(tmp_path)
    assert set(files.logs) == {*ARGOCD.names, "valkey-server"}
    assert files.pids_by_name() == {}
    assert ARGOCD.pinned("github.com/argoproj/argo-cd/v3") == "v3.2.0"
