# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects that move data: where they may run, what they may do, and that no key is in them."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._aws.client import AwsKeys
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.process_identity import identify_process
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.manifest import (
    ContainerTask,
    JobPlan,
    job_manifest,
    pod_template,
    secret_manifest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.marks import (
    DEAD_SECONDS,
    PROCESS,
    RENEWED,
    annotations_of,
    is_left,
    labels_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.scripts import Action, script_of
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import (
    MoverSettings,
    RepositoryPlace,
    WorkloadPlace,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.credentials import (
    PodKeys,
    bound_policy,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.place import (
    lock_key,
    repository_place,
)

NOW = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)
PLACE = RepositoryPlace(namespace="shop", bucket="b", prefix="p/kopia/shop/", region="r", endpoint="e:9000")
ACTIONS: tuple[Action, ...] = t.get_args(Action)


def plan(action: Action = "upload", **more: t.Any) -> JobPlan:
    options: dict[str, t.Any] = {
        "namespace": "shop",
        "name": "arkive-mover-x-1",
        "secret": "arkive-mover-x-1",
        "repository": PLACE,
        "tasks": (ContainerTask(name="mover", claim="files", read_only=action == "upload"),),
        "labels": labels_of(action, "run1", "x"),
        "seconds": 100.0,
        "job_seconds": 700.0,
    }
    return JobPlan(action=action, **{**options, **more})


def spec_of(*arguments: t.Any, **settings: t.Any) -> dict[str, t.Any]:
    found: dict[str, t.Any] = pod_template(*arguments, MoverSettings(**settings))["spec"]
    return found


@pytest.mark.parametrize("action", ACTIONS)
def test_no_script_has_what_kubernetes_would_change(action: Action) -> None:
    """Of two dollars in a command Kubernetes makes one."""
    assert "$$" not in script_of(action)


@pytest.mark.parametrize(
    ("options", "namespace", "url", "expected"),
    [
        # docs/compatibility 18.1
        ({"region": "eu-west-1"}, "shop", "", ("kopia/shop/", "eu-west-1", "s3.eu-west-1.amazonaws.com", True)),
        ({}, "shop", "", ("kopia/shop/", "", "s3.amazonaws.com", True)),
        ({"region": "cn-north-1"}, "shop", "", ("kopia/shop/", "cn-north-1", "s3.cn-north-1.amazonaws.com.cn", True)),
        ({"prefix": "a/b", "endpoint_url": "http://minio:9000"}, "s", "",
         ("a/b/kopia/s/", "us-east-1", "minio:9000", False)),
        ({"endpoint_url": "https://s3.x/"}, "s", "", ("kopia/s/", "us-east-1", "s3.x", True)),
        ({"endpoint_url": "https://[::1]:9000"}, "s", "", ("kopia/s/", "us-east-1", "[::1]:9000", True)),
        ({"endpoint_url": "http://127.0.0.1:1"}, "s", "http://10.0.0.1:2",
         ("kopia/s/", "us-east-1", "10.0.0.1:2", False)),
    ],
)  # fmt: skip
def test_where_a_repository_lies(options: t.Any, namespace: str, url: str, expected: t.Any) -> None:
    place = repository_place(S3Location(bucket="b", **options), namespace, s3_url=url)
    assert (place.prefix, place.region, place.endpoint, place.tls) == expected
    # Velero makes no repository where any object lies.
    assert not lock_key(namespace).startswith(f"kopia/{namespace}/")


@pytest.mark.parametrize(
    "url", ["http://a/path", "http://", "ftp://a", "http://u:secret@a", "http://a:x", "http://a?b=c"]
)
def test_an_endpoint_that_is_more_than_a_host_is_refused(url: str) -> None:
    with pytest.raises(MoverError, match="cannot be used to move data") as caught:
        repository_place(S3Location(bucket="b"), "shop", s3_url=url)
    assert "secret" not in caught.value.sentence


def test_a_folder_of_this_machine_is_refused() -> None:
    with pytest.raises(MoverError, match="pods do not reach it"):
        repository_place(LocalLocation(path="/tmp/x"), "shop")


def test_no_key_is_in_a_job_or_a_pod() -> None:
    """Keys and password are in the Secret alone, which goes with its Job."""
    keys = PodKeys(keys=AwsKeys(access_key="KEYID", secret_key="SECRETKEY", session_token="TOKEN"))
    job = job_manifest(plan(), MoverSettings())
    data = keys.secret_data("PASSWORD")
    text = json.dumps(job)
    assert not [value for value in data.values() if value in text]
    made = {"metadata": {"name": "arkive-mover-x-1", "uid": "u1"}}
    secret = secret_manifest(plan(), data, made)
    assert set(secret["data"]) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "KOPIA_PASSWORD"}
    assert [owner["uid"] for owner in secret["metadata"]["ownerReferences"]] == ["u1"]
    assert all("SECRETKEY" not in repr(each) for each in (keys, keys.keys))


def test_what_a_pod_writes_of_keys_is_in_memory_and_its_cache_is_its_own() -> None:
    """docs/compatibility 18.2: two repositories behind one cache."""
    spec = spec_of(plan(tasks=(ContainerTask(name="a", claim="x"), ContainerTask(name="b", claim="y"))))
    volumes = {each["name"]: each for each in spec["volumes"]}
    for container in spec["containers"]:
        environment = {each["name"]: each["value"] for each in container["env"]}
        mounts = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
        assert mounts["/run/mover"] == f"{container['name']}-secret"
        assert environment["KOPIA_CONFIG_PATH"].startswith("/run/mover/")
        assert volumes[mounts["/run/mover"]]["emptyDir"]["medium"] == "Memory"
        assert environment["KOPIA_CACHE_DIRECTORY"].startswith("/work/")
        assert environment["KOPIA_PERSIST_CREDENTIALS_ON_CONNECT"] == "false"
        assert "emptyDir" in volumes[mounts["/work"]]
    assert len({each["name"] for each in spec["volumes"]}) == 6


@pytest.mark.parametrize("action", ACTIONS)
def test_pods_are_as_pod_security_admits_them(action: Action) -> None:
    """Level baseline as root, level restricted as the workload (kubernetes.io, pod-security-standards)."""
    baseline = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID"}
    for kind in ("root", "workload"):
        place = WorkloadPlace(security_context={"runAsUser": 1000, "fsGroup": 2000})
        spec = spec_of(plan(action, place=place), security_context=kind)
        security = spec["containers"][0]["securityContext"]
        assert security["capabilities"]["drop"] == ["ALL"]
        assert set(security["capabilities"].get("add", ())) <= (baseline if kind == "root" else set())
        assert security["readOnlyRootFilesystem"]
        assert not security["allowPrivilegeEscalation"]
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["securityContext"]["runAsUser"] == (0 if kind == "root" else 1000)
        assert not spec["automountServiceAccountToken"]
        assert not spec["enableServiceLinks"]
        assert spec["securityContext"].get("runAsNonRoot", False) is (kind == "workload")


def test_root_never_has_a_group_that_rewrites_modes() -> None:
    place = WorkloadPlace(security_context={"fsGroup": 2000, "seLinuxOptions": {"level": "s0:c1"}})
    assert spec_of(plan("download", place=place))["securityContext"] == {
        "seccompProfile": {"type": "RuntimeDefault"},
        "runAsUser": 0,
        "runAsGroup": 0,
        "seLinuxOptions": {"level": "s0:c1"},
    }
    up = spec_of(plan("upload", place=place), security_context="workload")["securityContext"]
    assert (up.get("fsGroup"), up["supplementalGroups"]) == (None, [2000])
    assert spec_of(plan("download", place=place), security_context="workload")["securityContext"]["fsGroup"] == 2000


def test_a_job_ends_by_itself_and_is_never_stored() -> None:
    job = job_manifest(plan(), MoverSettings())
    spec = job["spec"]
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"], spec["ttlSecondsAfterFinished"]) == (0, 700, 3600)
    pod = spec["template"]
    assert pod["spec"]["activeDeadlineSeconds"] == 100
    assert pod["spec"]["restartPolicy"] == "Never"
    for metadata in (job["metadata"], pod["metadata"]):
        assert metadata["labels"]["velero.io/exclude-from-backup"] == "true"
    assert pod["metadata"]["annotations"]["sidecar.istio.io/inject"] == "false"


#: What has read or written for hours may be waited for by somebody who does not reach the API server for a while.
_LONG: tuple[Action, ...] = ("upload", "download", "maintain", "verify", "copy")
_KEPT = {action: 3600 if action in _LONG else 300 for action in ACTIONS}


@pytest.mark.parametrize("action", ACTIONS)
def test_how_long_an_ended_job_stays(action: Action) -> None:
    spec = job_manifest(plan(action), MoverSettings())["spec"]
    assert spec["ttlSecondsAfterFinished"] == _KEPT[action]
    kept = job_manifest(plan(action), MoverSettings(keep_failed=True))["spec"]
    assert kept["ttlSecondsAfterFinished"] == 3600


def test_where_a_pod_runs() -> None:
    node = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": []}]}}
    place = WorkloadPlace(
        node_selector={"disk": "ssd"}, tolerations=({"key": "a"},), affinity={"nodeAffinity": node, "podAffinity": {}}
    )
    spec = spec_of(
        plan(place=place, slot=1), node_selector={"zone": "z"}, tolerations=({"key": "b"},), priority_class="low"
    )
    assert spec["nodeSelector"] == {"disk": "ssd", "zone": "z"}
    assert [each["key"] for each in spec["tolerations"]] == ["a", "b"]
    assert spec["affinity"]["nodeAffinity"] == node
    assert "podAffinity" not in spec["affinity"]
    assert spec["priorityClassName"] == "low"
    # One pod of each slot on a node: so many as there are slots.
    [term] = spec["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["topologyKey"] == "kubernetes.io/hostname"
    assert term["namespaceSelector"] == {}
    assert {"key": "arkive.k8s/mover-slot", "operator": "In", "values": ["1"]} in term["labelSelector"][
        "matchExpressions"
    ]
    only = spec_of(plan(place=place, node="n1"))["affinity"]["nodeAffinity"]
    [wanted] = only["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert wanted == {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}
    # A taint is respected: the scheduler decides.
    assert "nodeName" not in spec


def test_whoever_mounts_no_volume_is_nobody_where_root_is_refused() -> None:
    """The image's user is root, which the kubelet refuses with ``runAsNonRoot``."""
    made = pod_template(plan("look", tasks=(ContainerTask(name="mover"),)), MoverSettings(security_context="workload"))
    assert made["spec"]["securityContext"]["runAsUser"] == 65532
    assert made["spec"]["securityContext"]["runAsNonRoot"]


@pytest.mark.parametrize("action", ACTIONS)
def test_scripts_are_constant_and_read_nothing_as_shell(action: Action) -> None:
    script = script_of(action)
    other = plan(
        action, repository=RepositoryPlace(namespace="x", bucket="$(id)", prefix="`x`", region="", endpoint="e")
    )
    assert spec_of(other)["containers"][0]["command"] == ["/bin/sh", "-euc", script]
    assert "eval" not in script.split()
    # docs/compatibility 18.2: whoever runs kopia here never maintains.
    lines = [line for line in script.splitlines() if "kopia " in line and "kopia --no-auto-maintenance" not in line]
    assert [line for line in lines if not line.strip().startswith(("#", "follow"))] == []
    shell = shutil.which("dash") or "/bin/sh"
    subprocess.run([shell, "-n", "-c", script], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("program", "room", "message"),
    [
        # Whatever ends it, it says so itself: what says nothing counts as killed, and is tried again.
        ('step=policy\necho why >"$text"\nfalse', 1 << 20, "arkive-mover failed policy 1\nwhy\n"),
        ("step=scan\ncat /nowhere/at/all | cat\nexit 3", 1 << 20, "arkive-mover failed scan 3\n"),
        ("fail 4", 3, "arkive-mover failed start 4\n\nno space left on device, in the folder in which the pod works\n"),
        ("fail 4", 16, "arkive-mover failed start 4\n"),
        ("report done", 3, "arkive-mover done start 0\n"),
    ],
)
def test_a_script_says_how_it_ended_itself(program: str, room: int, message: str, tmp_path: Path) -> None:
    """With ``df`` of a disk that has so many KiB left."""
    df = tmp_path / "df"
    df.write_text(f"#!/bin/sh\necho head; echo x x x {room} x x\n")
    df.chmod(0o755)
    prelude = script_of("open").partition("repository connect $MV_READONLY")[0]
    script = (prelude + program).replace("/dev/termination-log", f"{tmp_path}/message").replace("/work", str(tmp_path))
    shell = shutil.which("dash") or "/bin/sh"
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run([shell, "-euc", script], env=path, capture_output=True, text=True, check=False)
    assert (tmp_path / "message").read_text() == message
    assert done.stdout == "".join(f"arkive-mover> {line}\n" for line in message.splitlines())
    assert (done.returncode == 0) is ("done" in message)


def test_an_upload_has_policy_and_pin_before_its_snapshot() -> None:
    """docs/compatibility 18.2: without them snapshots of others expire."""
    script = script_of("upload")
    policy, create = script.index("policy set"), script.index("snapshot create")
    assert policy < create
    for word in ("latest", "hourly", "daily", "weekly", "monthly", "annual"):
        assert f"--keep-{word}=$most" in script[policy:create]
    assert '--pin="$MV_PIN"' in script
    assert "--ignore-cache-dirs=false" in script
    assert "--add-dot-ignore=.arkive-none" in script


@pytest.mark.parametrize(
    ("write", "actions"),
    [
        (True, {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts"}),
        (False, {"s3:GetObject"}),
    ],
)  # fmt: skip
def test_borrowed_keys_open_one_repository_only(write: bool, actions: set[str]) -> None:
    policy = json.loads(bound_policy(PLACE, write=write))
    listing, _location, objects = policy["Statement"]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["p/kopia/shop/*"]}}
    assert set(objects["Action"]) == actions
    assert objects["Resource"] == ["arn:aws:s3:::b/p/kopia/shop/*"]
    # AWS takes 2048 characters.
    assert len(bound_policy(PLACE, write=write)) < 1500


def job(**annotations: str) -> dict[str, t.Any]:
    return {"metadata": {"name": "x", "annotations": annotations, "creationTimestamp": rfc3339(NOW)}}


OLD = NOW + dt.timedelta(seconds=DEAD_SECONDS + 1)


@pytest.mark.parametrize(
    ("found", "now", "left"),
    [
        (job(**annotations_of(NOW)), NOW, False),
        # A run of this machine that is gone is known at once.
        (job(**{RENEWED: rfc3339(NOW), PROCESS: f"{2**22 + 1} {identify_process()}"}), NOW, True),
        (job(**{RENEWED: rfc3339(NOW), PROCESS: "1 another/machine/1"}), NOW, False),
        (job(**{RENEWED: rfc3339(NOW), PROCESS: "1 another/machine/1"}), OLD, True),
        # A sign of life that was taken away counts from the beginning.
        (job(), NOW, False),
        (job(), OLD, True),
        (job(**{RENEWED: "soon"}), OLD, True),
        ({"metadata": {}}, OLD, False),
    ],
)
def test_what_dead_runs_have_left_is_told_apart(found: t.Any, now: dt.datetime, left: bool) -> None:
    assert is_left(found, now) is left
