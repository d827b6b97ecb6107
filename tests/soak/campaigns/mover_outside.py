# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is seen without the collection of what moves data: objects, processes, the bucket, and kopia by hand."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import secrets
import subprocess
import time
import typing as t
from pathlib import Path

import boto3
from botocore.client import Config

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from campaigns.live_support import LIST, frozen_lines

Object: t.TypeAlias = "dict[str, t.Any]"

_MOVER = "arkive.k8s/mover"
_KINDS = (
    ("/apis/batch/v1", "jobs", _MOVER),
    ("/api/v1", "pods", _MOVER),
    ("/api/v1", "secrets", _MOVER),
    ("/api/v1", "persistentvolumeclaims", _MOVER),
    ("/apis/snapshot.storage.k8s.io/v1", "volumesnapshots", ""),
)
_POLL_SECONDS = 0.2
_KOPIA_SECONDS = 120.0


class Outside:
    """The cluster."""

    def __init__(self, kubeconfig: str, state: Path) -> None:
        self._client = connect(KubeAuth(kubeconfig=kubeconfig))
        self._state = state

    def pods(self, namespace: str, action: str = "") -> list[Object]:
        """Those of the mover that do ``action``, or all that are not of the mover."""
        selector = f"{_MOVER}={action}" if action else f"!{_MOVER}"
        found = self._client.get(f"/api/v1/namespaces/{namespace}/pods", query={"labelSelector": selector})
        return list(found.get("items") or [])

    def delete_pod(self, pod: Object, *, now: bool) -> None:
        metadata = pod["metadata"]
        query = {"gracePeriodSeconds": "0"} if now else {}
        with contextlib.suppress(KubeError):
            self._client.delete(f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}", query=query)

    def left(self, namespaces: t.Iterable[str]) -> list[str]:
        """What is there of the mover, and snapshots."""
        found = []
        for namespace in namespaces:
            for group, kind, label in _KINDS:
                query = {"labelSelector": label} if label else {}
                with contextlib.suppress(KubeError):
                    listed = self._client.get(f"{group}/namespaces/{namespace}/{kind}", query=query)
                    found += [f"{kind}/{each['metadata']['name']}" for each in listed.get("items") or []]
        return found

    def await_nothing_left(self, namespaces: t.Sequence[str], seconds: float) -> list[str]:
        """What is there still after so long."""
        end = time.monotonic() + seconds
        while (left := self.left(namespaces)) and time.monotonic() < end:
            time.sleep(_POLL_SECONDS)
        return left

    def remove_left(self, namespace: str) -> None:
        """After a case that went wrong, for the next one."""
        for group, kind, label in (_KINDS[0], _KINDS[-1]):
            query = {"labelSelector": label, "propagationPolicy": "Background"} if label else {}
            with contextlib.suppress(KubeError):
                self._client.delete(f"{group}/namespaces/{namespace}/{kind}", query=query)

    def remove_namespace(self, name: str) -> None:
        with contextlib.suppress(KubeError):
            self._client.delete(f"/api/v1/namespaces/{name}")

    def namespaces(self) -> set[str]:
        return {each["metadata"]["name"] for each in self._client.get("/api/v1/namespaces")["items"]}

    def is_filled(self, namespace: str, claim: str) -> bool:
        """Whether a claim says that its data is there."""
        try:
            found = self._client.get(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{claim}")
        except KubeError:
            return False
        return "arkive.k8s/data-filled" in (found["metadata"].get("annotations") or {})

    def frozen(self) -> list[str]:
        return frozen_lines(self._state)


def pids_of(pod: Object) -> list[int]:
    """The processes of a pod, as this machine numbers them."""
    uid = pod["metadata"]["uid"]
    marks = (uid, uid.replace("-", "_"))
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(mark in (folder / "cgroup").read_text() for mark in marks):
                found.append(int(folder.name))
    return found


def words_of(pid: int) -> list[str]:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    return []


def first_of(pids: t.Iterable[int]) -> list[int]:
    """Those that are the first of their container, and no pause."""
    found = []
    for pid in pids:
        with contextlib.suppress(OSError):
            numbers = Path(f"/proc/{pid}/status").read_text().partition("NSpid:")[2].split("\n")[0].split()
            if numbers[-1:] == ["1"] and words_of(pid)[:1] == ["/bin/sh"]:
                found.append(pid)
    return found


class Bucket:
    """A bucket for all cases, which goes at the end."""

    def __init__(self) -> None:
        self.endpoint = os.environ["ARKIVE_TEST_S3_ENDPOINT"]
        self.keys = {
            "access_key": os.environ["ARKIVE_TEST_S3_ACCESS_KEY"],
            "secret_key": os.environ["ARKIVE_TEST_S3_SECRET_KEY"],
        }
        self.name = f"arkive-test-{secrets.token_hex(4)}"
        self._client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.keys["access_key"],
            aws_secret_access_key=self.keys["secret_key"],
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )

    def __enter__(self) -> t.Self:
        self._client.create_bucket(Bucket=self.name)
        return self

    def __exit__(self, *exc: object) -> None:
        for key in self.keys_below(""):
            self._client.delete_object(Bucket=self.name, Key=key)
        self._client.delete_bucket(Bucket=self.name)

    def keys_below(self, prefix: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def read(self, key: str) -> t.Any:
        data = self._client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return json.loads(gzip.decompress(data) if key.endswith(".gz") else data)

    def phases(self, prefix: str) -> dict[str, str]:
        """Of the backups that are stored."""
        end = "/velero-backup.json"
        keys = [key for key in self.keys_below(f"{prefix}/backups/") if key.endswith(end)]
        return {key.split("/")[-2]: self.read(key)["status"]["phase"] for key in keys}

    def handles(self, prefix: str, backup: str) -> list[str]:
        """The snapshots of the repository that a backup names."""
        found = []
        for entry in self.read(f"{prefix}/backups/{backup}/{backup}-volumeinfo.json.gz"):
            for part in ("snapshotDataMovementInfo", "pvbInfo"):
                found.append((entry.get(part) or {}).get("snapshotHandle") or "")
        return [handle for handle in found if handle]


class HandKopia:
    """kopia on this machine, for one repository. Raises ``RuntimeError``."""

    def __init__(self, program: str, folder: Path, bucket: Bucket, place: str, password: str) -> None:
        self._program = program
        self._folder = folder / secrets.token_hex(4)
        self._folder.mkdir()
        self._environment = {
            "HOME": str(self._folder),
            "KOPIA_CONFIG_PATH": str(self._folder / "config"),
            "KOPIA_CACHE_DIRECTORY": str(self._folder / "cache"),
            "KOPIA_LOG_DIR": str(self._folder / "logs"),
            "KOPIA_PASSWORD": password,
            "KOPIA_CHECK_FOR_UPDATES": "false",
            "AWS_ACCESS_KEY_ID": bucket.keys["access_key"],
            "AWS_SECRET_ACCESS_KEY": bucket.keys["secret_key"],
        }
        host = bucket.endpoint.partition("://")[2]
        where = [f"--bucket={bucket.name}", f"--prefix={place}", "--region=us-east-1", f"--endpoint={host}"]
        self._run("repository", "connect", "s3", "--readonly", "--disable-tls", *where)

    def snapshots(self) -> dict[str, str]:
        """All that there are, by their ids: why one is not whole, or nothing."""
        listed = json.loads(self._run("snapshot", "list", "--all", "--incomplete", "--json"))
        return {each["id"]: each.get("incomplete") or "" for each in listed}

    def verify(self) -> None:
        """Every file of every snapshot is read."""
        self._run("snapshot", "verify", "--verify-files-percent=100")

    def tree(self, snapshot: str) -> list[str]:
        """A snapshot, brought back on this machine: as the application lists its volume."""
        folder = self._folder / secrets.token_hex(4)
        self._run("snapshot", "restore", snapshot, str(folder))
        listed = subprocess.run(
            ["bash", "-c", LIST, "bash", str(folder)],
            capture_output=True,
            text=True,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            check=True,
            timeout=60,
        )
        return sorted(listed.stdout.splitlines())

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [self._program, "--no-auto-maintenance", *words],
            env={**os.environ, **self._environment},
            capture_output=True,
            text=True,
            timeout=_KOPIA_SECONDS,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"kopia {' '.join(words[:2])}: {' '.join(done.stderr.split())[-500:]}")
        return done.stdout


__all__ = ("Bucket", "HandKopia", "Object", "Outside", "first_of", "pids_of", "words_of")
