# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One backup by the engine, in a process of its own: ``python -m benches.engine_run KUBECONFIG DIRECTORY NAME``.

Prints one JSON object: the seconds of the engine's call, the largest resident size, the requests, and the paths of
what was listed.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import urllib3

from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_files import StoredFiles
from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core import accelerators
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec

#: The client imports it late, and imports are not what is measured.
IMPORTED = (urllib3.PoolManager,)


def main() -> None:
    kubeconfig, directory, name = sys.argv[1:]
    used = accelerators.names()
    client = connect(KubeAuth(kubeconfig=kubeconfig))
    store = open_store(LocalLocation(path=directory))
    request = BackupRequest(name=name, spec=BackupSpec.from_options({}))
    started, started_cpu = time.monotonic(), time.process_time()
    outcome = run_backup(request, client=client, store=store)
    result = {
        "seconds": time.monotonic() - started,
        "cpu_seconds": time.process_time() - started_cpu,
        "rss_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "requests": client.requests_made,
        "phase": outcome.phase,
        "items": sum(outcome.items.values()),
        "accelerators": used,
        "timings": outcome.timings,
        "errors": outcome.errors_list,
    }
    print(json.dumps({**result, "paths": _listed_paths(client, Catalog(store).files(name))}))


def _listed_paths(client: KubeClient, files: StoredFiles) -> list[str]:
    """The paths of all lists, of the namespaces as well, which the engine reads first."""
    record = files.read_record()
    if record is None:
        raise SystemExit(f"The backup '{files.name}' has no record.")
    by_name = {str(found.group_resource): found for found in Discovery.read(client).preferred()}
    listed = {by_name[entry["resource"]].path(entry["namespace"] or None) for entry in record.lists}
    return sorted(listed | {by_name["namespaces"].path()})


if __name__ == "__main__":
    main()
