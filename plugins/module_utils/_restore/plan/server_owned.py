# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fields that a cluster writes by itself, so that two equal objects are seen as equal."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    CLUSTER_ROLES,
    CONTROLLER_REVISIONS,
    JOBS,
    LEASES,
    PODS,
    SECRETS,
    SERVICES,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.kinds import OWNER_TYPES
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_init import parse_init_hook
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.gitops import carry_pause
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.jobs import UID_LABELS
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.pods import drop_wait_container
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import (
    FILLED_MARK,
    WAIT_CONTAINER,
    WANTED_MARK,
)

_CarryOver: t.TypeAlias = "t.Callable[[t.Mapping[str, t.Any], Object], None]"

#: Annotations by which controllers talk to themselves; a trailing ``/`` stands for the whole prefix. In
#: ``autoscaling/v1`` two are the status of an autoscaler; metrics and behavior, beside them, are its user's.
_CONTROLLER_ANNOTATIONS = (
    "arkive.k8s/",
    "autoscaling.alpha.kubernetes.io/conditions",
    "autoscaling.alpha.kubernetes.io/current-metrics",
    "cni.projectcalico.org/",
    "deployment.kubernetes.io/",
    "deprecated.daemonset.template.generation",
    "endpoints.kubernetes.io/last-change-trigger-time",
    "k8s.ovn.org/",
    "k8s.v1.cni.cncf.io/",
    "kubernetes.io/service-account.uid",
    "pv.kubernetes.io/",
    "volume.beta.kubernetes.io/",
    "volume.kubernetes.io/",
)
#: On a stored claim: the snapshot that a backup took of its volume.
_SNAPSHOT_LABEL = "velero.io/volume-snapshot-name"
_ACCESS_VOLUME = "kube-api-access-"


def is_controller_annotation(name: str) -> bool:
    return any(name.startswith(known) if known.endswith("/") else name == known for known in _CONTROLLER_ANNOTATIONS)


def carry_over(group_resource: GroupResource, live: t.Mapping[str, t.Any], desired: Object) -> None:
    """Copy into ``desired`` what the cluster decided for ``live`` and an archive cannot ask for."""
    rule = _RULES.get(group_resource)
    if rule is not None:
        rule(live, desired)


def _carry_service(live: t.Mapping[str, t.Any], desired: Object) -> None:
    source, target = live.get("spec") or {}, desired.setdefault("spec", {})
    _take_missing(source, target, "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort")
    numbers = {_port_key(port): port.get("nodePort") for port in source.get("ports") or []}
    for port in target.get("ports") or []:
        number = numbers.get(_port_key(port))
        if number and not port.get("nodePort"):
            port["nodePort"] = number


def _port_key(port: t.Mapping[str, t.Any]) -> tuple[t.Any, t.Any]:
    return (port.get("port"), port.get("protocol", "TCP"))


def _carry_pod(live: t.Mapping[str, t.Any], desired: Object) -> None:
    source, target = live.get("spec") or {}, desired.setdefault("spec", {})
    _take_missing(source, target, "nodeName", "priority", "ephemeralContainers", "tolerations")
    _carry_wait_container(live, desired)
    _carry_init_hook(live, desired)
    old = next((v for v in target.get("volumes") or [] if str(v.get("name", "")).startswith(_ACCESS_VOLUME)), None)
    new = next((v for v in source.get("volumes") or [] if str(v.get("name", "")).startswith(_ACCESS_VOLUME)), None)
    if old is None or new is None:
        return
    before, after = old["name"], new["name"]
    old.clear()
    old.update(new)
    for container in (*(target.get("containers") or []), *(target.get("initContainers") or [])):
        for mount in container.get("volumeMounts") or []:
            if mount.get("name") == before:
                mount["name"] = after


def _carry_wait_container(live: t.Mapping[str, t.Any], desired: Object) -> None:
    """A pod that is there has waited for its data, or was never made to: that goes into new ones only.

    With the mark of one that waits, one that does not would be taken for such.
    """
    target = desired["spec"]
    there = [each for each in (live.get("spec") or {}).get("initContainers") or [] if each["name"] == WAIT_CONTAINER]
    drop_wait_container(target)
    if there:
        target["initContainers"] = [*there, *(target.get("initContainers") or [])]
    there_notes = (live.get("metadata") or {}).get("annotations") or {}
    notes = desired["metadata"].get("annotations") or {}
    for name in (WANTED_MARK, FILLED_MARK):
        notes.pop(name, None)
    kept = {name: there_notes[name] for name in (WANTED_MARK, FILLED_MARK) if name in there_notes}
    if kept:
        desired["metadata"]["annotations"] = {**notes, **kept}


