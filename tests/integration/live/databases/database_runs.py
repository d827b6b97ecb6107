# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots of a database's volumes by the engine, and a section that is held by a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import typing as t
from pathlib import Path

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import parse_databases
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.outcome import SnapshotOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import (
    ClaimChoice,
    Quiescing,
    SnapshotRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.task import take_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.sets import CsiSet


class DatabaseApp(t.Protocol):
    """One pod with a database."""

    @property
    def kind(self) -> str:
        """As the options name it."""

    @property
    def name(self) -> str:
        """Of the pod."""

    @property
    def namespace(self) -> str:
        """Where the pod is."""

    @property
    def claims(self) -> tuple[str, ...]:
        """Names."""


_PROGRAM = Path(__file__).with_name("held_section.py")


def take(
    client: KubeClient,
    app: DatabaseApp,
    name: str,
    *,
    mode: str = "light",
    user: str = "",
    lease: float = 10.0,
    check_mode: bool = False,
    freeze_paths: tuple[str, ...] = (),
    quiesced: bool = True,
    **options: t.Any,
) -> SnapshotOutcome:
    """All claims of ``app``, with its database held unless not ``quiesced``."""
    entry = {"label_selector": f"app={app.name}", "kind": app.kind, "mode": mode, "user": user}
    request = SnapshotRequest(
        name=name,
        namespace=app.namespace,
        choice=ClaimChoice(claims=app.claims),
        quiescing=Quiescing(
            policy=FreezePolicy(lease_seconds=lease, freeze_max_seconds=60.0),
            databases=parse_databases([entry] if quiesced else "none"),
            freeze_paths=freeze_paths,
        ),
        take_seconds=60.0,
        ready_seconds=60.0,
        run_id="live",
        **options,
    )
    provider = CsiSet(client, request, cancel=CancelToken())
    return take_snapshots(request, client=client, provider=provider, check_mode=check_mode)


class HeldSection:
    """``held_section.py``, which says whether it holds. Killed at the end, if it has not ended."""

    def __init__(self, kubeconfig: str, app: DatabaseApp, *, mode: str, lease: float) -> None:
        path = os.pathsep.join([os.environ["ARKIVE_TEST_COLLECTIONS"], os.environ.get("PYTHONPATH", "")])
        argv = [sys.executable, str(_PROGRAM), kubeconfig, app.namespace, app.name, app.kind, mode, f"{lease:g}"]
        self.process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )

    def has_spoken(self) -> bool:
        """It has said something that nobody has read."""
        return bool(self.process.stdout and select.select([self.process.stdout], [], [], 0)[0])

    def first_word(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def finish(self) -> t.Any:
        """Let it release, and hear what it says."""
        said, _errors = self.process.communicate("\n", timeout=60)
        return json.loads(said.splitlines()[-1])


@contextlib.contextmanager
def held(kubeconfig: str, app: DatabaseApp, *, mode: str, lease: float = 60.0) -> t.Iterator[HeldSection]:
    section = HeldSection(kubeconfig, app, mode=mode, lease=lease)
    try:
        assert section.first_word() == "held"
        yield section
    finally:
        section.process.kill()
        section.process.wait(timeout=30)


__all__ = ("HeldSection", "held", "take")
