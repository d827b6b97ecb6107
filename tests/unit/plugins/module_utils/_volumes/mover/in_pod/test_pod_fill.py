# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pod that waits for the data of its volumes: what is believed, tried again, cancelled; when it is let go."""

from __future__ import annotations

import base64
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_errors import ExecRefused, ExecStreamLost
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod import commands, pod_fill, volume_fill
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.wait_scripts import let_go_script
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import Download, PodDownloaded
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.mover.mover_cluster import (
    NAMESPACE,
    SNAPSHOT_ID,
    MoverCluster,
    manifest,
)

Object = dict[str, t.Any]
KEY = ("pods", NAMESPACE, "web")
WANTED, FILLED = "arkive.k8s/data-of", "arkive.k8s/data-filled"
UNREACHABLE = "dial tcp 10.0.0.1:9000: connect: connection refused"


def says(state: str, step: str, *lines: str, code: int = 0) -> list[str]:
    """The output of a command, as a Job has it in its log."""
    return [f"arkive-mover> {line}" for line in (f"arkive-mover {state} {step} {code}", *lines)]


def done(counted: str = "2 10 0 0", **more: t.Any) -> list[str]:
    return says("done", "compare", f"manifest {manifest(**more)}", f"counted {counted}")


def mark_of(*volumes: str) -> str:
    return ",".join(f"{name}={SNAPSHOT_ID}" for name in volumes)


class Lab:
    """``turns``: what becomes of each command that fills: lines with which it ends, or an error of the stream."""

    def __init__(self, folder: Path) -> None:
        self.cluster = MoverCluster(folder)
        self.turns: list[t.Any] = []
        self.sent: list[str] = []
        self.scripts: list[str] = []
        self.marked: list[str | None] = []
        self.refused_streams = 0
        self.aborted = 0
        metadata = {"name": "web", "namespace": NAMESPACE, "annotations": {WANTED: f"tmp={SNAPSHOT_ID}"}}
        spec = {"nodeName": "n1", "initContainers": [{"name": "arkive-restore-wait", "image": "kopia:1"}]}
        pod = {"metadata": metadata, "spec": spec, "status": {"phase": "Pending"}}
        self.cluster.api.kept.put(KEY, {"apiVersion": "v1", "kind": "Pod", **pod})
        self.set_state({"running": {}})

    @property
    def pod(self) -> Object:
        found: Object = self.cluster.api.objects[KEY]
        return found

    @property
    def mark(self) -> str | None:
        found: str | None = self.pod["metadata"]["annotations"].get(FILLED)
        return found

    def set_state(self, state: Object, *, pod: str = "web", **status: t.Any) -> None:
        statuses = [{"name": "arkive-restore-wait", "image": "kopia:1", "state": state}]
        kept, key = self.cluster.api.kept, ("pods", NAMESPACE, pod)
        with kept.changed:
            before = self.cluster.api.objects[key]
            now = {**before["status"], **status, "initContainerStatuses": statuses}
            kept.put(key, {**before, "status": now})

    def fill(
        self, *volumes: str, cancel: CancelToken | None = None, made: bool = True, **settings: t.Any
    ) -> PodDownloaded:
        """``made``: the pod was made for just these volumes."""
        found: dict[int, PodDownloaded] = {}
        volumes = volumes or ("tmp",)
        if made:
            self.pod["metadata"].setdefault("annotations", {})[WANTED] = mark_of(*volumes)
        mover = self.cluster.mover(self.cluster.run(cancel=cancel), **settings)
        mover.fill_pods([[self._download(name) for name in volumes]], done=found.__setitem__)
        return found[0]

    def _download(self, volume: str) -> Download:
        where = {"namespace": NAMESPACE, "claim": "", "source_namespace": "old", "snapshot_id": SNAPSHOT_ID}
        return Download(pod="web", volume=volume, **where)

    def stream(self, _client: t.Any, *, pod: str, container: str, argv: t.Sequence[str], **_more: t.Any) -> Stream:
        assert container == "arkive-restore-wait"
        assert not any(secret in " ".join(argv) for secret in ("SECRETKEY", "s3same-open"))
        if self.refused_streams:
            self.refused_streams -= 1
            raise ExecRefused("Nothing was started: container not found.", status=500)
        return Stream(self, pod)


