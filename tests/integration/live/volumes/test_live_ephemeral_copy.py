# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An emptyDir and a ReadWriteOncePod claim, copied by containers in their running pod, and brought back.

kopia's own command judges what was copied.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
import subprocess
import typing as t
from pathlib import Path

import pytest
from callers import Callers, Rule
from files_app import CLAIM, SCRATCH_PATH, FilesApp
from kopia_command import Kopia
from new_bucket import location_in
from volume_lab import until

from ansible_collections.arkive.k8s.plugins.module_utils._access.tasks import grants_of
from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.plan import plan_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_stream import ExecStream
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import RightsScope
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import plan_restore, run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import (
    ResourceModifiers,
    parse_modifiers,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod import commands
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import names_around

if t.TYPE_CHECKING:
    from cluster_access import Kubectl, S3Access

    from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

pytestmark = pytest.mark.node

PASSWORD, NAME = "of-the-repository", "inside"
DUMP = f"{SCRATCH_PATH}/dump"
#: The dump is there between the hooks only.
_HOOKS = {
    "pre.hook.backup.velero.io/command": json.dumps(["sh", "-c", f"echo whole >{DUMP}"]),
    "post.hook.backup.velero.io/command": json.dumps(["rm", DUMP]),
}
_HASHES = "cd \"$1\" && find . -type f ! -path './lost+found*' -exec sha256sum {} + | sort"


class AloneApp(FilesApp):
    """Its claim is ReadWriteOncePod; a second container has a part of the emptyDir; the pod is not to run as root."""

    def _manifest(self) -> dict[str, t.Any]:
        found = super()._manifest()
        claim, deployment = found["items"]
        claim["spec"]["accessModes"] = ["ReadWriteOncePod"]
        spec = deployment["spec"]["template"]["spec"]
        (main,) = spec["containers"]
        mount = {"name": "scratch", "mountPath": "/part", "subPath": "part"}
        user = {"runAsUser": 1234, "runAsNonRoot": True}
        spec["containers"] = [
            {**main, "securityContext": {"runAsUser": 0, "runAsNonRoot": False}},
            {**main, "name": "side", "volumeMounts": [mount]},
        ]
        spec["securityContext"] = user
        return found


class Copied(t.NamedTuple):
    """``hashes``: by volume, of what was there between the hooks. ``left``: in the cluster afterwards."""

    app: FilesApp
    request: BackupRequest
    client: KubeClient
    backup: BackupOutcome
    hashes: dict[str, list[str]]
    left: list[str]
    store: Store


@pytest.fixture(scope="module")
def location(s3: S3Access, module_s3_bucket: t.Any) -> S3Location:
    return location_in(module_s3_bucket, s3, prefix="p")


@pytest.fixture(scope="module")
def copied(
    kubeconfig: str, kubectl: Kubectl, location: S3Location, pod_s3_url: str, kopia_image: str
) -> t.Iterator[Copied]:
    """By an account with the rights that ``k8s_access_info`` names, and no others."""
    namespace = f"arkive-test-e-{secrets.token_hex(3)}"
    app = AloneApp(kubectl, namespace, size="64Mi")
    request = BackupRequest(
        name=NAME,
        spec=BackupSpec.from_options({"included_namespaces": [namespace], "default_volumes_to_fs_backup": True}),
        mover=MoverSettings(
            image=kopia_image, s3_url=pod_s3_url, credentials="static", per_node=2, ephemeral_containers=True
        ),
        repository_password=PASSWORD,
    )
    callers, store = Callers(kubectl, kubeconfig, namespace), open_store(location)
    try:
        app.create()
        notes = [f"{key}={text}" for key, text in _HOOKS.items()]
        kubectl("-n", namespace, "annotate", "pods", "--all", *notes)
        hashes = {name: app.sh(_HASHES, f"/{name}").splitlines() for name in ("data", "scratch")}
        client = callers.may(*rules_of(namespace), cluster=True)
        backup = run_backup(request, client=client, store=store)
        left = kubectl("-n", namespace, "get", "jobs,secrets,pods", "-o", "name").splitlines()
        yield Copied(app, request, client, backup, hashes, left, store)
    finally:
        app.remove()
        for name in callers.cluster_wide:
            kubectl("delete", "clusterrole,clusterrolebinding", name, "--ignore-not-found")


def rules_of(namespace: str) -> list[Rule]:
    scope = RightsScope(namespaces=(namespace,), providers=names_around("mover"), adds_containers=True)
    needs = [need for grant in grants_of("backup", scope) for need in grant.needs]
    # The password is given.
    needs = [need for need in needs if (need.resource, need.namespace) != ("secrets", "velero")]
    return [
        {
            "apiGroups": [need.group],
            "resources": ["/".join(filter(None, (need.resource, need.subresource)))],
            "verbs": [need.verb],
        }
        for need in needs
    ]


def test_what_only_the_pod_can_read_is_in_the_repository(
    copied: Copied, location: S3Location, s3: S3Access, kopia_program: str, tmp_path: Path
) -> None:
    """As it was between the hooks; the parts that the containers mount do not matter."""
    assert (copied.backup.phase, copied.backup.errors_list) == ("Completed", [])
    records = {each["spec"]["volume"]: each for each in Catalog(copied.store).files(NAME).read_json("podvolumebackups")}
    assert {name: record["metadata"].get("annotations") for name, record in records.items()} == {
        "data": {"velero.io/pvc-name": CLAIM},
        "scratch": None,
    }
    kopia = Kopia(kopia_program, tmp_path, PASSWORD)
    kopia.connect(s3, location.bucket, f"p/kopia/{copied.app.namespace}/")
    assert sorted(kopia.ids()) == sorted(record["status"]["snapshotID"] for record in records.values())
    for name, record in records.items():
        target = tmp_path / name
        kopia("restore", record["status"]["snapshotID"], str(target), "--skip-owners", "--write-sparse-files")
        listed = subprocess.run(
            ["bash", "-c", _HASHES, "bash", str(target)], capture_output=True, text=True, check=True
        )
        found = listed.stdout.splitlines()
        dump = [line for line in found if line.endswith(" ./dump")]
        assert len(dump) == (name == "scratch")
        assert [line for line in found if line not in dump] == copied.hashes[name]


def test_what_stays_is_listed_and_holds_nothing(copied: Copied, location: S3Location, kubectl: Kubectl) -> None:
    (pod,) = json.loads(kubectl("-n", copied.app.namespace, "get", "pods", "-o", "json"))["items"]
    states = [each["state"] for each in pod["status"]["ephemeralContainerStatuses"]]
    assert [state["terminated"]["exitCode"] for state in states] == [0, 0]
    text = json.dumps(pod)
    assert not any(word and word in text for word in (PASSWORD, location.secret_key, location.bucket))
    assert [each["restartCount"] for each in pod["status"]["containerStatuses"]] == [0, 0]
    assert [each["status"] for each in pod["status"]["conditions"] if each["type"] == "Ready"] == ["True"]
    assert sorted(name.partition("/")[0] for name in copied.left) == ["pod"]


def restored_into(copied: Copied, copy: str, mover: MoverSettings, **more: t.Any) -> RestoreRequest:
    spec = RestoreSpec.from_options({"backup_name": NAME, "namespace_mapping": {copied.app.namespace: copy}})
    return RestoreRequest(spec=spec, name=copy, mover=mover, repository_password=PASSWORD, **more)


def test_they_come_back_into_the_restored_pod(
    copied: Copied, client: KubeClient, kubectl: Kubectl, pod_s3_url: str, kopia_image: str
) -> None:
    """Names, owners, modes and content; the pod was the workload's, and is again. It is let go once all is there."""
    copy = f"{copied.app.namespace}-copy"
    settings = MoverSettings(image=kopia_image, s3_url=pod_s3_url, credentials="static")
    request = restored_into(copied, copy, settings)
    try:
        planned = plan_restore(request, client=client, store=copied.store)
        assert [(each["pod_volume"], each["state"]) for each in planned.volumes if each["pod"]] == [
            ("scratch", "planned")
        ]
        done = run_restore(request, client=client, store=copied.store)
        assert (done.phase, done.errors_list) == ("Completed", []), done.errors_list
        assert [(each["pod_volume"], each["state"]) for each in done.volumes if each["pod"]] == [("scratch", "filled")]
        copied.app.await_ready(copy)
        came = copied.app.tree(SCRATCH_PATH, namespace=copy)
        dump = [line for line in came if line.endswith("./dump")]
        assert (len(dump), [line for line in came if line not in dump]) == (2, copied.app.tree(SCRATCH_PATH))
        assert copied.app.tree(namespace=copy) == copied.app.tree()
        (pod,) = json.loads(kubectl("-n", copy, "get", "pods", "-o", "json"))["items"]
        assert pod["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet"
        (waited,) = pod["status"]["initContainerStatuses"]
        assert (waited["state"]["terminated"]["exitCode"], waited["restartCount"]) == (0, 0)
        text = json.dumps(pod)
        assert not any(word in text for word in (PASSWORD, copied.store.location.describe, request.mover.s3_url))
        again = run_restore(request, client=client, store=copied.store)
        assert (again.changed, again.phase) == (False, "Completed")
    finally:
        kubectl("delete", "namespace", copy, "--ignore-not-found", "--wait=false")


def patched(*patches: tuple[str, t.Any]) -> ResourceModifiers:
    """Pods with one more member each."""
    operations = [{"operation": "add", "path": path, "value": json.dumps(value)} for path, value in patches]
    rule = {"conditions": {"groupResource": "pods"}, "patches": operations}
    return parse_modifiers({"version": "v1", "resourceModifierRules": [rule]})


def test_a_limit_range_that_refuses_the_waiting_pod_is_told_before(
    copied: Copied, client: KubeClient, kubectl: Kubectl, pod_s3_url: str, kopia_image: str
) -> None:
    """In check mode, with an option by which it is let in. A Job is let in, and so is the pod itself."""
    tight = f"{copied.app.namespace}-tight"
    little = {"limits": {"ephemeral-storage": "10Mi"}}
    modifiers = patched(*((f"/spec/containers/{number}/resources", little) for number in range(2)))
    most = {"limits": [{"type": "Container", "max": {"ephemeral-storage": "128Mi"}}]}
    metadata = {"name": "tight", "namespace": tight}
    settings = MoverSettings(image=kopia_image, s3_url=pod_s3_url, credentials="static")
    kubectl("create", "namespace", tight)
    try:
        manifest = {"apiVersion": "v1", "kind": "LimitRange", "metadata": metadata, "spec": most}
        kubectl("apply", "-f", "-", stdin=json.dumps(manifest))
        until(lambda: kubectl("-n", tight, "get", "sa", "-o", "name"), "pods may be made there", seconds=60)
        request = restored_into(copied, tight, settings, modifiers=modifiers)
        refusal = plan_restore(request, client=client, store=copied.store).refusal
        assert refusal is not None
        assert "would not be let in with the container in which it waits" in refusal.message
        assert refusal.hint == "Set mover.resources within the LimitRange of the namespace."
        fits = dataclasses.replace(settings, resources={"limits": {"ephemeral-storage": "64Mi"}})
        request = dataclasses.replace(request, mover=fits)
        planned = plan_restore(request, client=client, store=copied.store)
        assert planned.refusal is None
        assert [each["state"] for each in planned.volumes if each["pod"]] == ["planned"]
    finally:
        kubectl("delete", "namespace", tight, "--ignore-not-found", "--wait=false")


def test_why_a_pod_does_not_come_to_wait_is_told(
    copied: Copied, client: KubeClient, kubectl: Kubectl, pod_s3_url: str, kopia_image: str
) -> None:
    """Its status does not say it: a volume of the pod cannot be mounted."""
    stuck = f"{copied.app.namespace}-stuck"
    modifiers = patched(
        ("/spec/volumes/-", {"name": "conf", "configMap": {"name": "arkive-missing"}}),
        ("/spec/containers/0/volumeMounts/-", {"name": "conf", "mountPath": "/conf"}),
    )
    settings = MoverSettings(image=kopia_image, s3_url=pod_s3_url, credentials="static", pod_start_timeout=60.0)
    try:
        request = restored_into(copied, stuck, settings, modifiers=modifiers)
        done = run_restore(request, client=client, store=copied.store)
        assert done.phase == "PartiallyFailed"
        (error,) = [each["message"] for each in done.errors_list if "has not got the data" in each["message"]]
        assert 'configmap "arkive-missing" not found' in error
    finally:
        kubectl("delete", "namespace", stuck, "--ignore-not-found", "--wait=false")


class _CancelledAtItsEnd(ExecStream):
    """The run is cancelled when the copy is done, before it has looked how that ended."""

    def go_on(self, seconds: float, *, cancel: CancelToken) -> bool:
        going = super().go_on(seconds, cancel=cancel)
        if not going:
            cancel.cancel("SIGTERM")
            cancel.check()
        return going


def _ends(kubectl: Kubectl, namespace: str) -> list[int]:
    """The exit codes of the containers that were added to the pod; empty while one of them has none."""
    (pod,) = json.loads(kubectl("-n", namespace, "get", "pods", "-o", "json"))["items"]
    ended = [each["state"].get("terminated") for each in pod["status"]["ephemeralContainerStatuses"]]
    return [each["exitCode"] for each in ended] if all(ended) else []


def test_what_was_done_when_the_run_was_cancelled_is_taken_out_again(
    copied: Copied,
    location: S3Location,
    s3: S3Access,
    kopia_program: str,
    tmp_path: Path,
    kubectl: Kubectl,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kopia = Kopia(kopia_program, tmp_path, PASSWORD)
    kopia.connect(s3, location.bucket, f"p/kopia/{copied.app.namespace}/")
    before = sorted(kopia.ids())
    monkeypatch.setattr(commands, "ExecStream", _CancelledAtItsEnd)
    with pytest.raises(Cancelled):
        run_backup(dataclasses.replace(copied.request, name="cancelled"), client=copied.client, store=copied.store)
    # One that starts late waits two minutes for somebody who tells it what to do.
    codes = until(lambda: _ends(kubectl, copied.app.namespace), "the kubelet says how they have ended", seconds=180)
    assert codes.count(0) > len(before), "of this run, too, one has ended well"
    assert sorted(kopia.ids()) == before


def test_a_pod_that_admits_none_is_told_before_anything_is_begun(copied: Copied, kubectl: Kubectl) -> None:
    kubectl("label", "namespace", copied.app.namespace, "pod-security.kubernetes.io/enforce=restricted")
    with pytest.raises(MoverError, match=r"No container can be added to pod .*violates PodSecurity"):
        plan_backup(dataclasses.replace(copied.request, name="another"), client=copied.client, store=copied.store)
