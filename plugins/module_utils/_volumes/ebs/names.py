# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What EBS is called: in volumes, and among the volume providers."""

# Private: not for use outside of this collection.

from __future__ import annotations

DRIVER = "ebs.csi.aws.com"
#: The name of the volume provider.
PROVIDER = "aws_ebs"

__all__ = ("DRIVER", "PROVIDER")