def _carry_init_hook(live: t.Mapping[str, t.Any], desired: Object) -> None:
    """An init hook goes into new pods only; a pod that is there has it with the server's defaults, or lacks it."""
    hook = parse_init_hook(desired)
    if hook is None:
        return
    spec = desired["spec"]
    there = {container["name"]: container for container in (live.get("spec") or {}).get("initContainers") or []}
    own = [container for container in spec.get("initContainers") or [] if container["name"] != hook.name]
    spec["initContainers"] = [there[hook.name], *own] if hook.name in there else own


def _carry_claim(live: t.Mapping[str, t.Any], desired: Object) -> None:
    """Where its data came from is decided for a claim that is there, and so is the volume that it has."""
    source, target = live.get("spec") or {}, desired.setdefault("spec", {})
    _take_missing(source, target, "storageClassName", "volumeMode")
    for name in ("dataSource", "dataSourceRef", "volumeName"):
        target.pop(name, None)
        _take_missing(source, target, name)
    labels = desired["metadata"].get("labels") or {}
    if _SNAPSHOT_LABEL in labels:
        del labels[_SNAPSHOT_LABEL]
        _take_missing((live["metadata"].get("labels") or {}), labels, _SNAPSHOT_LABEL)


def _carry_volume(live: t.Mapping[str, t.Any], desired: Object) -> None:
    """A bound volume stays with its claim, whatever the archive says: never take it from a running application."""
    claim = (live.get("spec") or {}).get("claimRef")
    if not claim:
        return
    target = desired.setdefault("spec", {})
    if (live.get("status") or {}).get("phase") == "Bound":
        target["claimRef"] = dict(claim)
    elif target.get("claimRef"):
        _take_missing(claim, target["claimRef"], "uid", "resourceVersion", "apiVersion", "kind")


def _carry_secret(live: t.Mapping[str, t.Any], desired: Object) -> None:
    if desired.get("type") == "kubernetes.io/service-account-token":
        _take_missing(live.get("data") or {}, desired.setdefault("data", {}), "token", "ca.crt")


def _carry_job(live: t.Mapping[str, t.Any], desired: Object) -> None:
    source, target = live.get("spec") or {}, desired.setdefault("spec", {})
    _take_missing(source, target, "selector")
    for path in (("selector", "matchLabels"), ("template", "metadata", "labels")):
        before, after = _dig(source, path), _dig(target, path)
        _take_missing(before, after, *(name for name in UID_LABELS if name in before))


def _carry_cluster_role(live: t.Mapping[str, t.Any], desired: Object) -> None:
    """The rules of one that is put together from others are its controller's."""
    if desired.get("aggregationRule"):
        desired["rules"] = live.get("rules")


def _carry_spec(live: t.Mapping[str, t.Any], desired: Object) -> None:
    """For types whose whole spec belongs to whoever holds them now."""
    desired["spec"] = live.get("spec") or {}


def _carry_revision(live: t.Mapping[str, t.Any], desired: Object) -> None:
    desired["revision"] = live.get("revision")


def _take_missing(source: t.Mapping[str, t.Any], target: Object, *names: str) -> None:
    for name in names:
        if target.get(name) in (None, "", 0, [], {}) and source.get(name) is not None:
            target[name] = source[name]


def _dig(obj: Object | t.Mapping[str, t.Any], path: tuple[str, ...]) -> dict[str, t.Any]:
    found: t.Any = obj
    for name in path:
        found = found.get(name) or {}
    return t.cast("dict[str, t.Any]", found)


_RULES: dict[GroupResource, _CarryOver] = {
    SERVICES: _carry_service,
    PODS: _carry_pod,
    CLAIMS: _carry_claim,
    CLUSTER_ROLES: _carry_cluster_role,
    VOLUMES: _carry_volume,
    SECRETS: _carry_secret,
    JOBS: _carry_job,
    LEASES: _carry_spec,
    CONTROLLER_REVISIONS: _carry_revision,
    VOLUME_SNAPSHOTS: _carry_spec,
    VOLUME_SNAPSHOT_CONTENTS: _carry_spec,
    **{owner: carry_pause(owner) for owner in OWNER_TYPES},
}

__all__ = ("carry_over", "is_controller_annotation")
