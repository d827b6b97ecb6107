# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots of EBS volumes, through boto3 (Velero's AWS plugin)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import copy
import dataclasses
import datetime as dt
import os
import re
import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._aws.answers import Answer, GuardedClient, Pages
from ansible_collections.arkive.k8s.plugins.module_utils._aws.client import Errors, make_client
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.errors import ebs_error
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.names import DRIVER, ORIGIN_TAGS
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.zones import zone_of

_MAX_CONNECTIONS = 16
_POLL_SECONDS = 2.0
_GIB = 1024**3
_VOLUME_ID = re.compile("vol-.*")
#: Only these are made with the IOPS that are asked for; gp3 has its own default.
_WITH_IOPS = frozenset({"io1", "io2"})
#: AWS keeps these tags for itself and refuses to have them set.
_RESERVED_TAG = "aws:"
_CLUSTER_TAG_PREFIX = "kubernetes.io/cluster/"
_CLUSTER_TAG = "KubernetesCluster"
_GONE_SNAPSHOT = "InvalidSnapshot.NotFound"
_GONE_VOLUME = "InvalidVolume.NotFound"

Tags: t.TypeAlias = "t.Mapping[str, str]"


@dataclasses.dataclass(frozen=True, kw_only=True)
class EbsSnapshot:
    """``state`` is EC2's (``pending``, ``completed``, ``error``, ...); ``progress`` is like ``80%``."""

    id: str
    volume_id: str
    state: str
    progress: str
    size_bytes: int
    started: dt.datetime | None
    encrypted: bool
    tags: Tags
    error: str

    @property
    def ready(self) -> bool:
        """Volumes can be made from it."""
        return self.state == "completed"


