# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the cluster holds what the archive holds.

``python -m benches.restore_check KUBECONFIG DIRECTORY BACKUP MARK OBJECTS`` ends with a sentence for the first thing
that is wrong.
"""

from __future__ import annotations

import pathlib
import sys
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from benches import objects
from benches.restore_source import Document, bare, marked, stored

#: Resource, namespace and name.
Key: t.TypeAlias = tuple[str, str, str]
#: It goes along with a namespace mapping.
_RELEASE = "meta.helm.sh/release-namespace"
_LABELS = ("velero.io/backup-name", "velero.io/restore-name")


def _present(client: KubeClient, mark: str) -> dict[Key, Document]:
    found: dict[Key, Document] = {}
    for kind in objects.KINDS:
        token = ""
        while True:
            query = {"limit": "500", "labelSelector": f"{objects.LABEL},{_LABELS[0]}"}
            answer = client.get(objects.path_of(kind), query=query | ({"continue": token} if token else {}))
            for item in answer["items"]:
                metadata = item["metadata"]
                if metadata["namespace"].startswith(f"{objects.PREFIX}{mark}-"):
                    typed = {"apiVersion": kind.api_version, "kind": kind.kind} | item
                    found[(kind.plural, metadata["namespace"], metadata["name"])] = typed
            token = answer["metadata"].get("continue") or ""
            if not token:
                break
    return found


def _as_stored(document: Document) -> Document:
    document = bare(document)
    for label in _LABELS:
        document["metadata"]["labels"].pop(label, None)
    return document


def main() -> None:
    kubeconfig, directory, backup, mark, wanted = sys.argv[1:]
    present = _present(connect(KubeAuth(kubeconfig=kubeconfig)), mark)
    if len(present) < int(wanted):
        raise SystemExit(f"The cluster holds {len(present)} objects of the restore, not {wanted}.")
    for gr, document in stored(pathlib.Path(directory), backup):
        metadata = document["metadata"]
        metadata["namespace"] = marked(metadata["namespace"], mark)
        annotations = metadata.get("annotations") or {}
        if _RELEASE in annotations:
            annotations[_RELEASE] = marked(annotations[_RELEASE], mark)
        key = (gr.partition(".")[0], metadata["namespace"], metadata["name"])
        live = present.pop(key, None)
        if live is None:
            raise SystemExit(f"{' '.join(key)} is not in the cluster.")
        if _as_stored(live) != _as_stored(document):
            raise SystemExit(f"{' '.join(key)} in the cluster is not what the archive holds.")
    if present:
        raise SystemExit(f"The archive does not hold {' '.join(min(present))}.")


if __name__ == "__main__":
    main()