class Stream:
    """Its first line is the program."""

    def __init__(self, lab: Lab, pod: str) -> None:
        self._lab = lab
        self._pod = pod
        self._script = ""
        self._lines: list[str] = []

    def send(self, text: str) -> None:
        program, _newline, given = text.partition("\n")
        if program:
            self._script = base64.b64decode(program).decode()
            self._lab.scripts.append(self._script)
            self._lab.sent += [given] if given else []

    @property
    def is_let_go(self) -> bool:
        return self._script == let_go_script()

    def go_on(self, _seconds: float, *, cancel: CancelToken) -> bool:
        if self.is_let_go:
            self._lab.marked.append(self._lab.mark)
            self._lab.set_state({"terminated": {"exitCode": 0}}, pod=self._pod)
            return False
        turn = self._lab.turns.pop(0) if self._lab.turns else done()
        if callable(turn):
            turn = turn()
        cancel.check()
        if isinstance(turn, Exception):
            raise turn
        self._lines = turn or []
        return turn is None

    def take_lines(self) -> list[str]:
        lines, self._lines = self._lines, []
        return lines

    def take_said(self) -> str:
        return ""

    def abort(self) -> None:
        self._lab.aborted += 1


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    found = Lab(tmp_path)
    monkeypatch.setattr(commands, "ExecStream", found.stream)
    monkeypatch.setattr(commands, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(commands, "_REFUSED_SECONDS", 0.3)
    monkeypatch.setattr(pod_fill, "_GOING_SECONDS", 0.3)
    monkeypatch.setattr(volume_fill, "_STATUS_SECONDS", 0.3)
    return found


def test_a_pod_goes_on_when_all_is_there_and_marked(lab: Lab) -> None:
    found = lab.fill("tmp", "work")
    assert found.error == ""
    assert [(each.bytes, each.files, each.error, each.node) for each in found.volumes] == [(10, 2, "", "n1")] * 2
    assert len(lab.scripts) == 3
    assert lab.marked == [mark_of("tmp", "work")], "before it goes on"


def test_no_key_is_in_any_request_or_command(lab: Lab) -> None:
    lab.fill()
    text = "".join(json.dumps(request.body) for request in lab.cluster.api.seen)
    assert not any(word in text for word in ("SECRETKEY", "KEYID", "s3same-open", "kopia/old"))
    (given,) = lab.sent
    values = dict(line.split("=", 1) for line in given.splitlines()[:-1])
    config = json.loads(base64.b64decode(values["MV_CONFIG"]))
    assert (config["readonly"], config["storage"]["config"]["prefix"]) == (True, "p/kopia/old/")
    assert base64.b64decode(values["KOPIA_PASSWORD"]).decode() == "s3same-open"
    assert lab.cluster.left() == ["pods/web"], "no Secret, no Job"


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        # docs/compatibility 18.3: never by an exit code.
        ([], "its command ended without a word"),
        (done("1 5 0 0"), "Volume 'tmp' of pod shop/web is not restored as it was: it has 1 files, and its snapshot 2"),
        (done(id="another"), "what its pod says of it cannot be read"),
        (says("failed", "snapshot", code=2), "does not have the snapshot"),
        (says("failed", "connect", UNREACHABLE, code=1), "do not reach the S3 server"),
        (says("failed", "look", code=16), "another run is doing it"),
        (says("cancelled", "download", code=143), "Cannot restore volume 'tmp' of pod shop/web: its command ended"),
    ],
)
def test_what_is_no_copy_keeps_the_pod_waiting(lab: Lab, turn: list[str], words: str) -> None:
    lab.turns = [turn] * 5
    found = lab.fill("tmp", "work")
    assert words in found.error
    assert [words in each.error for each in found.volumes] == [True, True]
    assert (lab.mark, "running" in lab.pod["status"]["initContainerStatuses"][0]["state"]) == (None, True)
    assert let_go_script() not in lab.scripts


