# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an API server must have for whole backups without a cluster."""

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import ExecResult
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import ApiType, types_named

#: The first version of a group-resource is preferred.
ORDERS = [
    ApiType(group="shop.example", version=version, plural="orders", kind="Order", custom=True)
    for version in ("v2", "v1")
]


class BackupApi(MemoryApi):
    """What backups here deal with, and the commands that were executed: ``(pod, command)``.

    ``forbidden``: plurals that are refused although the reviews of rights allow them.
    """

    def __init__(self) -> None:
        built_in = types_named(
            "configmaps",
            "namespaces",
            "persistentvolumeclaims",
            "persistentvolumes",
            "pods",
            "serviceaccounts",
            "priorityclasses",
            "clusterroles",
            "clusterrolebindings",
            "customresourcedefinitions",
        )
        super().__init__([*built_in, *ORDERS])
        self.executed: list[tuple[str, str]] = []
        self.codes: dict[str, int] = {}
        self.forbidden: set[str] = set()
        self.on_exec: t.Callable[[], None] = lambda: None
        self.refuse = self._forbid
        self._lock = threading.Lock()

    def _forbid(self, _verb: str, path: str, _dry_run: bool) -> KubeError | None:
        for plural in self.forbidden.intersection(path.split("/")):
            return KubeError(f"You may not list {plural}.", status=403, reason="Forbidden")
        return None

    def first(self, plural: str) -> dict[str, t.Any]:
        """The first object of a type, to be changed."""
        return self.kept.select(plural, "")[0]

    def add_pod(self, name: str, namespace: str = "shop", *, claims: t.Sequence[str] = (), **annotations: str) -> None:
        volumes = [{"name": claim, "persistentVolumeClaim": {"claimName": claim}} for claim in claims]
        self.add(
            "pods",
            name,
            namespace,
            metadata={"annotations": annotations},
            spec={"containers": [{"name": "main"}], "nodeName": "n1", "volumes": volumes},
            status={"phase": "Running"},
        )

    def exec_command(self, _client: t.Any, **given: t.Any) -> ExecResult:
        with self._lock:
            self.executed.append((given["pod"], " ".join(given["argv"])))
        self.on_exec()
        rc = self.codes.get(given["argv"][0], 0)
        return ExecResult(
            rc=rc, stdout=b"", stderr=b"", stdout_truncated=False, stderr_truncated=False, duration_seconds=0.0
        )


def make_request(name: str = "b1", *, request: t.Mapping[str, t.Any] | None = None, **options: t.Any) -> BackupRequest:
    """``options`` are fields of the spec, ``request`` members of the request."""
    return BackupRequest(name=name, spec=BackupSpec.from_options(options), **{"workers": 2, **(request or {})})


def back_up(api: BackupApi, store: t.Any, *, cancel: t.Any = None, **options: t.Any) -> BackupOutcome:
    return run_backup(make_request(**options), client=api.client, store=store, cancel=cancel)


def stored(store: t.Any, name: str = "b1") -> list[str]:
    """``configmaps/shop/c`` for each stored object."""
    with Catalog(store).files(name).open_tarball() as tarball:
        return sorted(
            f"{item.group_resource}/{f'{item.namespace}/' if item.namespace else ''}{item.name}"
            for item in tarball.items
        )
