# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The linter of hooks on running pods: programs that containers lack, and volumes that must not be frozen."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._lint.lint_task import lint
from ansible_collections.arkive.k8s.plugins.module_utils._lint.subjects import Subjects, live_subject

_PRE, _POST = "pre.hook.backup.velero.io/", "post.hook.backup.velero.io/"


def _pod(name: str, annotations: dict[str, str]) -> dict[str, t.Any]:
    mounts = [{"name": "data", "mountPath": "/data"}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "containers": [
                {
                    "name": "tools",
                    "image": "busybox:1",
                    "command": ["/bin/sh", "-c", "exec sleep 1000"],
                    "volumeMounts": mounts,
                },
                {"name": "no-shell", "image": "arkive.test/sleeper:1"},
            ],
            "volumes": [{"name": "data", "emptyDir": {}}],
        },
    }


def test_what_only_the_cluster_knows(client: KubeClient, kubectl: t.Callable[..., str], module_namespace: str) -> None:
    freeze, thaw = (json.dumps(["/bin/fsfreeze", flag, "/data"]) for flag in ("--freeze", "--unfreeze"))
    pods = [
        _pod("frozen", {_PRE + "command": freeze, _POST + "command": thaw}),
        _pod("locked", {_PRE + "command": '["/bin/sh", "-c", "mysql -e \'select 1\'"]'}),
        _pod("bare", {_PRE + "command": '["/bin/sh", "-c", "sync"]', _PRE + "container": "no-shell"}),
        _pod("asked", {_PRE + "command": '["/sync"]', _PRE + "container": "no-shell"}),
    ]
    for pod in pods:
        kubectl("-n", module_namespace, "apply", "-f", "-", stdin=json.dumps(pod))
    kubectl("-n", module_namespace, "wait", "pod", "--all", "--for=condition=Ready", "--timeout=120s")
    subjects = Subjects()
    live = client.get(f"/api/v1/namespaces/{module_namespace}/pods")["items"]
    subjects.pods += [live_subject(pod) for pod in live]
    found = {(each.place.name, each.rule, each.place.container) for each in lint(subjects, client=client).findings}
    assert found == {
        ("frozen", "freeze-off-volume", ""),
        ("frozen", "no-volume", ""),
        ("frozen", "no-such-program", "tools"),
        ("locked", "no-such-program", "tools"),
        ("locked", "no-volume", ""),
        ("bare", "no-such-program", "no-shell"),
        ("bare", "no-volume", "no-shell"),
        ("asked", "not-looked-at", "no-shell"),
        ("asked", "no-volume", "no-shell"),
    }
