# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applications with data, a store for their backups, and the storage below."""

from __future__ import annotations

import secrets
import typing as t
from pathlib import Path

import pytest
from pod_location import PodLocation
from volume_lab import DataApp, Storage
from volume_runs import VolumeRuns

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings

if t.TYPE_CHECKING:
    from cluster_access import S3Access


@pytest.fixture(scope="session")
def storage(state: Path) -> Storage:
    """For tests that are marked ``node`` or ``fault``."""
    return Storage(state)


@pytest.fixture
def runs(client: t.Any, tmp_path: Path) -> VolumeRuns:
    """Backups into a local directory, and restores from it."""
    return VolumeRuns(client, tmp_path / "store")


@pytest.fixture
def make_app(kubectl: t.Any) -> t.Iterator[t.Callable[..., DataApp]]:
    """``make_app(workload="StatefulSet")``: an application that runs, in a namespace of its own."""
    made: list[DataApp] = []

    def make(**options: t.Any) -> DataApp:
        name = f"arkive-test-d-{secrets.token_hex(3)}"
        kubectl("create", "namespace", name)
        app = DataApp(kubectl, name, **options)
        made.append(app)
        app.create()
        return app

    yield make
    policy = ["--type=merge", "-p", '{"spec":{"deletionPolicy":"Delete"}}']
    for kind, name in (each.split() for app in made for each in app.snapshot_objects()):
        if kind == "VolumeSnapshotContent":  # what a test has left goes with its namespace, in the storage as well
            kubectl("patch", kind, name, *policy, check=False)
    if made:
        kubectl("delete", "namespace", *(app.namespace for app in made), "--ignore-not-found", "--wait=false")


@pytest.fixture(scope="module")
def pod_location(s3: S3Access, module_s3_bucket: t.Any, pod_s3_url: str, kopia_image: str) -> PodLocation:
    """For tests that are marked ``node``."""
    settings = MoverSettings(image=kopia_image, s3_url=pod_s3_url, credentials="static")
    return PodLocation(s3, module_s3_bucket, settings)
