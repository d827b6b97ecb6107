# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hostile archives: each is listed, described, planned and restored against an API server in memory.

Right is: an error that a person can read or a sound result, nothing written that the filters keep out or that the
archive does not name, less than 300 MB of memory, and time by the size of the input.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import resource
import signal
import tarfile
import tempfile
import traceback
import typing as t
from pathlib import Path
from unittest import mock

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.describe import SECTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply import object_writer
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import REVIEWS, ApiType
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore import restore_api
from campaigns.archives_make import Files
from campaigns.archives_objects import KINDS
from campaigns.archives_ways import spoil

_MAX_MEMORY = 300 << 20
#: Of the processor. The largest inputs are 15 MiB of JSON, read several times.
_MAX_SECONDS = 40
_MOST_ADDRESSES = 3 << 30
_VERBS = ("create", "delete", "get", "list", "patch", "update")
_TYPES = [
    ApiType(group=group, version=version, plural=plural, kind=kind, namespaced=namespaced, verbs=_VERBS)
    for group, version, plural, kind, namespaced in KINDS
]

#: Options of a restore, and what it may write with them: None is everything.
_REQUESTS: tuple[tuple[dict[str, t.Any], frozenset[str] | None], ...] = (
    ({}, None),
    ({"on_bad_member": "skip"}, None),
    ({"included_resources": ["configmaps"], "include_cluster_resources": False}, frozenset({"configmaps"})),
    (
        {"included_resources": ["configmaps"], "include_cluster_resources": False, "on_bad_member": "skip"},
        frozenset({"configmaps"}),
    ),
    ({"excluded_resources": ["secrets"], "label_selector": {"matchLabels": {"app": "web"}}}, None),
    ({"namespace_mapping": {"shop": "shop-2"}, "existing_resource_policy": "update", "on_bad_member": "skip"}, None),
    ({"names": ["configmap/*"], "on_bad_member": "skip"}, frozenset({"configmaps"})),
    ({"storage_class_mapping": {"fast": "slow"}, "image_mapping": {"docker.io": "mirror"}, "want_diff": True}, None),
    ({"restore_status": {"includedResources": ["*"]}, "all_api_versions": True, "restore_managed_fields": True}, None),
    ({"restore_pvs": False, "name": "r"}, None),
    ({"preserve_node_ports": True, "on_missing_volume_data": "warn"}, None),
)


class Api(restore_api.RestoreApi):
    """Serves all the types of the sound backup; nothing can be watched."""

    def __init__(self) -> None:
        super().__init__()
        self.types = [*_TYPES, *REVIEWS]


class Archives:
    """The campaign. A case runs in a process of its own, whose peak of memory is its own too."""

    def __enter__(self) -> t.Self:
        self._until = contextlib.ExitStack()
        self._folder = Path(self._until.enter_context(tempfile.TemporaryDirectory(prefix="arkive-archives-")))
        self._until.enter_context(mock.patch.object(object_writer, "_PAUSE", 0.0))
        return self

    def __exit__(self, *exc: object) -> None:
        self._until.close()

    def run_case(self, chance: random.Random) -> str:
        way, files = spoil(chance)
        options, allowed = chance.choice(_REQUESTS)
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            for key, data in files.items():
                path = Path(folder, key)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            said = _in_a_process(lambda: judge(folder, files, options, allowed))
        return f"{way} with {options}: {said}" if said else ""


def judge(folder: str, files: Files, options: dict[str, t.Any], allowed: frozenset[str] | None) -> str:
    """What is wrong with what becomes of the location; empty when nothing is."""
    store = open_store(LocalLocation(path=folder))
    return (
        _tried(lambda: _encodable(list_backups(store, sections=SECTIONS).backups))
        or _tried(lambda: _planned(store, options))
        or _tried(lambda: _restored(store, options, allowed))
    )


def _planned(store: t.Any, options: dict[str, t.Any]) -> str:
    api = Api()
    api.add("namespaces", "shop", status={"phase": "Active"})
    try:
        outcome = restore_api.plan(api, store, **_of_request(options))
    finally:
        written = [request for request in api.requests if not request.startswith("GET")]
    return f"a plan has written {written}" if written else _encodable(outcome.plan_items)


