# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restore in a process of its own that rolls volumes back, and kills itself after one of its writes, uncatchably."""

from __future__ import annotations

import os
import signal
import sys
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

_VERBS = ("post", "post_bytes", "patch", "put", "delete")
#: What changes nothing that a restore is about.
_ASIDE = ("/leases", "/authorization.k8s.io/")


class _Killer:
    """``number``: of the write after which everything ends."""

    def __init__(self, number: int) -> None:
        self._left = number
        self._lock = threading.Lock()

    def watch(self, verb: str) -> None:
        """Have a method of the client counted."""
        send = getattr(KubeClient, verb)

        def sent(client: KubeClient, path: str, *args: t.Any, **options: t.Any) -> t.Any:
            answer = send(client, path, *args, **options)
            is_aside = any(part in path for part in _ASIDE) or "dryRun" in (options.get("query") or {})
            with self._lock:
                self._left -= 0 if is_aside else 1
                if not self._left:
                    os.kill(os.getpid(), signal.SIGKILL)
            return answer

        setattr(KubeClient, verb, sent)


def main(kubeconfig: str, folder: str, backup: str, name: str, number: str, timeout: str) -> None:
    """Exit code 0 where the restore was over before its write of that number, whatever came of it."""
    killer = _Killer(int(number))
    for verb in _VERBS:
        killer.watch(verb)
    request = RestoreRequest(
        spec=RestoreSpec.from_options({"backup_name": backup}),
        name=name,
        existing_volume_policy="roll_back",
        resource_timeout=float(timeout),
    )
    store = open_store(LocalLocation(path=folder))
    run_restore(request, client=connect(KubeAuth(kubeconfig=kubeconfig)), store=store)


if __name__ == "__main__":
    main(*sys.argv[1:])
