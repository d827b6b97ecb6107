# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Velero's command line in a cluster that has no server of Velero, and not even Velero's own types.

Runs before the server of this folder starts, which brings its types with it.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tarfile
import typing as t
from pathlib import Path

import pytest
from operator_lab import Operator, new_name
from velero_judge import until

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import OperationsError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.type_definitions import VELERO_TYPES
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.types_task import (
    install_types,
    remove_types,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

pytestmark = pytest.mark.velero


@pytest.fixture(scope="module")
def own_types(client: KubeClient) -> t.Iterator[None]:
    """Ours, gone afterwards."""
    made = install_types(client, check_mode=False, cancel=CancelToken())
    assert len(made.created) == len(VELERO_TYPES), f"others have made {made.kept}"
    assert not install_types(client, check_mode=False, cancel=CancelToken()).changed
    yield
    removed = remove_types(client, force=True, check_mode=False)
    assert len(removed.removed) == len(VELERO_TYPES)


@pytest.fixture
def quiet(
    own_types: None,
    velero_program: str,
    kubeconfig: str,
    module_namespace: str,
    judged_bucket: t.Any,
    s3: t.Any,
    tmp_path: Path,
) -> Operator:
    """No passes are made but those that a test makes."""
    found = Operator(velero_program, kubeconfig=kubeconfig, namespace=module_namespace, home=tmp_path)
    if found.get("backupstoragelocations", "default") is None:
        found.add_location(judged_bucket.name, s3)
    return found


@pytest.fixture
def operator(quiet: Operator) -> t.Iterator[Operator]:
    with quiet:
        yield quiet
    assert quiet.problems == []


def test_the_command_line(operator: Operator, namespace: str, kubectl: t.Any, tmp_path: Path) -> None:
    kubectl("-n", namespace, "create", "configmap", "prices", "--from-literal=apple=1")
    backup, restore, schedule = new_name("b"), new_name("r"), new_name("s")

    assert "completed with status: Completed" in operator(
        "backup", "create", backup, "--include-namespaces", namespace, "--wait"
    )
    assert f"{backup}   Completed" in operator("backup", "get")
    assert "Backed up a total of" in operator("backup", "logs", backup)
    described = operator("backup", "describe", backup, "--details", "--colorized=false")
    assert "Phase:  Completed" in described
    assert f"- {namespace}/prices" in described
    assert "<error getting" not in described
    archive = tmp_path / "b.tar.gz"
    operator("backup", "download", backup, "--output", str(archive))
    with tarfile.open(archive) as opened:
        assert f"resources/configmaps/namespaces/{namespace}/prices.json" in opened.getnames()
    assert "Version: arkive.k8s" in operator("version")
    assert "arkive.k8s/csi" in operator("plugin", "get")

    kubectl("-n", namespace, "delete", "configmap", "prices")
    assert "completed with status: Completed" in operator(
        "restore", "create", restore, "--from-backup", backup, "--wait"
    )
    assert kubectl("-n", namespace, "get", "configmap", "prices", "-o", "jsonpath={.data.apple}") == "1"
    described = operator("restore", "describe", restore, "--details", "--colorized=false")
    assert f"- {namespace}/prices(created)" in described
    assert "restore completed" in operator("restore", "logs", restore)

    operator("schedule", "create", schedule, "--schedule", "@every 3s", "--include-namespaces", namespace)
    operator.await_phase("schedules", schedule, "Enabled")
    made = until(
        lambda: [name for name in operator.names("backups") if name.startswith(f"{schedule}-")],
        "the schedule makes a backup",
        seconds=60,
    )
    operator("schedule", "pause", schedule)
    operator.await_phase("backups", made[0], "Completed")
    assert "Paused:  true" in operator("schedule", "describe", schedule)
    operator("schedule", "unpause", schedule)
    more = until(
        lambda: [name for name in operator.names("backups") if name.startswith(f"{schedule}-") and name not in made],
        "the schedule goes on",
        seconds=60,
    )
    operator("schedule", "delete", schedule, "--confirm")
    operator.await_phase("backups", more[0], "Completed")

    operator("backup", "delete", backup, "--confirm")
    until(lambda: operator.get("backups", backup) is None, "the backup is deleted", seconds=60)
    assert operator.get("restores", restore) is None
    until(lambda: not operator.names("deletebackuprequests"), "its request is deleted after it", seconds=60)
    expected = {("BackupStarted", backup), ("BackupCompleted", backup), ("RestoreCompleted", restore)}
    assert expected <= operator.events()


def test_types_with_objects_stay(operator: Operator, client: KubeClient) -> None:
    with pytest.raises(OperationsError, match="1 BackupStorageLocation"):
        remove_types(client, force=False, check_mode=False)
    kept = operator.get("backupstoragelocations", "default")
    assert kept is not None


@pytest.mark.parametrize(
    ("line", "phases"),
    [
        (": InProgress", {"Failed"}),
        ("writing s3://", {"Failed"}),
        (" items, 0 errors", {"Completed"}),
    ],
)
def test_a_pass_that_is_killed(
    quiet: Operator, kubeconfig: str, namespace: str, judged_store: Store, line: str, phases: set[str]
) -> None:
    """Of the backup there is all or nothing, and the next pass says so."""
    backup = new_name("k")
    quiet("backup", "create", backup, "--include-namespaces", namespace)
    argv = [sys.executable, str(Path(__file__).parent / "killed_pass.py"), kubeconfig, quiet.namespace, line]
    killed = subprocess.run(argv, capture_output=True, text=True, timeout=90, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    left = quiet.get("backups", backup)
    assert left is not None
    assert left["status"]["phase"] == "InProgress"
    quiet.pass_once()
    after = quiet.get("backups", backup)
    assert after is not None
    assert after["status"]["phase"] in phases
    files = [info.key for info in judged_store.list(f"backups/{backup}/").objects]
    assert bool(files) is (after["status"]["phase"] == "Completed")
    if files:
        assert not [key for key in files if key.endswith("-arkive-claim.json")]


def test_a_deletion_that_is_killed(quiet: Operator, kubeconfig: str, namespace: str, judged_store: Store) -> None:
    backup = new_name("k")
    quiet("backup", "create", backup, "--include-namespaces", namespace)
    quiet.pass_once()
    quiet("backup", "delete", backup, "--confirm")
    argv = [sys.executable, str(Path(__file__).parent / "killed_pass.py"), kubeconfig, quiet.namespace, ": Deleting"]
    killed = subprocess.run(argv, capture_output=True, text=True, timeout=90, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    quiet.pass_once()
    assert quiet.get("backups", backup) is None
    assert quiet.names("deletebackuprequests") == []
    assert judged_store.list(f"backups/{backup}/").objects == []
