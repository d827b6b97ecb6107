# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Buckets that Ark 0.3 to 0.11 and Velero 1.0 to 1.18 have written: docs/compatibility 2.4, 9, 12 and 12.2."""

from __future__ import annotations

import gzip
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import obj, tar_gz

ARK = "ark.heptio.com/v1"
VELERO = "velero.io/v1"
DONE = {"phase": "Completed", "version": 1}

POD = obj("Pod", "web", "app")
VOLUME = obj("PersistentVolume", "pv-1")
OLD_TAR = tar_gz(("namespaces/app/pods/web.json", POD), ("cluster/persistentvolumes/pv-1.json", VOLUME))
TAR = tar_gz(
    ("resources/pods/namespaces/app/web.json", POD),
    ("resources/persistentvolumes/cluster/pv-1.json", VOLUME),
)
TAR_1_0 = tar_gz(("metadata/version", b"1\n"), ("resources/pods/namespaces/app/web.json", POD))
TAR_1_4 = tar_gz(
    ("metadata/version", b"1.1.0\n"),
    ("resources/pods/namespaces/app/web.json", POD),
    ("resources/pods/v1-preferredversion/namespaces/app/web.json", POD),
)


def backup(api_version: str, name: str = "n", **members: t.Any) -> bytes:
    document = {"apiVersion": api_version, "kind": "Backup", "metadata": {"name": name}, **members}
    return json.dumps(document).encode()


# Writer, its files, the objects that a restore sees.
BUCKETS = [
    pytest.param({"n/ark-backup.json": backup(ARK, status=DONE), "n/n.tar.gz": OLD_TAR}, 2, id="Ark 0.3, 0.4"),
    pytest.param(
        {"n/ark-backup.json": backup(ARK, status=DONE), "n/n.tar.gz": TAR, "n/restore-r-logs.gz": b""}, 2, id="Ark 0.9"
    ),
    pytest.param(
        {
            "backups/n/ark-backup.json": backup(ARK, status=DONE),
            "backups/n/n.tar.gz": TAR,
            "metadata/revision": b"8d5e",
        },
        2,
        id="Ark 0.10",
    ),
    pytest.param(
        {
            "backups/n/ark-backup.json": b"older",
            "backups/n/velero-backup.json": backup(VELERO, status=DONE),
            "backups/n/n.tar.gz": TAR,
        },
        2,
        id="Ark 0.11: both, Velero's counts",
    ),
    pytest.param(
        {"backups/n/velero-backup.json": backup(VELERO, status=DONE), "backups/n/n.tar.gz": TAR_1_0},
        1,
        id="Velero 1.0",
    ),
    pytest.param(
        {
            "backups/n/velero-backup.json": backup(VELERO, status={**DONE, "formatVersion": "1.1.0"}),
            "backups/n/n.tar.gz": TAR_1_4,
            "backups/n/n-csi-volumesnapshots.json.gz": gzip.compress(b"null\n"),
            "backups/n/n-itemsnapshots.json.gz": gzip.compress(b"[]\n"),
        },
        1,
        id="Velero 1.8: csi files, null",
    ),
    pytest.param(
        {
            "backups/n/velero-backup.json": backup(VELERO, status={**DONE, "formatVersion": "1.1.0"}),
            "backups/n/n.tar.gz": TAR_1_4,
            "backups/n/n-volumeinfo.json.gz": gzip.compress(b"[]\n"),
            "kopia/app/kopia.repository": b"x",
        },
        1,
        id="Velero 1.18",
    ),
]

__all__ = ("ARK", "BUCKETS", "DONE", "POD", "TAR", "VELERO", "backup")
