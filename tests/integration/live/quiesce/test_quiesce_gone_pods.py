# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pod goes while its file system is frozen, and its timer with it: the claim's mark leads to the thaw."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import typing as t
from pathlib import Path

import pytest
from idle_app import CLAIM, PATH, IdleApp
from nginx_app import until
from processes import Engine, Started

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

Result = dict[str, t.Any]
HELPER = {"image": "busybox:1"}


@pytest.fixture
def make_app(client: KubeClient, kubectl: t.Callable[..., str], namespace: str) -> t.Iterator[t.Callable[..., IdleApp]]:
    made: list[IdleApp] = []

    def make(access_mode: str = "ReadWriteOnce") -> IdleApp:
        made.append(IdleApp(client, kubectl, namespace, access_mode))
        return made[0]

    yield make
    for app in made:
        app.clean()


@pytest.fixture
def app(make_app: t.Callable[..., IdleApp]) -> IdleApp:
    return make_app()


@pytest.fixture(autouse=True)
def nothing_stays_frozen() -> None:
    """Said by each test itself, as the pods come and go."""


def freeze(app: IdleApp, engine: Engine, **policy: t.Any) -> str:
    given = {"lease_seconds": 120, "freeze_max_seconds": 120, "require_lease": True} | policy
    frozen = engine.call("freeze", namespace=app.namespace, path=PATH, policy=given)
    assert (frozen["errors"], frozen["warnings"]) == ([], [])
    (lease_id,) = frozen["lease_ids"]
    assert [mark.lease_id for mark in app.claim_marks] == [lease_id]
    return str(lease_id)


def sweep(app: IdleApp, engine: Engine, **policy: t.Any) -> Result:
    return engine.call("sweep", namespace=app.namespace, policy=policy)


def assert_thawed(app: IdleApp) -> None:
    assert not app.is_frozen
    assert app.claim_marks == []
    assert app.helper_pods() == []


def test_thaw_after_the_pod_was_replaced(app: IdleApp, engine: Engine) -> None:
    lease_id = freeze(app, engine)
    old, new = app.replace_pod()
    assert app.is_frozen, "the new pod mounts the frozen file system"
    asked = {"namespace": app.namespace, "path": PATH, "lease_id": lease_id}
    thawed = engine.call("thaw", task={"pod": old, "label_selector": ""}, **asked)
    (error,) = thawed["errors"]
    assert thawed["changed"] is True
    assert f"was thawed through {PATH} in container fsfreeze of pod {app.namespace}/{new}" in error
    assert [record["thawed_by"] for record in thawed["freezes"]] == ["release"]
    assert_thawed(app)


def play_role(app: IdleApp, engine: Engine, pod: str, tasks_file: Path) -> Started:
    variables = {
        "fsfreeze_namespace": app.namespace,
        "fsfreeze_pod": pod,
        "fsfreeze_path": PATH,
        "fsfreeze_lease_seconds": 120,
        "fsfreeze_tasks_file": str(tasks_file),
    }
    role = {"name": "Freeze", "ansible.builtin.include_role": {"name": "arkive.k8s.fsfreeze"}, "vars": variables}
    return engine.play([role])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "names no file that exists"),
        ("- nonesuch.nonesuch.module:\n", "nonesuch"),
        ("- name: [\n", ""),
    ],
    ids=["missing", "misspelt module", "no YAML"],
)
def test_the_role_freezes_nothing_for_tasks_that_cannot_be_loaded(
    app: IdleApp, engine: Engine, tmp_path: Path, text: str | None, told: str
) -> None:
    """Ansible ends at once at such tasks, without ``rescue`` and ``always``: nothing would thaw but the lease."""
    work = tmp_path / "work.yml"
    if text is not None:
        work.write_text(text)
    play = play_role(app, engine, app.await_pod(), work)
    assert play.end(120) != 0, play.stdout
    assert told in play.stdout + play.stderr
    assert "Freeze the file system" not in play.stdout
    assert_thawed(app)


