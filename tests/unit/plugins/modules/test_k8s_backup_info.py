# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listing needs a store and nothing else."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import textwrap
import typing as t

from ansible_collections.arkive.k8s.plugins.modules import k8s_backup_info

Runner: t.TypeAlias = "t.Callable[..., dict[str, t.Any]]"


def test_an_empty_directory(run_module: Runner, tmp_path: pathlib.Path) -> None:
    result = run_module(k8s_backup_info, storage_location={"path": str(tmp_path)})
    assert not result["failed"]
    assert result["changed"] is False
    assert (result["backups"], result["incomplete"], result["location"]) == ([], [], str(tmp_path))


def test_a_directory_that_is_not_there(run_module: Runner, tmp_path: pathlib.Path) -> None:
    result = run_module(k8s_backup_info, storage_location={"path": str(tmp_path / "none")})
    assert result["failed"]
    assert str(tmp_path / "none") in result["msg"]


def test_no_library_of_a_cluster_or_of_s3_is_loaded() -> None:
    """Design: a module that talks to the store only does not import ``kubernetes``, and the reverse."""
    program = f"""
        import sys
        sys.path[:0] = {[path for path in sys.path if path]!r}
        import {k8s_backup_info.__name__}
        print(sorted({{"kubernetes", "boto3", "botocore"}} & set(sys.modules)))
        """
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
