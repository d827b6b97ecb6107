# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EBS snapshots of backups that are not there: they were taken by runs of this collection, and nobody knows them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import hashlib
import re

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshot, EbsSnapshotter
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.names import LOCATION_TAG, RUN_TAG, VOLUME_TAG
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.left_snapshots import LeftSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.native_records import BACKUP_TAG

#: What EC2 takes as the value of a tag wherever it is.
_PLAIN = re.compile(r"[A-Za-z0-9 +=._:/@-]{1,256}")


def origin_tags(*, run_id: str, location: str, volume_id: str) -> dict[str, str]:
    """The tags of a snapshot of a backup: who took it, for which location, of which volume."""
    return {RUN_TAG: run_id, LOCATION_TAG: _location_value(location), VOLUME_TAG: volume_id}


def find_left(ec2: EbsSnapshotter, location: str) -> list[LeftSnapshot]:
    """All that were taken for backups in ``location``, those of backups that are there as well.

    Raises ``SnapshotError``.
    """
    found = ec2.list_snapshots({LOCATION_TAG: _location_value(location)})
    return [_left(ec2, each) for each in found if _is_ours(each)]


def _is_ours(found: EbsSnapshot) -> bool:
    """A copy, and what others take of a volume that has our tags, is none."""
    tags = found.tags
    return bool(tags.get(RUN_TAG) and tags.get(BACKUP_TAG) and tags.get(VOLUME_TAG) == found.volume_id)


def _left(ec2: EbsSnapshotter, found: EbsSnapshot) -> LeftSnapshot:
    def remove() -> str:
        try:
            ec2.delete_snapshot(found.id)
        except Cancelled:
            raise
        except SnapshotError as exc:
            return exc.sentence
        return ""

    return LeftSnapshot(found.tags[BACKUP_TAG], found.id, remove, what="EBS snapshot")


def _location_value(location: str) -> str:
    if _PLAIN.fullmatch(location):
        return location
    return f"sha256:{hashlib.sha256(location.encode()).hexdigest()}"


__all__ = ("find_left", "origin_tags")
