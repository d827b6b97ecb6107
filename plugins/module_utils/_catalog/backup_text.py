# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup in words, section by section as ``velero backup describe --details`` has it, and what we know beside it."""

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
    selector,
    selectors,
    shown,
    title_of_volume,
    took,
)

_SCOPES = (("Cluster-scoped", "ClusterScopedResources"), ("Namespace-scoped", "NamespaceScopedResources"))
#: The members of volumeinfo by what Velero calls them, and those of each.
_CSI = (
    ("vscName", "Snapshot Content Name"),
    ("snapshotHandle", "Storage Snapshot ID"),
    ("size", "Snapshot Size (bytes)"),
    ("driver", "CSI Driver"),
)
_NATIVE = (
    ("snapshotHandle", "Snapshot ID"),
    ("volumeType", "Type"),
    ("volumeAZ", "Availability Zone"),
    ("iops", "IOPS"),
    ("Phase", "Result"),
)
_POD_VOLUME = (
    ("podName", "Pod"),
    ("volumeName", "Volume"),
    ("uploaderType", "Uploader Type"),
    ("snapshotHandle", "Snapshot ID"),
    ("Phase", "Result"),
)
_MOVED = (
    ("dataMover", "Data Mover"),
    ("uploaderType", "Uploader Type"),
    ("snapshotHandle", "Snapshot ID"),
    ("phase", "Result"),
)


def describe_backup_lines(entry: t.Mapping[str, t.Any]) -> list[str]:
    """``entry`` is a backup as it is listed, with all sections of its details that are to be told of."""
    backup = mapping(entry.get("backup"))
    metadata, spec, status = (mapping(backup.get(name)) for name in ("metadata", "spec", "status"))
    parts = [
        aligned(
            [
                ("Name", shown(entry.get("name"))),
                ("Namespace", shown(metadata.get("namespace"))),
                ("Labels", listed(metadata.get("labels"))),
                ("Annotations", listed(metadata.get("annotations"))),
            ]
        ),
        aligned([("Phase", _phase(entry, status)), ("Size (bytes)", shown(entry.get("size")))]),
        problems(entry),
        messages(entry.get("results"), "errors", entry.get("errors")),
        messages(entry.get("results"), "warnings", entry.get("warnings")),
        *_selection(spec),
        aligned(_settings(spec)),
        _hooks(mapping(spec.get("hooks"))),
        aligned(_times(entry, status)),
        resources(entry.get("resource_list")),
        _volumes(entry.get("volumes")),
        _dumps(entry.get("dumps")),
        _ran(entry, mapping(status.get("hookStatus"))),
    ]
    return [line for part in parts if part for line in (*part, "")][:-1]


def _phase(entry: t.Mapping[str, t.Any], status: t.Mapping[str, t.Any]) -> str:
    phase, reason = shown(entry.get("phase"), "<unknown>"), status.get("failureReason")
    wrong = [f"\n{shown(text)}" for text in entries(status.get("validationErrors"))]
    return f"{phase}{f' ({shown(reason)})' if reason else ''}{''.join(wrong)}"


def _selection(spec: t.Mapping[str, t.Any]) -> t.Iterator[list[str]]:
    included = shown(spec.get("includedNamespaces"), "*")
    yield ["Namespaces:", *aligned([("Included", included), ("Excluded", shown(spec.get("excludedNamespaces")))], "  ")]
    rows: list[tuple[str, str]] = []
    if any(spec.get(f"{side}{field}") for _title, field in _SCOPES for side in ("included", "excluded")):
        for title, field in _SCOPES:
            rows.append((f"Included {title}", shown(spec.get(f"included{field}"))))
            rows.append((f"Excluded {title}", shown(spec.get(f"excluded{field}"))))
    else:
        rows.append(("Included", shown(spec.get("includedResources"), "*")))
        rows.append(("Excluded", shown(spec.get("excludedResources"))))
        rows.append(("Cluster-scoped", _included(spec.get("includeClusterResources"))))
    yield ["Resources:", *aligned(rows, "  ")]
    yield aligned(selectors(spec))


def _included(value: t.Any) -> str:
    return {True: "included", False: "excluded"}[value] if isinstance(value, bool) else "auto"


def _settings(spec: t.Mapping[str, t.Any]) -> Rows:
    ordered = mapping(spec.get("orderedResources"))
    policy = mapping(spec.get("resourcePolicy"))
    rows = [
        ("Storage Location", shown(spec.get("storageLocation"))),
        ("Snapshot Volumes", automatic(spec.get("snapshotVolumes"))),
        ("Snapshot Locations", shown(spec.get("volumeSnapshotLocations"))),
        ("Snapshot Move Data", automatic(spec.get("snapshotMoveData"))),
        ("TTL", shown(spec.get("ttl"), "<never>")),
        ("CSISnapshotTimeout", shown(spec.get("csiSnapshotTimeout"))),
        ("ItemOperationTimeout", shown(spec.get("itemOperationTimeout"))),
    ]
    if policy:
        rows.append(("Resource policies", f"{shown(policy.get('kind'))} {shown(policy.get('name'))}"))
    if ordered:
        rows.append(("OrderedResources", listed(ordered)))
    return rows


