# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A location with a repository, a namespace with volumes, and what the tests of the mover do to them."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import struct
import subprocess
import typing as t
from pathlib import Path

import boto3
from botocore.client import Config

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import MoverSettings, Upload
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.mover import Mover
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.target import MoverTarget

if t.TYPE_CHECKING:
    from cluster_access import S3Access

PASSWORD = "the password of the tests"
IMAGE = "debian"
#: A thousand files with what kopia keeps, and some of what it does not; a folder that kopia would leave out by itself.
FILL = r"""
cd /data
mkdir -p many 'ü ö/  ' cache empty
i=0; while [ $i -lt 1000 ]; do echo $i >many/$i; i=$((i + 1)); done
chown 1234:5678 many/1; chmod 0640 many/1; chmod 4755 many/2; chmod 2711 many; chmod 1777 empty; chown 33:34 empty
ln -s ../many 'ü ö/link'; ln -s nowhere broken; ln many/3 hard; mkfifo pipe
echo text >'ü ö/  /a
b'
truncate -s 30M sparse; printf x | dd of=sparse bs=1 seek=15M conv=notrunc 2>/dev/null
printf 'Signature: 8a477f597d28d172789f06886806bc55\n' >cache/CACHEDIR.TAG; echo kept >cache/kept
echo 'many' >.kopiaignore
head -c 12M /dev/urandom >random
sync
"""
#: All that a restore has to bring back, in one text: hashes, and types, owners, modes, sizes, links.
LOOK = r"""
cd /data
find . -mindepth 1 ! -path ./lost+found ! -name pipe -type f -print0 | sort -z | xargs -0 sha256sum
find . -mindepth 1 ! -path ./lost+found ! -name pipe -type f -printf '%P %U:%G %m %s %T@\n' | sort
find . -mindepth 1 ! -path ./lost+found ! -name pipe ! -type f -printf '%P %y %U:%G %m %l\n' | sort
du -k sparse | cut -f 1 | sed 's/^[0-9]$/small/; s/^[1-9][0-9]$/small/'
"""