def test_the_role_thaws_after_the_pod_was_replaced(
    app: IdleApp, engine: Engine, kubeconfig: str, tmp_path: Path
) -> None:
    old = app.await_pod()
    argv = [os.environ["ARKIVE_TEST_KUBECTL"], "--kubeconfig", kubeconfig, "-n", app.namespace]
    work = tmp_path / "work.yml"
    delete = {"name": "Delete the pod", "ansible.builtin.command": {"argv": [*argv, "delete", "pod", old, "--wait"]}}
    work.write_text(json.dumps([delete]))
    play = play_role(app, engine, old, work)
    assert play.end(120) != 0, play.stdout
    assert "was thawed through" in play.stdout
    assert_thawed(app)


@pytest.mark.parametrize("by", ["name", "selector"])
def test_thaw_without_its_lease_id(app: IdleApp, engine: Engine, by: str) -> None:
    freeze(app, engine)
    old, _new = app.replace_pod()
    task = {"pod": old, "label_selector": ""} if by == "name" else {}
    thawed = engine.call("thaw", namespace=app.namespace, path=PATH, task=task)
    assert thawed["changed"] is True
    assert_thawed(app)


def test_a_pod_that_never_was(app: IdleApp, engine: Engine) -> None:
    thawed = engine.call("thaw", namespace=app.namespace, path=PATH, task={"pod": "nobody", "label_selector": ""})
    assert thawed["failed"]
    assert "does not exist" in thawed["msg"]
    assert "No claim in namespace" in thawed["msg"]


def kill_a_backup(app: IdleApp, engine: Engine, location: Result) -> None:
    """Kill it while it holds the file system frozen, and let the pod go, its timer with it."""
    thaw = json.dumps(["/bin/sh", "-c", f"sleep 30; fsfreeze --unfreeze {PATH}"])
    freezing = json.dumps(["fsfreeze", "--freeze", PATH])
    app.annotate_pod(pre_command=freezing, pre_timeout="10s", post_command=thaw, post_timeout="60s")
    policy = {"lease_seconds": 30, "freeze_max_seconds": 60}
    run = engine.start("backup", name="killed", namespace=app.namespace, location=location, policy=policy)
    until(lambda: not run.runs or app.run("/bin/sh", "-c", "ls /dev/shm/arkive-*/at")[0] == 0, "it is frozen")
    assert run.runs, run.stdout
    run.kill_all()
    app.replace_pod()
    assert app.is_frozen
    app.annotate_pod(pre_command=freezing, post_command=json.dumps(["fsfreeze", "--unfreeze", PATH]))


def test_a_killed_backup_that_is_run_again_at_once(app: IdleApp, engine: Engine, location: Result) -> None:
    """Where it was killed on this machine nobody waits for its claim or its mark; elsewhere its freeze is named."""
    kill_a_backup(app, engine, location)
    claim = Path(location["path"], "backups", "killed", "killed-arkive-claim.json")
    holder = json.loads(claim.read_text())
    claim.write_text(json.dumps(holder | {"host": "elsewhere", "process": ""}))
    held = engine.call("backup", name="killed", namespace=app.namespace, location=location)
    assert held["msg"].startswith(f"Another run works on backups/killed: run {holder['run']} on elsewhere")
    (warning,) = [entry["message"] for entry in held["warnings_list"]]
    assert f"(claim {app.namespace}/{CLAIM}) is marked as frozen by run {holder['run']} until 20" in warning
    assert app.is_frozen
    claim.write_text(json.dumps(holder))
    done = engine.call("backup", name="killed", namespace=app.namespace, location=location)
    assert [entry["state"] for entry in done["swept"]] == ["thawed"]
    assert done["phase"] == "Completed"
    assert [record["consistent"] for record in done["freezes"]] == [True]
    assert_thawed(app)


def test_a_location_that_is_away_keeps_nothing_frozen(app: IdleApp, engine: Engine) -> None:
    freeze(app, engine)
    app.replace_pod()
    app.make_marks_old()
    failed = engine.call("backup", name="b", namespace=app.namespace, location={"path": "/proc/none"})
    assert failed["failed"]
    assert [entry["state"] for entry in failed["swept"]] == ["thawed"]
    assert_thawed(app)


def test_a_killed_backup_whose_pod_goes(app: IdleApp, engine: Engine, location: Result) -> None:
    kill_a_backup(app, engine, location)
    too_early = engine.call("backup", name="early", namespace=app.namespace, location=location)
    assert too_early["phase"] == "PartiallyFailed"
    assert re.search(r"already frozen by someone else; it is left alone: run \w+ holds it until 20", str(too_early))
    app.make_marks_old()
    done = engine.call("backup", name="next", namespace=app.namespace, location=location)
    assert [entry["state"] for entry in done["swept"]] == ["thawed"]
    assert done["phase"] == "Completed"
    assert [record["consistent"] for record in done["freezes"]] == [True]
    assert_thawed(app)


