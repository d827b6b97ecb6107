# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hooks are looked for in: pods, the templates of workloads, and the specs of Backups, Schedules and Restores."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import Shape, find_misfit, readable
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pod_templates import POD_MAKERS
from ansible_collections.arkive.k8s.plugins.module_utils._lint.finding import Finding, Place
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import HookRule, parse_hook_rules
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_hook_rules import (
    RestoreHookRule,
    parse_restore_hook_rules,
)

#: Where the pod's template stands in a workload.
_TEMPLATES = {maker.kind: maker.template for maker in POD_MAKERS}
#: Where the hooks stand in objects of Velero, and of Ark.
_SPECS: t.Mapping[str, tuple[str, ...]] = {
    "Backup": ("spec", "hooks"),
    "Schedule": ("spec", "template", "hooks"),
    "Restore": ("spec", "hooks"),
}
_GROUPS = ("velero.io/", "ark.heptio.com/")
_CONTAINERS: Shape = [
    {"name": str, "image": str, "restartPolicy": str, "volumeMounts": [{"name": str, "mountPath": str, "subPath": str}]}
]
_POD: Shape = {
    "metadata": {"annotations": dict, "labels": dict},
    "spec": {
        "containers": _CONTAINERS,
        "initContainers": _CONTAINERS,
        "volumes": [{"name": str, "persistentVolumeClaim": {"claimName": str}, "ephemeral": dict}],
    },
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PodSubject:
    """A pod, or the template of one as a pod. ``workload_annotations``: those beside the template."""

    pod: ObjectView
    place: Place
    is_live: bool = False
    workload_annotations: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RuleSubject:
    """The hooks in the spec of one object. ``where``: the path of the list."""

    place: Place
    where: str
    rules: tuple[HookRule, ...] = ()
    restore_rules: tuple[RestoreHookRule, ...] = ()


@dataclasses.dataclass(slots=True)
class Subjects:
    """All that is looked at, and what could not be read."""

    pods: list[PodSubject] = dataclasses.field(default_factory=list)
    rules: list[RuleSubject] = dataclasses.field(default_factory=list)
    findings: list[Finding] = dataclasses.field(default_factory=list)

    def add(self, document: t.Any, *, file: str = "", line: int = 0) -> None:
        """One object of a manifest. Kinds that can have no hooks are passed over; lists are gone through."""
        if not isinstance(document, dict):
            self.findings.append(
                Finding.of("unreadable", Place(file=file, line=line), "This is no object of Kubernetes.")
            )
            return
        if str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list):
            for item in document["items"]:
                self.add(item, file=file, line=line)
            return
        place = _place(document, file, line)
        try:
            self._add(document, place)
        except ValidationError as exc:
            self.findings.append(Finding.of("unreadable", place, exc.message, hint=exc.hint or ""))

    def _add(self, document: dict[str, t.Any], place: Place) -> None:
        if place.kind == "Pod":
            self.pods.append(PodSubject(pod=_as_pod(document, place), place=place))
            self._look_for_no_text(_member(document, ("metadata", "annotations")), place)
        elif place.kind in _TEMPLATES:
            path = _TEMPLATES[place.kind]
            template = _member(document, path)
            if not isinstance(template, dict):
                raise ValidationError(f"{place.of_object} has no {'.'.join(path)}.")
            pod = _as_pod(template, place)
            self._look_for_no_text(_member(template, ("metadata", "annotations")), place)
            _add_claims(pod, _member(document, ("spec", "volumeClaimTemplates")))
            annotations = _member(document, ("metadata", "annotations"))
            self.pods.append(PodSubject(pod=pod, place=place, workload_annotations=_texts(annotations)))
        elif place.kind in _SPECS and str(document.get("apiVersion", "")).startswith(_GROUPS):
            self._add_rules(document, place)

    def _look_for_no_text(self, annotations: t.Any, place: Place) -> None:
        for key, value in (annotations or {}).items():
            if not isinstance(value, str):
                spot = dataclasses.replace(place, key=readable(str(key)))
                said = "The value is no text: the API server refuses the object."
                self.findings.append(Finding.of("bad-value", spot, said, hint="Put it in quotes.", severity="error"))

    def _add_rules(self, document: dict[str, t.Any], place: Place) -> None:
        path = _SPECS[place.kind]
        hooks = _member(document, path)
        if hooks is None:
            return
        where = ".".join((*path, "resources"))
        if place.kind == "Restore":
            self.rules.append(RuleSubject(place=place, where=where, restore_rules=parse_restore_hook_rules(hooks)))
        else:
            self.rules.append(RuleSubject(place=place, where=where, rules=parse_hook_rules(hooks)))


def live_subject(pod: ObjectView) -> PodSubject:
    """A pod as the API server returns it."""
    metadata = pod.get("metadata") or {}
    place = Place(kind="Pod", namespace=str(metadata.get("namespace", "")), name=str(metadata.get("name", "")))
    return PodSubject(pod=pod, place=place, is_live=True)


def _place(document: t.Mapping[str, t.Any], file: str, line: int) -> Place:
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return Place(
        file=file,
        line=line,
        kind=readable(str(document.get("kind", ""))),
        namespace=readable(str(metadata.get("namespace") or "")),
        name=readable(str(metadata.get("name") or metadata.get("generateName") or "")),
    )


def _as_pod(template: t.Mapping[str, t.Any], place: Place) -> dict[str, t.Any]:
    """With the shapes that are counted on, under the name of the object it stands in. Raises ``ValidationError``."""
    misfit = find_misfit(template, _POD, place.of_object)
    if misfit:
        raise ValidationError(f"This is no pod: {misfit}.")
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    containers = (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))
    mounts = [mount for container in containers for mount in container.get("volumeMounts") or ()]
    named = (*containers, *(spec.get("volumes") or ()), *mounts)
    if any(entry.get("name") is None for entry in named) or any(mount.get("mountPath") is None for mount in mounts):
        raise ValidationError(f"{place.of_object} has a container, a volume or a mount without a name or a path.")
    return {
        "metadata": {
            "namespace": place.namespace,
            "name": place.name,
            "annotations": _texts(metadata.get("annotations")),
            "labels": _texts(metadata.get("labels")),
        },
        "spec": dict(spec),
    }


def _add_claims(pod: dict[str, t.Any], templates: t.Any) -> None:
    """A StatefulSet's claims are volumes of its pods."""
    if not isinstance(templates, list):
        return
    names = [
        entry["metadata"]["name"]
        for entry in templates
        if isinstance(entry, dict) and isinstance(_member(entry, ("metadata", "name")), str)
    ]
    claims = [
        {"name": name, "persistentVolumeClaim": {"claimName": f"{name}-{pod['metadata']['name']}"}} for name in names
    ]
    pod["spec"]["volumes"] = [*(pod["spec"].get("volumes") or ()), *claims]


def _member(document: t.Any, path: tuple[str, ...]) -> t.Any:
    for name in path:
        if not isinstance(document, dict):
            return None
        document = document.get(name)
    return document


def _texts(value: t.Any) -> dict[str, str]:
    """Annotations and labels; what is no text is left out, the API server refuses it."""
    if not isinstance(value, dict):
        return {}
    return {name: text for name, text in value.items() if isinstance(name, str) and isinstance(text, str)}


__all__ = ("PodSubject", "RuleSubject", "Subjects", "live_subject")
