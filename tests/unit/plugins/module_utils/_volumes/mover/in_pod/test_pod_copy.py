# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An upload by a container in the application's pod: what is believed, tried again, cancelled; where no key is."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_errors import ExecRefused, ExecStreamLost
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod import commands, pod_copy
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import InPod, Upload, Uploaded
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_answers import Answer
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.mover.mover_cluster import (
    NAMESPACE,
    SNAPSHOT_ID,
    MoverCluster,
    ended,
    manifest,
)

Object = dict[str, t.Any]
KEY = ("pods", NAMESPACE, "web")
UNREACHABLE = "dial tcp 10.0.0.1:9000: connect: connection refused"
UPLOAD = Upload(namespace=NAMESPACE, claim="web/tmp", source_path="snapshot-pod-volume/kopia/shop/web/tmp")
DONE = f"arkive-mover done upload 0\nmanifest {manifest()}\nuploaded 5 B\n"


def failed(text: str, step: str = "upload") -> Object:
    return state_of(ended(f"arkive-mover failed {step} 1\n{text}\n", code=1))


def state_of(status: Object) -> Object:
    found: Object = status["containerStatuses"][0]["state"]
    return found


SUCCESS = state_of(ended(DONE))
CANCELLED = state_of(ended("arkive-mover cancelled upload 143\n", code=1))
RUNNING: Object = {"running": {}}


class Lab:
    """``starts``: the state of each container that is added; ``turns``: what becomes of each while it is stayed with.

    A turn is a state in which it ends, an error of the stream, or None for one in which nothing happens.
    """

    def __init__(self, folder: Path) -> None:
        self.cluster = MoverCluster(folder)
        self.starts: list[Object] = []
        self.turns: list[t.Any] = []
        self.left: Object = CANCELLED
        self.added: list[Object] = []
        self.dry: list[Object] = []
        self.sent: list[str] = []
        self.aborted = 0
        self.told: list[Uploaded] = []
        self.refusal: Answer | None = None
        self.refused_streams = 0
        api = self.cluster.api
        api.script = self._script
        spec = {"nodeName": "n1", "containers": [{"name": "main"}]}
        pod = {"metadata": {"name": "web", "namespace": NAMESPACE}, "spec": spec, "status": {"phase": "Running"}}
        api.kept.put(KEY, {"apiVersion": "v1", "kind": "Pod", **pod})
        self.inside = InPod(namespace=NAMESPACE, pod="web", uid=self.pod["metadata"]["uid"], volume="tmp")

    @property
    def pod(self) -> Object:
        found: Object = self.cluster.api.objects[KEY]
        return found

    def copy(self, cancel: CancelToken | None = None, **settings: t.Any) -> Uploaded:
        mover = self.cluster.mover(self.cluster.run(cancel=cancel), **settings)
        return mover.upload_in_pod(UPLOAD, self.inside, uploaded=lambda _upload, done: self.told.append(done))

    def set_state(self, name: str, state: Object) -> None:
        kept = self.cluster.api.kept
        statuses = [each for each in self.pod["status"].get("ephemeralContainerStatuses", []) if each["name"] != name]
        statuses.append({"name": name, "image": "kopia:1", "state": state})
        with kept.changed:
            kept.put(KEY, {**self.pod, "status": {**self.pod["status"], "ephemeralContainerStatuses": statuses}})

    def _script(self, request: t.Any) -> Answer | None:
        if not request.path.endswith("/ephemeralcontainers"):
            return None
        if self.refusal is not None:
            return self.refusal
        (container,) = request.body["spec"]["ephemeralContainers"]
        assert request.body["metadata"]["uid"] == self.inside.uid
        if request.dry_run:
            self.dry.append(container)
        else:
            self.added.append(container)
            self.set_state(container["name"], self.starts.pop(0) if self.starts else RUNNING)
        return Answer(200, self.pod)

    def stream(self, _client: t.Any, *, container: str, argv: t.Sequence[str], **_more: t.Any) -> Stream:
        assert not any(secret in " ".join(argv) for secret in ("SECRETKEY", "s3same-open"))
        if self.refused_streams:
            self.refused_streams -= 1
            raise ExecRefused("Nothing was started: container not found.", status=500)
        return Stream(self, container)


