# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run will refuse or fail at by what is known before it, check mode says in the same words."""

from __future__ import annotations

import datetime as dt
import json
import re
import typing as t
from pathlib import Path

import pytest
from callers import Callers

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._store.lock_record import LockRecord

LABELS = {"app": "shop"}
COMMAND = "pre.hook.backup.velero.io/command"
CONTAINER = "pre.hook.backup.velero.io/container"


def pod(name: str, *, annotations: Object | None = None) -> Object:
    """A pod that runs; its root file system is the node's disk, and so is what is mounted at /scratch."""
    container = {"name": "main", "image": "busybox:1", "command": ["sleep", "86400"]}
    spec = {
        "terminationGracePeriodSeconds": 0,
        "containers": [container | {"volumeMounts": [{"name": "tmp", "mountPath": "/scratch"}]}],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    metadata = {"name": name, "labels": LABELS, "annotations": annotations or {}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


class Scene:
    """A namespace, a location, and a caller who may list its ConfigMaps and nothing else."""

    def __init__(self, kubectl: t.Any, namespace: str, store: Path, token: t.Callable[[], Object]) -> None:
        self.kubectl = kubectl
        self.namespace = namespace
        self.store = store
        self.token = token
        self._has_pods = False
        store.mkdir()

    def create(self, *objects: Object) -> None:
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self.kubectl("-n", self.namespace, "create", "-f", "-", stdin=json.dumps(listed))
        self._has_pods = self._has_pods or any(obj["kind"] == "Pod" for obj in objects)

    def await_pods(self) -> None:
        if self._has_pods:
            self.kubectl("-n", self.namespace, "wait", "--for=condition=Ready", "pod", "--all", "--timeout=110s")

    def backup(self, **more: t.Any) -> Object:
        location = {"path": str(self.store)}
        return {"name": "b", "included_namespaces": [self.namespace], "storage_location": location, **more}

    def snapshot(self, **more: t.Any) -> Object:
        return {"name": "s", "namespace": self.namespace, "wait": False, **more}

    def hook(self, **more: t.Any) -> Object:
        return {"namespace": self.namespace, "pod": "web", **more}


def make_scene(kubectl: t.Any, kubeconfig: str, namespace: str, store: Path) -> Scene:
    def token() -> Object:
        rule = {"apiGroups": [""], "resources": ["configmaps", "namespaces"], "verbs": ["get", "list"]}
        Callers(kubectl, kubeconfig, namespace).may(rule)
        name = f"{namespace}-1"
        host = kubectl("config", "view", "--raw", "-o", "jsonpath={.clusters[0].cluster.server}").strip()
        return {
            "host": host,
            "api_key": kubectl("-n", namespace, "create", "token", name).strip(),
            "validate_certs": False,
        }

    return Scene(kubectl, namespace, store, token)


class Case(t.NamedTuple):
    """``make`` prepares the scene and gives the task's options; ``says`` is what both say; ``phase`` of a backup."""

    module: str
    make: t.Callable[[Scene], Object]
    says: str
    phase: str = ""


def _in_progress(scene: Scene) -> Object:
    folder = scene.store / "backups" / "b"
    folder.mkdir(parents=True)
    now = dt.datetime.now(dt.UTC)
    (folder / "b-arkive-claim.json").write_bytes(LockRecord.make("other", "elsewhere", 7, now, 600.0).encode())
    return scene.backup()


def _stored_backup(scene: Scene, spec: Object, phase: str = "Completed") -> None:
    folder = scene.store / "backups" / "b"
    folder.mkdir(parents=True)
    status = {"phase": phase, "formatVersion": "1.1.0", "version": 1}
    body = {"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": {"name": "b", "namespace": "velero"}}
    (folder / "velero-backup.json").write_text(json.dumps({**body, "spec": spec, "status": status}))


def _velero_at_work(scene: Scene) -> Object:
    _stored_backup(scene, {}, "InProgress")
    return scene.backup()


def _other_spec(scene: Scene) -> Object:
    _stored_backup(scene, {"includedNamespaces": ["elsewhere"]})
    return scene.backup()


def _with_pod(annotations: Object | None, options: t.Callable[[Scene], Object]) -> t.Callable[[Scene], Object]:
    def make(scene: Scene) -> Object:
        scene.create(pod("web", annotations=annotations))
        return options(scene)

    return make


def _backup_hooks(**entry: t.Any) -> t.Callable[[Scene], Object]:
    def options(scene: Scene) -> Object:
        whole = {"name": "once", "namespace": scene.namespace, "pod": "web", "command": ["true"], **entry}
        return scene.backup(backup_hooks={"pre": [whole]})

    return options


NO_CONTAINER = {COMMAND: json.dumps(["true"]), CONTAINER: "absent"}
NODE_FREEZE = {COMMAND: json.dumps(["fsfreeze", "--freeze", "/scratch"]), CONTAINER: "main"}
CLAIM: Object = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "loopfile",
        "resources": {"requests": {"storage": "64Mi"}},
    },
}


