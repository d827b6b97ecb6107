# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A limit is raised, and never lowered."""

from __future__ import annotations

from pathlib import Path

import pytest
from kubelab.kernel_limits import raise_limits


@pytest.mark.parametrize(("found", "then"), [(128, 1024), (1024, 1024), (8192, 8192)])
def test_never_lowered(tmp_path: Path, found: int, then: int) -> None:
    file = tmp_path / "max_user_instances"
    file.write_text(f"{found}\n")
    raise_limits(file)
    assert int(file.read_text()) == then


def test_what_cannot_be_raised_is_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", lambda _file: "128\n")
    monkeypatch.setattr(Path, "write_text", refuse)
    raise_limits(Path("/limit"))
    assert "/limit is 128, which is too low for many clusters, and cannot be raised: Permission denied." in (
        capsys.readouterr().err
    )