def test_nobody_mounts_it_any_more(app: IdleApp, engine: Engine, kubeconfig: str) -> None:
    """What cannot be reached is named, with a command that ends it; it is tried here."""
    freeze(app, engine)
    app.scale(0)
    app.make_marks_old()
    result = sweep(app, engine)
    (error,) = result["errors"]
    assert f"claim {app.namespace}/{CLAIM} on node node1" in error
    assert len(app.claim_marks) == 1
    command = re.search(r"This ends it: kubectl (.*), or set helper_pod", error)
    assert command is not None, error
    kubectl = [os.environ["ARKIVE_TEST_KUBECTL"], "--kubeconfig", kubeconfig]
    words = shlex.split(command[1].replace("busybox", "busybox:1"))
    subprocess.run([*kubectl, *words], check=True, timeout=60)

    def ended() -> bool:
        pod = app.client.get(f"/api/v1/namespaces/{app.namespace}/pods/thaw")
        return bool(pod["status"].get("phase") == "Succeeded")

    until(ended, "the command has thawed", seconds=60)
    app.scale(1)
    result = sweep(app, engine)
    assert [entry["state"] for entry in result["swept"]] == ["not frozen"]
    assert_thawed(app)


def test_a_helper_pod_thaws(app: IdleApp, engine: Engine) -> None:
    freeze(app, engine)
    app.scale(0)
    app.make_marks_old()
    result = sweep(app, engine, helper_pod=HELPER)
    assert (result["errors"], [entry["state"] for entry in result["swept"]]) == ([], ["thawed"])
    assert app.helper_pods() == []
    app.scale(1)
    assert_thawed(app)


def test_a_helper_pod_ends_a_thaw_of_the_role(app: IdleApp, engine: Engine) -> None:
    lease_id = freeze(app, engine)
    old = app.await_pod()
    app.scale(0)
    policy = {"helper_pod": HELPER}
    task = {"pod": old, "label_selector": ""}
    thawed = engine.call("thaw", namespace=app.namespace, path=PATH, lease_id=lease_id, task=task, policy=policy)
    (error,) = thawed["errors"]
    assert "was thawed through a helper pod" in error
    app.scale(1)
    assert_thawed(app)


def test_a_volume_that_one_pod_may_mount(
    make_app: t.Callable[..., IdleApp], engine: Engine, kubectl: t.Callable[..., str]
) -> None:
    """ReadWriteOncePod and in use by a pod without the right: it is found among the mounts of its node."""
    app = make_app("ReadWriteOncePod")
    freeze(app, engine)
    app.lose_the_right_to_thaw()
    app.make_marks_old()
    result = sweep(app, engine)
    (error,) = result["errors"]
    assert "kubectl debug node/node1" in error
    result = sweep(app, engine, helper_pod=HELPER)
    assert (result["errors"], [entry["state"] for entry in result["swept"]]) == ([], ["thawed"])
    assert app.claim_marks == []
    assert app.helper_pods() == []


def test_a_helper_pod_that_is_forbidden(app: IdleApp, engine: Engine, kubectl: t.Callable[..., str]) -> None:
    freeze(app, engine)
    app.scale(0)
    app.make_marks_old()
    enforce = "pod-security.kubernetes.io/enforce"
    kubectl("label", "namespace", app.namespace, f"{enforce}=baseline")
    try:
        (error,) = sweep(app, engine, helper_pod=HELPER)["errors"]
    finally:
        kubectl("label", "namespace", app.namespace, f"{enforce}-")
    assert "PodSecurity" in error
    assert f"namespace {app.namespace} admits no privileged pods" in error
    assert len(app.claim_marks) == 1
    image = {"image": "localhost/no-such-image:1"}
    (error,) = sweep(app, engine, helper_pod=image)["errors"]
    assert re.search("ErrImagePull|ImagePullBackOff|ErrImageNeverPull", error)
    assert app.helper_pods() == []
    assert sweep(app, engine, helper_pod=HELPER)["errors"] == []


