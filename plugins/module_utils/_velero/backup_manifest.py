# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Backup manifest, of Velero or of Heptio Ark, as options of a backup (Velero 1.18, Ark 0.3 to 0.11)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._velero.manifest import (
    Manifest,
    Readers,
    read_duration_text,
    read_hooks,
    read_manifest,
    read_reference,
    read_selector,
    read_selectors,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import (
    read_bool,
    read_count,
    read_labels,
    read_members,
    read_text,
    read_texts,
)


def _uploader(value: t.Any, where: str) -> dict[str, t.Any]:
    given = read_members(value, ("parallelFilesUpload",), where)
    read_count(given.get("parallelFilesUpload", 0), f"{where}.parallelFilesUpload")
    return given


def _template(value: t.Any, where: str) -> dict[str, str] | None:
    """The labels that the Backup is to get; None where it says nothing of labels."""
    given = read_members(value, ("labels",), where)
    return read_labels(given["labels"], f"{where}.labels") if "labels" in given else None


_FIELDS: Readers = {
    "metadata": _template,
    "includedNamespaces": read_texts,
    "excludedNamespaces": read_texts,
    "includedResources": read_texts,
    "excludedResources": read_texts,
    "includedClusterScopedResources": read_texts,
    "excludedClusterScopedResources": read_texts,
    "includedNamespaceScopedResources": read_texts,
    "excludedNamespaceScopedResources": read_texts,
    "labelSelector": read_selector,
    "orLabelSelectors": read_selectors,
    "snapshotVolumes": read_bool,
    "ttl": read_duration_text,
    "volumeGroupSnapshotLabelKey": read_text,
    "includeClusterResources": read_bool,
    "hooks": read_hooks,
    "storageLocation": read_text,
    "volumeSnapshotLocations": read_texts,
    "defaultVolumesToRestic": read_bool,
    "defaultVolumesToFsBackup": read_bool,
    "orderedResources": read_labels,
    "csiSnapshotTimeout": read_duration_text,
    "itemOperationTimeout": read_duration_text,
    "resourcePolicy": read_reference,
    "snapshotMoveData": read_bool,
    "datamover": read_text,
    "uploaderConfig": _uploader,
}


def parse_manifest(document: t.Any, *, source: str = "the manifest") -> Manifest:
    """Read a Backup; ``options`` are for ``BackupSpec.from_options``. Raises ``ValidationError``."""
    manifest = read_manifest(document, "Backup", _FIELDS, source=source)
    options = dict(manifest.options)
    labels = options.pop("metadata", None)
    return dataclasses.replace(manifest, options=options if labels is None else options | {"labels": labels})


__all__ = ("parse_manifest",)
