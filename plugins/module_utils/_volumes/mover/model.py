# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is moved between volumes and a repository, and what became of it.

Sizes are in bytes, times in seconds or UTC. What comes back never raises: ``error`` is a sentence, empty for success.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import (
    DEFAULT_IMAGE,
    CredentialsKind,
    MoverSettings,
    SecurityContext,
)

#: ``claim``: a file system; ``block``: a raw device, which is refused so far.
Mount: t.TypeAlias = t.Literal["claim", "block"]
#: ``absent``: nothing lies there. ``foreign``: objects lie there that are no repository. ``new``: a repository without
#: the marker of Velero 1.18, which works. ``corrupted``: the marker is another repository's.
RepositoryState: t.TypeAlias = t.Literal["absent", "foreign", "new", "usable", "corrupted"]
#: What the pods will do that a probe asks for. The first two mount volumes.
ProbedAction: t.TypeAlias = t.Literal["upload", "download", "create", "forget", "copy"]
_WRITES: tuple[ProbedAction, ...] = ("upload", "create")

#: Velero's own (1.12 to 1.18): by the pin nothing expires that is not asked to.
DESCRIPTION = "Kopia Uploader"
PIN = "velero-pin"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryPlace:
    """Where the repository of one namespace's volumes lies, as kopia is told (docs/compatibility 18.1).

    ``prefix`` ends with a slash. ``endpoint``: host, or host and port. ``tls`` False: plain HTTP. ``verify`` False:
    whoever has the certificate. ``ca``: certificates in PEM, empty for those of the image. ``url_option``: the option
    that says how pods reach it.
    """

    namespace: str
    bucket: str
    prefix: str
    region: str
    endpoint: str
    tls: bool = True
    verify: bool = True
    ca: str = ""
    url_option: str = "mover.s3_url"

    @property
    def where(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadPlace:
    """Where the pods of a workload may run, and as whom: what its own pod spec says.

    ``security_context`` is that of the pod, for the setting ``workload``.
    """

    node_selector: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    tolerations: tuple[ObjectView, ...] = ()
    affinity: ObjectView = dataclasses.field(default_factory=dict)
    security_context: ObjectView = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OwnedObject:
    """An object that is there already and goes when the Job goes."""

    resource: ApiResource
    name: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class InPod:
    """The volume of a pod that no other pod can mount: read by a container that is added to ``pod``.

    ``volume``: its name in the pod. ``uid``: of the pod. ``labels``: the SELinux labels of the container that has it.
    """

    namespace: str
    pod: str
    uid: str
    volume: str
    labels: ObjectView = dataclasses.field(default_factory=dict)

    @property
    def where(self) -> str:
        return f"{self.namespace}/{self.pod}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One volume on its way into the repository.

    ``namespace``: of claim and Job. ``claim``: the one that is mounted. ``source_path``: Velero's, verbatim
    (``snapshot-data-upload-download/kopia/<namespace>/<claim>``). ``tags`` without the prefix ``tag:``, which kopia
    adds. ``temporary_claim``: the manifest of ``claim`` where that is to be made for the Job, which then owns it.
    ``owned``: what else goes with the Job, as the VolumeSnapshot behind the temporary claim. ``original_claim``: what
    the volume is called for people, empty where it is ``claim``. ``source_namespace``: whose repository, empty where it
    is ``namespace``. ``node_name``: the node on which the claim is mounted already, empty for any. ``parallel``:
    files at once, 0 for as many as there are CPUs.
    """

    namespace: str
    claim: str
    source_path: str
    description: str = DESCRIPTION
    tags: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    temporary_claim: ObjectView | None = None
    owned: tuple[OwnedObject, ...] = ()
    original_claim: str = ""
    source_namespace: str = ""
    node_name: str = ""
    place: WorkloadPlace = dataclasses.field(default_factory=WorkloadPlace)
    read_only: bool = True
    parallel: int = 0
    mount: Mount = "claim"

    @property
    def where(self) -> str:
        return f"{self.namespace}/{self.original_claim or self.claim}"

    @property
    def repository(self) -> str:
        return self.source_namespace or self.namespace


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """``snapshot_id`` is empty unless the copy is whole.

    ``bytes`` and ``files`` of the volume, ``incremental_bytes``: new in the repository. ``losses``: what the format
    does not keep of this volume, sentences.
    """

    snapshot_id: str = ""
    bytes: int = 0
    files: int = 0
    incremental_bytes: int = 0
    started: dt.datetime | None = None
    ended: dt.datetime | None = None
    node: str = ""
    losses: tuple[str, ...] = ()
    error: str = ""

    @property
    def failed(self) -> bool:
        return not self.snapshot_id or bool(self.error)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """One volume on its way back into ``claim``, which is there and which nobody mounts, or into a volume of a pod.

    ``pod``, ``volume``: that pod, which waits until it is there, and the name of its volume; ``claim`` is empty then.
    ``source_namespace``: whose repository. ``bytes`` and ``files``: what the record says, None where it says nothing;
    the snapshot itself is asked in any case. ``together``: downloads with the same word, in one namespace, are made by
    one pod that mounts all of their claims, so that volumes of one workload come to lie in one zone. ``place``: where
    the workload's pods may run. ``again``: an earlier run may have filled it, and died before it could say so.
    """

    namespace: str
    claim: str
    source_namespace: str
    snapshot_id: str
    bytes: int | None = None
    files: int | None = None
    together: str = ""
    place: WorkloadPlace = dataclasses.field(default_factory=WorkloadPlace)
    sparse: bool = True
    parallel: int = 0
    pod: str = ""
    volume: str = ""
    again: bool = False

    @property
    def where(self) -> str:
        return f"{self.namespace}/{self.pod}/{self.volume}" if self.pod else f"{self.namespace}/{self.claim}"

    @property
    def title(self) -> str:
        """For sentences."""
        if self.pod:
            return f"volume '{self.volume}' of pod {self.namespace}/{self.pod}"
        return f"the volume of {self.where}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """``owners_checked``: entries whose owner and mode were compared with the snapshot's. ``warnings``: sentences."""

    bytes: int = 0
    files: int = 0
    owners_checked: int = 0
    started: dt.datetime | None = None
    ended: dt.datetime | None = None
    node: str = ""
    warnings: tuple[str, ...] = ()
    error: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.error)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PodDownloaded:
    """``volumes``: what became of the downloads into one pod, in their order. ``error``: why the pod does not go on.

    ``gone``: since it is not there any more, or another one is in its place.
    """

    volumes: tuple[Downloaded, ...]
    error: str = ""
    gone: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What is asked before anything is frozen: whether pods in ``namespace`` can use ``source_namespace``'s repository.

    ``namespace`` empty: it is not there yet, and only the repository is looked at. ``action``: what the pods will do.
    ``any_password``: the repository is made although the password opens no other one of the location.
    """

    namespace: str
    source_namespace: str
    action: ProbedAction = "upload"
    any_password: bool = False

    @property
    def write(self) -> bool:
        """Whether the repository is written to, and made where there is none; else it must be there."""
        return self.action in _WRITES


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """``created``: the repository was made by this probe. ``error``: why nothing can be moved, a sentence."""

    probe: Probe
    created: bool = False
    error: str = ""


__all__ = (
    "DEFAULT_IMAGE",
    "DESCRIPTION",
    "PIN",
    "CredentialsKind",
    "Download",
    "Downloaded",
    "InPod",
    "Mount",
    "MoverSettings",
    "OwnedObject",
    "PodDownloaded",
    "Probe",
    "Probed",
    "ProbedAction",
    "RepositoryPlace",
    "RepositoryState",
    "SecurityContext",
    "Upload",
    "Uploaded",
    "WorkloadPlace",
)
