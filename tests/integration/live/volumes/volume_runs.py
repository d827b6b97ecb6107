# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups and restores by the engines, in a few words.

As a program it makes one backup, and may be killed: KUBECONFIG STORE NAME NAMESPACE.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
import typing as t
from pathlib import Path

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec


class VolumeRuns:
    """A store, and what is done with it."""

    def __init__(self, client: KubeClient, path: Path) -> None:
        path.mkdir(exist_ok=True)
        self.client = client
        self.path = path
        self.store = open_store(LocalLocation(path=str(path)))
        self.backup_name = f"d{secrets.token_hex(3)}"

    def back_up(
        self,
        *namespaces: str,
        client: KubeClient | None = None,
        cancel: CancelToken | None = None,
        **options: t.Any,
    ) -> BackupOutcome:
        """A backup of whole namespaces. Options of the request or of its spec."""
        fields = set(BackupRequest.__dataclass_fields__) - {"spec", "name"}
        own = {name: options.pop(name) for name in list(options) if name in fields}
        spec = BackupSpec.from_options({"included_namespaces": list(namespaces), **options})
        request = BackupRequest(name=self.backup_name, spec=spec, **own)
        return run_backup(request, client=client or self.client, store=self.store, cancel=cancel)

    def start(self, kubeconfig: str, namespace: str) -> subprocess.Popen[bytes]:
        """A backup by another process, with a lease of three seconds."""
        argv = [sys.executable, __file__, kubeconfig, str(self.path), self.backup_name, namespace]
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL)

    def forget_claim(self) -> None:
        """As when the claim of a dead run has expired."""
        (self.path / "backups" / self.backup_name / f"{self.backup_name}-arkive-claim.json").unlink()

    def restore(self, **options: t.Any) -> RestoreOutcome:
        spec = RestoreSpec.from_options({"backup_name": self.backup_name, **options})
        return run_restore(RestoreRequest(spec=spec), client=self.client, store=self.store)


def main(kubeconfig: str, path: str, name: str, namespace: str) -> None:
    runs = VolumeRuns(connect(KubeAuth(kubeconfig=kubeconfig)), Path(path))
    runs.backup_name = name
    runs.back_up(namespace, freeze_policy=FreezePolicy(lease_seconds=3))


if __name__ == "__main__":
    main(*sys.argv[1:])


__all__ = ("VolumeRuns",)
