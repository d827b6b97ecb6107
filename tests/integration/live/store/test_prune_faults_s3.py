# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retention in an S3 bucket that is killed at any step, or whose Nth delete is refused: the next run ends it."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from refusing_s3 import Fate, RefusingS3

from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_outcome import PrunedBackup
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.killed_prune import (
    furnish,
    require_end,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.prune_lab import PruneLab

_STEP = 3
KILLER = Path(__file__).with_name("prune_killer.py")


def test_killed_at_every_step(s3_location: S3Location, tmp_path: Path) -> None:
    """Before each of them, which is after the one before."""
    location = {
        name: getattr(s3_location, name)
        for name in ("bucket", "prefix", "endpoint_url", "access_key", "secret_key", "region")
    }
    asked = {"location": location, "folder": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, str(KILLER)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env=dict(os.environ),
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 15


@pytest.mark.parametrize(("fate", "first"), [("deny", 1), ("deny keys", 2)])
def test_the_server_refuses_the_nth_delete(s3_location: S3Location, tmp_path: Path, fate: Fate, first: int) -> None:
    """A request of its own, and one of a batch, whose answer is 200 all the same.

    Each third; all of them are refused in a directory (``test_prune_faults.py``).
    """
    at = first - _STEP
    while True:
        at += _STEP
        seen = 0

        def decide(method: str, path: str, at: int = at) -> Fate:
            nonlocal seen
            if method != "DELETE" and not (method == "POST" and "delete" in path.partition("?")[2]):
                return "pass"
            seen += 1
            denied: Fate = fate if method == "POST" else "deny"
            return denied if seen == at else "pass"

        place = dataclasses.replace(s3_location, prefix=f"{s3_location.prefix}/{at}")
        folder = tmp_path / str(at)
        folder.mkdir()
        lab = PruneLab(folder, open_store(place))
        furnish(lab)
        proxy = RefusingS3(str(s3_location.endpoint_url), decide)
        failed: list[PrunedBackup] = []
        try:
            lab.store = open_store(dataclasses.replace(place, endpoint_url=proxy.endpoint))
            failed = lab.prune(request={"leftovers": "ignored"}).failed
        except StoreError:
            # The first delete is that of the check whether the location can be written.
            if at > 1:
                raise
        finally:
            proxy.close()
        lab.store = open_store(place)
        for backup in failed:
            assert backup.error
            assert backup.name in lab.names()
        for _again in range(2):
            lab.prune(request={"leftovers": "removed"})
        require_end(lab)
        if not proxy.refused:
            break
    assert at > 5
