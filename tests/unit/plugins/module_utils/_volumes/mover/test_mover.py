# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mover with a cluster in memory: what is believed, tried again, bounded, cancelled and swept; nothing is left."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import threading
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs import loop
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.manifest import JobPlan, pod_template
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.marks import (
    MOVER,
    RENEWED,
    RUN_ID,
    WORKS_ON,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.room import holders_of_room
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.scripts import script_of
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import (
    Download,
    MoverSettings,
    OwnedObject,
    Probe,
    Upload,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository import opening
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.forgetting import MOST_IDS
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.mover.mover_cluster import (
    NAMESPACE,
    SNAPSHOT_ID,
    MoverCluster,
    ended,
    failed,
    manifest,
    uploaded,
)

Object = dict[str, t.Any]
SNAPSHOTS = ApiResource(
    "snapshot.storage.k8s.io", "v1", "volumesnapshots", "volumesnapshot", "VolumeSnapshot", True, frozenset()
)
UNREACHABLE = "dial tcp 10.0.0.1:9000: connect: connection refused"


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_PAUSE", "_NO_POD_SECONDS", "_REFUSED_SECONDS"):
        monkeypatch.setattr(loop, name, 0.0)
    monkeypatch.setattr(loop, "_TAKEN_SECONDS", 0.01)
    monkeypatch.setattr(loop, "_CANCEL_TICK", 0.02)


@pytest.fixture
def cluster(tmp_path: Path) -> MoverCluster:
    return MoverCluster(tmp_path)


def upload(claim: str = "files", **more: t.Any) -> Upload:
    return Upload(namespace=NAMESPACE, claim=claim, source_path=f"x/{claim}", **more)


def environment(job: Object, container: int = 0) -> dict[str, str]:
    return {each["name"]: each["value"] for each in job["spec"]["template"]["spec"]["containers"][container]["env"]}


def test_a_volume_is_copied_and_nothing_is_left(cluster: MoverCluster) -> None:
    [up] = cluster.mover().upload([upload(tags={"b": "2", "a": "1:x"})])
    assert (up.error, up.snapshot_id, up.bytes, up.files, up.incremental_bytes, up.node) == (
        "", SNAPSHOT_ID, 10, 2, 5, "n1",
    )  # fmt: skip
    assert environment(cluster.made[0])["MV_TAGS"] == "a:1:x\nb:2"
    assert cluster.left() == []
    # The Job is first: whoever dies in between leaves what ends by itself.
    made = [line.rpartition("/")[2] for line in cluster.api.requests if line.startswith("POST ")]
    assert made == ["jobs", "secrets"]


def test_no_key_is_in_any_request_but_that_of_the_secret(cluster: MoverCluster) -> None:
    cluster.mover().upload([upload()])
    bodies = {line.line: json.dumps(line.body) for line in cluster.api.seen if line.body}
    assert all("SECRETKEY" not in text and "s3same-open" not in text for text in bodies.values())
    assert any("KOPIA_PASSWORD" in text for line, text in bodies.items() if line.endswith("/secrets"))


def test_the_temporary_claim_is_made_for_the_job_and_all_goes_with_it(cluster: MoverCluster) -> None:
    cluster.api.add("volumesnapshots", "vs", NAMESPACE)
    claim = {"metadata": {"name": "tmp", "labels": {"l": "1"}}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    seen: list[Object] = []
    cluster.api.admit = lambda obj: seen.append(obj) or []  # type: ignore[func-returns-value]
    owned = (OwnedObject(resource=SNAPSHOTS, name="vs"),)
    [up] = cluster.mover().upload([upload("tmp", temporary_claim=claim, owned=owned)])
    assert not up.error
    [made] = [each for each in seen if each.get("kind") == "PersistentVolumeClaim"]
    assert made["metadata"]["labels"]["l"] == "1"
    assert made["metadata"]["labels"]["velero.io/exclude-from-backup"] == "true"
    assert made["metadata"]["ownerReferences"][0]["kind"] == "Job"
    assert cluster.left() == []
    assert cluster.api.names("volumesnapshots", NAMESPACE) == []


@pytest.mark.parametrize(
    ("status", "attempts", "part"),
    [
        # docs/compatibility 18.3: an exit code of 0 proves nothing.
        (ended(f"arkive-mover done upload 0\nmanifest {manifest(incomplete='canceled')}\n"), 3,
         "is incomplete (canceled)"),
        (ended("arkive-mover done upload 0\n"), 3, "cannot be read"),
        (ended(""), 3, "was killed"),
        (failed(UNREACHABLE), 3, "do not reach the S3 server s3:9000"),
        (failed("invalid repository password"), 1, "does not open with this password"),
        (failed("Found 1 fatal error(s) while snapshotting x."), 1, "not all of it can be read"),
        (ended("", code=137, reason="OOMKilled"), 1, "Raise the limit in mover.resources."),
        # What is killed is the largest program, and not the one that tells.
        (ended("arkive-mover failed upload 137\n", code=1, reason="OOMKilled"), 1, "needs more memory"),
        (ended("arkive-mover failed upload 137\n 3 hashed (2 MB)", code=1), 3, "its program was killed on its node"),
        ({**ended("", code=137), "reason": "Evicted", "message": "The node was low on resource"}, 3, "Evicted"),
        ({**ended("", code=143), "reason": "DeadlineExceeded"}, 1, "DeadlineExceeded"),
        (ended("arkive-mover cancelled upload 143\n", code=1), 3, "was killed"),
    ],
)  # fmt: skip
def test_what_is_no_success_is_tried_again_where_that_may_help(
    cluster: MoverCluster, status: Object, attempts: int, part: str
) -> None:
    cluster.behave = lambda _job: status
    [up] = cluster.mover().upload([upload()])
    assert part in up.error
    assert up.snapshot_id == ""
    assert up.failed
    assert len(cluster.made) == attempts
    assert cluster.left() == []


def test_the_next_pod_forgets_what_the_one_before_has_left_and_needs_the_same_objects(cluster: MoverCluster) -> None:
    cluster.api.add("volumesnapshots", "vs", NAMESPACE)
    cluster.behave = lambda _job: uploaded() if len(cluster.made) > 1 else ended("", code=137)
    owned = (OwnedObject(resource=SNAPSHOTS, name="vs"),)
    claim = {"metadata": {"name": "tmp"}, "spec": {}}
    [up] = cluster.mover().upload([upload("tmp", temporary_claim=claim, owned=owned)])
    assert up.snapshot_id == SNAPSHOT_ID
    first, second = (environment(job) for job in cluster.made)
    assert (first["MV_DISCARD"], second["MV_DISCARD"]) == ("", first["MV_JOB"])
    assert first["MV_JOB"] != second["MV_JOB"]
    # The claim was not made again: the second Job became one more owner.
    made = [
        line for line in cluster.api.requests if line.startswith("POST") and line.endswith("persistentvolumeclaims")
    ]
    assert len(made) == 1
    assert cluster.left() == []


def test_a_pod_that_somebody_deletes_is_made_again(cluster: MoverCluster) -> None:
    def behave(job: Object) -> Object | None:
        if len(cluster.made) > 1:
            return uploaded()
        threading.Timer(
            0.05, lambda: cluster.api.kept.remove(("pods", NAMESPACE, f"{job['metadata']['name']}-pod"))
        ).start()
        return None

    cluster.behave = behave
    [up] = cluster.mover().upload([upload()])
    assert (up.error, len(cluster.made)) == ("", 2)


@pytest.mark.parametrize(
    ("settings", "nodes", "peak"),
    [
        ({"concurrency": 2, "per_node": 2}, [""] * 5, 2),
        ({"concurrency": 4, "per_node": 4}, [""] * 5, 4),
        ({"concurrency": 4, "per_node": 1}, ["n1"] * 4, 1),
        ({"concurrency": 4, "per_node": 2}, ["n1"] * 5, 2),
        ({"concurrency": 9, "per_node": 1}, ["n1", "n1", "n2", "n3"], 3),
    ],
)
def test_so_many_run_at_once(cluster: MoverCluster, settings: t.Any, nodes: list[str], peak: int) -> None:
    """A pod ends when as many run as may, or no more are to come."""
    running: list[str] = []

    def behave(job: Object) -> Object | None:
        running.append(job["metadata"]["name"])
        if len(running) >= peak or len(cluster.made) == len(nodes):
            for name in running:
                threading.Timer(0.02, cluster.set_pod, (name, uploaded())).start()
            running.clear()
        return None

    cluster.behave = behave
    found = cluster.mover(**settings).upload([upload(f"c{index}", node_name=node) for index, node in enumerate(nodes)])
    assert [each.error for each in found] == [""] * len(nodes)
    assert cluster.peak == peak
    slots = {job["spec"]["template"]["metadata"]["labels"]["arkive.k8s/mover-slot"] for job in cluster.made}
    assert slots <= {str(number) for number in range(settings["per_node"])}


def test_one_that_fails_does_not_stop_the_others(cluster: MoverCluster) -> None:
    cluster.behave = lambda job: failed("no") if environment(job)["MV_SOURCE"] == "x/b" else uploaded()
    found = cluster.mover().upload([upload("a"), upload("b"), upload("c", mount="block"), upload("d")])
    assert [bool(each.error) for each in found] == [False, True, True, False]
    assert "raw block device" in found[2].error


def quota_of_claims(cluster: MoverCluster, most: int, *, slow: int = 0) -> list[str]:
    """Claims are refused when ``most`` are there; ``slow`` times more, as a quota learns late that one has gone."""
    refused: list[str] = []
    late = [slow]

    def refuse(verb: str, path: str, _dry: bool) -> KubeError | None:
        if verb != "POST" or not path.endswith("/persistentvolumeclaims"):
            return None
        there = len(cluster.api.names("persistentvolumeclaims", NAMESPACE))
        if there < most and not (refused and late[0]):
            return None
        late[0] -= there < most
        refused.append(path)
        return KubeError('persistentvolumeclaims "x" is forbidden: exceeded quota: few', status=403)

    cluster.api.refuse = refuse
    return refused


def moved(claim: str) -> Upload:
    return upload(claim, temporary_claim={"metadata": {"name": claim}, "spec": {}})


@pytest.mark.parametrize("slow", [0, 2])
def test_a_quota_that_has_room_for_one_claim_lets_one_after_the_other_in(cluster: MoverCluster, slow: int) -> None:
    def behave(job: Object) -> None:
        threading.Timer(0.05, cluster.set_pod, (job["metadata"]["name"], uploaded())).start()

    cluster.behave = behave
    refused = quota_of_claims(cluster, 1, slow=slow)
    found = cluster.mover(concurrency=3, per_node=3).upload([moved(name) for name in ("a", "b", "c")])
    assert [each.error for each in found] == ["", "", ""]
    # Asked again when another has ended, and not all the time meanwhile.
    assert len(refused) == 3 + slow
    assert cluster.left() == []


def test_a_quota_without_room_is_an_error(cluster: MoverCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_ROOM_SECONDS", 0.05)
    quota_of_claims(cluster, 0)
    [up] = cluster.mover().upload([moved("a")])
    assert "exceeded quota: few" in up.error
    # Room that does not come back when the other has ended is waited for no longer than a quota may take to know.
    quota_of_claims(cluster, 1, slow=1000)
    cluster.behave = lambda job: threading.Timer(0.05, cluster.set_pod, (job["metadata"]["name"], uploaded())).start()
    found = cluster.mover(concurrency=2, per_node=2).upload([moved(name) for name in ("a", "b")])
    assert ["exceeded quota: few" in each.error for each in found] == [False, True]
    assert cluster.left() == []


def claim_of_another(cluster: MoverCluster) -> tuple[str, str, str]:
    """The temporary claim of another run; its key."""
    metadata = {"labels": {MOVER: "upload", RUN_ID: "run2"}}
    cluster.api.add("persistentvolumeclaims", "arkive-theirs", NAMESPACE, metadata=metadata, spec={})
    return "persistentvolumeclaims", NAMESPACE, "arkive-theirs"


def test_room_that_another_run_holds_is_waited_for(cluster: MoverCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its temporary claim came between the look before the freeze and the copy."""
    monkeypatch.setattr(loop, "_TAKEN_SECONDS", 0.05)
    theirs = claim_of_another(cluster)
    refused = quota_of_claims(cluster, 1)
    threading.Timer(0.2, lambda: cluster.api.kept.remove(theirs)).start()
    lines: list[str] = []
    run = dataclasses.replace(cluster.run(), progress=lines.append)
    [up] = cluster.mover(run).upload([moved("a")])
    assert not up.error
    assert refused
    assert lines == ["shop/a: waiting for other backups, whose claims take the room in a quota"]
    assert cluster.left() == []


def test_room_that_another_run_keeps_is_an_error_in_the_end(cluster: MoverCluster) -> None:
    claim_of_another(cluster)
    quota_of_claims(cluster, 1)
    [up] = cluster.mover(pod_start_timeout=0.0).upload([moved("a")])
    assert "exceeded quota: few" in up.error
    assert cluster.left() == ["persistentvolumeclaims/arkive-theirs"]


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        pytest.param(
            "requested: requests.storage=3Gi, used: requests.storage=3Gi, limited: requests.storage=5Gi", True
        ),
        pytest.param("requested: requests.storage=6Gi, used: requests.storage=0, limited: requests.storage=5Gi", False),
        pytest.param("requested: persistentvolumeclaims=1, used: p=0, limited: persistentvolumeclaims=0.", False),
        pytest.param("requested: a=1,b=2Gi, used: a=1,b=0, limited: a=1,b=2147483648", True),
        pytest.param("requested: a=?, used: a=1, limited: a=!", True),
        pytest.param("requested: a=2", True),
    ],
    ids=["fits", "never", "none", "several", "nobody can read it", "cut off"],
)
def test_others_are_waited_for_where_that_may_help(cluster: MoverCluster, asked: str, waited: bool) -> None:
    """A quota may be smaller than what is asked for (Kubernetes 1.34, prettyPrint of ResourceQuota)."""
    claim_of_another(cluster)
    refusal = KubeError(f'persistentvolumeclaims "x" is forbidden: exceeded quota: few, {asked}', status=403)
    found = holders_of_room(cluster.api.client, refusal, NAMESPACE)
    assert found == (("arkive-theirs",) if waited else ())


def other_job(cluster: MoverCluster, **metadata: t.Any) -> None:
    """One that another run has made for the same source."""
    cluster.mover(cluster.run("run2")).upload([upload()])
    name = cluster.made[-1]["metadata"]["name"]
    labels = {**cluster.made[-1]["metadata"]["labels"]}
    cluster.makes_pods = False
    cluster.api.add("jobs", name, NAMESPACE, metadata={"labels": labels, **metadata}, status={}, spec={})
    cluster.makes_pods = True
    cluster.made.clear()


def test_nobody_else_works_on_the_same_source(cluster: MoverCluster) -> None:
    other_job(cluster, annotations={RENEWED: rfc3339(utc_now())})
    # It is waited for as long as a Job may take, which is no time here.
    [up] = cluster.mover(timeout=0.0, pod_start_timeout=0.0).upload([upload()])
    assert "is doing it" in up.error
    assert cluster.made == []
    assert len(cluster.left()) == 1


def test_another_run_that_copies_the_same_volume_is_waited_for(cluster: MoverCluster) -> None:
    """Two backups of a namespace at once are two whole ones, and never two writers of one source."""
    other_job(cluster, annotations={RENEWED: rfc3339(utc_now())})
    [other] = [key for key in cluster.api.objects if key[0] == "jobs"]
    lines: list[tuple[str, int]] = []

    def progress(line: str) -> None:
        lines.append((line, len(cluster.made)))
        with cluster.api.kept.changed:
            del cluster.api.objects[other]

    run = dataclasses.replace(cluster.run(), progress=progress)
    [up] = cluster.mover(run).upload([upload()])
    assert not up.error
    assert lines == [("shop/files: waiting for another run, which copies it", 0)]
    assert cluster.left() == []


def test_what_a_dead_run_was_doing_is_taken_over(cluster: MoverCluster) -> None:
    other_job(cluster, annotations={RENEWED: rfc3339(utc_now() - dt.timedelta(hours=1))})
    [up] = cluster.mover().upload([upload()])
    assert not up.error
    assert cluster.left() == []


def test_a_cancelled_run_takes_everything_away(cluster: MoverCluster) -> None:
    cancel = CancelToken()

    def behave(_job: Object) -> None:
        if len(cluster.made) == 2:
            cancel.cancel("the test says so")

    cluster.behave = behave
    with pytest.raises(Cancelled):
        cluster.mover(cluster.run(cancel=cancel), per_node=2).upload([upload("a"), upload("b"), upload("c")])
    assert len(cluster.made) == 2
    assert cluster.left() == []


def test_a_cancelled_run_tells_what_is_in_the_repository(cluster: MoverCluster) -> None:
    """Of ``a`` it knew; ``b`` was done when it was cancelled; ``c`` obeyed; ``d`` was never begun."""
    cancel = CancelToken()

    def behave(_job: Object) -> Object | None:
        number = len(cluster.made)
        if number < 3:
            return uploaded() if number == 1 else None
        cancel.cancel("the test says so")
        cluster.set_pod(cluster.made[1]["metadata"]["name"], uploaded())
        return ended("arkive-mover cancelled upload 143\n", code=1)

    told: list[tuple[str, str]] = []
    cluster.behave = behave
    run = cluster.run(cancel=cancel)
    with pytest.raises(Cancelled):
        cluster.mover(run, per_node=2).upload(
            [upload(claim) for claim in "abcd"], uploaded=lambda up, done: told.append((up.claim, done.snapshot_id))
        )
    assert told == [("a", SNAPSHOT_ID), ("b", SNAPSHOT_ID)]
    assert len(cluster.made) == 3
    assert cluster.left() == []


@pytest.mark.parametrize(
    ("path", "error", "part"),
    [
        ("/secrets", KubeError("no right to make secrets", status=403), "no right to make secrets"),
        ("/jobs", KubeError("no right to make jobs", status=403), "no right to make jobs"),
    ],
)
def test_a_refused_object_takes_the_others_with_it(
    cluster: MoverCluster, path: str, error: KubeError, part: str
) -> None:
    cluster.api.refuse = lambda verb, where, _dry: error if verb == "POST" and where.endswith(path) else None
    [up] = cluster.mover().upload([upload()])
    assert part in up.error
    assert cluster.left() == []


def test_a_job_without_a_pod_is_told_why(cluster: MoverCluster) -> None:
    """Pod Security and quotas: the Job is made, and only an event says that its pod is not."""
    cluster.makes_pods = False

    def tell(change: str, key: tuple[str, str, str], obj: Object) -> None:
        if key[0] == "jobs" and change == "ADDED":
            about = {"uid": obj["metadata"]["uid"], "name": key[2], "kind": "Job"}
            more = {"type": "Warning", "message": 'violates PodSecurity "restricted:latest"', "involvedObject": about}
            cluster.api.add("events", "e", NAMESPACE, **more)

    cluster.api.kept.controllers.append(tell)
    [up] = cluster.mover().upload([upload()])
    assert 'its Job has no pod: violates PodSecurity "restricted:latest".' in up.error
    assert cluster.left() == []


def waiting(reason: str, message: str) -> Object:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"phase": "Pending", "containerStatuses": [{"name": "mover", "image": "kopia:x", "state": state}]}


def unschedulable(message: str) -> Object:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return {"phase": "Pending", "conditions": [condition]}


@pytest.mark.parametrize(
    ("status", "parts"),
    [
        (
            waiting("InvalidImageName", "bad"),
            ["image kopia:x of container mover: InvalidImageName: bad", "mover.image"],
        ),
        (unschedulable("0/1 nodes are available: 1 Insufficient memory."), ["Insufficient memory", "mover.resources"]),
        ({"phase": "Pending"}, ["it was not started; the cluster warns: MountVolume failed"]),
    ],
)
def test_a_pod_that_does_not_start_is_given_up(cluster: MoverCluster, status: Object, parts: list[str]) -> None:
    def warn(change: str, key: tuple[str, str, str], obj: Object) -> None:
        if key[0] == "pods" and change == "ADDED":
            about = {"uid": obj["metadata"]["uid"], "name": key[2], "kind": "Pod"}
            cluster.api.add(
                "events", "e", NAMESPACE, type="Warning", message="MountVolume failed.", involvedObject=about
            )

    cluster.api.kept.controllers.append(warn)
    cluster.behave = lambda _job: status
    [up] = cluster.mover(pod_start_timeout=0.1).upload([upload()])
    assert all(part in up.error for part in parts)
    assert cluster.left() == []


def test_a_pod_that_waits_for_its_turn_on_a_node_is_not_stuck(cluster: MoverCluster) -> None:
    def behave(job: Object) -> Object:
        name = job["metadata"]["name"]
        threading.Timer(0.4, cluster.set_pod, (name, uploaded())).start()
        return unschedulable("0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules.")

    cluster.behave = behave
    [up] = cluster.mover(pod_start_timeout=0.1).upload([upload()])
    assert not up.error


def download(claim: str = "back", **more: t.Any) -> Download:
    return Download(namespace=NAMESPACE, claim=claim, source_namespace="source", snapshot_id=SNAPSHOT_ID, **more)


def restored(counted: str = "2 10 0 0", *, containers: t.Sequence[str] = ("mover-0",)) -> Object:
    text = f"arkive-mover done compare 0\nmanifest {manifest()}\ncounted {counted}\n"
    return ended(text, containers=containers)


def test_a_volume_is_filled_and_compared(cluster: MoverCluster) -> None:
    cluster.behave = lambda _job: restored()
    [down] = cluster.mover().download([download(bytes=10, files=3)])
    assert (down.error, down.bytes, down.files) == ("", 10, 2)
    assert down.warnings == ("The record of shop/back says 3 files, and its snapshot has 2: these are restored.",)
    assert environment(cluster.made[0])["MV_PREFIX"] == "p/kopia/source/"
    assert cluster.left() == []


@pytest.mark.parametrize("counted", ["0 0 0 0", "2 9 0 0", ""])
def test_a_volume_that_lacks_something_is_no_success(cluster: MoverCluster, counted: str) -> None:
    cluster.behave = lambda _job: restored(counted)
    [down] = cluster.mover().download([download()])
    assert "is not restored as it was" in down.error
    assert down.failed


def test_claims_of_one_pod_are_filled_by_one(cluster: MoverCluster) -> None:
    """Two pods could choose two zones for the volumes of one workload."""
    cluster.behave = lambda _job: restored(containers=("mover-0", "mover-1"))
    found = cluster.mover().download([download("a", together="w"), download("b", together="w")])
    assert [each.error for each in found] == ["", ""]
    [job] = cluster.made
    assert [environment(job, number)["MV_SNAPSHOT"] for number in (0, 1)] == [SNAPSHOT_ID] * 2


def test_a_claim_that_is_mounted_is_not_written_to(cluster: MoverCluster) -> None:
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "back"}}]
    cluster.api.add("pods", "web", NAMESPACE, spec={"volumes": volumes}, status={"phase": "Running"})
    [down] = cluster.mover().download([download()])
    assert down.error == (
        "Cannot restore the volume of shop/back: pod web mounts it. "
        "Scale its workload down, or restore to another claim."
    )
    assert cluster.made == []


def test_a_workload_without_root_is_told_what_is_lost(cluster: MoverCluster) -> None:
    cluster.behave = lambda _job: restored()
    [down] = cluster.mover(security_context="workload").download([download()])
    assert "Owners of files were not restored" in down.warnings[0]
    assert environment(cluster.made[0])["MV_SKIP"] == "--skip-owners"


def test_snapshots_are_forgotten(cluster: MoverCluster) -> None:
    gone, missing, kept = (letter * 32 for letter in "abc")
    cluster.behave = lambda _job: ended(f"arkive-mover failed forget 1\nforgot {gone}\nmissing {missing}\nno\n", code=1)
    left = cluster.mover().forget("source", [gone, missing, kept, "--all"], namespace=NAMESPACE)
    assert set(left) == {kept, "--all"}
    assert "--all" not in environment(cluster.made[0])["MV_IDS"]


def test_many_are_forgotten_by_one_pod_after_the_other(cluster: MoverCluster) -> None:
    """A thousand that no backup names are twenty pods: together they would take the cluster."""
    ids = [f"{number:032x}" for number in range(2 * MOST_IDS + 1)]

    def forget(job: Object) -> Object:
        gone = "".join(f"forgot {each}\n" for each in environment(job)["MV_IDS"].split())
        return ended(f"arkive-mover done forget 0\n{gone}")

    cluster.behave = forget
    assert cluster.mover().forget("source", ids, namespace=NAMESPACE) == {}
    assert [len(environment(job)["MV_IDS"].split()) for job in cluster.made] == [MOST_IDS, MOST_IDS, 1]
    assert cluster.peak == 1


def test_where_a_pod_has_forgotten_nothing_no_other_is_asked(cluster: MoverCluster) -> None:
    ids = [f"{number:032x}" for number in range(3 * MOST_IDS)]
    cluster.behave = lambda _job: failed("invalid repository password", "connect")
    left = cluster.mover().forget("source", ids, namespace=NAMESPACE)
    assert set(left) == set(ids)
    assert all("does not open with this password" in why for why in left.values())
    assert len(cluster.made) == 1


def test_only_what_dead_runs_left_is_swept(cluster: MoverCluster) -> None:
    cluster.makes_pods = False
    now = utc_now()
    for name, seen in (("dead", now - dt.timedelta(hours=1)), ("alive", now)):
        metadata = {"labels": {MOVER: "upload", RUN_ID: "x", WORKS_ON: name}, "annotations": {RENEWED: rfc3339(seen)}}
        cluster.api.add("jobs", name, NAMESPACE, metadata=metadata)
    cluster.api.add("jobs", "theirs", NAMESPACE, metadata={"annotations": {RENEWED: "2000-01-01T00:00:00Z"}})
    swept = cluster.mover().sweep([NAMESPACE, NAMESPACE])
    assert swept == (("shop/dead",), ())
    assert cluster.api.names("jobs", NAMESPACE) == ["alive", "theirs"]


def test_a_run_without_an_id_moves_nothing(cluster: MoverCluster) -> None:
    with pytest.raises(MoverError, match="has to have an id"):
        cluster.mover(cluster.run(""))


PROBE = Probe(namespace=NAMESPACE, source_namespace="source")
FORMAT = "kopia/source/kopia.repository"
MARKER = "kopia/source/udmrepo.Repository"


def make_repository(cluster: MoverCluster, identity: str = "abc") -> None:
    cluster.store.put(FORMAT, json.dumps({"uniqueID": identity}).encode())


class Kopia:
    """Makes a repository, and opens it; the first ``broken`` of them cannot be opened."""

    def __init__(self, cluster: MoverCluster, *, broken: int = 0, makes: bool = True) -> None:
        self.actions: list[str] = []
        self._cluster = cluster
        self._broken = broken
        self._makes = makes
        cluster.behave = self

    def __call__(self, job: Object) -> Object:
        action = job["metadata"]["labels"][MOVER]
        self.actions.append(action)
        if action == "create":
            if not self._makes:
                return failed("Access Denied", "create")
            make_repository(self._cluster)
            return ended("arkive-mover done create 0\n")
        if self._broken and self.actions.count("create") <= self._broken:
            return failed("unable to decrypt repository blobcfg blob", "connect")
        return ended("arkive-mover done connect 0\n")


def test_a_repository_is_made_proven_and_marked(cluster: MoverCluster) -> None:
    """The marker is Velero's (docs/compatibility 18.1, 18.5)."""
    kopia = Kopia(cluster)
    [probed] = cluster.mover().probe([PROBE])
    assert (probed.error, probed.created) == ("", True)
    assert kopia.actions == ["create", "open"]
    assert json.loads(cluster.store.get(MARKER)) == {"uniqueID": "abc"}
    assert [info.key for info in cluster.store.list("kopia/").objects] == [FORMAT, MARKER]
    [again] = cluster.mover().probe([PROBE])
    assert (again.error, again.created) == ("", False)
    assert cluster.left() == []


REAL = (Path(__file__).parent / "samples" / "kopia.repository-scrypt.json").read_bytes()


@pytest.mark.parametrize(("action", "state"), [("upload", "new"), ("download", "new"), ("forget", "usable")])
def test_a_wrong_password_is_known_without_a_pod(cluster: MoverCluster, action: t.Any, state: str) -> None:
    """The format blob is one of kopia itself, whose password is that of the cluster; Python tries it."""
    cluster.store.put(FORMAT, REAL)
    if state == "usable":
        cluster.store.put(MARKER, json.dumps({"uniqueID": json.loads(REAL)["uniqueID"]}).encode())
    probe = dataclasses.replace(PROBE, action=action)
    run = cluster.run()
    assert [each.error for each in cluster.mover(run).preview([probe])] == [""]
    [wrong] = cluster.mover(run, password="another").preview([probe])
    assert "kopia/source/ does not open with this password. Give the one" in wrong.error
    assert "another" not in wrong.error
    assert (run.issues.warnings, cluster.made) == ((), [])


def test_no_repository_is_made_with_a_password_that_opens_none(cluster: MoverCluster) -> None:
    """It would keep it, and the next run, with the right one, could not use it."""
    kopia = Kopia(cluster)
    cluster.store.put(FORMAT, REAL)
    other = dataclasses.replace(PROBE, source_namespace="new")
    found = cluster.mover(password="another").probe([PROBE, other])
    assert "does not open with this password" in found[1].error
    assert "create" not in kopia.actions
    assert cluster.store.list("kopia/new").objects == []
    cluster.mover().probe([PROBE, other])
    assert "create" in kopia.actions


def test_a_password_that_only_kopia_can_try_is_said_to_be_untried(cluster: MoverCluster) -> None:
    cluster.store.put(FORMAT, REAL.replace(b"scrypt-65536-8-1", b"argon2-of-tomorrow"))
    run = cluster.run()
    two = [PROBE, dataclasses.replace(PROBE, namespace="")]
    assert [each.error for each in cluster.mover(run).preview(two)] == ["", ""]
    [warning] = run.issues.warnings
    assert "kopia/source/, and others, was not tried without a pod" in warning.message


def test_one_that_nobody_can_open_is_made_again(cluster: MoverCluster) -> None:
    kopia = Kopia(cluster, broken=1)
    [probed] = cluster.mover().probe([PROBE])
    assert (probed.error, probed.created) == ("", True)
    assert kopia.actions == ["create", "open", "create", "open"]


def test_one_that_has_data_is_never_removed(cluster: MoverCluster) -> None:
    kopia = Kopia(cluster, broken=9)
    cluster.api.kept.controllers.append(lambda *_: cluster.store.put("kopia/source/p123", b"data"))
    [probed] = cluster.mover().probe([PROBE])
    assert probed.error
    assert "create" not in kopia.actions[1:]
    assert cluster.store.exists("kopia/source/p123")


@pytest.mark.parametrize(
    ("objects", "action", "part"),
    [
        ({}, "download", "There is no repository at"),
        ({}, "forget", "There is no repository at"),
        ({}, "copy", "There is no repository at"),
        ({"kopia/source/other": b"x"}, "upload", "lie objects, but no repository"),
        ({"kopia/source/other": b"x"}, "create", "lie objects, but no repository"),
        ({FORMAT: b'{"uniqueID":"abc"}', MARKER: b'{"uniqueID":"other"}'}, "upload", "is corrupted"),
        ({FORMAT: b'{"uniqueID":"abc"}', MARKER: b"no JSON"}, "upload", "is corrupted"),
    ],
)
def test_a_repository_in_a_bad_state_is_refused_without_a_pod(
    cluster: MoverCluster, objects: dict[str, bytes], action: t.Any, part: str
) -> None:
    for key, data in objects.items():
        cluster.store.put(key, data)
    probe = Probe(namespace=NAMESPACE, source_namespace="source", action=action)
    for found in (cluster.mover().preview([probe]), cluster.mover().probe([probe])):
        assert part in found[0].error
    assert cluster.made == []


def test_one_of_an_older_velero_is_marked_by_whoever_writes(cluster: MoverCluster) -> None:
    make_repository(cluster)
    Kopia(cluster)
    reads = Probe(namespace=NAMESPACE, source_namespace="source", action="download")
    assert [each.error for each in cluster.mover().probe([reads])] == [""]
    assert not cluster.store.exists(MARKER)
    assert [each.error for each in cluster.mover().probe([PROBE])] == [""]
    assert cluster.store.exists(MARKER)


def test_keys_that_may_not_write_leave_no_repository(cluster: MoverCluster) -> None:
    Kopia(cluster, makes=False)
    [probed] = cluster.mover().probe([PROBE])
    assert "may not do at" in probed.error
    assert cluster.store.list("kopia/").objects == []


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        # What a port that is forwarded, or a server on the machine itself, has.
        ("http://127.0.0.1:9000", "127.0.0.1:9000"),
        ("https://localhost", "localhost"),
        ("http://minio.localhost:9000", "minio.localhost:9000"),
        ("http://[::1]:9000", "[::1]:9000"),
        ("http://10.0.0.1:9000", ""),
        ("http://localhost.example.com", ""),
    ],
)
def test_an_address_of_this_machine_alone_is_refused_without_a_pod(
    cluster: MoverCluster, url: str, endpoint: str
) -> None:
    mover = cluster.mover(s3_url=url)
    [probed] = mover.preview([PROBE])
    assert bool(probed.error) is bool(endpoint)
    if endpoint:
        assert f"do not reach the S3 server {endpoint}, which is an address of the machine" in probed.error
        assert probed.error.endswith("Give the address by which pods reach it as mover.s3_url.")
        assert [each.error for each in mover.probe([PROBE])] == [probed.error]
    assert cluster.made == []


@pytest.mark.parametrize(
    ("action", "claims", "user"),
    [
        ("upload", ["any"], None),
        ("download", ["any"], None),
        # Where nothing is mounted no claim is asked for, and the user is another one.
        ("create", [], 65532),
        ("forget", [], 65532),
        ("copy", [], 65532),
    ],
)
def test_the_pod_that_is_tried_is_the_one_that_comes(
    cluster: MoverCluster, monkeypatch: pytest.MonkeyPatch, action: t.Any, claims: list[str], user: int | None
) -> None:
    tried: list[tuple[str, Object]] = []

    def note(_client: t.Any, plan: JobPlan, settings: MoverSettings) -> None:
        tried.append((plan.labels[MOVER], pod_template(plan, settings)["spec"]))

    monkeypatch.setattr(opening, "require_admitted", note)
    make_repository(cluster)
    probe = dataclasses.replace(PROBE, action=action)
    assert [each.error for each in cluster.mover(security_context="workload").preview([probe])] == [""]
    [(purpose, spec)] = tried
    found = [each["persistentVolumeClaim"]["claimName"] for each in spec["volumes"] if "persistentVolumeClaim" in each]
    assert (purpose, found, spec["securityContext"].get("runAsUser")) == (action, claims, user)
    assert spec["containers"][0]["command"][-1] == script_of(action)


def test_a_webhook_that_cannot_be_asked_by_a_dry_run_refuses_nothing(cluster: MoverCluster) -> None:
    """Kubernetes 1.34, webhook/dispatcher.go: nothing is known then, and the run finds out."""
    refusal = KubeError('admission webhook "w" does not support dry run', status=400)
    cluster.api.refuse = lambda verb, _path, dry: refusal if verb == "POST" and dry else None
    [probed] = cluster.mover().preview([PROBE])
    assert probed.error == ""


def test_a_namespace_that_refuses_the_pod_says_so_in_check_mode(cluster: MoverCluster) -> None:
    refusal = KubeError('pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot', status=403)
    cluster.api.refuse = lambda verb, path, dry: refusal if verb == "POST" and dry and path.endswith("/pods") else None
    for action in ("create", "copy"):
        make_repository(cluster)
        [probed] = cluster.mover().preview([dataclasses.replace(PROBE, action=action)])
        assert "Set mover.security_context to 'workload'" in probed.error
        assert "violates PodSecurity" in probed.error
    # In a backup there is another way: snapshots that stay with the storage.
    [backup] = cluster.mover().preview([PROBE])
    assert "violates PodSecurity" in backup.error
    assert "'workload', by which volumes are read as the users of their pods" in backup.error
    assert "or leave its volumes to snapshots" in backup.error
    # Without a namespace the repository alone is looked at.
    [alone] = cluster.mover().preview([Probe(namespace="", source_namespace="source")])
    assert alone.error == ""
    assert cluster.api.requests == []