def test_what_may_pass_is_tried_again(lab: Lab) -> None:
    lab.turns = [says("failed", "connect", UNREACHABLE, code=1), ExecStreamLost("The API server is gone."), done()]
    assert lab.fill().error == ""
    assert len(lab.scripts) == 4
    lab.set_state({"running": {}})
    lab.turns = [ExecStreamLost("The API server is gone.")] * 9
    assert "the connection to its container was lost: The API server is gone" in lab.fill().error


@pytest.mark.parametrize(
    "status",
    [
        {"state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}},
        {"restartCount": 1, "state": {"running": {}}, "lastState": {"terminated": {"reason": "OOMKilled"}}},
    ],
)
def test_memory_runs_out(lab: Lab, status: Object) -> None:
    """The container ends whole then (cgroup v2), and nobody in it can say so."""

    def killed() -> list[str]:
        lab.set_state({})
        lab.pod["status"]["initContainerStatuses"][0].update(status)
        return []

    lab.turns = [killed]
    error = lab.fill("tmp", "work").error
    assert "Cannot restore volume 'tmp' of pod shop/web: its container needs more memory than it may have" in error
    assert (len(lab.scripts), lab.mark) == (1, None)


OWNED = [{"kind": "ReplicaSet", "name": "web-7d", "controller": True}]
UNOWNED_PART = "Where that is changed, delete the pod as well: one that is there keeps the container that it has."
OWNED_PART = "Where that is changed, delete ReplicaSet web-7d with its Deployment as well: a pod that is there keeps"
RAISE = "aise the limit in mover.resources."


@pytest.mark.parametrize(("owners", "anew"), [([], UNOWNED_PART), (OWNED, OWNED_PART)], ids=["nobody's", "owned"])
@pytest.mark.parametrize(
    ("turn", "words"),
    [
        (says("failed", "download", code=137), f"r{RAISE} "),
        (says("failed", "space", "needed 5, free 3", code=28), "5, free 3. Give the volume more room"),
        (says("failed", "download", "write x: no space left on device", code=1), "device. Give the volume more room"),
        (says("failed", "download", "kopia: not found", code=127), "as mover.image, or leave that out. "),
        (says("failed", "download", "open x: permission denied", code=1), "denied. What may be written is settled by"),
        (says("failed", "snapshot", code=2), ""),
        (says("failed", "connect", UNREACHABLE, code=1), ""),
    ],
    ids=["memory", "too small", "disk", "image", "user", "no snapshot", "no server"],
)
def test_what_helps_in_its_container_takes_another_pod(
    lab: Lab, turn: list[str], words: str, owners: list[Object], anew: str
) -> None:
    """A container of a pod never changes (Kubernetes 1.34), and the next run under the same name meets the pod."""
    lab.pod["metadata"]["ownerReferences"] = owners
    lab.turns = [turn] * 3
    error = lab.fill().error
    assert words in error
    assert (anew in error) is bool(words)


@pytest.mark.parametrize(("owners", "anew"), [([], UNOWNED_PART), (OWNED, OWNED_PART)], ids=["nobody's", "owned"])
@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, f"more memory than it may have. R{RAISE} "),
        ({"waiting": {"reason": "ErrImageNeverPull", "message": "no"}}, "Check mover.image"),
        ({"waiting": {"reason": "CreateContainerError", "message": "no"}}, "mover.security_context. "),
    ],
    ids=["memory", "image", "container"],
)
def test_one_that_does_not_start_as_it_is_takes_another_pod(
    lab: Lab, state: Object, words: str, owners: list[Object], anew: str
) -> None:
    lab.pod["metadata"]["ownerReferences"] = owners
    lab.set_state(state)
    error = lab.fill(pod_start_timeout=0.2).error
    assert words in error
    assert anew in error


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("CrashLoopBackOff", f"more memory than it may have. R{RAISE}"),
        ("ErrImagePull", "ErrImagePull: no. Check mover.image"),
    ],
)
def test_one_that_ends_again_and_again_is_told_with_its_end(lab: Lab, reason: str, words: str) -> None:
    """Between two starts it says that it waits (kubelet 1.34)."""
    lab.set_state({"waiting": {"reason": reason, "message": "no"}})
    ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    lab.pod["status"]["initContainerStatuses"][0].update(lastState=ended, restartCount=3)
    assert words in lab.fill(pod_start_timeout=0.2).error


