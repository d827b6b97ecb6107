# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One dump: ``python -m benches.dumps_run fill KUBECONFIG NAME ROWS|dump KUBECONFIG NAME|checksum MIB``.

Prints one JSON object. ``fill`` makes the database NAME in the pod of ``databases_run.py``; ``dump`` dumps it beside a
backup in a directory that is removed; ``checksum`` reads a dump of Redis that is in memory, against its plain SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import tempfile
import time

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.redis_dump import RdbEnding
from ansible_collections.arkive.k8s.plugins.module_utils._dump.make import make_dump
from ansible_collections.arkive.k8s.plugins.module_utils._dump.request import DumpRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import exec_command
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from benches.databases_run import NAMESPACE

_BACKUP = "bench"
#: What a stream gives at a time.
_PIECE = 1 << 16
_SECONDS = 600.0
#: About 136 bytes each in a dump, which are not to be compressed much.
_TABLE = (
    "create table big as select i, md5(random()::text) || md5(random()::text) || md5(random()::text) || "
    "md5(random()::text) as v from generate_series(1, {0}) i"
)


def fill(client: KubeClient, name: str, rows: str) -> Object:
    psql = ("psql", "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-c")
    for argv in (
        (*psql, f"drop database if exists {name}"),
        (*psql, f"create database {name}"),
        (*psql, _TABLE.format(int(rows)), name),
    ):
        done = exec_command(client, namespace=NAMESPACE, pod="db", container="postgres", argv=argv, timeout=_SECONDS)
        if done.rc:
            raise SystemExit(done.stderr.decode())
    return {}


def dump(client: KubeClient, name: str) -> Object:
    with tempfile.TemporaryDirectory(prefix="arkive-bench-") as folder:
        store = open_store(LocalLocation(path=folder))
        spec = BackupSpec.from_options({"included_namespaces": [NAMESPACE], "included_resources": ["configmaps"]})
        run_backup(BackupRequest(name=_BACKUP, spec=spec), client=client, store=store)
        request = DumpRequest(backup=_BACKUP, namespace=NAMESPACE, pod="db", kind="postgresql", database=name)
        started = time.monotonic()
        made = make_dump(request, run=ClusterRun(client=client, run_id="bench"), store=store)
        seconds = time.monotonic() - started
    return {
        "seconds": seconds,
        "bytes": made.record.dump_size if made.record is not None else 0,
        "rss_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def checksum(mib: str) -> Object:
    piece = bytes(range(256)) * (_PIECE // 256)
    pieces = [b"REDIS0011" + piece, *[piece] * (int(mib) * (1 << 20) // _PIECE)]
    ending, digest = RdbEnding(), hashlib.sha256()
    ending.feed(piece)  # what it makes once
    started = time.process_time()
    for data in pieces:
        ending.feed(data)
    between = time.process_time()
    for data in pieces:
        digest.update(data)
    return {"checksum_seconds": between - started, "sha256_seconds": time.process_time() - between}


def main() -> None:
    action, *arguments = sys.argv[1:]
    if action == "checksum":
        found = checksum(*arguments)
    else:
        client = connect(KubeAuth(kubeconfig=arguments[0]))
        found = (fill if action == "fill" else dump)(client, *arguments[1:])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
