# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What EBS is called: in volumes, and among the volume providers."""

# Private: not for use outside of this collection.

from __future__ import annotations

DRIVER = "ebs.csi.aws.com"
#: The name of the volume provider.
PROVIDER = "aws_ebs"

#: Tags of a snapshot that a run took for a backup: the run, the backup's location, and of which volume it is. They are
#: not handed on to volumes that are made from it, and what was copied from it is of another volume.
RUN_TAG = "arkive.k8s/run"
LOCATION_TAG = "arkive.k8s/location"
VOLUME_TAG = "arkive.k8s/volume"
ORIGIN_TAGS = frozenset({RUN_TAG, LOCATION_TAG, VOLUME_TAG})

__all__ = ("DRIVER", "LOCATION_TAG", "ORIGIN_TAGS", "PROVIDER", "RUN_TAG", "VOLUME_TAG")