def test_a_pod_that_says_what_it_may_have_as_a_whole(lab: Lab) -> None:
    """mover.resources gives its container no memory then."""
    lab.pod["spec"]["resources"] = {"limits": {"memory": "64Mi"}}
    lab.turns = [says("failed", "download", code=137)] * 3
    error = lab.fill().error
    assert "raise what the pod may have as a whole (spec.resources) by resource_modifiers." in error
    assert "mover.resources" not in error


def test_who_cannot_be_spoken_with_yet_is_asked_again(lab: Lab) -> None:
    lab.refused_streams = 3
    assert lab.fill().error == ""
    lab.set_state({"running": {}})
    lab.refused_streams = 10_000
    assert "nothing can be run in the container in which it waits: Nothing was started" in lab.fill().error


def test_a_cancel_ends_it_and_the_pod_waits(lab: Lab) -> None:
    cancel = CancelToken()
    lab.turns = [None, lambda: cancel.cancel("SIGTERM")]
    with pytest.raises(Cancelled):
        lab.fill(cancel=cancel)
    assert (lab.aborted, lab.mark) == (1, None)


def test_its_time_is_bounded(lab: Lab) -> None:
    """As that of a Job, which is not tried again either."""
    lab.turns = [None] * 50
    assert "did not end within 0 s" in lab.fill(timeout=0.0).error
    assert len(lab.scripts) == 1


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"waiting": {"reason": "ErrImageNeverPull", "message": "no"}}, "ErrImageNeverPull: no. Check mover.image"),
        ({"waiting": {"reason": "PodInitializing"}}, "it was not started"),
        (
            {"terminated": {"exitCode": 1, "message": "Nobody has brought the data.\n"}},
            "its container arkive-restore-wait ended with exit code 1 (Nobody has brought the data)",
        ),
    ],
)
def test_one_that_does_not_come_to_wait(lab: Lab, state: Object, words: str) -> None:
    lab.set_state(state)
    found = lab.fill(pod_start_timeout=0.2)
    assert "Cannot fill the volumes of pod shop/web: it does not come to wait for them" in found.error
    assert words in found.error
    assert lab.scripts == []


def test_its_own_anti_affinity_is_no_bound_of_ours(lab: Lab) -> None:
    """As of replicas that came to a cluster of fewer nodes: a Job of ours would be waited for without an end."""
    text = "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules."
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": text}
    lab.set_state({}, conditions=[condition])
    error = lab.fill(pod_start_timeout=0.2).error
    assert "it does not come to wait for them: Unschedulable: 0/1 nodes are available" in error


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"metadata": {"name": "web", "namespace": NAMESPACE, "deletionTimestamp": "2026-11-29T12:00:00Z"}}, "is gone"),
        ({"status": {"phase": "Failed"}}, "the pod has ended. Delete it"),
        (
            {"status": {"phase": "Failed", "reason": "Evicted", "message": "Usage of EmptyDir\x1b exceeds 1Mi. "}},
            "the pod has ended (Evicted: Usage of EmptyDir\\x1b exceeds 1Mi). Delete it",
        ),
    ],
)
def test_a_pod_that_is_no_more(lab: Lab, change: Object, words: str) -> None:
    """Whoever owns it may have replaced it."""
    lab.cluster.api.objects[KEY] = {**lab.pod, **change}
    assert words in lab.fill().error


