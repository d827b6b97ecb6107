# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a pod may take to start, and for what: ``_kube/pod_states.py`` has how long each trouble may last."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.starting import Starting, is_waiting

Object = dict[str, t.Any]
LIMIT = 600.0


def waits(reason: str, message: str = "") -> Object:
    waiting = {"reason": reason, "message": message}
    return {"status": {"phase": "Pending", "containerStatuses": [{"name": "mover", "state": {"waiting": waiting}}]}}


def unscheduled(message: str) -> Object:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return {"status": {"phase": "Pending", "conditions": [condition]}}


ON_ITS_WAY: Object = {"status": {"phase": "Pending"}}
NO_IMAGE = waits("ImagePullBackOff", "back-off")
NO_ROOM = unscheduled("0/1 nodes are available: 1 Insufficient memory.")
#: What a kubelet 1.34 says that has the pod before the Secret is made.
NO_SECRET = waits("CreateContainerConfigError", 'secret "arkive-mover-1" not found')


@pytest.mark.parametrize(
    ("pod", "seconds", "kind"),
    [
        (ON_ITS_WAY, LIMIT, ""),
        (waits("ContainerCreating"), LIMIT, ""),
        (waits("ErrImageNeverPull"), 0.0, "image"),
        (NO_IMAGE, 15.0, "image"),
        (waits("CreateContainerConfigError", "couldn't find key x in Secret shop/y"), 15.0, "container"),
        (NO_SECRET, 120.0, "container"),
        (NO_ROOM, LIMIT, "schedule"),
    ],
)
def test_how_long_it_is_waited_for(pod: Object, seconds: float, kind: str) -> None:
    assert is_waiting(pod)
    starting = Starting(100.0, limit=LIMIT)
    if seconds:
        assert starting.stuck(pod, 100.0) is None
        # The trouble is seen now.
        assert starting.stuck(pod, 100.0 + seconds - 0.1) is None
    stuck = starting.stuck(pod, 100.0 + seconds)
    assert stuck is not None
    assert stuck.kind == kind


def test_the_bound_of_its_node_keeps_it_for_ever() -> None:
    bound = unscheduled("0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules.")
    starting = Starting(0.0, limit=LIMIT)
    assert [starting.stuck(bound, now) for now in (0.0, LIMIT, 100 * LIMIT)] == [None] * 3


def test_each_trouble_has_its_own_time_within_that_of_all() -> None:
    starting = Starting(0.0, limit=LIMIT)
    assert starting.stuck(NO_ROOM, 0.0) is None
    assert starting.stuck(NO_ROOM, 590.0) is None
    assert starting.stuck(NO_IMAGE, 591.0) is None
    stuck = starting.stuck(NO_IMAGE, LIMIT)
    assert stuck is not None
    assert "back-off" in stuck.text


@pytest.mark.parametrize(
    ("pod", "text"),
    [
        (ON_ITS_WAY, "it was not started"),
        (waits("ContainerCreating"), "it was not started (ContainerCreating)"),
        (waits("PodInitializing", "so\nand so"), "it was not started (PodInitializing: so and so)"),
        (waits(""), "it was not started"),
    ],
)
def test_what_its_container_says_is_told(pod: Object, text: str) -> None:
    stuck = Starting(0.0, limit=5.0).stuck(pod, 5.0)
    assert stuck is not None
    assert (stuck.kind, stuck.text) == ("", text)


def test_a_short_limit_is_kept() -> None:
    starting = Starting(0.0, limit=5.0)
    assert starting.stuck(NO_SECRET, 4.9) is None
    assert starting.stuck(NO_SECRET, 5.0) is not None


@pytest.mark.parametrize("state", ["running", "terminated"])
def test_what_runs_or_has_run_does_not_wait(state: str) -> None:
    assert not is_waiting({"status": {"containerStatuses": [{"name": "mover", "state": {state: {}}}]}})
    assert not is_waiting({"status": {"phase": "Failed"}})
