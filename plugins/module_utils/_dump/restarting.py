# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that reads a dump when it starts: its file must outlive the container, and it must come back."""

# Private: not for use outside of this collection.

from __future__ import annotations

import time

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import StillLoading
from ansible_collections.arkive.k8s.plugins.module_utils._dump.errors import DumpError
from ansible_collections.arkive.k8s.plugins.module_utils._dump.pod_database import PodDatabase
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import namespaced_path

_PAUSE = 1.0
_SECONDS = 300.0


def require_lasting(database: PodDatabase, path: str) -> None:
    """Raises ``DumpError`` unless ``path`` is on a volume, and the container is started anew when it ends."""
    _namespace, _pod, container = database.target
    spec = database.pod.get("spec") or {}
    if spec.get("restartPolicy", "Always") not in ("Always", "OnFailure"):
        raise DumpError(
            f"The dump is read by a server that starts, and {database.where} would not be started again.",
            hint="The pod needs restartPolicy: Always.",
        )
    mounts = [
        str(mount.get("mountPath") or "").rstrip("/")
        for entry in spec.get("containers") or ()
        if entry.get("name") == container
        for mount in entry.get("volumeMounts") or ()
    ]
    if not any(path.startswith(f"{mount}/") for mount in mounts):
        raise DumpError(
            f"The server in {database.where} keeps its dump at {path}, which is on no volume: it would not find it "
            "when it starts.",
            hint="Mount a volume there.",
        )


def await_restart(database: PodDatabase, run: ClusterRun, seconds: float) -> None:
    """Until the server has read what was put in place; for ``seconds`` at most while it does."""
    namespace, name, container = database.target
    before = _starts(database.pod, container)
    begun = time.monotonic()
    end = begun + _SECONDS
    run.progress(f"waiting for {database.where} to start with the dump")
    last = ""
    while time.monotonic() < end:
        if run.cancel.wait(_PAUSE):
            run.cancel.check()
        try:
            pod = database.client.get(namespaced_path("v1", namespace, "pods", name))
            if _starts(pod, container) <= before:
                continue
            database.kind.look(
                database.order, database.ask(database.kind.look_command(database.order), "The look at it", run.cancel)
            )
        except StillLoading as exc:
            last = exc.message
            end = max(end, min(time.monotonic() + _SECONDS, begun + seconds))
            continue
        except ArkiveError as exc:
            last = exc.sentence
            continue
        return
    raise DumpError(
        f"The dump is in place, and the server in {database.where} has not come back in {end - begun:.0f} s. {last}",
        hint="The log of the container says why.",
    )


def _starts(pod: dict[str, object], container: str) -> int:
    status = pod.get("status")
    found = status.get("containerStatuses") if isinstance(status, dict) else None
    for entry in found or ():
        if entry.get("name") == container and "running" in (entry.get("state") or {}):
            return int(entry.get("restartCount") or 0)
    return -1


__all__ = ("await_restart", "require_lasting")
