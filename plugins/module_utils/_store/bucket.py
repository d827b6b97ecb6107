# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a program other than this collection reaches what is in a location."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._aws.access import AwsAccess


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BucketAccess:
    """A bucket of S3, or of a server that speaks like it. ``prefix`` neither begins nor ends with a slash."""

    bucket: str
    prefix: str
    access: AwsAccess


__all__ = ("BucketAccess",)
