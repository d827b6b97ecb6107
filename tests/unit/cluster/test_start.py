# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The S3 server's ports: none that an outgoing connection may take between its choice and its start."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from kubelab import launcher, s3
from kubelab.commands import LabError


def test_free_ports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        first = taken.getsockname()[1]
        numbers = tmp_path / "range"
        numbers.write_text(f"{first + 4}\t60999\n")
        monkeypatch.setattr(s3, "_OUTGOING_PORTS", numbers)
        monkeypatch.setattr(s3, "_LOWEST_PORT", first)
        (found,) = s3._free_ports(1)
        assert first < found < first + 4
        with pytest.raises(LabError, match="No 4 ports are free"):
            s3._free_ports(4)


def test_the_checks_look_for_the_reason_where_it_is_written() -> None:
    checks = Path(__file__).parents[2] / "setup" / "checks" / "cluster.py"
    assert f'START_FAILURE = "{launcher.FAILURE}"' in checks.read_text()
