# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restore in words, section by section as ``velero restore describe --details`` has it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.text_lines import (
    NONE,
    Rows,
    aligned,
    automatic,
    commands,
    entries,
    listed,
    mapping,
    messages,
    problems,
    resources,
    selectors,
    shortened,
    shown,
    title_of_volume,
    took,
)

_NAMESPACES = "all namespaces found in the backup"


def describe_restore_lines(entry: t.Mapping[str, t.Any]) -> list[str]:
    """``entry`` is a restore as it is listed, with all sections of its details that are to be told of."""
    restore = mapping(entry.get("restore"))
    metadata, spec, status = (mapping(restore.get(name)) for name in ("metadata", "spec", "status"))
    parts = [
        aligned(
            [
                ("Name", shown(entry.get("name"))),
                ("Namespace", shown(metadata.get("namespace"))),
                ("Labels", listed(metadata.get("labels"))),
                ("Annotations", listed(metadata.get("annotations"))),
            ]
        ),
        aligned(_progress(entry, status)),
        problems(entry),
        aligned(
            [
                ("Started", shown(entry.get("started"))),
                ("Completed", took(entry.get("started"), entry.get("completed"))),
            ]
        ),
        messages(entry.get("results"), "errors", entry.get("errors")),
        messages(entry.get("results"), "warnings", entry.get("warnings")),
        aligned([("Backup", shown(entry.get("backup"))), ("Schedule", shown(spec.get("scheduleName")))]),
        *(_selection(spec) if spec else ()),
        aligned(_settings(spec)) if spec else [],
        _volumes(entry.get("volumes")),
        _counts(entry.get("items")),
        aligned(_hook_counts(mapping(status.get("hookStatus")))) + commands("Hooks that ran", entry.get("hooks")),
        resources(entry.get("resource_list")),
    ]
    return [line for part in parts if part for line in (*part, "")][:-1]


def _progress(entry: t.Mapping[str, t.Any], status: t.Mapping[str, t.Any]) -> Rows:
    progress, reason = mapping(status.get("progress")), status.get("failureReason")
    phase = shown(entry.get("phase"), "<unknown: the server that made it keeps it in its cluster>")
    return [
        ("Phase", f"{phase}{f' ({shown(reason)})' if reason else ''}"),
        ("Total items to be restored", shown(progress.get("totalItems"), "<unknown>")),
        ("Items restored", shown(progress.get("itemsRestored"), "<unknown>")),
    ]


def _selection(spec: t.Mapping[str, t.Any]) -> t.Iterator[list[str]]:
    included = entries(spec.get("includedNamespaces"))
    shown_namespaces = _NAMESPACES if included in ([], ["*"]) else shown(included)
    excluded = ("Excluded", shown(spec.get("excludedNamespaces")))
    yield ["Namespaces:", *aligned([("Included", shown_namespaces), excluded], "  ")]
    cluster = spec.get("includeClusterResources")
    scoped = {True: "included", False: "excluded"}[cluster] if isinstance(cluster, bool) else "auto"
    rows = [
        ("Included", shown(spec.get("includedResources"), "*")),
        ("Excluded", shown(spec.get("excludedResources"))),
        ("Cluster-scoped", scoped),
    ]
    yield ["Resources:", *aligned(rows, "  ")]
    yield aligned([("Namespace mappings", listed(spec.get("namespaceMapping"))), *selectors(spec)])


def _settings(spec: t.Mapping[str, t.Any]) -> Rows:
    modifier = mapping(spec.get("resourceModifier"))
    rows = [
        ("Restore PVs", automatic(spec.get("restorePVs"))),
        ("Existing Resource Policy", shown(spec.get("existingResourcePolicy"))),
        ("ItemOperationTimeout", shown(spec.get("itemOperationTimeout"))),
        ("Preserve Service NodePorts", automatic(spec.get("preserveNodePorts"))),
    ]
    if modifier:
        rows.append(("Resource modifier", f"{shown(modifier.get('kind'))} {shown(modifier.get('name'))}"))
    hooks = entries(mapping(spec.get("hooks")).get("resources"))
    rows.append(("Hooks", shown([mapping(rule).get("name") for rule in hooks])))
    return rows


def _volumes(volumes: t.Any) -> list[str]:
    lines = []
    for volume in map(mapping, entries(volumes)):
        method = shown(volume.get("restoreMethod"))
        info = next((mapping(volume[name]) for name in sorted(volume) if name.endswith("Info") and volume[name]), {})
        handle = f" from {shown(info['snapshotHandle'])}" if info.get("snapshotHandle") else ""
        volume_name = f", volume {shown(volume['pvName'])}" if volume.get("pvName") else ""
        lines.append(f"  {title_of_volume(volume)}: {method}{handle}{volume_name}")
    return ["Restored Volumes:", *shortened(lines)] if lines else [f"Restored Volumes:  {NONE}"]


def _counts(items: t.Any) -> list[str]:
    """How many objects of each type had each action."""
    rows = [(name, shown(counts)) for name, counts in sorted(mapping(items).items())]
    return ["Objects by action:", *aligned(rows, "  ")] if rows else []


def _hook_counts(counts: t.Mapping[str, t.Any]) -> Rows:
    return [
        ("HooksAttempted", shown(counts.get("hooksAttempted"), "0")),
        ("HooksFailed", shown(counts.get("hooksFailed"), "0")),
    ]


__all__ = ("describe_restore_lines",)
