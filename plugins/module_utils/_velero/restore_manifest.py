# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Restore manifest, of Velero or of Heptio Ark, as options of a restore (Velero 1.18, Ark 0.3 to 0.11)."""

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
    snake_case,
)


def _status(value: t.Any, where: str) -> dict[str, tuple[str, ...]]:
    given = read_members(value, ("includedResources", "excludedResources"), where)
    return {snake_case(name): read_texts(names, f"{where}.{name}") for name, names in given.items()}


def _uploader(value: t.Any, where: str) -> dict[str, t.Any]:
    given = read_members(value, ("writeSparseFiles", "parallelFilesDownload"), where)
    if "writeSparseFiles" in given:
        read_bool(given["writeSparseFiles"], f"{where}.writeSparseFiles")
    read_count(given.get("parallelFilesDownload", 0), f"{where}.parallelFilesDownload")
    return given


_FIELDS: Readers = {
    "backupName": read_text,
    "scheduleName": read_text,
    "includedNamespaces": read_texts,
    "excludedNamespaces": read_texts,
    "includedResources": read_texts,
    "excludedResources": read_texts,
    "namespaceMapping": read_labels,
    "labelSelector": read_selector,
    "orLabelSelectors": read_selectors,
    "restorePVs": read_bool,
    "restoreStatus": _status,
    "preserveNodePorts": read_bool,
    "includeClusterResources": read_bool,
    "hooks": read_hooks,
    "existingResourcePolicy": read_text,
    "itemOperationTimeout": read_duration_text,
    "resourceModifier": read_reference,
    "uploaderConfig": _uploader,
}
#: The only name that does not follow the rule.
_RESTORE_PVS = snake_case("restorePVs")


def parse_restore_manifest(document: t.Any, *, source: str = "the manifest") -> Manifest:
    """Read a Restore; ``options`` are for ``RestoreSpec.from_options``. Raises ``ValidationError``."""
    manifest = read_manifest(document, "Restore", _FIELDS, source=source)
    options = dict(manifest.options)
    if _RESTORE_PVS in options:
        options["restore_pvs"] = options.pop(_RESTORE_PVS)
    return dataclasses.replace(manifest, options=options)


__all__ = ("parse_restore_manifest",)
