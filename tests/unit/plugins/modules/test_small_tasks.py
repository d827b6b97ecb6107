# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a backup loads before it knows what it has to do: Ansible compiles each of these files anew for each task."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from ansible_collections.arkive.k8s.plugins.modules import k8s_backup

ROOMS = k8s_backup.__name__.replace("modules.k8s_backup", "module_utils.")


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    program = f"""
        import sys
        sys.path[:0] = {[path for path in sys.path if path]!r}
        import {k8s_backup.__name__}
        print(*sys.modules)
        """
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


@pytest.mark.parametrize(
    "name",
    [
        # libraries: of clusters, of S3
        "kubernetes",
        "urllib3",
        "boto3",
        "botocore",
        # only with hooks
        f"{ROOMS}_hooks.executor",
        f"{ROOMS}_kube.exec",
        f"{ROOMS}_quiesce.guard",
        f"{ROOMS}_quiesce.section",
        # only where something is marked as frozen
        f"{ROOMS}_quiesce.mark",
        f"{ROOMS}_quiesce.sweeper",
        # only with a resource policy
        f"{ROOMS}_velero.resource_policy",
        # only with blueprints
        f"{ROOMS}_kanister.hook_run",
        f"{ROOMS}_kanister.template.template",
        # only with volumes
        f"{ROOMS}_volumes.snapshot_sets",
        f"{ROOMS}_volumes.csi.snapshots",
        f"{ROOMS}_volumes.csi.sources",
        f"{ROOMS}_volumes.ebs.ec2",
        # only with such a kubeconfig
        f"{ROOMS}_kube.auth_provider",
        f"{ROOMS}_kube.exec_credential",
        # only to read a backup, or to delete one
        f"{ROOMS}_archive.gunzip",
        f"{ROOMS}_catalog.delete",
        f"{ROOMS}_catalog.recorded_snapshots",
        f"{ROOMS}_velero.object_shapes",
        f"{ROOMS}_velero.stored_backup",
        f"{ROOMS}_velero.volume_records",
        f"{ROOMS}_archive.tarball_reader",
    ],
)
def test_what_only_some_backups_need_is_not_loaded(loaded: set[str], name: str) -> None:
    assert name not in loaded
