# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a report of one backup says, as a document of plain values. Of objects it has the names, and no bodies."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.backup_filter import BackupFilter
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.describe import Section
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.find_backup import find_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.holds import read_hold
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._report.errors import ReportError
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.messages import has_failed, messages_of, place_of
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.plain_values import (
    count_of,
    line_of,
    mapping_of,
    mappings_of,
    name_of,
    number_of,
    seconds_between,
    sentence_of,
    texts_of,
    time_of,
    volume_of_pod,
)
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.timeline import timeline_of
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

Report: t.TypeAlias = "dict[str, t.Any]"

_SECTIONS: frozenset[Section] = frozenset({"hooks", "volumes", "results", "resource_list"})

#: Rows of a table; what is left out is counted.
_MOST_OBJECTS, _MOST_ROWS = 500_000, 10_000

#: Where the data of a volume is, by the method of volumeinfo, and the member that says more.
_METHODS = {
    "NativeSnapshot": ("snapshot of the cloud", "nativeSnapshotInfo"),
    "PodVolumeBackup": ("files in a repository", "pvbInfo"),
    "CSISnapshot": ("CSI snapshot", "csiSnapshotInfo"),
}
_MOVED = ("data moved to the backup storage", "snapshotDataMovementInfo")


def report_of_backup(store: Store, name: str, *, log: bool = False, cancel: CancelToken | None = None) -> Report:
    """``log``: with the end of its log. Raises ``ArkiveError`` where there is no such backup."""
    catalog = Catalog(store, cancel)
    find_backup(catalog, name)
    sections: frozenset[Section] = _SECTIONS | {"logs"} if log else _SECTIONS
    found = list_backups(store, BackupFilter(name=name), sections=sections, cancel=cancel).backups
    if not found:
        raise ReportError(f"Backup '{name}' in {store.location.describe} has gone while it was looked at.")
    described = found[0]
    if not described.get("resource_list"):
        described["resource_list"] = _names_in_archive(catalog, name, described["problems"])
    hold = read_hold(store, name) if described["held"] else None
    return backup_report(described, location=store.location.describe, hold=hold.text if hold else "")


def backup_report(described: t.Mapping[str, t.Any], *, location: str, hold: str = "") -> Report:
    """``described``: a backup with its sections, as ``_catalog`` describes it."""
    objects, left_out = _objects(mapping_of(described.get("resource_list")))
    return {
        "kind": "backup",
        "title": f"Backup {name_of(described.get('name'))}",
        "location": name_of(location),
        "overview": _overview(described) | {"hold": sentence_of(hold), "objects": len(objects) + left_out},
        "messages": messages_of(described),
        "timeline": timeline_of(described),
        "hooks": [_hook(hook) for hook in mappings_of(described.get("hooks"))[:_MOST_ROWS]],
        "freezes": [_freeze(freeze) for freeze in mappings_of(described.get("freezes"))[:_MOST_ROWS]],
        "databases": [_database(quiesce) for quiesce in mappings_of(described.get("quiesces"))[:_MOST_ROWS]],
        "volumes": [_volume(volume) for volume in mappings_of(described.get("volumes"))[:_MOST_ROWS]],
        "objects": objects,
        "log": [line_of(line) for line in _plain_log(described).splitlines()[-_MOST_ROWS:]],
        "log_is_whole": described.get("logs_truncated") is not True,
        "left_out": _left_out(described) | ({"objects": left_out} if left_out else {}),
    }


def _names_in_archive(catalog: Catalog, name: str, problems: list[str]) -> dict[str, list[str]]:
    """For a backup from before the file that lists them. The archive is read, and no body is kept."""
    found: dict[str, list[str]] = {}
    try:
        with catalog.files(name).open_tarball() as tarball:
            for ref in tarball.items:
                where = f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name
                found.setdefault(str(ref.group_resource), []).append(where)
    except ArchiveError as exc:
        if exc.message not in problems:
            problems.append(exc.message)
    return found


def _overview(described: t.Mapping[str, t.Any]) -> Report:
    spec = mapping_of(mapping_of(described.get("backup")).get("spec"))
    started, completed = time_of(described.get("started")), time_of(described.get("completed"))
    return {
        "name": name_of(described.get("name")),
        "phase": name_of(described.get("phase")) or "New",
        "schedule": name_of(described.get("schedule")),
        "started": started,
        "completed": completed,
        "seconds": seconds_between(started, completed),
        "expiration": time_of(described.get("expiration")),
        "size": number_of(described.get("size")),
        "errors": count_of(described.get("errors")),
        "warnings": count_of(described.get("warnings")),
        "namespaces": [name_of(each) for each in texts_of(spec.get("includedNamespaces"))[:100]],
        "excluded_namespaces": [name_of(each) for each in texts_of(spec.get("excludedNamespaces"))[:100]],
        "resources": [name_of(each) for each in texts_of(spec.get("includedResources"))[:100]],
        "excluded_resources": [name_of(each) for each in texts_of(spec.get("excludedResources"))[:100]],
    }


