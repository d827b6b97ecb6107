# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image of a container that is put into an application's pod: it is pulled with what the pod itself has.

A pod uses Secrets of its own namespace only, and a list of its own keeps the one of its service account away from it
(Kubernetes 1.34, plugin/pkg/admission/serviceaccount): what is written there for the image of the mover would take it
from the images of the application. So nothing is added.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import MoverSettings


def missing_pull_secrets(spec: ObjectView, settings: MoverSettings) -> list[str]:
    """Those of ``mover.image_pull_secrets`` that a pod does not name."""
    named = {str(each.get("name")) for each in spec.get("imagePullSecrets") or ()}
    return [name for name in settings.image_pull_secrets if name not in named]


def unused_secrets(spec: ObjectView, settings: MoverSettings) -> list[str]:
    """What is to be known of a pod that is to be made and gets such a container, sentences."""
    missing = missing_pull_secrets(spec, settings)
    if not missing:
        return []
    return [
        "mover.image_pull_secrets is of Jobs: the image of the container in which the pod waits is pulled with what "
        f"the pod has, and its imagePullSecrets do not name {', '.join(missing)}. Where the image needs them, add them "
        "by resource_modifiers."
    ]


def start_hint(kind: str, spec: ObjectView, settings: MoverSettings) -> str | None:
    """What to do about a container that does not start in the pod of ``spec``; ``kind`` of its trouble."""
    if kind != "image":
        return None
    hint = (
        "Check mover.image, and that the node reaches its registry: it is pulled with what the pod itself has under "
        "imagePullSecrets"
    )
    missing = missing_pull_secrets(spec, settings)
    if not missing:
        return f"{hint}."
    return f"{hint}, which is without {', '.join(missing)} (mover.image_pull_secrets is of Jobs)."


__all__ = ("missing_pull_secrets", "start_hint", "unused_secrets")
