# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One restore by the engine, in a process of its own.

``python -m benches.restore_run KUBECONFIG DIRECTORY BACKUP RESTORE MARK NAMESPACE ...`` restores the namespaces under
names with ``MARK`` in them. Prints one JSON object: seconds from after the imports to the end, the largest resident
size, requests, versions, what became of the objects.
"""

from __future__ import annotations

import importlib.metadata
import json
import resource
import sys
import time

import urllib3

from ansible_collections.arkive.k8s.plugins.module_utils._core import accelerators
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec
from benches.restore_source import marked

#: The client imports it late, and imports are not what is measured.
IMPORTED = (urllib3.PoolManager,)


def main() -> None:
    kubeconfig, directory, backup, name, mark, *namespaces = sys.argv[1:]
    used = accelerators.names()
    client = connect(KubeAuth(kubeconfig=kubeconfig))
    mapping = {namespace: marked(namespace, mark) for namespace in namespaces}
    spec = RestoreSpec.from_options(
        {"backup_name": backup, "included_namespaces": namespaces, "namespace_mapping": mapping}
    )
    started, started_cpu = time.monotonic(), time.process_time()
    outcome = run_restore(
        RestoreRequest(spec=spec, name=name), client=client, store=open_store(LocalLocation(path=directory))
    )
    result = {
        "seconds": time.monotonic() - started,
        "cpu_seconds": time.process_time() - started_cpu,
        "rss_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "requests": client.requests_made,
        "phase": outcome.phase,
        "changed": outcome.changed,
        "summary": outcome.summary,
        "states": outcome.states,
        "accelerators": used,
        "urllib3": importlib.metadata.version("urllib3"),
        "timings": outcome.timings,
        "errors": outcome.errors_list[:5],
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