class MoverLab:
    """One bucket, one namespace. ``movers`` made of it share nothing but these."""

    def __init__(self, client: KubeClient, kubectl: t.Any, s3: S3Access, *, namespace: str, pod_s3_url: str) -> None:
        self._client = client
        self._kubectl = kubectl
        self._s3 = s3
        self.namespace = namespace
        self.pod_s3_url = pod_s3_url
        self.bucket = f"arkive-test-{secrets.token_hex(4)}"
        self.location = S3Location(
            bucket=self.bucket,
            prefix="moved",
            region="us-east-1",
            endpoint_url=s3.endpoint,
            access_key=s3.access_key,
            secret_key=s3.secret_key,
        )
        self.store = open_store(self.location)

    def run(self, **more: t.Any) -> tuple[ClusterRun, list[str]]:
        """A run, and the lines of its progress."""
        lines: list[str] = []
        cancel = more.pop("cancel", None) or CancelToken()
        run = ClusterRun(
            client=self._client.with_cancel(cancel),
            run_id=secrets.token_hex(6),
            progress=lines.append,
            cancel=cancel,
            issues=more.pop("issues", None) or Issues(),
        )
        return run, lines

    def mover(self, run: ClusterRun | None = None, *, password: str = PASSWORD, **settings: t.Any) -> Mover:
        wanted = {"s3_url": self.pod_s3_url, "pod_start_timeout": 60.0, "credentials": "static", **settings}
        target = MoverTarget(location=self.location, store=self.store, password=password)
        return Mover(run or self.run()[0], target, MoverSettings(**wanted))

    def upload(self, claim: str, **more: t.Any) -> Upload:
        path = f"snapshot-data-upload-download/kopia/{self.namespace}/{claim}"
        return Upload(namespace=self.namespace, claim=claim, source_path=path, **more)

    def claim(self, name: str, size: str = "100Mi") -> None:
        claim = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
        }
        self._kubectl("-n", self.namespace, "create", "-f", "-", stdin=json.dumps(claim))

    def in_volume(self, claim: str, script: str, *, then: t.Callable[[Path], None] | None = None) -> str:
        """Run a script in a pod that mounts the claim at ``/data``, and is gone afterwards.

        ``then`` gets the folder as this machine sees it.
        """
        name = f"look-{secrets.token_hex(3)}"
        spec = {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "containers": [
                {
                    "name": "main",
                    "image": IMAGE,
                    "command": ["sleep", "600"],
                    "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                }
            ],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}],
        }
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
        where = ["-n", self.namespace]
        self._kubectl(*where, "create", "-f", "-", stdin=json.dumps(pod))
        try:
            self._kubectl(*where, "wait", "--for=condition=Ready", f"pod/{name}", "--timeout=60s")
            said = str(self._kubectl(*where, "exec", name, "--", "sh", "-ec", script))
            if then is not None:
                self._kubectl(*where, "exec", name, "--", "touch", f"/tmp/{name}")
                then(next(Path("/proc").glob(f"[0-9]*/root/tmp/{name}")).parents[1] / "data")
            return said
        finally:
            self._kubectl(*where, "delete", "pod", name, "--timeout=60s")

    def objects(self) -> list[str]:
        """What the mover has in the namespace, by kind and name."""
        kinds = "jobs,pods,secrets,persistentvolumeclaims"
        return str(self._kubectl("-n", self.namespace, "get", kinds, "-l", "arkive.k8s/mover", "-o", "name")).split()

    def told(self, kubectl: t.Any) -> str:
        """All that is told of the mover's objects to who may not read Secrets: specs, status, events, logs."""
        where = ["-n", self.namespace]
        found = [kubectl(*where, "get", "jobs,pods,events", "-o", "json")]
        pods = kubectl(*where, "get", "pods", "-l", "arkive.k8s/mover", "-o", "name").split()
        return "".join(found + [kubectl(*where, "logs", pod, check=False) for pod in pods])

    @property
    def secrets(self) -> tuple[str, ...]:
        return (PASSWORD, self._s3.secret_key, self._s3.access_key)

    def snapshots(self, program: str, folder: Path) -> list[dict[str, t.Any]]:
        """All manifests that are in the repository, as kopia lists them from here."""
        environment = {
            **os.environ,
            "KOPIA_CONFIG_PATH": str(folder / "config"),
            "KOPIA_CACHE_DIRECTORY": str(folder / secrets.token_hex(4)),
            "KOPIA_LOG_DIR": str(folder / "logs"),
            "KOPIA_PASSWORD": PASSWORD,
            "KOPIA_CHECK_FOR_UPDATES": "false",
            "AWS_ACCESS_KEY_ID": self._s3.access_key,
            "AWS_SECRET_ACCESS_KEY": self._s3.secret_key,
        }
        place = [f"--bucket={self.bucket}", f"--prefix=moved/kopia/{self.namespace}/", "--region=us-east-1"]
        endpoint = [f"--endpoint={self._s3.endpoint.partition('://')[2]}", "--disable-tls"]
        quiet = [program, "--no-auto-maintenance"]
        connect = [*quiet, "repository", "connect", "s3", "--readonly", *place, *endpoint]
        listing = [*quiet, "snapshot", "list", "--all", "--incomplete", "--json"]
        for command in (connect, listing):
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, done.stderr
        found: list[dict[str, t.Any]] = json.loads(done.stdout)
        return found

    @contextlib.contextmanager
    def with_bucket(self) -> t.Iterator[None]:
        """The bucket, for as long as the context lasts."""
        client = boto3.client(
            "s3",
            endpoint_url=self._s3.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self._s3.access_key,
            aws_secret_access_key=self._s3.secret_key,
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )
        client.create_bucket(Bucket=self.bucket)
        try:
            yield
        finally:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
            keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
            for key in keys:
                client.delete_object(Bucket=self.bucket, Key=key)
            client.delete_bucket(Bucket=self.bucket)


def set_attributes(folder: Path) -> None:
    """What no program of the image sets: an extended attribute and a POSIX ACL, for a user by number."""
    os.setxattr(folder / "many/4", "user.note", b"x")
    entries = [(1, 6, -1), (2, 4, 1000), (4, 4, -1), (16, 4, -1), (32, 4, -1)]
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    os.setxattr(folder / "many/5", "system.posix_acl_access", acl)


def kopia_of(namespace: str) -> list[int]:
    """The processes of this machine in which kopia uploads a volume of the namespace: the local cluster's pods."""
    wanted = f"MV_SOURCE=snapshot-data-upload-download/kopia/{namespace}/".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if b"snapshot" in words and b"create" in words and wanted in (folder / "environ").read_bytes():
                found.append(int(folder.name))
    return found


def kill_pod_of(pid: int, number: signal.Signals) -> None:
    """Signal the first process of the container in which ``pid`` is: with SIGKILL all of it is gone."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    parent = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:"))
    os.kill(parent, number)


__all__ = ("FILL", "LOOK", "PASSWORD", "MoverLab", "kill_pod_of", "kopia_of", "set_attributes")
