# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An application whose volumes hold files of many kinds, owners and modes: for tests that copy volumes."""

from __future__ import annotations

import json
import typing as t

from claim_app import CLAIM, claim_app

PATH = "/data"
SCRATCH_PATH = "/scratch"
OWNER = "1234:5678"

#: A tree with what a copy can get wrong: the owners, modes and times, a name that is no ASCII, an empty directory, a
#: link that leads nowhere, a large file with a hole in it, a file that only its owner may read.
_WRITE = f"""set -eu
mkdir -p "$1/etc/empty" "$1/many"
echo secret > "$1/etc/key"; chmod 0600 "$1/etc/key"
echo tool > "$1/tool"; chmod 4750 "$1/tool"
echo text > "$1/a name, ümlaut"; chmod 0640 "$1/a name, ümlaut"
ln -s nowhere/at/all "$1/link"
truncate -s 20M "$1/sparse"; echo end >> "$1/sparse"
head -c 3000000 /dev/urandom > "$1/large"
for number in $(seq 1 40); do echo "$number" > "$1/many/$number"; done
chmod 0710 "$1/etc"
chown -h -R {OWNER} "$1"/*
chmod 4750 "$1/tool"
touch -d '2020-02-02 02:02:02 UTC' "$1/tool" "$1/large"
sync
"""
#: A line for each entry: kind, mode, owner, size of what is no directory, time of what is a file, name, target.
LIST = r"""cd "$1"
find . -mindepth 1 ! -path ./lost+found ! -path './.velero*' \
    \( -type f -printf '%y %m %U:%G %s %Ts %p\n' -o -type d -printf '%y %m %U:%G %p\n' -o -printf '%y %U:%G %p %l\n' \)
find . -type f ! -path './.velero*' -exec sha256sum {} +
"""


class FilesApp:
    """A Deployment with one pod, which mounts a claim and an emptyDir.

    ``storage_class``: of the claim. ``size``: of its request. ``privileged``: it may freeze its file systems.
    """

    def __init__(
        self,
        kubectl: t.Any,
        namespace: str,
        *,
        storage_class: str = "loopfile",
        size: str = "200Mi",
        privileged: bool = False,
    ) -> None:
        self.namespace = namespace
        self._privileged = privileged
        self._kubectl = kubectl
        self._storage_class = storage_class
        self._size = size

    def create(self) -> None:
        """Make the namespace and the application in it, with its files."""
        self._kubectl("create", "namespace", self.namespace)
        self._kubectl("-n", self.namespace, "create", "-f", "-", stdin=json.dumps(self._manifest()))
        self.await_ready()
        for path in (PATH, SCRATCH_PATH):
            self.sh(_WRITE, path)

    def await_ready(self, namespace: str = "") -> None:
        where = ["-n", namespace or self.namespace]
        self._kubectl(*where, "rollout", "status", "deployment/files", "--timeout=100s")

    def sh(self, script: str, *arguments: str, namespace: str = "") -> str:
        """Run a script in the pod, as root; what it printed."""
        where = ["-n", namespace or self.namespace, "exec", "deployment/files", "-c", "main", "--"]
        found: str = self._kubectl(*where, "bash", "-c", script, "bash", *arguments)
        return found

    def tree(self, path: str = PATH, *, namespace: str = "") -> list[str]:
        """What is in a volume: a line for each entry, with kind, mode, owner and time, and one for each file's hash."""
        return sorted(self.sh(LIST, path, namespace=namespace).splitlines())

    def remove(self, *copies: str) -> None:
        """Remove it, and the namespaces that it was restored into."""
        self._kubectl("delete", "namespace", self.namespace, *copies, "--ignore-not-found", "--wait=false")

    def _manifest(self) -> dict[str, t.Any]:
        container = {
            "name": "main",
            "image": "debian:bookworm",
            "command": ["bash", "-c", "trap exit TERM; while :; do sleep 1 & wait; done"],
            "securityContext": {"privileged": self._privileged},
            "volumeMounts": [{"name": "data", "mountPath": PATH}, {"name": "scratch", "mountPath": SCRATCH_PATH}],
        }
        return claim_app(
            "files",
            container,
            storage_class=self._storage_class,
            size=self._size,
            grace_seconds=1,
            volumes=[{"name": "scratch", "emptyDir": {}}],
        )


__all__ = ("CLAIM", "LIST", "OWNER", "PATH", "SCRATCH_PATH", "FilesApp")