@pytest.mark.parametrize(
    ("mark", "volumes"),
    [
        (mark_of("tmp", "work"), ["work"]),
        (mark_of("work"), ["tmp", "work"]),
        ("tmp=another", ["tmp"]),
    ],
)
def test_one_that_waits_for_something_else_is_not_written_to(lab: Lab, mark: str, volumes: list[str]) -> None:
    """As of a run of the same restore with other options: what is the first volume to one is another to the other."""
    lab.pod["metadata"]["annotations"][WANTED] = mark
    error = lab.fill(*volumes, made=False).error
    assert f"it was made to wait for {mark}, and this run would bring {mark_of(*volumes)}. Run the restore" in error
    assert (lab.scripts, lab.mark) == ([], None)


def test_a_pod_that_never_waited_is_told_at_once(lab: Lab) -> None:
    """Its owner has made it anew, under its name; or a resource modifier took the container out."""
    lab.pod["spec"] = {"nodeName": "n1"}
    lab.pod["status"] = {"phase": "Running"}
    error = lab.fill(pod_start_timeout=60.0).error
    assert "the pod of that name does not wait for them. Where something owns it, that makes another pod" in error


def test_another_pod_of_its_name_is_not_written_to(lab: Lab) -> None:
    def replaced() -> list[str]:
        lab.cluster.api.objects[KEY] = {**lab.pod, "metadata": {**lab.pod["metadata"], "uid": "another"}}
        return done()

    lab.turns = [replaced]
    assert "the pod is gone" in lab.fill("tmp", "work").error
    assert (len(lab.scripts), lab.mark) == (1, None)


def test_one_that_does_not_go_on_is_told(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stream, "go_on", lambda stream, _seconds, cancel: False)
    monkeypatch.setattr(Stream, "take_lines", lambda stream: done())
    found = lab.fill()
    assert "have their data, and the pod waits still" in found.error
    assert lab.mark == f"tmp={SNAPSHOT_ID}"


def others(lab: Lab, *names: str, **status: t.Any) -> list[list[Download]]:
    """More pods as the first one is, or with another ``status``, and what is to come into their volumes."""
    for name in names:
        pod = {**lab.pod, "metadata": {**lab.pod["metadata"], "name": name, "uid": name}}
        lab.cluster.api.kept.put(("pods", NAMESPACE, name), {**pod, "status": status or pod["status"]})
    where = {"namespace": NAMESPACE, "claim": "", "source_namespace": "o", "snapshot_id": SNAPSHOT_ID}
    return [[Download(pod=name, volume="tmp", **where)] for name in names]


def test_a_pod_that_does_not_start_takes_nobodys_turn(lab: Lab) -> None:
    """Of which there is one here."""
    downloads = [*others(lab, "c", phase="Pending"), *others(lab, "a", "b")]
    found: dict[int, PodDownloaded] = {}
    lab.cluster.mover(concurrency=1, pod_start_timeout=0.5).fill_pods(downloads, done=found.__setitem__)
    assert [bool(found[number].volumes[0].error) for number in range(3)] == [True, False, False]


def test_many_that_do_not_start_keep_no_other_one_waiting(lab: Lab) -> None:
    """More than are worked on at once, and before it."""
    names = [f"stuck-{number}" for number in range(20)]
    downloads = [*others(lab, *names, phase="Pending"), *others(lab, "good")]
    ended: list[tuple[int, str]] = []
    lab.cluster.mover(pod_start_timeout=1.0).fill_pods(
        downloads, done=lambda number, found: ended.append((number, found.error))
    )
    assert ended[0] == (20, "")
    assert len(ended) == 21
    assert all("it was not started" in error for _number, error in ended[1:])