class Stream:
    def __init__(self, lab: Lab, container: str) -> None:
        self._lab = lab
        self._container = container

    def send(self, text: str) -> None:
        self._lab.sent.append(text)

    def go_on(self, _seconds: float, *, cancel: CancelToken) -> bool:
        turn = self._lab.turns.pop(0) if self._lab.turns else SUCCESS
        if callable(turn):
            turn = turn()
        cancel.check()
        if isinstance(turn, Exception):
            self._lab.set_state(self._container, self._lab.left)
            raise turn
        if turn is None:
            return True
        self._lab.set_state(self._container, turn)
        return False

    def abort(self) -> None:
        """Its input has ended with that, and so does the container."""
        self._lab.aborted += 1
        statuses = self._lab.pod["status"].get("ephemeralContainerStatuses", [])
        if any(each["name"] == self._container and "running" in each["state"] for each in statuses):
            self._lab.set_state(self._container, self._lab.left)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    found = Lab(tmp_path)
    monkeypatch.setattr(commands, "ExecStream", found.stream)
    monkeypatch.setattr(commands, "_REFUSED_SECONDS", 0.3)
    monkeypatch.setattr(commands, "_LIFE_SECONDS", 0.0)
    monkeypatch.setattr(pod_copy, "_ENDING_SECONDS", 0.3)
    for module in (commands, pod_copy):
        monkeypatch.setattr(module, "_LOOK_SECONDS", 0.01)
    return found


def test_a_volume_is_copied(lab: Lab) -> None:
    lab.turns = [None, None, SUCCESS]
    found = lab.copy()
    assert (found.error, found.snapshot_id, found.bytes, found.incremental_bytes, found.node) == (
        "", SNAPSHOT_ID, 10, 5, "n1",
    )  # fmt: skip
    assert lab.told == [found]
    # What is needed, and signs of life.
    assert [len(text) > 10 for text in lab.sent] == [True, False, False]
    assert len(lab.added) == 1


def test_no_key_is_in_any_request(lab: Lab) -> None:
    lab.copy()
    text = "".join(json.dumps(request.body) for request in lab.cluster.api.seen)
    assert not any(word in text for word in ("SECRETKEY", "KEYID", "s3same-open", "kopia/shop"))
    assert "S3NhbWUtb3Blbg" not in text, "nor in base64"
    assert lab.cluster.left() == ["pods/web"], "no Secret, no Job"


def test_each_run_has_names_of_its_own(lab: Lab) -> None:
    lab.copy()
    mover = lab.cluster.mover(lab.cluster.run("run2"))
    mover.upload_in_pod(UPLOAD, lab.inside)
    names = [each["name"] for each in lab.added]
    assert len(set(names)) == 2
    assert all(name.startswith("arkive-mover-") and len(name) < 64 for name in names)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        # docs/compatibility 18.3: never by an exit code.
        (state_of(ended("", code=0)), "Cannot copy the volume of shop/web/tmp"),
        (state_of(ended(f"arkive-mover done upload 0\nmanifest {manifest(incomplete='canceled')}\n")), "incomplete"),
        (state_of(ended("arkive-mover done upload 0\nmanifest {}\n")), "cannot be read"),
        (failed("Found 1 fatal error(s) while snapshotting shop@x"), "not all of it can be read"),
        (failed(UNREACHABLE, "connect"), "do not reach the S3 server"),
        (failed("", "wait"), "nobody has given its container what it needs"),
        # It cannot have resources of its own (Kubernetes, Ephemeral Containers): mover.resources would not help.
        (
            state_of(ended("", code=137, reason="OOMKilled")),
            "needs more memory than it may have. Raise the memory limits of the pod's own containers",
        ),
        (
            state_of(ended("arkive-mover failed upload 137\n", code=1)),
            "memory runs out there, raise the memory limits of the pod's own containers",
        ),
    ],
)
def test_what_is_no_copy(lab: Lab, state: Object, words: str) -> None:
    lab.turns = [state] * 5
    found = lab.copy()
    assert (found.snapshot_id, found.failed) == ("", True)
    assert words in found.error
    assert len(lab.added) <= 2, "each attempt stays listed"
    assert lab.told == [found], "of the last one only"


def test_what_may_pass_is_tried_again_once(lab: Lab) -> None:
    """The second container forgets what the first one left."""
    lab.turns = [failed(UNREACHABLE, "connect"), SUCCESS]
    found = lab.copy()
    assert (found.error, len(lab.added)) == ("", 2)
    names = [each["name"] for each in lab.added]
    assert (names[0][:-1], names[1][:-1]) == (names[0][:-1], names[0][:-1])


def test_a_lost_stream_ends_the_container_and_is_tried_again(lab: Lab) -> None:
    lab.turns = [None, ExecStreamLost("The API server is gone."), SUCCESS]
    assert (lab.copy().error, len(lab.added)) == ("", 2)
    lab.turns = [ExecStreamLost("The API server is gone.")] * 2
    assert "the connection to its container was lost: The API server is gone" in lab.copy().error


def test_a_stream_that_was_closed_on_the_way_is_lost_too(lab: Lab) -> None:
    lab.turns = [CANCELLED, SUCCESS]
    assert (lab.copy().error, len(lab.added)) == ("", 2)
    lab.turns = [CANCELLED, CANCELLED]
    assert lab.copy().error.endswith("the connection to its container was lost.")


