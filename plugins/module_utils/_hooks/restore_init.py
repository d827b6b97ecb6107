# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Init containers that a restore puts into pods, and those it takes out (Velero 1.18, docs/compatibility 6.2)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import copy
import dataclasses
import hashlib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.annotations import parse_command
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_hook_rules import RestoreHookRule

_PREFIX = "init.hook.restore.velero.io/"
_NAME_PREFIX = "velero-restore-init-"
#: Velero and Ark put one of these first in a pod whose volumes an agent fills; it ends when the agent says so.
WAIT_CONTAINERS = ("restore-wait", "restic-wait")
_RESTORED_VOLUMES = "/restores/"

Container: t.TypeAlias = "dict[str, t.Any]"


@dataclasses.dataclass(frozen=True, slots=True)
class InitHook:
    """An init container asked for by annotations; ``command`` empty means the image's own entry point."""

    name: str
    image: str
    command: tuple[str, ...] = ()

    def to_container(self) -> Container:
        container: Container = {"name": self.name, "image": self.image}
        return container | ({"command": list(self.command)} if self.command else {})


def parse_init_hook(pod: t.Mapping[str, t.Any]) -> InitHook | None:
    """The init hook in the annotations of ``pod``; None without an image.

    A name that is not given is made from the pod and the hook: unlike Velero's random one it stays the same when the
    restore is planned, run and run again.
    """
    metadata = pod.get("metadata") or {}
    annotations: t.Mapping[str, str] = metadata.get("annotations") or {}
    image = annotations.get(_PREFIX + "container-image", "")
    if not image:
        return None
    text = annotations.get(_PREFIX + "command", "")
    command = parse_command(text) if text else ()
    name = annotations.get(_PREFIX + "container-name", "")
    if not name:
        seed = "\0".join((str(metadata.get("name", "")), image, *command))
        name = _NAME_PREFIX + hashlib.sha256(seed.encode()).hexdigest()[:8]
    return InitHook(name, image, command)


def init_containers_of_pod(
    pod: t.Mapping[str, t.Any], namespace: str, rules: t.Iterable[RestoreHookRule]
) -> list[Container]:
    """The init hook in the annotations of ``pod``, and only without one those of all rules that match, in their order.

    ``namespace`` is where the pod goes: rules are about the namespace after the mapping.
    """
    declared = parse_init_hook(pod)
    if declared is not None:
        return [declared.to_container()]
    labels = (pod.get("metadata") or {}).get("labels")
    return [
        copy.deepcopy(dict(container))
        for rule in rules
        if rule.applies_to(namespace, labels)
        for hook in rule.post_hooks
        if hook.init is not None
        for container in hook.init.containers
    ]


def add_init_containers(pod: dict[str, t.Any], containers: t.Sequence[Container]) -> None:
    """Put ``containers`` first, but after a wait container at index 0: the data comes before the hooks.

    A container of the pod that already has the name of a new one is replaced (a pod that was restored before).
    """
    if not containers:
        return
    spec = pod.setdefault("spec", {})
    names = {container["name"] for container in containers}
    existing = [container for container in spec.get("initContainers") or [] if container.get("name") not in names]
    head = 1 if existing and existing[0].get("name") in WAIT_CONTAINERS else 0
    spec["initContainers"] = [*existing[:head], *containers, *existing[head:]]


def drop_wait_containers(pod: dict[str, t.Any]) -> list[str]:
    """Take stale wait containers out of ``pod`` and return the names of the volumes they would have waited for.

    No agent will ever let them end; a pod that keeps one stays in its init phase forever.
    """
    spec = pod.get("spec") or {}
    existing = spec.get("initContainers") or []
    if not any(container.get("name") in WAIT_CONTAINERS for container in existing):
        return []
    volumes = waited_volumes(pod)
    kept = [container for container in existing if container.get("name") not in WAIT_CONTAINERS]
    if kept:
        spec["initContainers"] = kept
    else:
        del spec["initContainers"]
    return volumes


def waited_volumes(pod: t.Mapping[str, t.Any]) -> list[str]:
    """The names of the volumes whose data wait containers of an agent wait for."""
    return [
        str(mount.get("name", ""))
        for container in (pod.get("spec") or {}).get("initContainers") or []
        if container.get("name") in WAIT_CONTAINERS
        for mount in container.get("volumeMounts") or []
        if str(mount.get("mountPath", "")).startswith(_RESTORED_VOLUMES)
    ]


__all__ = (
    "WAIT_CONTAINERS",
    "InitHook",
    "add_init_containers",
    "drop_wait_containers",
    "init_containers_of_pod",
    "parse_init_hook",
    "waited_volumes",
)
