# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task that moves data, in a process of its own, which signals end as they end the module's.

The first line on stdin is JSON, what is asked: ``do`` (``moved``, ``files``: a backup; ``restore``, ``delete``,
``maintained``, ``pruned``), ``kubeconfig``, ``location``, ``password``, ``mover``, ``namespace``, ``backup``, ``name``.
Lines of JSON come out: ``{"line": text}`` for each line of progress, at last ``{"result": {"phase", "errors",
"warnings", "msg"}}``; ``msg`` is empty where nothing was raised, and ``warnings`` are those of a restore. With
``wait_at`` it says ``{"at": text}`` at the first line of progress that begins so, and goes on when a line comes.
``work_size`` is the room of the pods, and ``spoilt`` what it does without. ``connect_seconds``: after which a pod that
reaches no server gives up.
"""

from __future__ import annotations

import json
import secrets
import sys
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.cancel_signals import CancelSignals
from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.request import RepositoryRequest
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.work import look_after
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs import loop, manifest, scripts
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings, Moving
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import make_providers

_BACKUPS = {"moved": "snapshot_move_data", "files": "default_volumes_to_fs_backup"}


def say(**what: t.Any) -> None:
    print(json.dumps(what), flush=True)


class Progress:
    """Says each line; at the first that begins with ``wait_at`` it waits for a line."""

    def __init__(self, wait_at: str) -> None:
        self._wait_at = wait_at

    def __call__(self, line: str) -> None:
        say(line=line)
        if self._wait_at and line.startswith(self._wait_at):
            self._wait_at = ""
            say(at=line)
            sys.stdin.readline()


class Tasks:
    """One of them is carried out; what comes back is its phase, and its errors."""

    def __init__(self, asked: Object, client: KubeClient, store: Store, cancel: CancelToken) -> None:
        self._asked = asked
        self._client = client
        self._store = store
        self._cancel = cancel
        self._progress = Progress(asked.get("wait_at", ""))
        self._mover = MoverSettings(**asked["mover"])
        run = RunContext(run_id=secrets.token_hex(8), progress=self._progress, cancel=cancel)
        self._moving = Moving(settings=self._mover, store=store, password=asked["password"], run=run)
        self.warnings: list[str] = []

    def carry_out(self) -> tuple[str, list[str]]:
        """Its phase, and its errors."""
        do = self._asked["do"]
        if do in _BACKUPS:
            return self._backup(do)
        return {"restore": self._restore, "delete": self._delete}.get(do, self._look_after)()

    def _backup(self, do: str) -> tuple[str, list[str]]:
        spec = {"included_namespaces": [self._asked["namespace"]], _BACKUPS[do]: True, "ttl": "never"}
        request = BackupRequest(
            name=self._asked["name"],
            spec=BackupSpec.from_options(spec),
            mover=self._mover,
            repository_password=self._asked["password"],
        )
        done = run_backup(request, client=self._client, store=self._store, progress=self._progress, cancel=self._cancel)
        return done.phase, [each["message"] for each in done.errors_list]

    def _restore(self) -> tuple[str, list[str]]:
        copy = self._asked["name"]
        spec = {"backup_name": self._asked["backup"], "namespace_mapping": {self._asked["namespace"]: copy}}
        request = RestoreRequest(
            spec=RestoreSpec.from_options(spec),
            name=copy,
            mover=self._mover,
            repository_password=self._asked["password"],
        )
        done = run_restore(
            request, client=self._client, store=self._store, progress=self._progress, cancel=self._cancel
        )
        self.warnings = [each["message"] for each in done.warnings_list]
        return done.phase, [each["message"] for each in done.errors_list]

    def _delete(self) -> tuple[str, list[str]]:
        context = VolumeContext(connect=lambda: self._client, cancel=self._cancel, moving=self._moving)
        done = delete_backup(self._asked["backup"], store=self._store, providers=make_providers(context))
        return ("Completed" if done.changed else "", [])

    def _look_after(self) -> tuple[str, list[str]]:
        namespace = self._asked["namespace"]
        request = RepositoryRequest(
            state=self._asked["do"], namespace=namespace, mover_namespace=namespace, full=True, older_than=0.0
        )
        done = look_after(request, self._moving, self._client, copy_to=None, check_mode=False)
        return ("Failed" if done.problems else "Completed"), list(done.problems)


def spoil(how: str) -> None:
    """``blind``: uploads leave a folder out, and do not say so. ``untidy``: no Job is taken away."""
    if how == "blind":
        body = scripts._BODIES["upload"]
        scripts._BODIES = {**scripts._BODIES, "upload": body.replace("--clear-ignore", "--add-ignore=many")}
    elif how == "untidy":
        loop.remove_job = lambda *_given: True  # type: ignore[assignment]


def shrink(size: str) -> None:
    """The folder in which pods work is a file system of its own, which is full after ``size``."""
    volumes = manifest._volumes

    def small(task: manifest.ContainerTask) -> t.Iterator[Object]:
        for volume in volumes(task):
            full = volume["name"].endswith("-work")
            yield {**volume, "emptyDir": {"medium": "Memory", "sizeLimit": size}} if full else volume

    manifest._volumes = small


def main() -> None:
    asked: Object = json.loads(sys.stdin.readline())
    if asked.get("work_size"):
        shrink(asked["work_size"])
    manifest.CONNECT_SECONDS = asked.get("connect_seconds", manifest.CONNECT_SECONDS)
    spoil(asked.get("spoilt", ""))
    cancel = CancelToken()
    phase, errors, warnings, msg = "", list[str](), list[str](), ""
    with CancelSignals(cancel):
        client = connect(KubeAuth(kubeconfig=asked["kubeconfig"])).with_cancel(cancel)
        store = open_store(S3Location(**asked["location"]), cancel=cancel)
        try:
            tasks = Tasks(asked, client, store, cancel)
            phase, errors = tasks.carry_out()
            warnings = tasks.warnings
        except ArkiveError as exc:
            msg = exc.sentence
            errors = [each["message"] for each in exc.details.get("warnings_list") or ()]
    say(result={"phase": phase, "errors": errors, "warnings": warnings, "msg": msg})


if __name__ == "__main__":
    main()
