# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes that have no snapshots: disks of the node's own, each with a PersistentVolume of the type ``local``.

No driver makes them and none takes them back: who asked for one removes it, or it goes with the cluster.
"""

from __future__ import annotations

import re
from pathlib import Path

from kubelab.commands import LabError, run
from kubelab.kubectl import Kubectl, Object
from kubelab.model import NODE_NAME, Lab
from kubelab.processes import node_pid

STORAGE_CLASS = "local"
_FOLDER = "/mnt/local"  # in the node


def add_local_volume(state: Path, name: str, size: str) -> str:
    """Make a disk, mount it in the node, and make its PersistentVolume; the path of the disk in the node.

    ``size`` is a quantity in ``Mi`` or ``Gi``.
    """
    lab, at = _running(state), _path(name)
    if not re.fullmatch(r"[1-9][0-9]*[MG]i", size):
        raise LabError(f"{size} is no size: say 64Mi or 1Gi.")
    image = _image(lab, name)
    if image.exists():
        raise LabError(f"There is a local volume {name} already.")
    run("truncate", "-s", size.removesuffix("i"), image)
    run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "root_owner=0:0", image)
    _in_node(lab, "mkdir", "-p", at)
    _in_node(lab, "mount", "-o", "loop", str(image), at)
    Kubectl(lab, "default").apply(_persistent_volume(name, size, at))
    return at


def remove_local_volume(state: Path, name: str) -> None:
    """Remove a volume that nobody mounts any more; nothing happens when there is none."""
    lab, at = _running(state), _path(name)
    Kubectl(lab, "default").run("delete", "persistentvolume", name, "--ignore-not-found", "--timeout=60s")
    image = _image(lab, name)
    if image.exists():
        _in_node(lab, "umount", at)
        _in_node(lab, "rmdir", at)
        image.unlink()


def _running(state: Path) -> Lab:
    lab = Lab.load(state)
    if lab is None:
        raise LabError(f"No cluster is at {state}: start one.")
    return lab


def _path(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,60}[a-z0-9])?", name):
        raise LabError(f"{name} is no name of a volume: use lower case letters, digits and hyphens.")
    return f"{_FOLDER}/{name}"


def _image(lab: Lab, name: str) -> Path:
    """Among the disks of the cluster, whose loop devices are looked after when it stops."""
    return lab.path("disks", f"local-{name}.img")


def _in_node(lab: Lab, *command: str) -> None:
    run("nsenter", "-m", "-r", "-w", "-t", str(node_pid(lab.state)), "--", *command)


def _persistent_volume(name: str, size: str, at: str) -> Object:
    node = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE_NAME]}
    spec = {
        "capacity": {"storage": size},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": STORAGE_CLASS,
        "local": {"path": at},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [node]}]}},
    }
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}


__all__ = ["STORAGE_CLASS", "add_local_volume", "remove_local_volume"]