class EbsSnapshotter:
    """Every method raises ``SnapshotError`` when EC2 refuses; those that take a PersistentVolume ask nobody."""

    def __init__(self, location: SnapshotLocation, cancel: CancelToken | None = None) -> None:
        """boto3 is loaded with the first request. It may be shared between threads.

        Once ``cancel`` is set, no request waits for its answer longer than a moment.
        """
        self.location = location
        self._cancel = cancel or CancelToken()
        self._lock = threading.Lock()
        self._made: tuple[GuardedClient, Errors] | None = None

    def volume_id(self, volume: ObjectView) -> str:
        """The EBS volume behind a PersistentVolume; empty when it is none."""
        spec = volume.get("spec") or {}
        if spec.get("csi"):
            found = spec["csi"].get("volumeHandle") if spec["csi"].get("driver") == DRIVER else ""
        else:
            found = (spec.get("awsElasticBlockStore") or {}).get("volumeID")
        match = _VOLUME_ID.search(str(found or ""))
        return match.group() if match else ""

    def set_volume_id(self, volume: ObjectView, volume_id: str) -> dict[str, t.Any]:
        """A copy of the PersistentVolume with ``volume_id`` behind it."""
        changed: dict[str, t.Any] = copy.deepcopy(dict(volume))
        spec = changed.get("spec") or {}
        if (spec.get("csi") or {}).get("driver") == DRIVER:
            spec["csi"]["volumeHandle"] = volume_id
        elif spec.get("awsElasticBlockStore") and not spec.get("csi"):
            zone = zone_of(volume)
            spec["awsElasticBlockStore"]["volumeID"] = f"aws://{zone}/{volume_id}" if zone else volume_id
        else:
            name = (volume.get("metadata") or {}).get("name", "")
            raise SnapshotError(f"The PersistentVolume {name} is no EBS volume, so none can be put behind it.")
        return changed

    def volume_info(self, volume_id: str, zone: str = "") -> tuple[str, int | None]:
        """The type of a volume and, for types that are made with them, its IOPS. ``zone`` is only shown in errors."""
        found = self._describe_volume(volume_id, zone)
        kind = str(found.get("VolumeType") or "")
        iops = found.get("Iops") if kind in _WITH_IOPS else None
        return kind, iops if isinstance(iops, int) else None

    def create_snapshot(self, volume_id: str, zone: str, tags: Tags) -> str:
        """Begin a snapshot and return its id: from then on the volume may be written to. It is completed later.

        It gets ``tags``, and the volume's own where those say nothing.
        """
        volume = self._describe_volume(volume_id, zone)
        with self._asking(f"create a snapshot of the volume {volume_id}") as client:
            own = _handed_on(_read_tags(volume))
            request = _tag_request("snapshot", {**own, **tags})
            return client.create_snapshot(VolumeId=volume_id, **request).text("SnapshotId")

    def tag_snapshot(self, snapshot_id: str, tags: Tags) -> None:
        """Add ``tags``, or change them."""
        listed = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
        with self._asking(f"tag the snapshot {snapshot_id}") as client:
            client.create_tags(Resources=[snapshot_id], Tags=listed)

    def delete_snapshot(self, snapshot_id: str) -> None:
        """Delete it; one that is gone is fine."""
        with _none_is_fine(_GONE_SNAPSHOT), self._asking(f"delete the snapshot {snapshot_id}") as client:
            client.delete_snapshot(SnapshotId=snapshot_id)

    def describe_snapshot(self, snapshot_id: str) -> EbsSnapshot | None:
        """None when it is gone."""
        with _none_is_fine(_GONE_SNAPSHOT), self._asking(f"look at the snapshot {snapshot_id}") as client:
            answer = client.describe_snapshots(SnapshotIds=[snapshot_id])
            return next(map(_read_snapshot, answer.entries("Snapshots", required=True)), None)
        return None

    def list_snapshots(self, tags: Tags) -> list[EbsSnapshot]:
        """The caller's own snapshots that have all of ``tags``, the oldest first."""
        filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in tags.items()]
        with self._asking("list snapshots") as client:
            found = list(_all_snapshots(client, OwnerIds=["self"], Filters=filters))
        # Looked at again: what is listed here may be deleted next.
        found = [entry for entry in found if tags.items() <= entry.tags.items()]
        return sorted(found, key=lambda entry: (entry.started is not None, entry.started, entry.id))

    def wait_completed(self, snapshot_id: str, *, timeout: float, cancel: CancelToken) -> EbsSnapshot:
        """Wait until volumes can be made from it. Raises ``SnapshotError`` when it fails, is gone or takes too long."""
        end = time.monotonic() + timeout
        while True:
            found = self.describe_snapshot(snapshot_id)
            if found is None:
                raise SnapshotError(f"The snapshot {snapshot_id} is gone.")
            if found.ready:
                return found
            if found.state == "error":
                why = f": {found.error}" if found.error else ""
                raise SnapshotError(f"The snapshot {snapshot_id} of the volume {found.volume_id} failed{why}.")
            if time.monotonic() >= end:
                raise SnapshotError(
                    f"The snapshot {snapshot_id} was not completed within {timeout:g} s (it is at {found.progress})."
                )
            cancel.wait(_POLL_SECONDS)
            cancel.check()

    def create_volume(self, snapshot_id: str, volume_type: str, zone: str, iops: int | None = None) -> str:
        """Make a volume from a snapshot and return its id, without waiting for it.

        It gets the snapshot's tags, with those of the cluster that ``cluster_name`` (else the environment variable
        ``AWS_CLUSTER_NAME``) says, and is encrypted as the snapshot is, or with ``kms_key_id``.
        """
        snapshot = self.describe_snapshot(snapshot_id)
        if snapshot is None:
            raise SnapshotError(
                f"The snapshot {snapshot_id} does not exist (snapshot location '{self.location.name}').",
                hint="Check the region of the snapshot location: a snapshot is seen in its own region only.",
            )
        request: dict[str, t.Any] = {"SnapshotId": snapshot_id, "AvailabilityZone": zone}
        if volume_type:
            request["VolumeType"] = volume_type
        if volume_type in _WITH_IOPS and iops:
            request["Iops"] = iops
        if self.location.kms_key_id:
            request |= {"KmsKeyId": self.location.kms_key_id, "Encrypted": True}
        elif snapshot.encrypted:
            request["Encrypted"] = True
        request |= _tag_request("volume", self._volume_tags(snapshot.tags))
        with self._asking(f"create a volume from the snapshot {snapshot_id}") as client:
            return client.create_volume(**request).text("VolumeId")

    def wait_available(self, volume_id: str, *, timeout: float, cancel: CancelToken) -> None:
        """Wait until a new volume can be attached. Raises ``SnapshotError`` when it fails or takes too long.

        EC2 accepts a volume at first whose key it may not use: it then vanishes.
        """
        end = time.monotonic() + timeout
        failed = f"The volume {volume_id} could not be made"
        hint = "Check that these credentials may use the KMS key of the snapshot and of 'kms_key_id'."
        while True:
            try:
                state = str(self._describe_volume(volume_id).get("State") or "")
            except SnapshotError as exc:
                if exc.details.get("code") != _GONE_VOLUME:
                    raise
                raise SnapshotError(f"{failed}: it has vanished.", hint=hint) from exc
            if state in ("available", "in-use"):
                return
            if state == "error":
                raise SnapshotError(f"{failed}: its state is error.", hint=hint)
            if time.monotonic() >= end:
                raise SnapshotError(f"{failed} within {timeout:g} s: its state is {state}.")
            cancel.wait(_POLL_SECONDS)
            cancel.check()

    def delete_volume(self, volume_id: str) -> None:
        """Delete it; one that is gone is fine."""
        with _none_is_fine(_GONE_VOLUME), self._asking(f"delete the volume {volume_id}") as client:
            client.delete_volume(VolumeId=volume_id)

    def _volume_tags(self, of_snapshot: Tags) -> dict[str, str]:
        tags = _handed_on(of_snapshot)
        cluster = self.location.cluster_name or os.environ.get("AWS_CLUSTER_NAME")
        if not cluster:
            return tags
        others = {
            key: value for key, value in tags.items() if not key.startswith(_CLUSTER_TAG_PREFIX) and key != _CLUSTER_TAG
        }
        return {f"{_CLUSTER_TAG_PREFIX}{cluster}": "owned", _CLUSTER_TAG: cluster, **others}

    def _describe_volume(self, volume_id: str, zone: str = "") -> Answer:
        where = f" in {zone}" if zone else ""
        tried = f"look at the volume {volume_id}{where}"
        with self._asking(tried) as client:
            found = client.describe_volumes(VolumeIds=[volume_id]).entries("Volumes", required=True)
        if not found:
            raise SnapshotError(f"Cannot {tried}: it does not exist.", details={"code": _GONE_VOLUME})
        return found[0]

    @contextlib.contextmanager
    def _asking(self, tried: str) -> t.Iterator[GuardedClient]:
        """What EC2 refuses is a ``SnapshotError``, and so is an answer that cannot be understood."""
        client, errors = self._client()
        try:
            yield client
        except errors as exc:
            raise ebs_error(self.location, exc, tried=tried) from exc

    def _client(self) -> tuple[GuardedClient, Errors]:
        with self._lock:
            if self._made is None:
                self._made = _make_client(self.location, self._cancel)
            return self._made


