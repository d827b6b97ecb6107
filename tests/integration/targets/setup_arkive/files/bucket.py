# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make a bucket, or remove one with all that is in it: ``bucket.py make|remove NAME ENDPOINT``."""

from __future__ import annotations

import contextlib
import sys

import boto3


def main() -> None:
    action, name, endpoint = sys.argv[1:]
    bucket = boto3.resource("s3", endpoint_url=endpoint).Bucket(name)
    if action == "make":
        bucket.create()
        return
    with contextlib.suppress(bucket.meta.client.exceptions.NoSuchBucket):
        bucket.objects.all().delete()
        bucket.delete()


main()
