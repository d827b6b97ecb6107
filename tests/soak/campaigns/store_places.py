# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the backups of a case lie, as an honest onlooker sees it."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import typing as t
from pathlib import Path

import boto3

from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_fates import Forwarder
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_in_memory import LATE, MemoryS3, Mode
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_wire import S3Wire
from campaigns.store_faults import Fault, FaultyS3
from campaigns.store_runs import Running

_TMPFS_KIB = 4096


@dataclasses.dataclass(frozen=True)
class Stored:
    """What is there of one backup: its object when it is visible, and what is wrong with the files beside it."""

    backup: dict[str, t.Any] | None
    damage: str
    keys: list[str]


class Place(t.Protocol):
    """A storage location of the campaign."""

    @property
    def location(self) -> dict[str, t.Any]:
        """The option ``storage_location``."""

    @property
    def words(self) -> str:
        """What kind of store it is."""

    @property
    def keeps_all(self) -> bool:
        """Nothing in it can be deleted."""

    @property
    def lag(self) -> float:
        """This many seconds ago its lists were true."""

    def files(self) -> dict[str, bytes]:
        """All that is stored, past whatever fails."""

    def unfinished(self) -> list[str]:
        """The keys of uploads in parts that have not ended, and the names of temporary files."""

    def failing(self, fault: Fault | None) -> contextlib.AbstractContextManager[None]:
        """While it is open, requests or calls fail."""

    def watch(self, running: Running) -> None:
        """This is what a fault that kills kills."""

    def close(self) -> None:
        """End what was started."""


class S3Place:
    """A bucket behind a wire with faults. ``server``: endpoint and keys; None for one in memory, of ``modes``."""

    def __init__(self, server: tuple[str, str, str] | None, modes: t.Sequence[Mode] = ()) -> None:
        self._bucket = f"arkive-test-{secrets.token_hex(5)}"
        access, secret = server[1:] if server else ("memory", "memory-secret")
        self._memory = None if server else MemoryS3(*modes)
        self.words = f"S3 in memory ({', '.join(modes) or 'knows all'})" if self._memory else "S3"
        self.keeps_all = "no-deletes" in modes
        self.lag = LATE if "late-lists" in modes else 0.0
        self._client = boto3.client(
            "s3",
            endpoint_url=server[0] if server else "http://127.0.0.1:9",
            aws_access_key_id=access,
            aws_secret_access_key=secret,
            region_name="us-east-1",
        )
        if server:
            self._client.create_bucket(Bucket=self._bucket)
        self._faulty = FaultyS3(self._memory or Forwarder(server[0] if server else ""))
        self._wire = S3Wire(self._faulty).__enter__()
        keys = {"access_key": access, "secret_key": secret}
        self.location = {"bucket": self._bucket, "prefix": "p", "endpoint_url": self._wire.url, **keys}

    def files(self) -> dict[str, bytes]:
        if self._memory is not None:
            found = dict(self._memory.objects)
        else:
            listed = self._client.list_objects_v2(Bucket=self._bucket).get("Contents", ())
            names = [entry["Key"] for entry in listed]
            found = {name: self._client.get_object(Bucket=self._bucket, Key=name)["Body"].read() for name in names}
        return {name.removeprefix("p/"): data for name, data in found.items()}

    def unfinished(self) -> list[str]:
        if self._memory is not None:
            found = self._memory.open_uploads()
        else:
            listed = self._client.list_multipart_uploads(Bucket=self._bucket).get("Uploads", ())
            found = [entry["Key"] for entry in listed]
        # That of a check is left alone for an hour: nobody claims it.
        return [key for key in found if not key.endswith("/arkive-write-check")]

    def failing(self, fault: Fault | None) -> contextlib.AbstractContextManager[None]:
        return self._faulty.failing(fault)

    def watch(self, running: Running) -> None:
        self._faulty.kill = running.kill

    def close(self) -> None:
        self._wire.__exit__()
        if self._memory is None:
            for name in self.files():
                self._client.delete_object(Bucket=self._bucket, Key=f"p/{name}")
            self._client.delete_bucket(Bucket=self._bucket)


class LocalPlace:
    """A small file system of its own."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"disk-{secrets.token_hex(4)}"
        self._path.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={_TMPFS_KIB}k,mode=0700", "arkive-soak", str(self._path)]
        subprocess.run(mount, check=True)
        (self._path / "store").mkdir()
        self.location = {"path": str(self._path / "store")}
        self.words = "local"
        self.keeps_all = False
        self.lag = 0.0

    def files(self) -> dict[str, bytes]:
        root = self._path / "store"
        found = (file for file in root.rglob("*") if file.is_file() and not file.name.startswith(".arkive-tmp-"))
        return {str(file.relative_to(root)): file.read_bytes() for file in found}

    def unfinished(self) -> list[str]:
        # Files of a dead run are left alone for longer than a case takes.
        return []

    @contextlib.contextmanager
    def failing(self, fault: Fault | None) -> t.Iterator[None]:
        ballast = self._path / "ballast"
        if fault is not None and fault.call == "full":
            free = os.statvfs(self._path)
            ballast.write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - int(fault.kind) * 1024)))
        try:
            yield
        finally:
            ballast.unlink(missing_ok=True)

    def watch(self, running: Running) -> None:
        """Processes kill themselves here."""

    def close(self) -> None:
        subprocess.run(["umount", "--lazy", str(self._path)], check=False)
        shutil.rmtree(self._path, ignore_errors=True)


def look(place: Place, name: str) -> Stored:
    """What is stored as backup ``name``. Reads it as the format is written down, without the code that is judged."""
    folder = f"backups/{name}/"
    files = {key.removeprefix(folder): data for key, data in place.files().items() if key.startswith(folder)}
    keys = sorted(files)
    if "velero-backup.json" not in files:
        return Stored(None, "", keys)
    try:
        backup = json.loads(files["velero-backup.json"])
        record = json.loads(gzip.decompress(files[f"{name}-arkive.json.gz"]))
    except (ValueError, KeyError, OSError, EOFError) as exc:
        return Stored({}, f"{type(exc).__name__} while it was read: {exc}", keys)
    for file, digest in record["files"].items():
        data = files.get(file)
        if data is None or len(data) != digest["size"] or hashlib.sha256(data).hexdigest() != digest["sha256"]:
            return Stored(backup, f"{file} is {'missing' if data is None else 'not what was written'}", keys)
    return Stored(backup, "", keys)


__all__ = ("LocalPlace", "Place", "S3Place", "Stored", "look")
