# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many commands in many real pods: bounded threads, and each of them accounted for."""

from __future__ import annotations

import collections
import resource

from hook_pods import HookPods, pod, shell

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import hook_status

WORKERS = 8
#: Made and waited for; the node starts no more of them at once than it can in the time.
_PODS_AT_A_TIME = 40
MOST_MEMORY_KIB = 20_000


def run_many_hooks(pods: HookPods, count: int, hooks: int) -> None:
    """Run ``hooks`` commands in each of ``count`` pods, and assert what became of each; one fails in each pod."""
    names = [f"p{at:03}" for at in range(count)]
    for at in range(0, count, _PODS_AT_A_TIME):
        pods.create(*(pod(name) for name in names[at : at + _PODS_AT_A_TIME]))
    pres, posts = (hooks + 1) // 2, hooks // 2
    rules = [
        {
            "name": "many",
            "pre": [shell(f"echo pre{at} >>/tmp/ran; echo out{at}", onError="Continue") for at in range(pres)],
            "post": [shell(f"echo post{at} >>/tmp/ran; [ {at} -ne 1 ]", onError="Continue") for at in range(posts)],
        }
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done = pods.back_up(rules, together=True, workers=WORKERS)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert [(result.pod, result.hook.phase, result.hook.index) for result in done.results] == [
        *((name, "pre", at) for name in names for at in range(pres)),
        *((name, "post", at) for name in names for at in range(posts)),
    ]
    assert hook_status(done.results) == {"hooksAttempted": count * hooks, "hooksFailed": count}
    assert collections.Counter(result.state for result in done.results) == {"ok": count * (hooks - 1), "failed": count}
    assert [result.stdout for result in done.results[:pres]] == [f"out{at}\n".encode() for at in range(pres)]
    assert len(done.issues.errors) == count
    assert done.most_threads <= WORKERS
    assert grown < MOST_MEMORY_KIB
    wanted = [f"pre{at}" for at in range(pres)] + [f"post{at}" for at in range(posts)]
    for name in (names[0], names[count // 2], names[-1]):
        assert pods.sh(name, "cat /tmp/ran").split() == wanted  # of one pod in order, never two at once
    pods.delete_all()


__all__ = ("run_many_hooks",)