@contextlib.contextmanager
def _none_is_fine(code: str) -> t.Iterator[None]:
    try:
        yield
    except SnapshotError as exc:
        if exc.details.get("code") != code:
            raise


def _make_client(location: SnapshotLocation, cancel: CancelToken) -> tuple[GuardedClient, Errors]:
    """boto3's client for ``location``, and the exceptions that it raises."""
    return make_client(
        "ec2",
        location,
        what="EBS",
        error=SnapshotError,
        explain=lambda exc: ebs_error(location, exc, tried="use EC2"),
        max_connections=_MAX_CONNECTIONS,
        cancel=cancel,
    )


def _all_snapshots(client: GuardedClient, **request: t.Any) -> t.Iterator[EbsSnapshot]:
    answer = client.describe_snapshots(**request)
    pages = Pages(answer.operation)
    while True:
        found = [_read_snapshot(entry) for entry in answer.entries("Snapshots", required=True)]
        yield from found
        if not answer.get("NextToken"):
            return
        token = pages.turn((entry.id for entry in found), answer["NextToken"])
        answer = client.describe_snapshots(**request, NextToken=token)


def _read_snapshot(entry: Answer) -> EbsSnapshot:
    started = entry.get("StartTime")
    return EbsSnapshot(
        id=entry.text("SnapshotId"),
        volume_id=str(entry.get("VolumeId") or ""),
        state=str(entry.get("State") or ""),
        progress=str(entry.get("Progress") or ""),
        size_bytes=entry.number("VolumeSize") * _GIB,
        started=started if isinstance(started, dt.datetime) else None,
        encrypted=bool(entry.get("Encrypted")),
        tags=_read_tags(entry),
        error=str(entry.get("StateMessage") or ""),
    )


def _read_tags(entry: Answer) -> dict[str, str]:
    return {tag.text("Key"): str(tag.get("Value") or "") for tag in entry.entries("Tags")}


def _handed_on(tags: Tags) -> dict[str, str]:
    """Those that a snapshot has of its volume, and a volume of its snapshot."""
    return {key: value for key, value in tags.items() if not key.startswith(_RESERVED_TAG) and key not in ORIGIN_TAGS}


def _tag_request(resource: str, tags: Tags) -> dict[str, t.Any]:
    listed = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
    return {"TagSpecifications": [{"ResourceType": resource, "Tags": listed}]} if listed else {}


__all__ = ("EbsSnapshot", "EbsSnapshotter")
