# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A storage location that pods reach, and how data is moved there."""

from __future__ import annotations

import secrets
import typing as t

from new_bucket import location_in

from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings, Moving

if t.TYPE_CHECKING:
    from cluster_access import S3Access

PASSWORD = "of-the-repository"


class PodLocation:
    """``bucket``: boto3's own. ``settings``: with keys that do not end."""

    def __init__(self, s3: S3Access, bucket: t.Any, settings: MoverSettings) -> None:
        self.bucket = bucket
        self.settings = settings
        self.store: Store = open_store(location_in(bucket, s3, prefix="p"))

    def request(self, name: str, namespace: str, **spec: t.Any) -> BackupRequest:
        """A backup of a namespace with what ``spec`` wants of its volumes."""
        return BackupRequest(
            name=name,
            spec=BackupSpec.from_options({"included_namespaces": [namespace], **spec}),
            mover=self.settings,
            repository_password=PASSWORD,
        )

    def moving(self) -> Moving:
        """For a task that makes no backup."""
        run = RunContext(run_id=secrets.token_hex(8))
        return Moving(settings=self.settings, store=self.store, password=PASSWORD, run=run)

    def keys(self) -> list[str]:
        return [found.key for found in self.bucket.objects.all()]


__all__ = ("PASSWORD", "PodLocation")
