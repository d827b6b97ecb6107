# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Other images for the containers of pods and of all that makes pods (as ``velero.io/change-image-name`` of Velero)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, RuleContext

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
#: What may follow the part of an image that is replaced, unless that part itself ends with one of these.
_ENDS = ("/", ":", "@")


def map_pod_images(draft: Draft, context: RuleContext) -> None:
    _map_pod_spec(draft.body.get("spec"), context.image_mapping)


def map_template_images(draft: Draft, context: RuleContext) -> None:
    """Of ``spec.template``."""
    _map_template(draft.spec.get("template"), context.image_mapping)


def map_pod_template_images(draft: Draft, context: RuleContext) -> None:
    """Of a PodTemplate, which has no spec."""
    _map_template(draft.body.get("template"), context.image_mapping)


def map_cron_job_images(draft: Draft, context: RuleContext) -> None:
    job = draft.spec.get("jobTemplate") or {}
    _map_template((job.get("spec") or {}).get("template"), context.image_mapping)


def map_image(image: str, mapping: t.Mapping[str, str]) -> str:
    """The longest key that ``image`` begins with is replaced, once; a key ends where a part of the image ends.

    Images are compared as they are written: ``nginx`` does not begin with ``docker.io/``.
    """
    fitting = [old for old in mapping if fits_image(image, old)]
    if not fitting:
        return image
    old = max(fitting, key=len)
    return mapping[old] + image[len(old) :]


def fits_image(image: str, old: str) -> bool:
    """Whether ``old`` is a key for ``image``."""
    return image.startswith(old) and _ends_part(image, old)


def images_in(obj: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    """The images of a pod, or of what makes pods."""
    waiting: list[t.Any] = [obj.get("spec"), obj.get("template")]
    while waiting:
        part = waiting.pop()
        if not part:
            continue
        for field in _CONTAINERS:
            yield from (container["image"] for container in part.get(field) or [] if container.get("image"))
        sources = (volume.get("image") or {} for volume in part.get("volumes") or [])
        yield from (source["reference"] for source in sources if source.get("reference"))
        waiting += [part.get(name) for name in ("spec", "template", "jobTemplate")]


def _ends_part(image: str, old: str) -> bool:
    return old.endswith(_ENDS) or len(image) == len(old) or image[len(old)] in _ENDS


def _map_template(template: t.Any, mapping: t.Mapping[str, str]) -> None:
    if template:
        _map_pod_spec(template.get("spec"), mapping)


def _map_pod_spec(spec: t.Any, mapping: t.Mapping[str, str]) -> None:
    if not mapping or not spec:
        return
    for field in _CONTAINERS:
        for container in spec.get(field) or []:
            if container.get("image"):
                container["image"] = map_image(container["image"], mapping)
    for volume in spec.get("volumes") or []:
        source = volume.get("image") or {}
        if source.get("reference"):
            source["reference"] = map_image(source["reference"], mapping)


__all__ = (
    "fits_image",
    "images_in",
    "map_cron_job_images",
    "map_image",
    "map_pod_images",
    "map_pod_template_images",
    "map_template_images",
)
