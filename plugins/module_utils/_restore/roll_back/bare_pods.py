# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pods that no controller makes again: what is kept of one that goes with its old volume."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView

#: What the old pod's scheduler, admission and kubelet have decided, as of restored pods.
_DECIDED = ("nodeName", "priority", "ephemeralContainers")


def pod_to_make_again(pod: ObjectView) -> Object:
    """As it can be created once more."""
    metadata = pod["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            name: metadata[name]
            for name in ("name", "namespace", "labels", "annotations", "ownerReferences", "finalizers")
            if name in metadata
        },
        "spec": {name: value for name, value in pod["spec"].items() if name not in _DECIDED},
    }


__all__ = ("pod_to_make_again",)