def injected(app: IdleApp, **parts: t.Any) -> str:
    entry = {
        "run": "0123456789abcdef",
        "lease": "feedfeedfeedfeed",
        "pod": app.await_pod(),
        "node": "node1",
        "container": "fsfreeze",
        "path": PATH,
        "claim": f"{app.namespace}/{CLAIM}",
        "device": "",
        "tool": "fsfreeze",
        "until": "2020-01-01T00:00:00Z",
    }
    return json.dumps([entry | parts])


@pytest.mark.parametrize("on_pod", [True, False], ids=["pod", "claim"])
@pytest.mark.parametrize(
    "parts",
    [
        pytest.param({"thaw": ["/bin/sh", "-c", "touch /dev/shm/owned"]}, id="command"),
        pytest.param({"tool": "/data/fsfreeze"}, id="tool"),
        pytest.param({"tool": "fsfreeze;touch /dev/shm/owned;"}, id="tool-text"),
        pytest.param({"lease": "../../dev/shm/x"}, id="lease"),
        pytest.param({"lease": "$(touch /dev/shm/owned)"}, id="lease-text"),
        pytest.param({"path": "/data\n/x"}, id="path"),
        pytest.param({"container": "../x"}, id="container"),
        pytest.param({"claim": "kube-system/other"}, id="claim"),
        pytest.param({"device": "$(id)"}, id="device"),
        pytest.param({"until": "9999-01-01T00:00:00Z"}, id="until"),
    ],
)
def test_a_mark_that_is_not_ours(attacked: IdleApp, engine: Engine, on_pod: bool, parts: Result) -> None:
    attacked.set_mark(injected(attacked, **parts), on_pod=on_pod)
    result = sweep(attacked, engine)
    attacked.set_mark(None, on_pod=on_pod)
    (warning,) = result["warnings"]
    assert "is not a mark of this collection" in warning
    assert (result["swept"], result["errors"], result["changed"]) == ([], [], False)
    assert attacked.run("test", "-e", "/dev/shm/owned")[0] == 1
    assert attacked.run("test", "-d", "/dev/shm")[0] == 0


def test_a_path_is_a_word(attacked: IdleApp, engine: Engine) -> None:
    """Whatever a path says: what is thawed is the claim, where the pod's spec mounts it."""
    attacked.run("fsfreeze", "--freeze", PATH)
    attacked.set_mark(injected(attacked, path="/data'; touch /dev/shm/owned; '"))
    result = sweep(attacked, engine)
    assert [entry["state"] for entry in result["swept"]] == ["thawed"]
    assert attacked.run("test", "-e", "/dev/shm/owned")[0] == 1
    assert_thawed(attacked)


def test_a_forged_mark_does_not_end_a_live_freeze(attacked: IdleApp, engine: Engine) -> None:
    lease_id = freeze(attacked, engine)
    attacked.set_mark(injected(attacked), on_pod=True)
    assert [entry["state"] for entry in sweep(attacked, engine)["swept"]] == ["live", "live"]
    attacked.set_mark(injected(attacked, lease=lease_id, path="/"), on_pod=True)
    assert [entry["state"] for entry in sweep(attacked, engine)["swept"]] == ["live", "live"]
    assert attacked.is_frozen
    # What a mark leaves out is nothing that a live run does not hold.
    attacked.set_mark(injected(attacked, claim=""), on_pod=True)
    assert [entry["state"] for entry in sweep(attacked, engine)["swept"]] == ["live", "live"]
    renewed = engine.call("freeze", namespace=attacked.namespace, path=PATH, lease_id=lease_id)
    assert renewed["errors"] == []
    attacked.set_mark(injected(attacked, node=""))
    assert "live" in [entry["state"] for entry in sweep(attacked, engine)["swept"]]
    assert attacked.is_frozen
    thawed = engine.call("thaw", namespace=attacked.namespace, path=PATH, lease_id=lease_id)
    assert thawed["errors"] == []
    attacked.set_mark(None)
    attacked.set_mark(None, on_pod=True)
    assert_thawed(attacked)


@pytest.fixture(scope="module")
def attacked(client: KubeClient, kubectl: t.Callable[..., str], module_namespace: str) -> t.Iterator[IdleApp]:
    found = IdleApp(client, kubectl, module_namespace, "ReadWriteOnce")
    yield found
    found.clean()
