# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One step of the catalog benchmark.

``python -m benches.catalog_run BUCKET fill COUNT | list | check | plan | remove``. The server is that of
ARKIVE_TEST_S3_ENDPOINT. A look prints one JSON object: its requests, and those of them that read an object; the keys
that there are; seconds, and the most memory that the process had.
"""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import json
import os
import resource
import sys
import time
import typing as t
import urllib.parse

import boto3
import botocore.httpsession

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import compact_stamp, rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_run import PruneRequest, prune
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_plan import Retention
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_rules import RetentionRules
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_check import check_schedule
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import parse_cron
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys

SCHEDULE = "nightly"


def location(bucket: str) -> S3Location:
    return S3Location(
        bucket=bucket,
        endpoint_url=os.environ["ARKIVE_TEST_S3_ENDPOINT"],
        access_key=os.environ["ARKIVE_TEST_S3_ACCESS_KEY"],
        secret_key=os.environ["ARKIVE_TEST_S3_SECRET_KEY"],
    )


def fill(bucket: str, count: int) -> None:
    """A bucket with so many daily backups, each with the files of one without volumes."""
    client = s3(bucket)
    if not any(found["Name"] == bucket for found in client.list_buckets()["Buckets"]):
        client.create_bucket(Bucket=bucket)
    # A day is the same one in both steps.
    store, now = open_store(location(bucket)), utc_now().replace(hour=0, minute=0, second=0)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: put(store, now - dt.timedelta(days=number)), range(count)))


def put(store: Store, made: dt.datetime) -> None:
    keys = BackupKeys(f"{SCHEDULE}-{compact_stamp(made)}")
    backup = {
        "apiVersion": "velero.io/v1",
        "kind": "Backup",
        "metadata": {"name": keys.name, "namespace": "velero", "labels": {"velero.io/schedule-name": SCHEDULE}},
        "spec": {"includedNamespaces": ["shop"], "ttl": "720h0m0s"},
        "status": {
            "phase": "Completed",
            "startTimestamp": rfc3339(made),
            "expiration": rfc3339(made + dt.timedelta(days=30)),
        },
    }
    for key in (keys.tarball, keys.logs, keys.results, keys.resource_list, keys.arkive_record, keys.digests):
        store.put(key, b"x" * 64)
    store.put(keys.volumeinfo, gzip_json([]))
    store.put(keys.metadata, json.dumps(backup).encode())


def s3(bucket: str) -> t.Any:
    place = location(bucket)
    return boto3.client(
        "s3",
        endpoint_url=place.endpoint_url,
        aws_access_key_id=place.access_key,
        aws_secret_access_key=place.secret_key,
        region_name="us-east-1",
    )


def remove(bucket: str) -> None:
    client = s3(bucket)
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        if page.get("Contents"):
            doomed = [{"Key": found["Key"]} for found in page["Contents"]]
            client.delete_objects(Bucket=bucket, Delete={"Objects": doomed})
    client.delete_bucket(Bucket=bucket)


def look(bucket: str, what: str) -> None:
    sent: list[str] = []
    send = botocore.httpsession.URLLib3Session.send

    def counted(self: t.Any, request: t.Any) -> t.Any:
        sent.append(request.url)
        return send(self, request)

    botocore.httpsession.URLLib3Session.send = counted
    store = open_store(location(bucket))
    began = time.monotonic()
    if what == "list":
        list_backups(store)
    elif what == "check":
        check_schedule(SCHEDULE, store, times=parse_cron("@daily", "strict"))
    else:
        wanted = PruneRequest(retention=Retention(rules=RetentionRules(daily=7, weekly=4, monthly=12)))
        prune(wanted, store, context=RunContext(), check_mode=True)
    seconds = round(time.monotonic() - began, 2)
    requests, reads = len(sent), sum(urllib.parse.urlsplit(url).path.endswith(".json") for url in sent)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    keys = len(store.list().objects)
    found = {"requests": requests, "reads": reads, "keys": keys, "seconds": seconds, "peak_kib": peak}
    print(json.dumps(found), flush=True)


def main() -> None:
    bucket, what, *more = sys.argv[1:]
    if what == "fill":
        fill(bucket, int(more[0]))
    elif what == "remove":
        remove(bucket)
    else:
        look(bucket, what)


if __name__ == "__main__":
    main()
