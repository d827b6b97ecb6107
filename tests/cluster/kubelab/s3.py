# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The S3 server: SeaweedFS, one process on the host's 127.0.0.1, with or without a cluster."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import typing as t
import urllib.error
from dataclasses import asdict, dataclass
from pathlib import Path

from kubelab.commands import LabError, processes_started_as, say, wait_until, write
from kubelab.localhttp import fetch
from kubelab.model import S3_SOCKET
from kubelab.pypi import program_in, python_package
from kubelab.versions import SEAWEEDFS_FROM_PYPI

_SERVERS = ("master", "volume", "filer", "s3")
#: The role whose keys are lent to whoever asks, as ``mover.credentials`` asks for it, and what all of them may do.
_LENDING: dict[str, t.Any] = {
    "sts": {"tokenDuration": "1h", "maxSessionLength": "36h", "issuer": "arkive"},
    "policy": {"defaultEffect": "Deny", "storeType": "memory"},
    "roleStore": {"storeType": "memory"},
    "roles": [
        {
            "roleName": "arkive",
            "roleArn": "arn:aws:iam::000000000000:role/arkive",
            "trustPolicy": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole"]}],
            },
            "attachedPolicies": ["everything"],
        }
    ],
    "policies": [
        {
            "name": "everything",
            "document": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*", "arn:aws:s3:::*/*"]}
                ],
            },
        }
    ],
}

#: The ports that the kernel gives to outgoing connections begin with the first of its two numbers.
_OUTGOING_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST_PORT = 10240


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Server:
    """Where it is and who may use it.  The keys are new for every server that is made."""

    endpoint: str
    access_key: str
    secret_key: str
    region: str = "us-east-1"


class S3Files:
    """The server's part of a state directory: ``s3/``."""

    def __init__(self, state: Path) -> None:
        self._home = state / "s3"
        self._data = self._home / "data"

    def read(self) -> S3Server | None:
        """The server that was started here; None when it does not run."""
        try:
            values = json.loads((self._home / "server.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return S3Server(**values) if self.pids() else None

    def pids(self) -> list[int]:
        """The server's process."""
        return processes_started_as(f"-dir={self._data}")

    def launch(self, *, port: int = 0, lends_keys: bool = False) -> S3Server:
        """Start it without waiting; ``port`` 0 takes a free one. ``lends_keys``: it is an STS too."""
        ports = _free_ports(2 * len(_SERVERS))
        if port:
            ports[3] = port
        keys = {"accessKey": "arkive" + secrets.token_hex(7).upper(), "secretKey": secrets.token_hex(20)}
        server = S3Server(
            endpoint=f"http://127.0.0.1:{ports[3]}", access_key=keys["accessKey"], secret_key=keys["secretKey"]
        )
        self._data.mkdir(parents=True)
        identity = {"name": "arkive", "credentials": [keys], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
        write(self._home / "identities.json", json.dumps({"identities": [identity]}), 0o600)
        write(self._home / "server.json", json.dumps(asdict(server)), 0o600)
        more: list[str] = []
        if lends_keys:
            signing = {"signingKey": base64.b64encode(secrets.token_bytes(32)).decode()}
            write(self._home / "lending.json", json.dumps(_LENDING | {"sts": _LENDING["sts"] | signing}), 0o600)
            more.append(f"-s3.iam.config={self._home}/lending.json")
        with (self._home / "s3.log").open("ab") as log:
            subprocess.Popen(
                self._argv(ports, more),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self._home,
            )
        return server

    def _argv(self, ports: list[int], more: list[str]) -> list[str]:
        """By the last one it is found again."""
        numbers = [
            f"-{name}.port{kind}={port}"
            for (name, kind), port in zip(((n, k) for k in ("", ".grpc") for n in _SERVERS), ports, strict=True)
        ]
        return [
            str(program_in(python_package(*SEAWEEDFS_FROM_PYPI), "weed")),
            "-logtostderr",
            "server",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            *numbers,
            "-filer",
            "-s3",
            f"-s3.config={self._home}/identities.json",
            "-filer.localSocket=filer.sock",
            f"-s3.localSocket={Path(S3_SOCKET).name}",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.autoCreateBucket=false",  # as real ones: a put into no bucket is an error
            "-master.telemetry=false",
            "-volume.max=4000",
            "-master.volumeSizeLimitMB=128",
            *more,
            f"-dir={self._data}",
        ]

    def wait(self, server: S3Server, seconds: float = 60) -> None:
        """Wait until it answers."""

        def answers() -> bool:
            if not self.pids():
                raise LabError(f"The S3 server ended; its log is {self._home}/s3.log.")
            try:
                fetch(server.endpoint, timeout=2)
            except urllib.error.HTTPError as error:
                return error.code == 403  # no credentials were sent
            except OSError:
                return False
            return True

        if not wait_until(answers, seconds, interval=0.1):
            raise LabError(f"The S3 server did not answer within {seconds:.0f} s; its log is {self._home}/s3.log.")

    def stop(self) -> None:
        """End it and remove its data; nothing happens when there is none."""
        for pid in self.pids():
            for port in _grpc_ports(pid):  # where it puts these is not known
                for socket_file in Path("/tmp").glob(f"seaweedfs-*-grpc-{port}.sock"):
                    socket_file.unlink(missing_ok=True)
            os.kill(pid, signal.SIGKILL)
        if not wait_until(lambda: not self.pids(), 10):
            raise LabError("The S3 server does not end.")
        shutil.rmtree(self._home, ignore_errors=True)


def _grpc_ports(pid: int) -> list[str]:
    argv = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    return [a.partition("=")[2] for a in argv if ".port.grpc=" in a]


def _free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nothing listens on now, and that no connection takes before the server does."""
    lowest = int(_OUTGOING_PORTS.read_text(encoding="ascii").split()[0])
    candidates = list(range(_LOWEST_PORT, lowest))
    random.SystemRandom().shuffle(candidates)
    found: list[int] = []
    for port in candidates:
        if len(found) == count:
            break
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
    if len(found) < count:
        raise LabError(f"No {count} ports are free from {_LOWEST_PORT} to {lowest}.")
    return found


def start_s3(state: Path, *, port: int = 0, lends_keys: bool = False) -> S3Server:
    """Start a server of its own, or return the one that runs."""
    files = S3Files(state)
    running = files.read()
    if running:
        return running
    files.stop()
    server = files.launch(port=port, lends_keys=lends_keys)
    files.wait(server)
    say(f"S3 server: {server.endpoint}")
    return server


__all__ = ["S3Files", "S3Server", "start_s3"]
