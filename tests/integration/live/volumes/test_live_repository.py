# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A repository from its making to its damage, by real pods; what they did is looked at by kopia on this machine."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import typing as t
from pathlib import Path

import pytest
from granted import Granted
from new_bucket import location_in

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_run import PruneRequest, prune
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.request import (
    CopyTo,
    RepositoryOutcome,
    RepositoryRequest,
    State,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.work import look_after
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings, Moving
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import make_providers, names_around

if t.TYPE_CHECKING:
    from cluster_access import Kubectl, S3Access

    from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

pytestmark = pytest.mark.node

PASSWORD = "of-the-repository"
#: The namespace of the volumes, which is not in this cluster.
OF = "shop"


class Kopia:
    """kopia on this machine, by the identity of Velero's."""

    def __init__(self, program: str, s3: S3Access, folder: Path) -> None:
        self._program = program
        self._s3 = s3
        self._folder = folder
        self._config = ""

    def connect(self, bucket: str, prefix: str) -> None:
        self._config = f"{bucket}-{prefix}"
        host = self._s3.endpoint.removeprefix("http://")
        keys = ("--access-key", self._s3.access_key, "--secret-access-key", self._s3.secret_key)
        place = ("--bucket", bucket, "--prefix", f"{prefix}/kopia/{OF}/", "--endpoint", host, "--disable-tls", *keys)
        who = ("--override-username", "default", "--override-hostname", "default")
        self.run("repository", "connect", "s3", *place, *who)

    def snapshot(self, folder: Path, claim: str) -> str:
        source = f"default@default:snapshot-data-upload-download/kopia/{OF}/{claim}"
        said = self.run("snapshot", "create", str(folder), "--override-source", source, "--pin", "velero-pin", "--json")
        return str(json.loads(said)["id"])

    def snapshots(self) -> set[str]:
        return {each["id"] for each in json.loads(self.run("snapshot", "list", "--all", "--json"))}

    def restore(self, snapshot: str, folder: Path) -> None:
        self.run("restore", snapshot, str(folder))

    def run(self, *arguments: str) -> str:
        mine = {
            "KOPIA_PASSWORD": PASSWORD,
            "KOPIA_CONFIG_PATH": str(self._folder / f"{self._config}.config"),
            "KOPIA_CACHE_DIRECTORY": str(self._folder / f"{self._config}.cache"),
            "KOPIA_LOG_DIR": str(self._folder / "logs"),
            "KOPIA_CHECK_FOR_UPDATES": "false",
        }
        command = [self._program, "--no-auto-maintenance", *arguments]
        done = subprocess.run(command, env={**os.environ, **mine}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


class Tasks:
    """Tasks of one location."""

    def __init__(self, client: KubeClient, store: Store, namespace: str, settings: MoverSettings) -> None:
        self._client = client
        self._namespace = namespace
        self.store = store
        self._settings = settings

    def run(
        self, state: State, *, check_mode: bool = False, copy_to: CopyTo | None = None, **more: t.Any
    ) -> RepositoryOutcome:
        moving = Moving(
            settings=self._settings,
            store=self.store,
            password=PASSWORD,
            run=RunContext(run_id=secrets.token_hex(8)),
        )
        request = RepositoryRequest(state=state, namespace=OF, mover_namespace=self._namespace, **more)
        return look_after(request, moving, self._client, copy_to=copy_to, check_mode=check_mode)

    def put_backup(self, name: str, *snapshots: str, **status: str) -> None:
        infos = [{"snapshotHandle": snapshot, "uploaderType": "kopia"} for snapshot in snapshots]
        entries = [{"pvcName": "files", "pvcNamespace": OF, "snapshotDataMovementInfo": info} for info in infos]
        backup = {"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": {"name": name}, "spec": {}}
        document = {**backup, "status": {"phase": "Completed", **status}}
        self.store.put(f"backups/{name}/{name}-volumeinfo.json.gz", gzip_json(entries))
        self.store.put(f"backups/{name}/velero-backup.json", json.dumps(document).encode())


@pytest.fixture(scope="module")
def locations(s3: S3Access, module_s3_bucket: t.Any) -> tuple[S3Location, S3Location]:
    """Two of one bucket."""
    first, second = (location_in(module_s3_bucket, s3, prefix=prefix) for prefix in ("p", "copy"))
    return first, second


@pytest.fixture
def tasks(
    make_granted: t.Callable[[str], Granted],
    namespace: str,
    locations: tuple[S3Location, S3Location],
    pod_s3_url: str,
    kopia_image: str,
) -> Tasks:
    """By an account with the rights that ``k8s_access_info`` names, and no others."""
    settings = MoverSettings(image=kopia_image, s3_url=pod_s3_url, credentials="static")
    caller = make_granted(namespace).caller("repository", providers=())
    return Tasks(caller, open_store(locations[0]), namespace, settings)


def test_a_repository_from_its_making_to_its_damage(
    tasks: Tasks,
    locations: tuple[S3Location, S3Location],
    s3: S3Access,
    kopia_program: str,
    kubectl: Kubectl,
    namespace: str,
    pod_s3_url: str,
    tmp_path: Path,
) -> None:
    """docs/compatibility 18.5, 18.6."""
    kopia = Kopia(kopia_program, s3, tmp_path)
    data = tmp_path / "data"
    data.mkdir()
    for name in ("one", "two"):
        (data / name).write_bytes(os.urandom(70_000))

    assert tasks.run("present").changed
    kopia.connect(locations[0].bucket, "p")
    named = kopia.snapshot(data, "files")
    (data / "three").write_bytes(os.urandom(9000))
    unnamed = kopia.snapshot(data, "files")
    tasks.put_backup("b1", named)

    # A new repository was never maintained, and says so.
    first, again = tasks.run("maintained"), tasks.run("maintained")
    assert (first.changed, first.ran, first.problems) == (True, "full", ())
    assert (again.changed, again.ran) == (False, "")

    copy_to = CopyTo(location=locations[1], s3_url=pod_s3_url)
    assert tasks.run("copied", copy_to=copy_to, check_mode=True).changed
    copied = tasks.run("copied", copy_to=copy_to)
    assert (copied.changed, copied.problems) == (True, ())
    assert not tasks.run("copied", copy_to=copy_to).changed

    pruned = tasks.run("pruned")
    assert {each.held.id: each.backups for each in pruned.snapshots} == {named: ("b1",), unnamed: ()}
    assert pruned.to_return()["forgotten"] == [unnamed]
    assert kopia.snapshots() == {named}

    sound = tasks.run("verified")
    assert (sound.problems, sound.verified["files_read"], sound.verified["bytes_read"]) == ((), 2, 140_000)
    packs = [found.key for found in tasks.store.list(f"kopia/{OF}/p").objects]
    tasks.store.delete_many(packs)
    damaged = tasks.run("verified", percentage=0)
    assert [(each["snapshot"], each["path"], each["backups"]) for each in damaged.damage] == [
        (named, "one", ["b1"]),
        (named, "two", ["b1"]),
    ]
    assert f"Snapshot {named} (claim files) of backup b1 is damaged in one, two" in damaged.problems[0]

    # The copy has all of it, what was forgotten later as well.
    kopia.connect(locations[1].bucket, "copy")
    kopia.restore(unnamed, tmp_path / "restored")
    assert (tmp_path / "restored" / "three").read_bytes() == (data / "three").read_bytes()
    assert kubectl("-n", namespace, "get", "jobs,pods,secrets", "-o", "name") == ""


def test_retention_takes_many_out_by_one_pod(
    make_granted: t.Callable[[str], Granted],
    namespace: str,
    s3: S3Access,
    s3_bucket: t.Any,
    pod_s3_url: str,
    kopia_image: str,
    kopia_program: str,
    kubectl: Kubectl,
    tmp_path: Path,
) -> None:
    """Three backups have expired, two of which share a snapshot, and one shares one with a backup that stays."""
    location = location_in(s3_bucket, s3, prefix="p")
    settings = MoverSettings(image=kopia_image, s3_url=pod_s3_url, credentials="static", namespace=namespace)
    granted = make_granted(namespace)
    store = open_store(location)
    tasks = Tasks(granted.caller("repository", providers=()), store, namespace, settings)
    assert tasks.run("present").changed
    kopia = Kopia(kopia_program, s3, tmp_path)
    kopia.connect(location.bucket, "p")
    data = tmp_path / "data"
    data.mkdir()
    ids = []
    for number in range(5):
        (data / "file").write_bytes(os.urandom(9000 + number))
        ids.append(kopia.snapshot(data, "files"))
    mine, shared, kept, other, stays = ids
    made = {"startTimestamp": "2020-01-01T00:00:00Z"}
    gone = {**made, "expiration": "2020-01-02T00:00:00Z"}
    tasks.put_backup("b1", mine, shared, **gone)
    tasks.put_backup("b2", shared, **gone)
    tasks.put_backup("b3", other, kept, **gone)
    tasks.put_backup("b4", kept, stays, **made)

    caller = granted.caller("prune", providers=names_around("mover"))
    moving = Moving(settings=settings, store=store, password=PASSWORD, run=RunContext(run_id=secrets.token_hex(8)))
    providers = make_providers(VolumeContext(connect=lambda: caller, moving=moving))
    before = _jobs(kubectl, namespace)
    outcome = prune(PruneRequest(providers=providers), store, context=RunContext())
    assert [(each.name, each.state, each.error, each.snapshots) for each in outcome.backups] == [
        ("b1", "deleted", "", 1),
        ("b2", "deleted", "", 1),
        ("b3", "deleted", "", 1),
        ("b4", "kept", "", 0),
    ]
    assert kopia.snapshots() == {kept, stays}
    assert len(_jobs(kubectl, namespace) - before) == 1
    assert kubectl("-n", namespace, "get", "jobs,pods,secrets", "-o", "name") == ""


def _jobs(kubectl: Kubectl, namespace: str) -> set[str]:
    """The uids of Jobs that have made a pod: what the cluster tells of them outlives them."""
    found = kubectl(
        "-n",
        namespace,
        "get",
        "events",
        "--field-selector",
        "reason=SuccessfulCreate,involvedObject.kind=Job",
        "-o",
        "jsonpath={.items[*].involvedObject.uid}",
    )
    return set(found.split())
