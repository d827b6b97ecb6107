# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An application that keeps files, and where this machine sees its volume: the nodes of the local cluster are here."""

from __future__ import annotations

import contextlib
import json
import time
import typing as t
from pathlib import Path

from campaigns.live_support import claim_app

if t.TYPE_CHECKING:
    from campaigns.light_kubectl import LightKubectl

_PATH = "data"
_SECONDS = 90.0
_PAUSE = 0.1
#: Which environment variable of its only process names the namespace.
_MARK = "ARKIVE_YEAR_IN"


class YearApp:
    """A Deployment with one pod, which does nothing but mount a claim."""

    def __init__(self, kubectl: LightKubectl, namespace: str) -> None:
        self._kubectl = kubectl
        self.namespace = namespace

    def create(self) -> None:
        """With its namespace."""
        self._kubectl("create", "namespace", self.namespace)
        self._kubectl("-n", self.namespace, "create", "-f", "-", stdin=json.dumps(_manifest()))

    def root(self, namespace: str = "") -> Path:
        """Of the volume, in its own namespace or in one that it was restored into; waits for the pod."""
        wanted = f"{_MARK}={namespace or self.namespace}".encode()
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            for process in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    found = (process / "environ").read_bytes().split(b"\0")
                    if wanted in found and (process / "comm").read_text().strip() == "sleep":
                        return process / "root" / _PATH
            time.sleep(_PAUSE)
        raise RuntimeError(f"The pod of namespace {namespace or self.namespace} does not run.")

    def remove(self, namespace: str = "") -> None:
        """Not waited for."""
        self._kubectl("delete", "namespace", namespace or self.namespace, "--wait=false")


def _manifest() -> dict[str, t.Any]:
    container = {
        "name": "main",
        "image": "debian",
        "command": ["sleep", "1000000"],
        "env": [{"name": _MARK, "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}],
        "volumeMounts": [{"name": "data", "mountPath": f"/{_PATH}"}],
    }
    return claim_app("year", container, storage_class="loopfile", size="200Mi", grace_seconds=0)


__all__ = ("YearApp",)
