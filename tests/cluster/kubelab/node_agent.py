# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The node-agent of Velero, which is a pod: it copies volumes into the bucket, and out of it."""

from __future__ import annotations

from kubelab.kubectl import Kubectl

_DAEMON_SET = "daemonset/node-agent"
_READY_WITHIN = 90  # seconds; 4 are usual, with its image to be pulled


def wait_for_node_agent(kubectl: Kubectl) -> None:
    """Wait until it runs on the node."""
    kubectl.run("rollout", "status", _DAEMON_SET, f"--timeout={_READY_WITHIN}s")


def remove_node_agent(kubectl: Kubectl) -> None:
    """End it, with the pods that it made; nothing happens when there is none."""
    kubectl.run("delete", _DAEMON_SET, "--ignore-not-found", "--cascade=foreground", "--timeout=60s")
    kubectl.run("delete", "clusterrolebinding", "velero", "--ignore-not-found")


__all__ = ["remove_node_agent", "wait_for_node_agent"]
