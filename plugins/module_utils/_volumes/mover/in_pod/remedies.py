# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What helps where the container in which a pod waits is what keeps its volumes from being filled.

A Job is made anew by the next run. A pod that is there keeps the image, the user and the resources that it was made
with, and the next run under the same name meets it again.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView

_OF_MOVER = "raise the limit in mover.resources."
#: Where the pod says what it may have as a whole, its containers say nothing of that (see ``wait_container``).
_OF_POD = "raise what the pod may have as a whole (spec.resources) by resource_modifiers."
MORE_DISK = "Give the volume more room, or the pod more ephemeral-storage, by resource_modifiers or mover.resources."
ANOTHER_USER = "What may be written is settled by mover.security_context and the pod's own securityContext."


def more_memory(pod: ObjectView) -> str:
    """Where memory runs out, from the middle of a sentence on."""
    whole = (pod.get("spec") or {}).get("resources") or {}
    said = {*(whole.get("requests") or ()), *(whole.get("limits") or ())}
    return _OF_POD if "memory" in said else _OF_MOVER


def out_of_memory(pod: ObjectView) -> str:
    """Of a container that the kernel has ended for its memory, from the middle of a sentence on."""
    remedy = more_memory(pod)
    return f"its container needs more memory than it may have. {remedy[0].upper()}{remedy[1:]} {made_anew(pod)}"


def made_anew(pod: ObjectView) -> str:
    """How the pod gets another container, a sentence. One that nobody owns is made by the next run."""
    owners = (pod.get("metadata") or {}).get("ownerReferences") or ()
    owner = next((each for each in owners if each.get("controller")), None)
    if owner is None:
        return "Where that is changed, delete the pod as well: one that is there keeps the container that it has."
    more = " with its Deployment" if owner.get("kind") == "ReplicaSet" else ""
    return (
        f"Where that is changed, delete {owner.get('kind')} {owner.get('name')}{more} as well: a pod that is there "
        "keeps the container that it has, and another one that is made in its place begins with empty volumes."
    )


__all__ = ("ANOTHER_USER", "MORE_DISK", "made_anew", "more_memory", "out_of_memory")