def _hooks(hooks: t.Mapping[str, t.Any]) -> list[str]:
    rules = [mapping(rule) for rule in entries(hooks.get("resources"))]
    if not rules:
        return [f"Hooks:  {NONE}"]
    lines = ["Hooks:", "  Resources:"]
    for rule in rules:
        lines.append(f"    {shown(rule.get('name'))}:")
        lines += aligned(
            [
                ("Namespaces", _both(rule, "Namespaces")),
                ("Resources", _both(rule, "Resources")),
                ("Label selector", selector(rule.get("labelSelector"))),
            ],
            "      ",
        )
        for phase in ("pre", "post"):
            for one in map(mapping, entries(rule.get(phase))):
                lines.append(f"      {phase.capitalize()} Exec Hook:")
                lines += aligned(_exec(mapping(one.get("exec"))), "        ")
    return lines


def _both(rule: t.Mapping[str, t.Any], what: str) -> str:
    excluded = rule.get(f"excluded{what}")
    return shown(rule.get(f"included{what}"), "*") + (f", without {shown(excluded)}" if excluded else "")


def _exec(hook: t.Mapping[str, t.Any]) -> Rows:
    return [
        ("Container", shown(hook.get("container"))),
        ("Command", " ".join(shown(word) for word in entries(hook.get("command"))) or NONE),
        ("On Error", shown(hook.get("onError"))),
        ("Timeout", shown(hook.get("timeout"))),
    ]


def _times(entry: t.Mapping[str, t.Any], status: t.Mapping[str, t.Any]) -> Rows:
    progress = mapping(status.get("progress"))
    return [
        ("Backup Format Version", shown(status.get("formatVersion"))),
        ("Started", shown(entry.get("started"))),
        ("Completed", took(entry.get("started"), entry.get("completed"))),
        ("Expiration", shown(entry.get("expiration"), "<never>")),
        ("Total items to be backed up", shown(progress.get("totalItems"), "<unknown>")),
        ("Items backed up", shown(progress.get("itemsBackedUp"), "<unknown>")),
    ]


def _volumes(volumes: t.Any) -> list[str]:
    kinds: dict[str, list[str]] = {
        "Velero-Native Snapshots": [],
        "CSI Snapshots": [],
        "Pod Volume Backups": [],
        "Skipped": [],
    }
    for volume in map(mapping, entries(volumes)):
        kind, lines = _volume(volume)
        kinds[kind] += lines
    if not any(kinds.values()):
        return ["Backup Volumes:", "  <none included>"]
    found = ["Backup Volumes:"]
    for title, lines in kinds.items():
        found += [f"  {title}:", *lines] if lines else [f"  {title}: <none included>"] if title != "Skipped" else []
    return found


def _dumps(dumps: t.Any) -> list[str]:
    lines = []
    for dump in map(mapping, entries(dumps)):
        database = f" {shown(dump.get('database'))}" if dump.get("database") else ""
        where = f"{shown(dump.get('namespace'), '')}/{shown(dump.get('pod'))} {shown(dump.get('kind'), '')}{database}"
        lines.append(f"  {shown(dump.get('file'))}: {where}, {shown(dump.get('size'))} bytes")
    return ["Dumps of Databases:", *lines] if lines else []


def _volume(volume: t.Mapping[str, t.Any]) -> tuple[str, list[str]]:
    title = f"    {title_of_volume(volume)}:"
    if volume.get("skipped"):
        return "Skipped", [f"{title} {shown(volume.get('skippedReason'), 'no reason is recorded')}"]
    fields: t.Sequence[tuple[str, str]]
    kind, member, fields = "CSI Snapshots", "csiSnapshotInfo", _CSI
    if volume.get("nativeSnapshotInfo"):
        kind, member, fields = "Velero-Native Snapshots", "nativeSnapshotInfo", _NATIVE
    elif volume.get("pvbInfo"):
        kind, member, fields = "Pod Volume Backups", "pvbInfo", _POD_VOLUME
    elif volume.get("snapshotDataMoved"):
        member, fields = "snapshotDataMovementInfo", _MOVED
    info = mapping(volume.get(member))
    rows = [(words, shown(info[name])) for name, words in fields if info.get(name)]
    rows += [("Result", shown(volume["result"]))] if volume.get("result") else []
    return kind, [title, *aligned(rows, "      ")]


def _ran(entry: t.Mapping[str, t.Any], counts: t.Mapping[str, t.Any]) -> list[str]:
    lines = aligned(
        [
            ("HooksAttempted", shown(counts.get("hooksAttempted"), "0")),
            ("HooksFailed", shown(counts.get("hooksFailed"), "0")),
        ]
    )
    lines += commands("Hooks that ran", entry.get("hooks"))
    freezes = [_freeze(mapping(freeze)) for freeze in entries(entry.get("freezes"))]
    lines += ["Freezes:", *freezes] if freezes else []
    quiesces = [_quiesce(mapping(quiesce)) for quiesce in entries(entry.get("quiesces"))]
    return [*lines, "Databases:", *quiesces] if quiesces else lines


def _freeze(freeze: t.Mapping[str, t.Any]) -> str:
    where = f"{shown(freeze.get('namespace'), '')}/{shown(freeze.get('pod'))} {shown(freeze.get('path'), '')}".rstrip()
    return f"  {where}: {shown(freeze.get('seconds'))} s, thawed by {shown(freeze.get('thawed_by'), 'nobody yet')}"


def _quiesce(quiesce: t.Mapping[str, t.Any]) -> str:
    where = f"{shown(quiesce.get('namespace'), '')}/{shown(quiesce.get('pod'))} {shown(quiesce.get('kind'), '')}"
    held = "held until the snapshots were cut" if quiesce.get("consistent") is True else "not held"
    return f"  {where.rstrip()}: {held}, {shown(quiesce.get('seconds'))} s, mode {shown(quiesce.get('mode'))}"


__all__ = ("describe_backup_lines",)