def _bound_claim(scene: Scene) -> None:
    mounts = [{"name": "data", "mountPath": "/data"}]
    spec = {
        "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "main", "image": "busybox:1", "command": ["sleep", "86400"], "volumeMounts": mounts}],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
    }
    scene.create(
        CLAIM, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app", "labels": LABELS}, "spec": spec}
    )


def _set_in_error(scene: Scene) -> Object:
    """Its snapshot can never be cut."""
    _bound_claim(scene)
    metadata = {"name": "s-data", "labels": {"arkive.k8s/snapshot": "s"}}
    metadata["annotations"] = {"arkive.k8s/snapshot-state": "complete", "arkive.k8s/snapshot": "s"}
    spec = {"volumeSnapshotClassName": "loopfile-broken", "source": {"persistentVolumeClaimName": "data"}}
    snapshot = {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshot",
        "metadata": metadata,
        "spec": spec,
    }
    scene.create(snapshot)
    scene.kubectl(
        "-n",
        scene.namespace,
        "wait",
        "--for=jsonpath={.status.error.message}",
        "volumesnapshot/s-data",
        "--timeout=60s",
    )
    return scene.snapshot(claims=["data"], wait=True)


def _restore(scene: Scene, **more: t.Any) -> Object:
    return {"backup": "b", "storage_location": {"path": str(scene.store)}, **more}


def _no_class(scene: Scene) -> Object:
    _bound_claim(scene)
    return scene.snapshot(claims=["data"], snapshot_class="arkive-test-absent")


