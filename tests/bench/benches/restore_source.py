# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backup that the restore benchmark restores, and the same objects as bodies for the raw run.

``python -m benches.restore_source backup KUBECONFIG DIRECTORY NAME NAMESPACE ...`` makes the backup;
``... bodies DIRECTORY NAME MARK FILE`` writes one line for each object: its path, a tab, its body. ``MARK`` stands in
the names of the namespaces that they go to; ``... forget KUBECONFIG MARK`` asks for their deletion.
"""

from __future__ import annotations

import gzip
import json
import pathlib
import sys
import tarfile
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from benches import objects

#: What a server adds to the metadata.
_SYSTEM = (
    "creationTimestamp",
    "generateName",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
)
Document: t.TypeAlias = dict[str, t.Any]


def back_up(kubeconfig: str, directory: str, name: str, namespaces: list[str]) -> None:
    spec = BackupSpec.from_options({"included_namespaces": namespaces})
    outcome = run_backup(
        BackupRequest(name=name, spec=spec),
        client=connect(KubeAuth(kubeconfig=kubeconfig)),
        store=open_store(LocalLocation(path=directory)),
    )
    if outcome.phase != "Completed":
        raise SystemExit(f"The backup is {outcome.phase}: {outcome.errors_list[:3]}")


def marked(namespace: str, mark: str) -> str:
    """Where the objects of ``namespace`` go in the run called ``mark``."""
    return f"{objects.PREFIX}{mark}-{namespace.removeprefix(objects.PREFIX)}"


def forget(kubeconfig: str, mark: str) -> None:
    client = connect(KubeAuth(kubeconfig=kubeconfig))
    for item in client.get("/api/v1/namespaces", query={"labelSelector": objects.LABEL})["items"]:
        name = item["metadata"]["name"]
        if name.startswith(f"{objects.PREFIX}{mark}"):
            client.delete(f"/api/v1/namespaces/{name}")


def stored(directory: pathlib.Path, name: str) -> t.Iterator[tuple[str, Document]]:
    """Group-resource and object of each namespaced object of the benchmark, read by ``tarfile``."""
    # tarfile's own decompressor of streams ends with the first gzip member.
    file_name = directory / "backups" / name / f"{name}.tar.gz"
    with gzip.open(file_name) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            parts = member.name.split("/")
            if parts[0] == "resources" and parts[2] == "namespaces":
                file = archive.extractfile(member)
                document = json.loads(file.read() if file else b"null")
                if objects.LABEL in (document["metadata"].get("labels") or {}):
                    yield parts[1], document


def bare(document: Document) -> Document:
    """The object as a client would write it."""
    metadata = {name: value for name, value in document["metadata"].items() if name not in _SYSTEM}
    return {name: value for name, value in document.items() if name != "status"} | {"metadata": metadata}


def write_bodies(directory: pathlib.Path, name: str, mark: str, file: t.TextIO) -> None:
    """Namespaces first, then everything else, with the labels of a restore."""
    labels = {"velero.io/backup-name": name, "velero.io/restore-name": mark}
    found = [(gr, bare(document)) for gr, document in stored(directory, name)]
    for namespace in sorted({document["metadata"]["namespace"] for _gr, document in found}):
        made = {"name": marked(namespace, mark), "labels": {objects.LABEL: "true"}}
        _write(file, "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": made})
    kinds = {kind.plural: kind for kind in objects.KINDS}
    for gr, document in found:
        metadata = document["metadata"]
        metadata["namespace"] = marked(metadata["namespace"], mark)
        metadata["labels"] |= labels
        _write(file, objects.path_of(kinds[gr.partition(".")[0]], metadata["namespace"]), document)


def _write(file: t.TextIO, path: str, document: Document) -> None:
    file.write(f"{path}\t{json.dumps(document, separators=(',', ':'))}\n")


def main() -> None:
    match sys.argv[1:]:
        case ["backup", kubeconfig, directory, name, *namespaces]:
            back_up(kubeconfig, directory, name, namespaces)
        case ["forget", kubeconfig, mark]:
            forget(kubeconfig, mark)
        case ["bodies", directory, name, mark, path]:
            with pathlib.Path(path).open("w") as file:
                write_bodies(pathlib.Path(directory), name, mark, file)
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