def _objects(resource_list: t.Mapping[str, t.Any]) -> tuple[list[dict[str, str]], int]:
    """The names, and how many there is no room for."""
    found: list[dict[str, str]] = []
    total = 0
    for resource, names in sorted(resource_list.items()):
        kind = name_of(resource)
        entries = texts_of(names)
        total += len(entries)
        for entry in entries[: _MOST_OBJECTS - len(found)]:
            namespace, slash, name = str(entry).rpartition("/")
            found.append({"type": kind, "namespace": name_of(namespace if slash else ""), "name": name_of(name)})
    return found, total - len(found)


def _hook(hook: t.Mapping[str, t.Any]) -> Report:
    return {
        "place": place_of(hook),
        "phase": name_of(hook.get("phase")),
        "source": name_of(hook.get("source")),
        "name": name_of(hook.get("name")),
        "command": name_of(" ".join(str(word) for word in texts_of(hook.get("argv")))),
        "state": name_of(hook.get("state")),
        "failed": has_failed(hook),
        "rc": number_of(hook.get("rc")),
        "started": time_of(hook.get("started")),
        "seconds": number_of(hook.get("duration_seconds")),
        "error": sentence_of(hook.get("error")),
    }


def _freeze(freeze: t.Mapping[str, t.Any]) -> Report:
    return {
        "place": place_of(freeze),
        "path": name_of(freeze.get("path")),
        "claim": name_of(freeze.get("claim")),
        "started": time_of(freeze.get("started")),
        "seconds": number_of(freeze.get("seconds")),
        "timer": name_of(freeze.get("lease")),
        "thawed_by": name_of(freeze.get("thawed_by")),
        "consistent": freeze.get("consistent") is True,
        "error": sentence_of(freeze.get("error")),
    }


def _database(quiesce: t.Mapping[str, t.Any]) -> Report:
    return {
        "place": place_of(quiesce),
        "database": " ".join(filter(None, (name_of(quiesce.get("kind")), name_of(quiesce.get("version"))))),
        "mode": name_of(quiesce.get("mode")),
        "started": time_of(quiesce.get("started")),
        "seconds": number_of(quiesce.get("seconds")),
        "ended_by": name_of(quiesce.get("ended_by")),
        "consistent": quiesce.get("consistent") is True,
        "error": sentence_of(quiesce.get("error")),
    }


def _volume(volume: t.Mapping[str, t.Any]) -> Report:
    method = name_of(volume.get("backupMethod"))
    where, member = _MOVED if volume.get("snapshotDataMoved") is True else _METHODS.get(method, (method, ""))
    info = mapping_of(volume.get(member))
    place = (info.get("driver"), info.get("volumeAZ"), info.get("uploaderType"), info.get("nodeName"))
    skipped = volume.get("skipped") is True
    return {
        "claim": "/".join(filter(None, (name_of(volume.get("pvcNamespace")), name_of(volume.get("pvcName"))))),
        "volume": name_of(volume.get("pvName")) or volume_of_pod(volume),
        "data": "nowhere: it was left out" if skipped else where,
        "place": ", ".join(filter(None, map(name_of, place))),
        "handle": name_of(info.get("snapshotHandle")),
        "size": number_of(info.get("size")),
        "result": "skipped" if skipped else name_of(volume.get("result") or info.get("Phase") or info.get("phase")),
        "reason": sentence_of(volume.get("skippedReason")),
    }


def _plain_log(described: t.Mapping[str, t.Any]) -> str:
    text = described.get("logs")
    return text if isinstance(text, str) else ""


def _left_out(described: t.Mapping[str, t.Any]) -> dict[str, int]:
    """By the name of the table."""
    tables = {"hooks": "hooks", "freezes": "freezes", "databases": "quiesces", "volumes": "volumes"}
    numbers = {table: len(texts_of(described.get(part))) - _MOST_ROWS for table, part in tables.items()}
    return {table: number for table, number in numbers.items() if number > 0}


__all__ = ("Report", "backup_report", "report_of_backup")
