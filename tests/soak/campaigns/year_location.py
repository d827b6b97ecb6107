# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engines behind ``k8s_backup``, ``k8s_restore``, ``k8s_backup_prune`` and ``k8s_backup_repository`` at one bucket.

In this process, as the modules call them: what a start of Ansible would take is not what is tried. What does not end
well is a ``Wrong``.
"""

from __future__ import annotations

import os
import secrets

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_run import PruneRequest, prune
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.request import (
    RepositoryOutcome,
    RepositoryRequest,
    State,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.work import look_after
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_plan import Retention
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings, Moving
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext, VolumeProvider
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import make_providers
from campaigns.wrong import Wrong

PASSWORD = "the password of the year"


class YearLocation:
    """``namespace``: that of the volumes, of which there is one repository."""

    def __init__(self, client: KubeClient, bucket: str, namespace: str) -> None:
        self._client = client
        self._namespace = namespace
        self.folder = f"kopia/{namespace}/"
        location = S3Location(
            bucket=bucket,
            prefix="",
            region="us-east-1",
            endpoint_url=os.environ["ARKIVE_TEST_S3_ENDPOINT"],
            access_key=os.environ["ARKIVE_TEST_S3_ACCESS_KEY"],
            secret_key=os.environ["ARKIVE_TEST_S3_SECRET_KEY"],
        )
        self._store = open_store(location)
        self._settings = MoverSettings(s3_url=os.environ["ARKIVE_TEST_S3_POD_ENDPOINT"], credentials="static")

    def back_up(self, name: str, *, moved: bool, ttl: str, schedule: str) -> Object:
        """What the backup says of its volume. ``moved``: by a snapshot; else the files are read as they are."""
        how = {"snapshot_move_data": True} if moved else {"default_volumes_to_fs_backup": True}
        spec = BackupSpec.from_options({"included_namespaces": [self._namespace], "ttl": ttl, **how})
        labels = {"velero.io/schedule-name": schedule} if schedule else {}
        request = BackupRequest(name=name, spec=spec, labels=labels, mover=self._settings, repository_password=PASSWORD)
        done = run_backup(request, client=self._client, store=self._store)
        if (done.phase, done.errors_list, len(done.volumes)) != ("Completed", [], 1):
            raise Wrong(f"backup {name} is {done.phase}, with {len(done.volumes)} volumes: {done.errors_list}")
        (entry,) = done.volumes
        info: Object = entry["snapshotDataMovementInfo" if moved else "pvbInfo"]
        if entry["result"] != "succeeded":
            raise Wrong(f"backup {name} says of its volume: {entry}")
        return info

    def restore(self, name: str, into: str) -> None:
        """Into another namespace."""
        spec = RestoreSpec.from_options({"backup_name": name, "namespace_mapping": {self._namespace: into}})
        request = RestoreRequest(spec=spec, name=into, mover=self._settings, repository_password=PASSWORD)
        done = run_restore(request, client=self._client, store=self._store)
        if (done.phase, done.errors_list) != ("Completed", []):
            raise Wrong(f"the restore of {name} is {done.phase}: {done.errors_list}")

    def delete(self, name: str) -> None:
        done = delete_backup(name, store=self._store, providers=self._providers())
        if not done.changed or [found["kind"] for found in done.deleted_snapshots] != ["repository"]:
            raise Wrong(f"the deletion of {name} has deleted {done.deleted_snapshots}")

    def prune(self, retention: Retention) -> set[str]:
        """What has gone."""
        request = PruneRequest(retention=retention, providers=self._providers())
        done = prune(request, self._store, context=RunContext())
        if done.failed or done.refused:
            raise Wrong(f"prune failed: {[each.error for each in done.failed]} {done.refused}")
        return {each.name for each in done.backups if each.state == "deleted"}

    def look_after(self, state: State, *, full: bool = False) -> RepositoryOutcome:
        request = RepositoryRequest(state=state, namespace=self._namespace, mover_namespace=self._namespace, full=full)
        done = look_after(request, self._moving(), self._client, copy_to=None, check_mode=False)
        if done.problems or done.missing:
            raise Wrong(f"the repository that is {state} has problems: {done.problems} {done.missing}")
        return done

    def blobs(self) -> dict[str, int]:
        """Sizes of the repository's objects, by name."""
        return {found.key.removeprefix(self.folder): found.size for found in self._store.list(self.folder).objects}

    def _moving(self) -> Moving:
        run = RunContext(run_id=secrets.token_hex(8))
        return Moving(settings=self._settings, store=self._store, password=PASSWORD, run=run)

    def _providers(self) -> tuple[VolumeProvider, ...]:
        return make_providers(VolumeContext(connect=lambda: self._client, moving=self._moving()))


__all__ = ("PASSWORD", "YearLocation")
