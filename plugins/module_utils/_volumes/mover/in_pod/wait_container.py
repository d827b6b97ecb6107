# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The init container in which a restored pod waits for the data of its volumes, as an object.

It stays listed in the pod, as Velero's ``restore-wait`` does, and says nothing but its image, a constant program and
the volumes that it mounts. The rules: docs/compatibility 5.12.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import decimal
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.quantities import parse_quantity
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import user_of_pod, users_of_volume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.wait_scripts import (
    mount_path,
    wait_script,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.scripts import MESSAGE_PATH
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import MoverSettings
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import (
    FILLED_MARK,
    WAIT_CONTAINER,
    WANTED_MARK,
)

#: Velero's label of all that a restore has made.
_RESTORE_LABEL = "velero.io/restore-name"
#: As a Job that writes all owners and modes; Pod Security's level ``baseline`` admits them.
_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID")
_OF_WORKLOAD = ("runAsUser", "runAsGroup", "seLinuxOptions")
#: What kopia's caches take of the disk of the pod, where that is limited and ``mover.resources`` says nothing of it.
_CACHES = {"ephemeral-storage": "256Mi"}


def why_no_user(spec: ObjectView, volume: str, settings: MoverSettings) -> str:
    """Why nobody could write as the pod's user, a phrase; empty where somebody can, or root does."""
    if settings.security_context == "root":
        return ""
    user = user_of_pod(spec, volume).get("runAsUser")
    said = "mover.security_context is 'workload'"
    if user is None:
        return f"{said}, and the pod does not say as which user it runs (runAsUser)"
    return f"{said}, and the pod runs as root" if user == 0 else ""


def strange_users(spec: ObjectView, volumes: t.Sequence[str], settings: MoverSettings) -> list[str]:
    """Of ``volumes`` that others than the one user of the container use too: whose their files will be, sentences."""
    if settings.security_context == "root":
        return []
    writer = _writer(spec, volumes).get("runAsUser")
    found = []
    for volume in volumes:
        others = [
            f"container '{name}' runs as {_named(user)}"
            for name, user in users_of_volume(spec, volume)
            if user.get("runAsUser") != writer
        ]
        if others:
            found.append(
                f"the files of volume '{volume}' will belong to user {writer}, as mover.security_context is 'workload' "
                f"and one user writes all volumes of a pod; of those that mount it, {', '.join(others)}."
            )
    return found


def _named(user: ObjectView) -> str:
    number = user.get("runAsUser")
    return "the user of its image" if number is None else f"user {number}"


def _writer(spec: ObjectView, volumes: t.Sequence[str]) -> ObjectView:
    """The securityContext of who writes ``volumes``: the user of the first one that only one user uses."""
    for volume in volumes:
        users = [user for _container, user in users_of_volume(spec, volume)]
        if len({user.get("runAsUser") for user in users}) == 1:
            return users[0]
    return user_of_pod(spec, volumes[0])


def wanted_text(volumes: t.Iterable[tuple[str, str]]) -> str:
    """The mark of a pod that waits: each volume and its snapshot, in the order in which its container mounts them."""
    return ",".join(f"{volume}={snapshot}" for volume, snapshot in volumes)


def require_same_data(cannot: str, mark: str, wanted: str) -> None:
    """Raise ``MoverError`` where a pod with ``mark`` waits for something else than ``wanted``.

    Volumes are known by their numbers in its container: one would get the data of another.
    """
    if mark != wanted:
        raise MoverError(
            f"{cannot}: it was made to wait for {mark or 'nothing'}, and this run would bring {wanted}.",
            hint="Run the restore again with the options with which it made the pod, or delete the pod.",
        )


def has_wait_container(pod: ObjectView) -> bool:
    """Whether a pod was made to wait, by what it is."""
    containers = (pod.get("spec") or {}).get("initContainers") or ()
    return any(each.get("name") == WAIT_CONTAINER for each in containers)


def volumes_in_memory(spec: ObjectView) -> frozenset[str]:
    """The names of a pod's volumes that are empty whenever its node starts anew, and count as memory of containers."""
    return frozenset(
        str(volume.get("name"))
        for volume in spec.get("volumes") or ()
        if (volume.get("emptyDir") or {}).get("medium") == "Memory"
    )


def mounts_memory(pod: ObjectView) -> bool:
    """Whether one of the volumes that a pod waits for is such a one."""
    spec = pod.get("spec") or {}
    mounts = [
        str(mount.get("name"))
        for each in spec.get("initContainers") or ()
        if each.get("name") == WAIT_CONTAINER
        for mount in each.get("volumeMounts") or ()
    ]
    return not volumes_in_memory(spec).isdisjoint(mounts)


def without_wait_container(pod: ObjectView) -> Object:
    """The same pod as if it did not wait."""
    spec = pod.get("spec") or {}
    kept = [each for each in spec.get("initContainers") or () if each.get("name") != WAIT_CONTAINER]
    return {**pod, "spec": {**spec, "initContainers": kept}}


def wait_state(pod: ObjectView) -> ObjectView:
    """The state of that container; empty where nothing is known of it."""
    return wait_status(pod).get("state") or {}


def wait_status(pod: ObjectView) -> ObjectView:
    """All that is said of that container."""
    statuses = (pod.get("status") or {}).get("initContainerStatuses") or ()
    return next((each for each in statuses if each.get("name") == WAIT_CONTAINER), {})


def wait_container(
    spec: ObjectView, volumes: t.Sequence[str], settings: MoverSettings, *, in_memory: int = 0
) -> Object:
    """For the pod of ``spec``, whose ``volumes`` are filled in this order.

    ``in_memory``: bytes that go into volumes in memory, which count as the container's.
    """
    fields = {
        "ARKIVE_DATA_OF": f"metadata.annotations['{WANTED_MARK}']",
        "ARKIVE_DATA_FILLED": f"metadata.annotations['{FILLED_MARK}']",
        "ARKIVE_RESTORE": f"metadata.labels['{_RESTORE_LABEL}']",
    }
    environment: list[Object] = [
        {"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}}
        for name, path in fields.items()
    ]
    seconds = int(settings.timeout + settings.pod_start_timeout)
    return {
        "name": WAIT_CONTAINER,
        "image": settings.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "-euc", wait_script()],
        "env": [*environment, {"name": "ARKIVE_SECONDS", "value": str(max(1, seconds))}],
        "resources": _resources(spec, settings, in_memory),
        "volumeMounts": [{"name": name, "mountPath": mount_path(number)} for number, name in enumerate(volumes)],
        "terminationMessagePath": MESSAGE_PATH,
        "terminationMessagePolicy": "File",
        "securityContext": _security(spec, volumes, settings),
    }


def _security(spec: ObjectView, volumes: t.Sequence[str], settings: MoverSettings) -> Object:
    """Whatever the pod says of itself. Its ``fsGroup`` and its other groups are those of all of its containers."""
    user = _writer(spec, volumes)
    found: Object = {"allowPrivilegeEscalation": False, "seccompProfile": {"type": "RuntimeDefault"}}
    if settings.security_context == "workload":
        found |= {name: user[name] for name in _OF_WORKLOAD if user.get(name) is not None}
        return {**found, "runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}}
    found |= {"runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": False}
    labels = user.get("seLinuxOptions")
    found |= {"seLinuxOptions": dict(labels)} if labels else {}
    return {**found, "capabilities": {"drop": ["ALL"], "add": list(_CAPABILITIES)}}


def _resources(spec: ObjectView, settings: MoverSettings, in_memory: int) -> Object:
    """Those of the mover. Where all containers of the pod have a limit, so has this one: the largest of theirs.

    An init container counts beside the others by what it has more than all of them together: nothing, mostly. Without a
    limit of its own a pod would lose its class of quality, and be refused where a quota wants limits; with more than
    one of the pod's own containers has, where a LimitRange bounds what a container may have. What the pod says of
    itself as a whole holds for it too: the API server refuses a container with more (Kubernetes 1.34).
    """
    own = {kind: dict(settings.resources.get(kind) or {}) for kind in ("requests", "limits")}
    containers = [each.get("resources") or {} for each in spec.get("containers") or ()]
    before = [each.get("resources") or {} for each in spec.get("initContainers") or ()]
    requests, limits = own["requests"], own["limits"]
    whole = spec.get("resources") or {}
    of_pod = {*(whole.get("requests") or ()), *(whole.get("limits") or ())}
    for name in of_pod:
        requests.pop(name, None)
        limits.pop(name, None)
    for name in ("cpu", "memory", "ephemeral-storage"):
        if name in of_pod:
            continue
        said = [(each.get("limits") or {}).get(name) for each in containers]
        if not said or None in said:
            continue
        least = [each[name] for each in (requests, limits) if name in each] or [_CACHES.get(name, "0")]
        more = in_memory if name == "memory" else 0
        first = [(each.get("limits") or {}).get(name, "0") for each in before]
        limit = max(*map(_number, [*said, *first]), max(map(_number, least)) + more)
        limits[name] = _text(limit)
        asked = [
            (each.get("requests") or each.get("limits") or {}).get(name, each["limits"][name]) for each in containers
        ]
        if asked == said:  # the pod has what it asks for, and nothing else
            requests[name] = limits[name]
    return {kind: found for kind, found in own.items() if found}


def _number(quantity: t.Any) -> decimal.Decimal:
    try:
        return parse_quantity(quantity)
    except ValidationError:
        return decimal.Decimal(0)  # the API server says what is wrong with it


def _text(number: decimal.Decimal) -> str:
    """As a quantity: an integer, or thousandths."""
    if number == number.to_integral_value():
        return str(int(number))
    return f"{int((number * 1000).to_integral_value(decimal.ROUND_CEILING))}m"


__all__ = (
    "has_wait_container",
    "mounts_memory",
    "require_same_data",
    "strange_users",
    "volumes_in_memory",
    "wait_container",
    "wait_state",
    "wait_status",
    "wanted_text",
    "why_no_user",
    "without_wait_container",
)
