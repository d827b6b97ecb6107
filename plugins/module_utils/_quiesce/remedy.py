# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one command by which a person thaws what could not be reached."""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import shlex
import typing as t

_IMAGE = "busybox"


def thaw_by_hand(claim: str, node: str, pods: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """A sentence with the command. ``pods``: those that mount the claim on the node.

    Through the node where the claim is mounted there; else by a pod that mounts it there, as nothing else can.
    """
    if not node:
        return f"Thaw the file system of claim {claim} with fsfreeze --unfreeze on the node that has it mounted."
    uid = next((str(pod["metadata"]["uid"]) for pod in pods if pod["metadata"].get("uid")), "")
    command = _by_node(node, uid) if uid else _by_pod(claim, node)
    more = ", or set helper_pod" if not uid else ""
    return f"This ends it: {command}{more}"


def _by_node(node: str, uid: str) -> str:
    # Every claim of the pod: one that is not frozen says so and stays as it is.
    script = f"for m in /host/var/lib/kubelet/pods/{uid}/volumes/*/*/mount; do fsfreeze --unfreeze $m; done"
    return f"kubectl debug node/{node} -it --profile=sysadmin --image={_IMAGE} -- sh -c {shlex.quote(script)}"


def _by_pod(claim: str, node: str) -> str:
    namespace, _slash, name = claim.partition("/")
    container = {
        "name": "thaw",
        "image": _IMAGE,
        "command": ["fsfreeze", "--unfreeze", "/frozen"],
        "securityContext": {"privileged": True},
        "volumeMounts": [{"name": "frozen", "mountPath": "/frozen"}],
    }
    spec = {
        "nodeName": node,
        "containers": [container],
        "volumes": [{"name": "frozen", "persistentVolumeClaim": {"claimName": name}}],
    }
    overrides = shlex.quote(json.dumps({"spec": spec}, separators=(",", ":")))
    return f"kubectl -n {namespace} run thaw --image={_IMAGE} --restart=Never --overrides={overrides}"


__all__ = ("thaw_by_hand",)
