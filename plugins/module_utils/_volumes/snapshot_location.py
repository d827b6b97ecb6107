# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the native snapshots of volumes are: a region of AWS, as the ``snapshot_location`` option says."""

# Private: not for use outside of this collection.

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.arkive.k8s.plugins.module_utils._aws.access import AwsAccess
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError


@dataclass(frozen=True, kw_only=True)
class SnapshotLocation(AwsAccess):
    """What Velero calls a volume snapshot location, of its AWS plugin.

    Credentials that are None are looked up by boto3's own chain. ``kms_key_id`` encrypts the volumes that are made
    from snapshots; ``cluster_name`` is the cluster that those volumes are tagged to belong to. Raises
    ``ValidationError`` when the options contradict each other.
    """

    name: str = "default"
    kms_key_id: str | None = None
    cluster_name: str | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise ValidationError("The snapshot location has an empty name.", hint="Give 'name', or leave it out.")
        self.check_credentials(f"snapshot location '{self.name}'")


__all__ = ("SnapshotLocation",)