def event(lab: Lab, name: str, message: str, **more: t.Any) -> None:
    """As the kubelet's: those of a list are in the order of their names."""
    about = {"kind": "Pod", "name": "web", "uid": lab.pod["metadata"]["uid"]}
    body = {"metadata": {"name": name}, "involvedObject": about, "type": "Warning", "message": message, **more}
    lab.cluster.api.kept.put(("events", NAMESPACE, name), body)


_MOUNT = 'MountVolume.SetUp failed for volume "conf" : configmap "conf" not found'


@pytest.mark.parametrize(
    ("waiting", "events", "words"),
    [
        # kubelet 1.34: a container says no more than this while volumes are not there.
        pytest.param(
            {"reason": "PodInitializing"},
            [("web.1", _MOUNT, {"lastTimestamp": "2026-11-29T12:00:09Z"})],
            f"it was not started (PodInitializing); the cluster warns: {_MOUNT}.",
            id="a volume that cannot be mounted",
        ),
        pytest.param(
            {"reason": "PodInitializing"},
            [
                ("web.1", "The newest.", {"lastTimestamp": "2026-11-29T12:00:09Z"}),
                ("web.2", "Older.", {"lastTimestamp": "2026-11-29T12:00:01Z"}),
                ("web.3", "Oldest.", {"eventTime": "2026-11-29T11:00:00.000000Z"}),
            ],
            "the cluster warns: The newest.",
            id="seen again later",
        ),
        pytest.param(
            {"reason": "PodInitializing"},
            [
                ("web.1", "All is well.", {"type": "Normal"}),
                ("web.2", "Another's.", {"involvedObject": {"uid": "another"}}),
            ],
            "it was not started (PodInitializing).",
            id="no warning, or of another pod",
        ),
        pytest.param({}, [], "it was not started.", id="nobody says anything"),
        pytest.param(
            {"reason": "ErrImageNeverPull", "message": "no"},
            [("web.1", "Elsewhere.", {})],
            "ErrImageNeverPull: no. Check mover.image",
            id="it says it itself",
        ),
    ],
)
def test_why_it_does_not_start_is_told(
    lab: Lab, waiting: Object, events: list[tuple[str, str, Object]], words: str
) -> None:
    lab.set_state({"waiting": waiting})
    for name, message, more in events:
        event(lab, name, message, **more)
    assert words in lab.fill(pod_start_timeout=0.2).error


@pytest.mark.parametrize(
    ("wanted", "own", "words"),
    [
        ((), [], "under imagePullSecrets."),
        (("regcred",), [{"name": "regcred"}], "under imagePullSecrets."),
        (("regcred", "b"), [{"name": "b"}], "which is without regcred (mover.image_pull_secrets is of Jobs)."),
    ],
)
def test_pull_secrets_that_the_pod_is_without_are_named(
    lab: Lab, wanted: tuple[str, ...], own: list[Object], words: str
) -> None:
    lab.pod["spec"]["imagePullSecrets"] = own
    lab.set_state({"waiting": {"reason": "ErrImageNeverPull", "message": "no"}})
    assert words in lab.fill(image_pull_secrets=wanted).error


# -- a node that starts anew ------------------------------------------------------------------------------------------


def in_memory(lab: Lab) -> None:
    spec = lab.pod["spec"]
    spec["volumes"] = [{"name": "tmp", "emptyDir": {"medium": "Memory"}}]
    spec["initContainers"][0]["volumeMounts"] = [{"name": "tmp", "mountPath": "/arkive-restores/0"}]


def start_anew(lab: Lab, number: int, state: Object | None = None) -> None:
    lab.set_state(state or {"running": {}})
    lab.pod["status"]["initContainerStatuses"][0].update(containerID=f"containerd://{number}", restartCount=number)