def test_a_copy_that_was_done_when_the_stream_was_lost_counts(lab: Lab) -> None:
    lab.left, lab.turns = SUCCESS, [ExecStreamLost("The API server is gone.")]
    assert (lab.copy().snapshot_id, len(lab.added)) == (SNAPSHOT_ID, 1)


def test_who_cannot_be_spoken_with_yet_is_asked_again(lab: Lab) -> None:
    lab.refused_streams = 3
    assert lab.copy().error == ""
    lab.refused_streams = 10_000
    assert "nothing can be handed over to its container in pod shop/web: Nothing was started" in lab.copy().error
    assert len(lab.added) == 2


def test_a_cancel_ends_the_container(lab: Lab) -> None:
    cancel = CancelToken()
    lab.turns = [None, lambda: cancel.cancel("SIGTERM")]
    with pytest.raises(Cancelled):
        lab.copy(cancel)
    assert lab.aborted
    (status,) = lab.pod["status"]["ephemeralContainerStatuses"]
    assert "terminated" in status["state"]
    assert lab.told == []


def test_a_copy_that_was_done_when_the_run_was_cancelled_is_told(lab: Lab) -> None:
    """It is in the repository, and whoever has been told can take it out again."""
    cancel = CancelToken()
    lab.left, lab.turns = SUCCESS, [None, lambda: cancel.cancel("SIGTERM")]
    with pytest.raises(Cancelled):
        lab.copy(cancel)
    assert [each.snapshot_id for each in lab.told] == [SNAPSHOT_ID]


def test_a_copy_that_cannot_be_believed_is_not_told_of_a_cancelled_run(lab: Lab) -> None:
    cancel = CancelToken()
    lab.left = state_of(ended("arkive-mover done upload 0\nmanifest {}\n"))
    lab.turns = [lambda: cancel.cancel("SIGTERM")]
    with pytest.raises(Cancelled):
        lab.copy(cancel)
    assert lab.told == []


def test_a_copy_that_was_done_when_its_pod_ended_counts(lab: Lab) -> None:
    def end_pod() -> None:
        status = {**lab.pod["status"], "phase": "Succeeded"}
        lab.cluster.api.kept.put(KEY, {**lab.pod, "status": status})

    lab.left, lab.turns = SUCCESS, [end_pod]
    assert (lab.copy().error, len(lab.told)) == ("", 1)


def test_its_time_is_bounded(lab: Lab) -> None:
    lab.turns = [None] * 50
    assert "did not end within 0 s" in lab.copy(timeout=0.0).error


@pytest.mark.parametrize(
    ("waiting", "words"),
    [
        ({"reason": "ErrImageNeverPull", "message": "never"}, "ErrImageNeverPull: never. Check mover.image"),
        ({"reason": "ContainerCreating"}, "it was not started"),
    ],
)
def test_one_that_does_not_start(lab: Lab, waiting: Object, words: str) -> None:
    lab.starts = [{"waiting": waiting}]
    found = lab.copy(pod_start_timeout=0.2)
    assert "container in pod shop/web does not start" in found.error
    assert words in found.error
    assert len(lab.added) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"metadata": {"name": "web", "namespace": NAMESPACE, "uid": "another"}}, "pod shop/web is gone"),
        ({"status": {"phase": "Succeeded"}}, "pod shop/web has ended"),
    ],
)
def test_a_pod_that_is_another_one_by_now(lab: Lab, change: Object, words: str) -> None:
    lab.cluster.api.objects[KEY] = {**lab.pod, **change}
    assert words in lab.copy().error
    assert lab.added == []


def test_one_at_a_time_reads_a_volume(lab: Lab) -> None:
    lab.copy()
    lab.set_state(lab.added[0]["name"][:-1] + "9", RUNNING)
    assert "9 in pod shop/web is doing it" in lab.copy().error
    assert len(lab.added) == 1


def test_it_is_asked_before_anything_is_begun(lab: Lab) -> None:
    mover = lab.cluster.mover()
    mover.require_admitted([lab.inside])
    assert (len(lab.dry), lab.added) == (1, [])
    assert lab.dry[0]["volumeMounts"][0]["name"] == "tmp"
    message = 'pods "web" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'
    lab.refusal = Answer(403, {"kind": "Status", "status": "Failure", "reason": "Forbidden", "message": message})
    with pytest.raises(
        MoverError, match=r"No container can be added to pod shop/web: .*violates PodSecurity"
    ) as caught:
        mover.require_admitted([lab.inside])
    assert "baseline" in (caught.value.hint or "")
    lab.refusal = Answer(404, {"kind": "Status", "status": "Failure", "reason": "NotFound", "message": "gone"})
    mover.require_admitted([lab.inside])
