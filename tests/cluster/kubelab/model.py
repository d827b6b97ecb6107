# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cluster is: where its files lie, what it is called and which addresses it has."""

from __future__ import annotations

import ipaddress
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from kubelab.cache import cache_root
from kubelab.commands import LabError, write

CODE = Path(__file__).resolve().parent.parent
DRIVER = "loopfile.csi.test"
NODE_NAME = "node1"
GROUP_DEFINITIONS = "group-crds"  # a folder beside the programs

# RFC 2544's range, which no network routes. All of it stays inside the node's network namespace, so two clusters have
# the same addresses.
NODE_ADDRESS = ipaddress.IPv4Interface("198.18.0.1/24")
PODS = ipaddress.IPv4Network("198.18.16.0/22")
NODE_MASK = 23  # 510 addresses for 250 pods
SERVICES = ipaddress.IPv4Network("198.18.32.0/22")
POD_RANGE = next(PODS.subnets(new_prefix=NODE_MASK))
API_SERVICE = SERVICES[1]
API_PORT = 6443
S3_PORT = 9000  # where the node has the S3 server for its pods
S3_SOCKET = "s3/s3.sock"  # of the S3 server, in the state directory
REGISTRY_ADDRESS = "127.0.0.1:5000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """One cluster.  ``state`` holds all its files and is removed with it; ``port`` is the API server's on 127.0.0.1."""

    state: Path
    index: int = 0
    port: int = 0
    programs: tuple[Path, ...] = ()  # directories of built programs
    images: Path = Path("/nonexistent")  # a tree for the registry, in the cache

    def path(self, *parts: str) -> Path:
        """A path in the state directory."""
        return self.state.joinpath(*parts)

    def program(self, name: str) -> str:
        """The path of a built program."""
        for directory in self.programs:
            if (directory / name).exists():
                return str(directory / name)
        raise LabError(f"{name} has not been built: run the build command.")

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, for the host."""
        return self.path("kubeconfig")

    @property
    def host_url(self) -> str:
        """The API server seen from the host: never an address that a route could take off the machine."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def node_url(self) -> str:
        """The API server seen from the node."""
        return f"https://{NODE_ADDRESS.ip}:{API_PORT}"

    @property
    def pod_s3_url(self) -> str:
        """The S3 server seen from pods."""
        return f"http://{NODE_ADDRESS.ip}:{S3_PORT}"

    @property
    def registry(self) -> Path:
        """What the registry serves: the images, and those that are added while it runs."""
        return self.path("registry")

    @property
    def cgroup(self) -> str:
        """The cgroup below which all pods are, in every hierarchy."""
        return f"/arkive-lab-{self.index}"

    def save(self) -> None:
        """Write cluster.json, from which the other commands know the cluster."""
        values = {
            **asdict(self),
            "state": str(self.state),
            "programs": [str(p) for p in self.programs],
            "images": str(self.images),
        }
        write(self.path("cluster.json"), json.dumps(values, indent=1))

    @classmethod
    def load(cls, state: Path) -> Lab | None:
        """The cluster in a state directory; None when there is none."""
        try:
            values = json.loads((state / "cluster.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        values.update(state=state, programs=tuple(map(Path, values["programs"])), images=Path(values["images"]))
        return cls(**values)


def default_state(index: int) -> Path:
    """The state directory of the cluster with this number."""
    return Path(os.environ.get("ARKIVE_LAB_STATE") or cache_root() / f"lab-{index}")


__all__ = [
    "API_PORT",
    "API_SERVICE",
    "CODE",
    "DRIVER",
    "GROUP_DEFINITIONS",
    "NODE_ADDRESS",
    "NODE_MASK",
    "NODE_NAME",
    "PODS",
    "POD_RANGE",
    "REGISTRY_ADDRESS",
    "S3_PORT",
    "S3_SOCKET",
    "SERVICES",
    "Lab",
    "default_state",
]
