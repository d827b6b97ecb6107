# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sync of ours beside that of a stock Velero: the same objects of the same bucket. And one that is killed."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import secrets
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from api_proxy import ApiProxy, Fate
from ark_types import types_of_ark
from callers import Callers
from velero_judge import Judge, until

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import RightsScope
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_request import SyncOutcome, SyncRequest
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_rights import sync_grants
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_run import sync_backups
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import ARK
from ansible_collections.arkive.k8s.plugins.module_utils._store.kinds import make_location
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import ARK_METADATA_FILE, BackupKeys

pytestmark = pytest.mark.velero

RUNNER = Path(__file__).with_name("sync_runner.py")
#: The location, the first backup, its two volumes, the mark, the second one, the removal, the time.
WRITES = 8


class Stored:
    """Backups of one test in a bucket that others use as well."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.prefix = f"y{secrets.token_hex(3)}"

    def put(self, name: str, phase: str = "Completed", *, pod_volumes: int = 0, **members: t.Any) -> str:
        full = f"{self.prefix}-{name}"
        backup = {
            "apiVersion": "velero.io/v1",
            "kind": "Backup",
            "metadata": {"name": full, "namespace": "elsewhere", "uid": "old", **members.pop("metadata", {})},
            "spec": {"storageLocation": "elsewhere", "ttl": "720h0m0s", **members.pop("spec", {})},
            "status": {"startTimestamp": "2026-06-01T02:00:00Z", **({"phase": phase} if phase else {})},
            **members,
        }
        self.store.put(BackupKeys(full).metadata, json.dumps(backup).encode())
        if pod_volumes:
            volumes = [_pod_volume(f"{full}-{number}", full) for number in range(pod_volumes)]
            self.store.put(BackupKeys(full).podvolumebackups, gzip.compress(json.dumps(volumes).encode()))
        return full

    def lose(self, *names: str) -> None:
        for name in names:
            directory = BackupKeys(f"{self.prefix}-{name}").directory
            self.store.delete_many([info.key for info in self.store.list(directory).objects])

    def objects(self, client: KubeClient, plural: str, namespace: str) -> dict[str, Object]:
        """Those of the cluster that are of these backups, without what differs between any two."""
        answer = client.get(f"/apis/velero.io/v1/namespaces/{namespace}/{plural}")
        found = {item["metadata"]["name"]: item for item in answer["items"]}
        return {name: _plain(item) for name, item in found.items() if name.startswith(self.prefix)}

    def remove(self) -> None:
        keys = [info.key for info in self.store.list("backups/").objects]
        self.store.delete_many([key for key in keys if key.startswith(f"backups/{self.prefix}-")])


def _pod_volume(name: str, backup: str) -> Object:
    owner = {"apiVersion": "velero.io/v1", "kind": "Backup", "name": backup, "uid": "old", "controller": True}
    return {
        "apiVersion": "velero.io/v1",
        "kind": "PodVolumeBackup",
        "metadata": {
            "name": name,
            "namespace": "elsewhere",
            "labels": {"velero.io/backup-name": backup, "velero.io/backup-uid": "old"},
            "ownerReferences": [owner],
        },
        "spec": {
            "backupStorageLocation": "elsewhere",
            "node": "n",
            "pod": {"kind": "Pod", "name": "p", "namespace": "shop"},
            "repoIdentifier": "x",
            "uploaderType": "kopia",
            "volume": "data",
        },
        "status": {"phase": "Completed", "snapshotID": "abc"},
    }


def _plain(item: Object) -> Object:
    metadata = dict(item["metadata"])
    for member in ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "namespace"):
        metadata.pop(member, None)
    for owner in metadata.get("ownerReferences", ()):
        owner["uid"] = "new" if owner["uid"] != "old" else "old"
    labels = metadata.get("labels", {})
    if "velero.io/backup-uid" in labels:
        labels["velero.io/backup-uid"] = "new" if labels["velero.io/backup-uid"] != "old" else "old"
    return t.cast("Object", _without_zeroes({**item, "metadata": metadata}))


def _without_zeroes(value: t.Any) -> t.Any:
    """Go writes what is not said: ``csiSnapshotTimeout: 0s``, ``hooks: {}``."""
    if not isinstance(value, dict):
        return value
    kept = {name: _without_zeroes(inner) for name, inner in value.items()}
    return {name: inner for name, inner in kept.items() if inner not in (None, "", "0s", 0, [], {})}


@pytest.fixture
def stored(judged_store: Store) -> t.Iterator[Stored]:
    found = Stored(judged_store)
    yield found
    found.remove()


def test_the_same_objects_as_velero(judge: Judge, stored: Stored, client: KubeClient, namespace: str) -> None:
    schedule = {"apiVersion": "velero.io/v1", "kind": "Schedule", "name": "nightly", "uid": "old"}
    hooks = {"resources": [{"name": "h", "pre": [{"exec": {"command": ["id"]}}]}]}
    labels = {"team": "a", "velero.io/schedule-name": "nightly", "velero.io/storage-location": "elsewhere"}
    rich = {"labels": labels, "annotations": {"why": "x"}, "ownerReferences": [schedule], "resourceVersion": "5"}
    good = [
        stored.put("a", metadata=rich, spec={"hooks": hooks, "includedNamespaces": ["shop"]}),
        stored.put("b", "PartiallyFailed", pod_volumes=2),
        stored.put("c", "Failed"),
        stored.put("d", unheardOf=1),
    ]
    for name, phase in (("e", "New"), ("f", ""), ("g", "Finalizing"), ("h", "InProgress"), ("i", "FailedValidation")):
        stored.put(name, phase)
    stored.put("j", kind="Restore")
    stored.store.put(f"backups/{stored.prefix}-k/velero-backup.json", b"{")

    def sync(**asked: t.Any) -> SyncOutcome:
        request = SyncRequest(namespace=namespace, create_location=True, **asked)
        return sync_backups(request, client=client, store=stored.store)

    def both(plural: str) -> list[dict[str, Object]]:
        return [stored.objects(client, plural, where) for where in ("velero", namespace)]

    judge.start()
    judge.await_synced(good)
    outcome = sync()
    assert set(good) <= set(outcome.created)
    assert outcome.location_created
    for plural in ("backups", "podvolumebackups"):
        theirs, ours = both(plural)
        assert ours == theirs
    assert sorted(both("backups")[1]) == good
    assert len(both("podvolumebackups")[1]) == 2
    assert not sync().changed
    assert good[0] in judge("-n", namespace, "backup", "get")
    assert "ReadWrite" in judge("-n", namespace, "backup-location", "get")

    # What has no files any more goes, unless it had failed. Velero asks for directories, which this S3 server goes on
    # showing for a while.
    stored.lose("a", "b", "c")
    before = {info.key for info in stored.store.list().objects}
    outcome = sync(remove=False)
    assert {good[0], good[1]} <= {each.name for each in outcome.kept}
    assert not outcome.changed
    assert set(sync().removed) >= {good[0], good[1]}
    assert sorted(both("backups")[1]) == [good[2], good[3]]
    assert {info.key for info in stored.store.list().objects} >= before


def test_wherever_it_is_killed_the_next_one_ends_it(
    judge: Judge,
    s3: t.Any,
    own_bucket: str,
    kubeconfig: str,
    client: KubeClient,
    make_namespace: t.Callable[[], str],
) -> None:
    """SIGKILL while each of its writes is on its way."""
    assert judge.all_of("backups") is not None
    location = {
        "bucket": own_bucket,
        "endpoint_url": s3.endpoint,
        "access_key": s3.access_key,
        "secret_key": s3.secret_key,
        "region": "us-east-1",
    }
    for step in range(WRITES + 1):
        namespace = make_namespace()
        _add_orphan(client, namespace)
        proxy = ApiProxy(yaml.safe_load(Path(kubeconfig).read_text()))
        try:
            asked = {"kubeconfig": proxy.kubeconfig(), "namespace": namespace, "location": location}
            killed = _run_and_kill(proxy, asked, step)
        finally:
            proxy.close()
        assert killed is (step < WRITES)
        assert _run(client, asked).location == f"s3://{own_bucket}"
        backups = client.get(f"/apis/velero.io/v1/namespaces/{namespace}/backups")["items"]
        assert [item["metadata"]["name"] for item in backups] == ["one", "two"]
        assert not any("sync-pending" in json.dumps(item) for item in backups)
        volumes = client.get(f"/apis/velero.io/v1/namespaces/{namespace}/podvolumebackups")["items"]
        owners = [item["metadata"]["ownerReferences"][0]["uid"] for item in volumes]
        assert owners == [backups[0]["metadata"]["uid"]] * 2
        assert not _run(client, asked).changed


@pytest.fixture
def own_bucket(s3_bucket: t.Any) -> str:
    """Two backups, the first with volumes of pods."""
    for name in ("one", "two"):
        backup = {"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": {"name": name}}
        data = json.dumps({**backup, "status": {"phase": "Completed"}}).encode()
        s3_bucket.put_object(Key=f"backups/{name}/velero-backup.json", Body=data)
    volumes = gzip.compress(json.dumps([_pod_volume("one-1", "one"), _pod_volume("one-2", "one")]).encode())
    s3_bucket.put_object(Key="backups/one/one-podvolumebackups.json.gz", Body=volumes)
    return str(s3_bucket.name)


def _add_orphan(client: KubeClient, namespace: str) -> None:
    labels = {"velero.io/storage-location": "default"}
    gone = {"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": {"name": "gone", "labels": labels}}
    full = {**gone, "spec": {}, "status": {"phase": "Completed"}}
    client.post(f"/apis/velero.io/v1/namespaces/{namespace}/backups", full)


def _run_and_kill(proxy: ApiProxy, asked: Object, step: int) -> bool:
    """Kill it at its write of this number; False when it ended before."""
    writes = 0

    def decide(method: str, target: str) -> Fate:
        nonlocal writes
        if method == "GET" or "dryRun" in target:
            return "pass"
        writes += 1
        return "hang" if writes > step else "pass"

    proxy.decide = decide
    process = subprocess.Popen(
        [sys.executable, str(RUNNER)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=dict(os.environ)
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(asked).encode())
    process.stdin.close()
    until(lambda: proxy.met or process.poll() is not None, "it comes to that write, or to its end", seconds=60.0)
    if process.poll() is None:
        process.kill()
    return process.wait(30) != 0


def _run(client: KubeClient, asked: Object) -> SyncOutcome:
    request = SyncRequest(namespace=asked["namespace"], create_location=True)
    return sync_backups(request, client=client, store=open_store(make_location(asked["location"])))


def test_its_rights_are_enough(judge: Judge, stored: Stored, callers: Callers, namespace: str) -> None:
    assert judge.all_of("backups") is not None
    name = stored.put("r", pod_volumes=1)
    grants = sync_grants(RightsScope(namespaces=(namespace,)))

    def caller(*, spared: bool, without: str = "") -> KubeClient:
        needs = [need for grant in grants if spared or not grant.otherwise for need in grant.needs]
        rules = [
            {"apiGroups": [need.group], "resources": [need.resource], "verbs": [need.verb]}
            for need in needs
            if f"{need.verb} {need.resource}" != without
        ]
        found = callers.may(*rules)
        until(
            lambda: found.can_i("list", group="velero.io", resource="backups", namespace=namespace),
            "it may",
            seconds=20,
        )
        return found

    whole = caller(spared=True)
    assert (
        name
        in sync_backups(
            SyncRequest(namespace=namespace, create_location=True), client=whole, store=stored.store
        ).created
    )
    stored.lose("r")
    assert (
        name in sync_backups(SyncRequest(namespace=namespace), client=caller(spared=False), store=stored.store).removed
    )
    name = stored.put("s")
    with pytest.raises(KubeError) as raised:
        sync_backups(
            SyncRequest(namespace=namespace),
            client=caller(spared=False, without="create backups"),
            store=stored.store,
        )
    assert raised.value.forbidden


ARK_TYPES = {"backups": "Backup", "schedules": "Schedule", "backupstoragelocations": "BackupStorageLocation"}


@pytest.fixture
def ark_types(kubectl: t.Any) -> t.Iterator[None]:
    with types_of_ark(kubectl, ARK_TYPES):
        yield


@pytest.mark.usefixtures("ark_types")
def test_ark(client: KubeClient, namespace: str, tmp_path: Path) -> None:
    """A bucket of Ark 0.9 in a cluster with Ark's types."""
    store = LocalStore(LocalLocation(path=str(tmp_path)))
    keys = BackupKeys("old", parent="", metadata_file=ARK_METADATA_FILE)
    backup = {
        "apiVersion": "ark.heptio.com/v1",
        "kind": "Backup",
        "metadata": {"name": "old", "labels": {"ark-schedule": "nightly"}, "finalizers": ["gc.ark.heptio.com"]},
        "spec": {"ttl": "720h0m0s"},
        "status": {"phase": "Completed", "volumeBackups": {"pv": {"snapshotID": "s", "type": "gp2"}}},
    }
    store.put(keys.metadata, json.dumps(backup).encode())

    def served() -> bool:
        with contextlib.suppress(KubeError):
            client.get(f"/apis/ark.heptio.com/v1/namespaces/{namespace}/backups")
            return True
        return False

    until(served, "Ark's types are served", seconds=30.0)
    outcome = sync_backups(SyncRequest(family=ARK, namespace=namespace), client=client, store=store)
    assert outcome.created == ("old",)
    made = client.get(f"/apis/ark.heptio.com/v1/namespaces/{namespace}/backups/old")
    assert made["metadata"]["labels"] == {"ark-schedule": "nightly", "ark.heptio.com/storage-location": "default"}
    assert "finalizers" not in made["metadata"]
    assert made["status"] == backup["status"]
    store.delete_many([keys.metadata])
    request = SyncRequest(family=ARK, namespace=namespace, is_location_known=True)
    assert sync_backups(request, client=client, store=store).removed == ("old",)