def _restored(store: t.Any, options: dict[str, t.Any], allowed: frozenset[str] | None) -> str:
    api = Api()
    api.add("namespaces", "shop", status={"phase": "Active"})
    named = {(GroupResource.parse(path.split("/")[1]).resource, path) for path in _paths(store)}
    refused = ""
    try:
        outcome = restore_api.restore(api, store, **_of_request(options))
        refused = _encodable([outcome.plan_items, outcome.errors_list, outcome.warnings_list])
    finally:
        refused = refused or _stranger(api, named, allowed)
    return refused


def _of_request(options: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"resource_timeout": 0.05, "terminating_timeout": 0.05, **options}


def _paths(store: t.Any) -> list[str]:
    """The paths of objects in the tarball, as far as another reader than ours can see."""
    found: list[str] = []
    try:
        with tarfile.open(fileobj=io.BytesIO(store.get("backups/b/b.tar.gz")), mode="r:gz") as archive:
            while (member := archive.next()) is not None and len(found) < 1000:
                if member.name.startswith("resources/"):
                    found.append(member.name)
    except Exception:
        # Whatever Python's reader does not survive ends the list: ours may not take more from there either.
        return found
    return found


def _stranger(api: Api, named: set[tuple[str, str]], allowed: frozenset[str] | None) -> str:
    """An object that was made and that the archive has no path for, or the filters none of."""
    kinds = {plural: kind for _group, _version, plural, kind, _namespaced in KINDS}
    for (plural, namespace, name), obj in api.objects.items():
        if plural in ("namespaces", "leases"):
            continue
        if allowed is not None and plural not in allowed:
            return f"{plural} {namespace}/{name} was made, which the filters keep out"
        if obj.get("kind") != kinds.get(plural):
            return f"a {obj.get('kind')} was made among the {plural}"
        if namespace not in ("", "shop", "shop-2"):
            return f"{plural} {namespace}/{name} was made in another namespace"
        if plural == "configmaps" and not any(one == plural and path.endswith(f"/{name}.json") for one, path in named):
            return f"{plural} {namespace}/{name} was made, which the archive does not name"
    return ""


def _encodable(document: t.Any) -> str:
    """What a task returns goes through JSON and UTF-8."""
    try:
        json.dumps(document, allow_nan=False).encode()
    except (ValueError, RecursionError) as exc:
        return f"what is returned is no JSON: {exc}"
    return ""


def _tried(work: t.Callable[[], str]) -> str:
    try:
        return work()
    except ArkiveError as exc:
        sound = exc.message.isprintable() and exc.message.endswith((".", "?", "!")) and len(exc.message) < 3000
        return "" if sound else f"no sentence: {exc.message!r}"
    except MemoryError:
        return "the memory did not suffice"
    except Exception:
        return traceback.format_exc(limit=-3)


def _in_a_process(work: t.Callable[[], str]) -> str:
    reading, writing = os.pipe()
    before = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    child = os.fork()
    if not child:
        said = "it ended without a word"
        try:
            os.close(reading)
            resource.setrlimit(resource.RLIMIT_CPU, (_MAX_SECONDS, _MAX_SECONDS + 1))
            # Far above what is right: a case must not take the machine with it.
            resource.setrlimit(resource.RLIMIT_AS, (_MOST_ADDRESSES, _MOST_ADDRESSES))
            signal.alarm(10 * _MAX_SECONDS)
            said = work()
        finally:
            os.write(writing, said.encode("utf-8", "replace")[-3000:])
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    _pid, status, usage = os.wait4(child, 0)
    if os.WIFSIGNALED(status):
        return f"it took more than {_MAX_SECONDS} s, or crashed: {signal.Signals(os.WTERMSIG(status)).name}"
    grown = usage.ru_maxrss * 1024 - before
    return said or (f"it took {grown >> 20} MiB of memory" if grown > _MAX_MEMORY else "")


__all__ = ("Archives", "judge")
