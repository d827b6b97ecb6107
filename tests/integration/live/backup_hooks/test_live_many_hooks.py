# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A thousand commands in real pods: bounded threads, and each of them accounted for."""

from __future__ import annotations

import collections
import resource

from hook_pods import HookPods, pod, shell

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import hook_status

PODS = 20
HOOKS = 50
WORKERS = 8
MOST_MEMORY_KIB = 20_000


def test_a_thousand_hooks(pods: HookPods) -> None:
    names = [f"p{at:03}" for at in range(PODS)]
    pods.create(*(pod(name) for name in names))
    half = HOOKS // 2
    rules = [
        {
            "name": "many",
            "pre": [shell(f"echo pre{at} >>/tmp/ran; echo out{at}", onError="Continue") for at in range(half)],
            "post": [shell(f"echo post{at} >>/tmp/ran; [ {at} -ne 7 ]", onError="Continue") for at in range(half)],
        }
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done = pods.back_up(rules, together=True, workers=WORKERS)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert len(done.results) == PODS * HOOKS
    assert hook_status(done.results) == {"hooksAttempted": PODS * HOOKS, "hooksFailed": PODS}
    assert collections.Counter(result.state for result in done.results) == {
        "ok": PODS * (HOOKS - 1),
        "failed": PODS,
    }
    assert [result.stdout for result in done.results[:half]] == [f"out{at}\n".encode() for at in range(half)]
    assert done.log.errors == PODS
    assert done.most_threads <= WORKERS
    assert grown < MOST_MEMORY_KIB
    wanted = [f"pre{at}" for at in range(half)] + [f"post{at}" for at in range(half)]
    for name in (names[0], names[PODS // 2], names[-1]):
        assert pods.sh(name, "cat /tmp/ran").split() == wanted  # of one pod in order, never two at once
