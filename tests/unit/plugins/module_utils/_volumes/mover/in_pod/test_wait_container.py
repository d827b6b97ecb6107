# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The init container in which a restored pod waits for data: as whom, with what, and what stays listed in the pod."""

from __future__ import annotations

import json
import re
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.images import unused_secrets
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.wait_container import (
    strange_users,
    wait_container,
    why_no_user,
    without_wait_container,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings

Object = dict[str, t.Any]
MIB = 1 << 20
ROOT, WORKLOAD = MoverSettings(), MoverSettings(security_context="workload")


def spec(*resources: Object, **more: t.Any) -> Object:
    mounts = [{"name": "tmp", "mountPath": "/tmp"}]
    containers = [{"name": f"c{n}", "volumeMounts": mounts, "resources": each} for n, each in enumerate(resources)]
    return {"containers": containers or [{"name": "main", "volumeMounts": mounts}], **more}


def test_what_stays_listed_is_the_same_for_everybody() -> None:
    """Nothing of where the data comes from: no bucket, no key, no name of the user's in a command."""
    found = wait_container(spec(), ["tmp", "work"], MoverSettings(image="kopia:1", timeout=100, pod_start_timeout=20))
    assert (found["name"], found["image"]) == ("arkive-restore-wait", "kopia:1")
    assert found["volumeMounts"] == [
        {"name": "tmp", "mountPath": "/arkive-restores/0"},
        {"name": "work", "mountPath": "/arkive-restores/1"},
    ]
    assert [each["name"] for each in found["env"] if "value" in each] == ["ARKIVE_SECONDS"]
    assert next(each["value"] for each in found["env"] if "value" in each) == "120"
    assert {each["valueFrom"]["fieldRef"]["fieldPath"] for each in found["env"] if "valueFrom" in each} == {
        "metadata.annotations['arkive.k8s/data-of']",
        "metadata.annotations['arkive.k8s/data-filled']",
        "metadata.labels['velero.io/restore-name']",
    }
    other = wait_container(
        spec(), ["tmp", "work"], MoverSettings(image="kopia:1", timeout=100, pod_start_timeout=20, s3_url="http://x")
    )
    assert other == found
    # To Kubernetes these would be one.
    assert "$$" not in json.dumps(found["command"])


def test_as_root_with_what_it_takes_to_write_owners() -> None:
    """Whatever the pod says of itself; Pod Security's level baseline admits these (docs/compatibility 18.4)."""
    pod = spec(securityContext={"runAsUser": 5, "runAsNonRoot": True, "seLinuxOptions": {"level": "s0:c1"}})
    assert wait_container(pod, ["tmp"], ROOT)["securityContext"] == {
        "runAsUser": 0,
        "runAsGroup": 0,
        "runAsNonRoot": False,
        "allowPrivilegeEscalation": False,
        "seccompProfile": {"type": "RuntimeDefault"},
        "seLinuxOptions": {"level": "s0:c1"},
        "capabilities": {"drop": ["ALL"], "add": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID"]},
    }


def test_as_the_workload_where_nothing_may_run_as_root() -> None:
    """What Pod Security's level restricted wants (Kubernetes 1.34)."""
    pod = spec(securityContext={"runAsUser": 5, "runAsGroup": 6, "fsGroup": 7})
    pod["containers"][0]["securityContext"] = {"runAsUser": 8}
    assert wait_container(pod, ["tmp"], WORKLOAD)["securityContext"] == {
        "runAsUser": 8,
        "runAsGroup": 6,
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "seccompProfile": {"type": "RuntimeDefault"},
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize(
    ("settings", "user", "words"),
    [
        (ROOT, None, ""),
        (ROOT, 0, ""),
        (WORKLOAD, 5, ""),
        (WORKLOAD, None, "does not say as which user it runs"),
        (WORKLOAD, 0, "runs as root"),
    ],
)
def test_who_cannot_write_as_the_workload(settings: MoverSettings, user: int | None, words: str) -> None:
    said = why_no_user(spec(securityContext={} if user is None else {"runAsUser": user}), "tmp", settings)
    assert (words in said, bool(said)) == (True, bool(words))


OWN = {"cpu": "50m", "memory": "256Mi"}
EXACT = {"cpu": "100m", "memory": "64Mi"}


@pytest.mark.parametrize(
    ("resources", "in_memory", "expected"),
    [
        pytest.param([{}], 0, {"requests": OWN}, id="no limits: none"),
        pytest.param([{"limits": {"memory": "1Gi"}}, {}], 0, {"requests": OWN}, id="one has none: none"),
        pytest.param(
            [{"requests": {"memory": "64Mi"}, "limits": {"memory": "512Mi"}}] * 2,
            0,
            {"requests": OWN, "limits": {"memory": str(512 * MIB)}},
            id="as much as one of them may have, though there are two",
        ),
        pytest.param(
            [{"limits": {"memory": "300Mi", "cpu": "100m"}}, {"limits": {"memory": "1Gi", "cpu": "2"}}],
            0,
            {
                "requests": {"memory": str(1024 * MIB), "cpu": "2"},
                "limits": {"memory": str(1024 * MIB), "cpu": "2"},
            },
            id="the largest",
        ),
        pytest.param(
            [
                {
                    "requests": {"memory": "1Mi", "ephemeral-storage": "1k"},
                    "limits": {"memory": "64Mi", "ephemeral-storage": "1Mi"},
                }
            ],
            0,
            {"requests": OWN, "limits": {"memory": str(256 * MIB), "ephemeral-storage": str(256 * MIB)}},
            id="too little for kopia: what it asks for",
        ),
        pytest.param(
            # Kubernetes: limits alone are requests too, and the class is Guaranteed, of init containers as well.
            [{"limits": EXACT}, {"requests": EXACT, "limits": EXACT}],
            0,
            {
                "requests": {"cpu": "100m", "memory": str(256 * MIB)},
                "limits": {"cpu": "100m", "memory": str(256 * MIB)},
            },
            id="Guaranteed stays Guaranteed",
        ),
        pytest.param(
            [{"requests": {"memory": "1Mi"}, "limits": {"memory": "64Mi"}}],
            100 * MIB,
            {"requests": OWN, "limits": {"memory": str(356 * MIB)}},
            id="what goes into memory counts",
        ),
    ],
)
def test_its_resources(resources: list[Object], in_memory: int, expected: Object) -> None:
    assert wait_container(spec(*resources), ["tmp"], ROOT, in_memory=in_memory)["resources"] == expected


def test_what_a_pod_may_take_as_a_whole_holds_for_it_too() -> None:
    """Kubernetes 1.34 (pkg/apis/core/validation): no container has more, and no sum of requests is larger."""
    pod = spec({"limits": {"cpu": "1", "memory": "64Mi"}}, resources={"limits": {"memory": "64Mi"}})
    assert wait_container(pod, ["tmp"], ROOT)["resources"] == {"requests": {"cpu": "1"}, "limits": {"cpu": "1"}}


def test_a_container_before_the_others_says_what_one_may_have() -> None:
    pod = spec(
        {"limits": {"memory": "300Mi"}}, initContainers=[{"name": "i"}, {"resources": {"limits": {"memory": "2Gi"}}}]
    )
    assert wait_container(pod, ["tmp"], ROOT)["resources"]["limits"] == {"memory": str(2048 * MIB)}


@pytest.mark.parametrize(
    ("name", "given", "limit"),
    [
        pytest.param("memory", {"requests": {"memory": "100Mi"}}, 100 * MIB, id="asks for less"),
        pytest.param("memory", {"limits": {"memory": "128Mi"}}, 128 * MIB, id="may have less"),
        pytest.param("ephemeral-storage", {"limits": {"ephemeral-storage": "64Mi"}}, 64 * MIB, id="of the disk, too"),
        pytest.param("ephemeral-storage", {}, 256 * MIB, id="kopia's caches"),
    ],
)
def test_it_fits_where_the_user_says_so(name: str, given: Object, limit: int) -> None:
    """The remedy that is told where a LimitRange refuses it."""
    pod = spec({"requests": {name: "1Mi"}, "limits": {name: "10Mi"}})
    found = wait_container(pod, ["tmp"], MoverSettings(resources=given))["resources"]
    assert found["limits"][name] == str(limit)


def test_limits_of_the_mover_are_kept() -> None:
    settings = MoverSettings(resources={"requests": {"cpu": "1"}, "limits": {"memory": "2Gi"}})
    found = wait_container(spec({"limits": {"memory": "1Gi", "cpu": "500m"}}), ["tmp"], settings)["resources"]
    assert found["limits"] == {"memory": str(2048 * MIB), "cpu": "1"}


# -- as whom -----------------------------------------------------------------------------------------------------------


def shared(*containers: tuple[str, int | None, list[str]], user: int | None = None) -> Object:
    """Containers with their names, users and the volumes that they mount; ``user``: the pod's."""
    return {
        "securityContext": {} if user is None else {"runAsUser": user},
        "containers": [
            {
                "name": name,
                "volumeMounts": [{"name": volume, "mountPath": f"/{volume}"} for volume in volumes],
                **({} if own is None else {"securityContext": {"runAsUser": own}}),
            }
            for name, own, volumes in containers
        ],
    }


@pytest.mark.parametrize(
    ("pod", "writer", "told"),
    [
        pytest.param(shared(("a", None, ["tmp", "work"]), user=5), 5, [], id="the pod's"),
        pytest.param(shared(("a", 8, ["tmp"]), ("b", 8, ["work"]), user=5), 8, [], id="both the same"),
        pytest.param(
            shared(("a", 8, ["tmp"]), ("b", 9, ["work"])),
            8,
            ["'work' will belong to user 8,.*container 'b' runs as user 9"],
            id="each another one",
        ),
        pytest.param(
            shared(("a", 8, ["tmp", "work"]), ("b", 9, ["tmp"])),
            8,
            ["'tmp' will belong to user 8,.*container 'b' runs as user 9"],
            id="one of two users of the first",
        ),
        pytest.param(
            shared(("a", 8, ["tmp"]), ("b", 9, ["tmp", "work"])),
            9,
            ["'tmp' will belong to user 9,.*container 'a' runs as user 8"],
            id="the second has one only",
        ),
        pytest.param(
            shared(("a", 8, ["tmp", "work"]), ("b", 9, ["tmp", "work"])),
            8,
            ["'tmp' will belong to user 8", "'work' will belong to user 8"],
            id="both of both",
        ),
        pytest.param(shared(("a", 8, ["tmp", "work"]), ("b", 9, ["more"])), 8, [], id="who has none of them"),
        pytest.param(
            shared(("a", 8, ["tmp", "work"]), ("b", None, ["work"])),
            8,
            ["container 'b' runs as the user of its image"],
            id="who does not say",
        ),
    ],
)
def test_whose_the_files_will_be(pod: Object, writer: int, told: list[str]) -> None:
    """One container writes them all, as one user: where that is not everybody's, it is told."""
    volumes = ["tmp", "work"]
    assert wait_container(pod, volumes, WORKLOAD)["securityContext"]["runAsUser"] == writer
    found = strange_users(pod, volumes, WORKLOAD)
    assert [bool(re.search(words, text)) for words, text in zip(told, found, strict=True)] == [True] * len(told)
    assert strange_users(pod, volumes, ROOT) == [], "which writes owners"


@pytest.mark.parametrize(
    ("wanted", "own", "words"),
    [
        ((), [], ""),
        (("a",), ["a", "b"], ""),
        (("a", "b"), ["b"], "imagePullSecrets do not name a. "),
        (("a", "b"), [], "imagePullSecrets do not name a, b. "),
    ],
)
def test_pull_secrets_that_the_pod_does_not_name_are_told(wanted: tuple[str, ...], own: list[str], words: str) -> None:
    """They are not added: a list of its own keeps those of its service account from a pod (Kubernetes 1.34)."""
    found = unused_secrets(
        {"imagePullSecrets": [{"name": name} for name in own]}, MoverSettings(image_pull_secrets=wanted)
    )
    assert (len(found), words in "".join(found)) == (bool(words), True)


def test_a_pod_without_what_it_waits_in() -> None:
    waits, own = {"name": "arkive-restore-wait"}, {"name": "own"}
    pod = {"metadata": {"name": "web"}, "spec": {"initContainers": [waits, own], "containers": []}}
    assert without_wait_container(pod)["spec"] == {"initContainers": [own], "containers": []}
    assert pod["spec"]["initContainers"] == [waits, own], "as it was"