CASES = {
    "backup: another run makes it": Case("k8s_backup", _in_progress, "other", "Failed"),
    "backup: Velero makes it": Case("k8s_backup", _velero_at_work, "still being made", "Failed"),
    "backup: it exists with another spec": Case("k8s_backup", _other_spec, "with another spec", "Failed"),
    "backup: a read-only location": Case(
        "k8s_backup",
        lambda scene: scene.backup(storage_location={"path": str(scene.store), "read_only": True}),
        "read",
        "Failed",
    ),
    "backup: no location": Case(
        "k8s_backup",
        lambda scene: scene.backup(storage_location={"path": str(scene.store / "nowhere")}),
        "does not exist",
        "Failed",
    ),
    "backup: missing rights": Case(
        "k8s_backup", lambda scene: scene.backup(**scene.token()), "does not let you", "Failed"
    ),
    "backup: no container for a hook": Case(
        "k8s_backup", _with_pod(NO_CONTAINER, Scene.backup), 'no such container: "absent"', "PartiallyFailed"
    ),
    "backup: a freeze that the guard refuses": Case(
        "k8s_backup", _with_pod(NODE_FREEZE, Scene.backup), "/scratch", "PartiallyFailed"
    ),
    "backup: no namespace": Case(
        "k8s_backup",
        lambda scene: scene.backup(included_namespaces=["arkive-test-nowhere"]),
        "arkive-test-nowhere",
        "FailedValidation",
    ),
    "backup: its own hook finds no pod": Case(
        "k8s_backup", _with_pod(None, _backup_hooks(pod="absent")), "absent", "Failed"
    ),
    "backup: its own hook finds no container": Case(
        "k8s_backup", _with_pod(None, _backup_hooks(container="absent")), 'no such container: "absent"', "Failed"
    ),
    "snapshot: no class": Case("k8s_snapshot", _no_class, "arkive-test-absent"),
    "snapshot: a set in error": Case("k8s_snapshot", _set_in_error, "has failed"),
    "snapshot: it cannot be removed": Case(
        "k8s_snapshot", lambda scene: scene.snapshot(state="absent", **scene.token()), "does not let you"
    ),
    "restore: no backup": Case("k8s_restore", _restore, "There is no backup 'b'", "Failed"),
    "restore: broken modifiers": Case(
        "k8s_restore",
        lambda scene: _restore(scene, resource_modifiers={"version": "v1", "resourceModifierRules": [{"patches": 1}]}),
        "resource_modifiers",
        "FailedValidation",
    ),
    "snapshot: no claim": Case("k8s_snapshot", lambda scene: scene.snapshot(claims=["absent"]), "absent"),
    "hook: no container": Case(
        "k8s_hook_exec",
        _with_pod(None, lambda scene: scene.hook(argv=["true"], container="absent")),
        'no such container: "absent"',
    ),
    "hook: a freeze that the guard refuses": Case(
        "k8s_hook_exec",
        _with_pod(None, lambda scene: scene.hook(state="frozen", freeze_path="/scratch", container="main")),
        "/scratch",
    ),
    "hook: no pod": Case("k8s_hook_exec", lambda scene: scene.hook(argv=["true"]), "web"),
    "hook: a frozen command that the guard refuses": Case(
        "k8s_hook_exec",
        _with_pod(None, lambda scene: scene.hook(argv=["fsfreeze", "--freeze", "/scratch"])),
        "/scratch",
    ),
}


def said(result: Object) -> str:
    """The sentence, without what differs between a task to come and one that was."""
    text = result.get("msg", "")
    for would, was in (
        ("would end", "ended"),
        ("would not be taken", "was not taken as asked"),
        ("would not be removed", "was not removed as asked"),
    ):
        text = text.replace(would, was)
    return re.sub(r"\d+\.\d+ s\b", "", text)


@pytest.fixture(scope="module")
def pairs(
    request: pytest.FixtureRequest,
    kubectl: t.Any,
    kubeconfig: str,
    make_namespace: t.Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
    playbook: t.Any,
) -> dict[str, t.Any]:
    """What the tasks of all cases said that are to be tried; each has a scene of its own, all of them one playbook."""
    tried = {item.callspec.params["name"] for item in request.session.items if item.path == request.path}
    scenes = []
    for name, case in CASES.items():
        if name in tried:
            scenes.append(make_scene(kubectl, kubeconfig, make_namespace(), tmp_path_factory.mktemp("scene") / "store"))
            playbook.add(name, case.module, case.make(scenes[-1]))
    for scene in scenes:
        scene.await_pods()
    found: dict[str, t.Any] = playbook.run()
    return found


@pytest.mark.node
@pytest.mark.parametrize("name", CASES)
def test_check_mode_says_what_the_run_says(name: str, pairs: dict[str, t.Any]) -> None:
    case, pair = CASES[name], pairs[name]
    assert said(pair.told) == said(pair.done)
    assert (pair.told["failed"], case.says in pair.told["msg"]) == (True, True), pair.told["msg"]
    assert pair.done["failed"]
    if case.module == "k8s_backup":
        assert (pair.told["phase"], pair.done["phase"]) == (case.phase, case.phase)
    told = [entry["message"] for entry in pair.told["errors_list"]]
    assert told == [entry["message"] for entry in pair.done["errors_list"]]
    assert pair.told.get("error_details") == pair.done.get("error_details")
