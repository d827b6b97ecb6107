# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Never freeze the node: two checks, of the pod's spec and of the container's mounts; both must pass."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import posixpath
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.explanations import lacks_program
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import exec_command
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import claim_of_volume
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.errors import QuiesceError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeTarget
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.scripts import PROBE

#: Volume sources whose file system is a disk of its own.
FREEZABLE_SOURCES = ("csi", "awsElasticBlockStore", "iscsi", "fc", "rbd")
FREEZABLE_FS_TYPES = ("ext4", "xfs", "btrfs")
#: Mounts that the container runtime makes; they lie on the node's own disk.
RUNTIME_MOUNTS = ("/", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/dev/termination-log")
_NO_SHELL_HINT = "Use a container with a shell for the freeze, or set allow_shared_freeze: true."
OVERRIDE_HINT = "Name a path on a PersistentVolumeClaim, or set allow_shared_freeze: true if this is really meant."
_PROBE_SECONDS = 20.0


@dataclasses.dataclass(frozen=True, slots=True)
class Mount:
    """One line of ``/proc/self/mountinfo``."""

    device: str
    root: str
    point: str
    fs_type: str


@dataclasses.dataclass(frozen=True, slots=True)
class Probe:
    """What a container can do: ``missing`` tools, ``paths`` as they resolve there, its ``mounts``.

    ``left``: timers of other runs that should have ended a minute ago and more, without proof of their thaw.
    """

    missing: tuple[str, ...]
    paths: tuple[str, ...]
    mounts: tuple[Mount, ...]
    left: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class VolumeMount:
    """The volume of a pod that a path lies on: the claim, and the part of the volume that is mounted."""

    volume: str
    claim: str
    mount_path: str
    sub_path: str


class ObjectReader(t.Protocol):
    """Reads one claim or volume; None when it is not there. Raises ``KubeError`` when it may not be read."""

    def claim(self, namespace: str, name: str) -> dict[str, t.Any] | None:
        """One PersistentVolumeClaim."""

    def volume(self, name: str) -> dict[str, t.Any] | None:
        """One PersistentVolume."""


class ApiObjectReader:
    """Reads from the API server."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def claim(self, namespace: str, name: str) -> dict[str, t.Any] | None:
        return self._read(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}")

    def volume(self, name: str) -> dict[str, t.Any] | None:
        return self._read(f"/api/v1/persistentvolumes/{name}")

    def _read(self, path: str) -> dict[str, t.Any] | None:
        try:
            return self._client.get(path)
        except KubeError as exc:
            if exc.not_found:
                return None
            raise


def find_volume_mount(pod: t.Mapping[str, t.Any], container: str, path: str) -> VolumeMount:
    """The claim that ``path`` lies on, by the longest matching volumeMount. Raises ``QuiesceError`` for all else."""
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    where = f"{path} in container {container} of pod {namespace}/{name}"
    if not path.startswith("/"):
        raise QuiesceError(f"The freeze of {where} is refused: the path is not absolute.", hint=OVERRIDE_HINT)
    spec = pod.get("spec") or {}
    containers = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    found = next((entry for entry in containers if entry["name"] == container), None)
    if found is None:
        raise QuiesceError(f"The freeze of {where} is refused: there is no such container.")
    best = _longest_mount(found, path)
    if best is None:
        raise QuiesceError(
            f"The freeze of {where} is refused: no volume is mounted there, it is the container's disk on the node.",
            hint=OVERRIDE_HINT,
        )
    volume = next((v for v in spec.get("volumes") or [] if v["name"] == best["name"]), {"name": best["name"]})
    claim = claim_of_volume(name, volume)
    if not claim:
        kind = next((key for key in volume if key != "name"), "unknown")
        raise QuiesceError(
            f"The freeze of {where} is refused: volume {volume['name']} is of kind {kind}, which lies on the "
            "node's own disk or is shared; a freeze would stop the node or other pods.",
            hint=OVERRIDE_HINT,
        )
    return VolumeMount(
        volume=volume["name"],
        claim=f"{namespace}/{claim}",
        mount_path=best["mountPath"],
        sub_path=str(best.get("subPath") or best.get("subPathExpr") or ""),
    )


def lies_on_volume(pod: t.Mapping[str, t.Any], container: str, path: str) -> bool:
    """True when a volume is mounted at or above ``path``, as it is written (it may be a link)."""
    spec = pod.get("spec") or {}
    containers = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    found = next((entry for entry in containers if entry["name"] == container), None)
    return found is not None and _longest_mount(found, posixpath.normpath(path)) is not None


def check_persistent_volume(reader: ObjectReader, mount: VolumeMount, where: str) -> None:
    """The claim is bound to a volume that is a disk of its own. An unreadable volume does not pass."""
    namespace, claim_name = mount.claim.split("/", 1)
    try:
        claim = reader.claim(namespace, claim_name)
        volume_name = ((claim or {}).get("spec") or {}).get("volumeName")
        volume = reader.volume(volume_name) if volume_name else None
    except KubeError as exc:
        raise QuiesceError(
            f"The freeze of {where} is refused: the volume of claim {mount.claim} cannot be read: {exc.message}",
            hint="Grant get on persistentvolumeclaims and persistentvolumes, or set allow_shared_freeze: true.",
        ) from exc
    if volume is None:
        raise QuiesceError(
            f"The freeze of {where} is refused: claim {mount.claim} is not bound to a volume.", hint=OVERRIDE_HINT
        )
    spec = volume.get("spec") or {}
    if not any(source in spec for source in FREEZABLE_SOURCES):
        known = ("hostPath", "local", "nfs")
        kind = next((source for source in known if source in spec), "not a block device")
        raise QuiesceError(
            f"The freeze of {where} is refused: claim {mount.claim} is bound to volume {volume_name} of kind {kind}; "
            f"only {', '.join(FREEZABLE_SOURCES)} volumes are file systems of their own.",
            hint=OVERRIDE_HINT,
        )


def check_pod_spec(reader: ObjectReader, pod: t.Mapping[str, t.Any], *, container: str, path: str) -> VolumeMount:
    """The first check: by the pod's spec, ``path`` lies on a claim whose volume is a disk of its own."""
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    mount = find_volume_mount(pod, container, posixpath.normpath(path))
    check_persistent_volume(reader, mount, f"{path} in container {container} of pod {namespace}/{name}")
    return mount


def check_mount(probe: Probe, path: str, sub_path: str, where: str) -> Mount:
    """The mount that ``path`` lies on, by the container's view. Raises ``QuiesceError`` unless it may be frozen."""
    best: Mount | None = None
    for mount in probe.mounts:
        if _contains(mount.point, path) and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    if best is None:
        raise QuiesceError(
            f"The freeze of {where} is refused: its mount is not in /proc/self/mountinfo.", hint=OVERRIDE_HINT
        )
    if best.fs_type not in FREEZABLE_FS_TYPES:
        raise QuiesceError(
            f"The freeze of {where} is refused: its file system is {best.fs_type}, not one of "
            f"{', '.join(FREEZABLE_FS_TYPES)}.",
            hint=OVERRIDE_HINT,
        )
    allowed_roots = {"/", posixpath.normpath(f"/{sub_path}")} if sub_path else {"/"}
    if best.root not in allowed_roots and not ("$(" in sub_path and best.root != "/"):
        raise QuiesceError(
            f"The freeze of {where} is refused: only the directory {best.root} of a larger one is mounted there.",
            hint=OVERRIDE_HINT,
        )
    for mount in probe.mounts:
        if mount.point in RUNTIME_MOUNTS and mount.device == best.device:
            raise QuiesceError(
                f"The freeze of {where} is refused: it is on device {best.device}, the same as {mount.point}, "
                "which is the node's own disk.",
                hint=OVERRIDE_HINT,
            )
    return best


#: What anybody may have written to /dev/shm is not repeated.
_LEFT = re.compile("left=[0-9a-f]{16}")


def parse_probe(output: str) -> Probe:
    """Read the output of ``scripts.PROBE``."""
    head, _marker, table = output.partition("mountinfo\n")
    lines = head.splitlines()
    mounts = []
    for line in table.splitlines():
        fields, _dash, rest = line.partition(" - ")
        columns = fields.split(" ")
        if len(columns) >= 5 and rest:
            mounts.append(Mount(columns[2], _unescape(columns[3]), _unescape(columns[4]), rest.split(" ", 1)[0]))
    return Probe(
        missing=tuple(line.removeprefix("missing=") for line in lines if line.startswith("missing=")),
        paths=tuple(line.removeprefix("path=") for line in lines if line.startswith("path=")),
        mounts=tuple(mounts),
        left=tuple(line.removeprefix("left=") for line in lines if _LEFT.fullmatch(line)),
    )


def probe_container(
    client: KubeClient,
    *,
    namespace: str,
    pod: str,
    container: str,
    paths: t.Sequence[str],
    tools: t.Sequence[str] = (),
) -> Probe:
    """Ask the container, also for ``tools`` beside those of the timer.

    Raises ``QuiesceError`` where there is no shell, or the answer cannot be read.
    """
    where = f"container {container} of pod {namespace}/{pod}"
    argv = ["/bin/sh", "-c", PROBE, "arkive-probe", *(f"tool={tool}" for tool in tools), *paths]
    try:
        result = exec_command(
            client, namespace=namespace, pod=pod, container=container, argv=argv, timeout=_PROBE_SECONDS
        )
    except KubeError as exc:
        no_shell = lacks_program(exc.message)
        raise QuiesceError(
            f"{where} cannot be examined before the freeze: {exc.message}",
            hint=_NO_SHELL_HINT if no_shell else exc.hint,
        ) from exc
    if result.rc in (126, 127):
        raise QuiesceError(
            f"{where} cannot be examined before the freeze: it has no /bin/sh.",
            hint=_NO_SHELL_HINT,
        )
    probe = parse_probe(result.stdout.decode("utf-8", "replace"))
    if result.rc != 0 or not probe.mounts or len(probe.paths) != len(paths):
        text = result.stderr.decode("utf-8", "replace").strip()[:200]
        raise QuiesceError(
            f"{where} cannot be examined before the freeze: exit code {result.rc} {text}".rstrip() + ".",
            hint=OVERRIDE_HINT,
        )
    return probe


def guard_freeze(
    reader: ObjectReader, pod: t.Mapping[str, t.Any], *, container: str, path: str, probe: Probe, resolved: str
) -> FreezeTarget:
    """Both checks for one path. ``resolved`` is ``path`` as the container resolves it (links followed)."""
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    where = f"{path} in container {container} of pod {namespace}/{name}"
    if not resolved:
        raise QuiesceError(
            f"The freeze of {where} is refused: the container cannot say where the path leads.",
            hint="Check that the path exists, and that the image has readlink.",
        )
    volume_mount = check_pod_spec(reader, pod, container=container, path=resolved)
    mount = check_mount(probe, posixpath.normpath(resolved), volume_mount.sub_path, where)
    return FreezeTarget(
        namespace=namespace,
        pod=name,
        node=str((pod.get("spec") or {}).get("nodeName", "")),
        container=container,
        path=path,
        claim=volume_mount.claim,
        volume=volume_mount.volume,
        device=mount.device,
        fs_type=mount.fs_type,
    )


def unguarded_target(
    pod: t.Mapping[str, t.Any], *, container: str, path: str, probe: Probe | None, resolved: str
) -> FreezeTarget:
    """The same without the checks; the claim is named where there is one, so that its freeze can be found again."""
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    claim = device = ""
    try:
        claim = find_volume_mount(pod, container, posixpath.normpath(resolved or path)).claim
        device = _device_at(probe, posixpath.normpath(resolved)) if probe is not None and resolved else ""
    except QuiesceError:
        pass
    node = str((pod.get("spec") or {}).get("nodeName", ""))
    return FreezeTarget(
        namespace=namespace, pod=name, node=node, container=container, path=path, claim=claim, device=device
    )


def _device_at(probe: Probe, path: str) -> str:
    mounts = [mount for mount in probe.mounts if _contains(mount.point, path)]
    return sorted(mounts, key=lambda mount: len(mount.point))[-1].device if mounts else ""


def _longest_mount(container: t.Mapping[str, t.Any], path: str) -> dict[str, t.Any] | None:
    best: dict[str, t.Any] | None = None
    for mount in container.get("volumeMounts") or []:
        if _contains(mount["mountPath"], path) and (best is None or len(mount["mountPath"]) >= len(best["mountPath"])):
            best = mount
    return best


def _contains(point: str, path: str) -> bool:
    clean = posixpath.normpath(point)
    return path == clean or path.startswith(clean.rstrip("/") + "/")


def _unescape(text: str) -> str:
    """Mountinfo writes blank, tab, newline and backslash as octal."""
    for octal, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(octal, char)
    return text


__all__ = (
    "ApiObjectReader",
    "Mount",
    "ObjectReader",
    "Probe",
    "VolumeMount",
    "check_mount",
    "check_persistent_volume",
    "check_pod_spec",
    "find_volume_mount",
    "guard_freeze",
    "lies_on_volume",
    "parse_probe",
    "probe_container",
    "unguarded_target",
)
