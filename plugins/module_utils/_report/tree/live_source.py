# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is in the cluster now, as a backup of objects that lies in a temporary folder and goes with it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import tempfile
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.open_backup import OpenBackup
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.source import open_source
from ansible_collections.arkive.k8s.plugins.module_utils._store.kinds import make_location
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec

_NAME = "live"


@contextlib.contextmanager
def open_live(
    spec: BackupSpec,
    *,
    client: KubeClient,
    skip_forbidden: bool = False,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
) -> t.Iterator[tuple[OpenBackup, list[str]]]:
    """The objects of ``spec`` and warnings about them, while the context lasts. No hook is run, nothing is snapshotted.

    Raises ``ArkiveError``.
    """
    with tempfile.TemporaryDirectory(prefix="arkive-export-") as folder:
        store = open_store(make_location({"path": folder}), cancel=cancel)
        request = BackupRequest(
            name=_NAME,
            spec=spec,
            objects_only=True,
            skip_forbidden=skip_forbidden,
            fail_on_empty=True,
            strict_selection=True,
        )
        outcome = run_backup(request, client=client, store=store, progress=progress, cancel=cancel)
        with open_source(store, _NAME, cancel=cancel) as backup:
            yield backup, [issue.message for issue in (*outcome.issues.warnings, *outcome.issues.errors)]


__all__ = ("open_live",)
