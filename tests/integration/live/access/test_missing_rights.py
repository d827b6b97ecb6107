# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said where one right of those that ``k8s_access_info`` returns is not there. None is granted in vain."""

from __future__ import annotations

import secrets
import typing as t
from pathlib import Path

import pytest
from granted import Granted
from volume_lab import CLAIM, PATH, DataApp

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.between_tasks import (
    FreezeTaskRequest,
    freeze_path,
    sweep_namespace,
    thaw_path,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hook_task import HookTaskRequest
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import (
    ClaimChoice,
    Quiescing,
    SnapshotRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.task import remove_snapshots, take_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.sets import CsiSet
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import make_providers

pytestmark = pytest.mark.node

POLICY = FreezePolicy(lease_seconds=30, require_lease=True)
SNAPSHOTS, CONTENTS = "volumesnapshots.snapshot.storage.k8s.io", "volumesnapshotcontents.snapshot.storage.k8s.io"


@pytest.fixture(scope="module")
def app(kubectl: t.Any) -> t.Iterator[DataApp]:
    name = f"arkive-test-a-{secrets.token_hex(3)}"
    kubectl("create", "namespace", name)
    app = DataApp(kubectl, name)
    app.create()
    yield app
    kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")


@pytest.fixture
def granted(client: KubeClient, kubeconfig: str, app: DataApp, module_namespace: str) -> t.Iterator[Granted]:
    found = Granted(client, kubeconfig, app.namespace, module_namespace)
    yield found
    found.remove()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(LocalLocation(path=str(tmp_path)))


def back_up(app: DataApp, client: KubeClient, store: Store, name: str) -> t.Any:
    spec = BackupSpec.from_options({"included_namespaces": [app.namespace]})
    request = BackupRequest(name=name, spec=spec, freeze_policy=POLICY)
    return run_backup(request, client=client, store=store)


def told(job: t.Callable[[], t.Iterable[t.Any]]) -> str:
    """All that the outcomes of a job say, or the error that ended it."""
    try:
        outcomes = list(job())
    except ArkiveError as exc:
        return f"{exc.sentence} {exc.details}"
    names = ("errors_list", "warnings_list", "errors", "warnings")
    return " ".join(str(getattr(outcome, name, "")) for outcome in outcomes for name in names)


def check_each(granted: Granted, caller: KubeClient, rights: t.Sequence[str], job: t.Callable[[str], t.Any]) -> None:
    """Each right that is not there is named, with its verb."""
    assert rights
    silent = []
    for number, right in enumerate(rights):
        need = granted.right(right)
        granted.take_away(caller, need)
        said = told(lambda name=f"missing-{number}": job(name))  # type: ignore[misc]
        if need.verb not in said or need.resource.strip("*") not in said:
            silent.append(f"{right}: {said}")
    assert silent == []


def test_backup(granted: Granted, app: DataApp, store: Store) -> None:
    caller = granted.caller("backup")
    check_each(
        granted,
        caller,
        [
            "list *.*",
            "create pods/exec",
            "patch persistentvolumeclaims",
            f"create {SNAPSHOTS}",
            f"patch {CONTENTS}",
            "get namespaces",
            "list clusterrolebindings.rbac.authorization.k8s.io",
        ],
        lambda name: [back_up(app, caller, store, name)],
    )


def test_deletion(granted: Granted, app: DataApp, client: KubeClient, store: Store) -> None:
    back_up(app, client, store, "stored")
    caller = granted.caller("delete")

    def delete(_name: str) -> list[t.Any]:
        providers = make_providers(VolumeContext(connect=lambda: caller))
        return [delete_backup("stored", store=store, providers=providers)]

    check_each(granted, caller, [f"{verb} {CONTENTS}" for verb in ("create", "get", "patch", "delete")], delete)


def test_snapshots(granted: Granted, app: DataApp) -> None:
    caller = granted.caller("snapshot")

    def take(name: str) -> t.Iterator[t.Any]:
        request = SnapshotRequest(
            name=name,
            namespace=app.namespace,
            choice=ClaimChoice(claims=app.claims),
            quiescing=Quiescing(policy=POLICY),
            take_seconds=60.0,
            ready_seconds=60.0,
            run_id=name,
        )
        yield take_snapshots(request, client=caller, provider=CsiSet(caller, request, cancel=CancelToken()))
        yield remove_snapshots(request, provider=CsiSet(caller, request, cancel=CancelToken()))

    rights = ["get persistentvolumeclaims", "list pods", "patch pods", f"create {SNAPSHOTS}", f"watch {CONTENTS}"]
    check_each(granted, caller, rights, take)


def test_hooks(granted: Granted, app: DataApp) -> None:
    caller = granted.caller("hooks")
    task = HookTaskRequest(namespace=app.namespace, freeze_policy=POLICY, run_id="0123456789abcdef")

    def freeze_and_thaw(_name: str) -> t.Iterator[t.Any]:
        frozen = freeze_path(FreezeTaskRequest(task=task, path=PATH), client=caller)
        yield frozen
        for lease_id in frozen.lease_ids:
            yield thaw_path(FreezeTaskRequest(task=task, path=PATH, lease_id=lease_id), client=caller)
        yield sweep_namespace(task, client=caller)

    rights = ["list pods", "get pods/exec", "patch persistentvolumeclaims", "get persistentvolumes"]
    check_each(granted, caller, [*rights, "list persistentvolumeclaims"], freeze_and_thaw)


def test_restore(granted: Granted, app: DataApp, client: KubeClient, store: Store) -> None:
    """The first two are seen before anything is written; the others are those of the lock, with which it goes on."""
    back_up(app, client, store, "stored")
    app.kubectl("-n", app.namespace, "delete", "deployment/app", f"pvc/{CLAIM}", "--wait")
    caller = granted.caller("restore")
    request = RestoreRequest(spec=RestoreSpec.from_options({"backup_name": "stored"}))
    rights = ["create *.*", f"create {CONTENTS}", "update leases.coordination.k8s.io"]
    check_each(granted, caller, rights, lambda _name: [run_restore(request, client=caller, store=store)])
    app.await_ready()
