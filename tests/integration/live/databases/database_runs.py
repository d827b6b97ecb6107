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

import yaml
from cut_proxy import CutProxy, through

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
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import PlannedSnapshot


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


HELD_PROGRAM = Path(__file__).with_name("held_section.py")


class WatchedSet(CsiSet):
    """``before_cut`` is called in the window, before each wave of snapshots is asked for, with its claims."""

    before_cut: t.Callable[[list[str]], object] = staticmethod(lambda _claims: None)

    def take(self, plans: t.Sequence[PlannedSnapshot], *, timeout: float) -> None:
        self.before_cut([plan.claim.name for plan in plans])
        super().take(plans, timeout=timeout)


def take(
    client: KubeClient,
    app: DatabaseApp | t.Sequence[DatabaseApp],
    name: str,
    *,
    mode: str = "light",
    user: str = "",
    terms: t.Mapping[str, t.Any] | None = None,
    lease: float = 10.0,
    check_mode: bool = False,
    freeze_paths: tuple[str, ...] = (),
    claims: tuple[str, ...] = (),
    quiesced: bool = True,
    before_cut: t.Callable[[list[str]], object] | None = None,
    **options: t.Any,
) -> SnapshotOutcome:
    """All claims of ``app``, or of several, or ``claims`` alone, with their databases held unless not ``quiesced``.

    ``terms``: more of what is said of each database.
    """
    apps = [app] if not isinstance(app, t.Sequence) else app
    said = {"mode": mode, "user": user, **(terms or {})}
    entries = [{"label_selector": f"app={each.name}", "kind": each.kind, **said} for each in apps]
    request = SnapshotRequest(
        name=name,
        namespace=apps[0].namespace,
        choice=ClaimChoice(claims=claims or tuple(claim for each in apps for claim in each.claims)),
        quiescing=Quiescing(
            policy=FreezePolicy(lease_seconds=lease, freeze_max_seconds=60.0),
            databases=parse_databases(entries if quiesced else "none"),
            freeze_paths=freeze_paths,
        ),
        take_seconds=60.0,
        ready_seconds=60.0,
        run_id="live",
        **options,
    )
    provider = WatchedSet(client, request, cancel=CancelToken())
    if before_cut is not None:
        provider.before_cut = before_cut
    return take_snapshots(request, client=client, provider=provider, check_mode=check_mode)


def refuse(client: KubeClient, app: DatabaseApp, name: str, why: str, **options: t.Any) -> None:
    """It cannot be held, for a reason with these words, and check mode says so beforehand."""
    for check_mode in (True, False):
        outcome = take(client, app, name, check_mode=check_mode, **options)
        assert why in outcome.errors[0]
        assert check_mode or outcome.snapshots == []


def by_claim(outcome: SnapshotOutcome, app: DatabaseApp) -> list[str]:
    """The snapshots of its claims, in their order."""
    names = {entry["claim"]: entry["name"] for entry in outcome.snapshots}
    return [names[claim] for claim in app.claims]


class HeldSection:
    """``held_section.py``, which says whether it holds. Killed at the end, if it has not ended."""

    def __init__(self, kubeconfig: str, app: DatabaseApp, *, mode: str, lease: float) -> None:
        path = os.pathsep.join([os.environ["ARKIVE_TEST_COLLECTIONS"], os.environ.get("PYTHONPATH", "")])
        argv = [sys.executable, str(HELD_PROGRAM), kubeconfig, app.namespace, app.name, app.kind, mode, f"{lease:g}"]
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
def through_proxy(kubeconfig: str, folder: Path) -> t.Iterator[tuple[CutProxy, str]]:
    """A way to the API server that can be cut, and the path of a kubeconfig that takes it."""
    config = yaml.safe_load(Path(kubeconfig).read_text())
    host, _colon, port = config["clusters"][0]["cluster"]["server"].removeprefix("https://").rpartition(":")
    proxy = CutProxy(host, int(port))
    path = folder / "kubeconfig"
    path.write_text(json.dumps(through(config, proxy.port)))
    try:
        yield proxy, str(path)
    finally:
        proxy.close()


@contextlib.contextmanager
def held(kubeconfig: str, app: DatabaseApp, *, mode: str, lease: float = 60.0) -> t.Iterator[HeldSection]:
    section = HeldSection(kubeconfig, app, mode=mode, lease=lease)
    try:
        assert section.first_word() == "held"
        yield section
    finally:
        section.process.kill()
        section.process.wait(timeout=30)


__all__ = ("HELD_PROGRAM", "DatabaseApp", "HeldSection", "by_claim", "held", "refuse", "take", "through_proxy")