@pytest.mark.parametrize("only", [{"restartCount": 1}, {"containerID": "containerd://1"}], ids=["count", "id"])
def test_what_was_filled_before_the_container_was_started_anew_is_filled_again(lab: Lab, only: Object) -> None:
    """What was in memory is gone, though the stream had ended well."""

    def rebooted() -> list[str]:
        assert lab.mark is None
        lab.set_state({"running": {}})
        lab.pod["status"]["initContainerStatuses"][0].update(only)
        return done()

    lab.turns = [rebooted, done()]
    found = lab.fill()
    assert (found.error, len(found.volumes), lab.mark) == ("", 1, mark_of("tmp"))
    assert len(lab.scripts) == 3, "filled twice, and let go"


def test_a_node_that_starts_again_and_again_fills_nothing(lab: Lab) -> None:
    lab.turns = [lambda number=number: start_anew(lab, number) or done() for number in range(1, 9)]
    error = lab.fill().error
    assert (
        "the container in which it waits was started anew 3 times meanwhile. Look at the node of the pod, n1" in error
    )
    assert lab.mark is None


def test_a_pod_that_is_changed_while_it_is_marked_is_looked_at_again(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by the kubelet, which says that the container is another one."""
    changes: list[t.Callable[[], t.Any]] = [lambda: lab.set_state({"running": {}}), lambda: start_anew(lab, 1)]
    patch_object = pod_fill.patch_object

    def patch(*args: t.Any, **more: t.Any) -> Object:
        if changes:
            changes.pop(0)()
        return patch_object(*args, **more)

    monkeypatch.setattr(pod_fill, "patch_object", patch)
    lab.turns = [done(), done()]
    assert lab.fill().error == ""
    assert (lab.mark, len(lab.scripts)) == (mark_of("tmp"), 3)


@pytest.mark.parametrize(
    ("memory", "state", "error", "marked"),
    [
        pytest.param(True, {"terminated": {"exitCode": 0}}, "in memory is gone", False, id="memory, it went on"),
        pytest.param(True, {"running": {}}, "in memory is gone", False, id="memory, it starts"),
        pytest.param(False, {"terminated": {"exitCode": 0}}, "", True, id="the node's disk keeps it"),
    ],
)
def test_an_empty_volume_is_not_called_filled(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, *, memory: bool, state: Object, error: str, marked: bool
) -> None:
    """The node started anew before it heard that the pod may go on, and its container believed the mark."""
    if memory:
        in_memory(lab)

    def lost(stream: Stream, _seconds: float, cancel: CancelToken) -> bool:
        if stream.is_let_go:
            start_anew(lab, 1, state)
            raise ExecStreamLost("The node is gone.")
        return False

    monkeypatch.setattr(Stream, "go_on", lost)
    monkeypatch.setattr(Stream, "take_lines", lambda stream: done())
    found = lab.fill()
    assert (error in found.error, bool(found.error)) == (True, bool(error))
    assert (lab.mark is not None) is marked


def test_a_volume_in_memory_whose_pod_does_not_go_on_is_looked_at_again_later(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which start of the container was filled, nobody knows by then."""
    in_memory(lab)
    monkeypatch.setattr(Stream, "go_on", lambda stream, _seconds, cancel: False)
    monkeypatch.setattr(Stream, "take_lines", lambda stream: done())
    assert "have their data, and the pod waits still" in lab.fill().error
    assert lab.mark is None


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        ({"metadata": {"name": "web", "namespace": NAMESPACE, "deletionTimestamp": "2026-11-29T12:00:00Z"}}, True),
        ({"spec": {"nodeName": "n1"}}, True),
        # Its controller has made another one by then, which begins with empty volumes.
        ({"status": {"phase": "Failed"}}, True),
    ],
    ids=["deleted", "another one", "ended"],
)
def test_who_is_gone_is_known(lab: Lab, change: Object, gone: bool) -> None:
    """Another run brings nothing to it."""
    lab.cluster.api.objects[KEY] = {**lab.pod, **change}
    found = lab.fill()
    assert (bool(found.error), found.gone) == (True, gone)
