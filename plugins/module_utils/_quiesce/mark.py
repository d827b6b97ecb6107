# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mark: an annotation that says what is frozen. It is on the pod and on the claim, which outlives the pod.

Whoever may patch a pod or a claim may write one. So each entry is checked part by part, the command that thaws is made
anew from the name of a known tool, and nothing of an entry that does not fit is used.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import posixpath
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339, rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import mounted_claims
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.annotated import FROZEN_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_timer import FreezeTimer
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import LONGEST_FREEZE_SECONDS, FreezeTarget
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import THAW_TOOL, FreezeCommand

#: Where the tools of a thaw are looked for; what lies elsewhere is never run because a mark says so.
_TOOLS = tuple(
    f"{folder}{tool}"
    for tool in (THAW_TOOL, "xfs_freeze")
    for folder in ("", "/sbin/", "/usr/sbin/", "/bin/", "/usr/bin/", "/usr/local/sbin/", "/usr/local/bin/")
)
_MOST_ENTRIES = 64
_LONGEST_TEXT = 64 * 1024
_LONGEST_PATH = 4096
_LEASE_ID = re.compile(r"[0-9a-f]{16}")
_RUN = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z._-]{0,62}")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_DEVICE = re.compile(r"[0-9]{1,7}:[0-9]{1,7}")
#: Two clocks may differ by this much, beside the longest freeze.
_SKEW = dt.timedelta(minutes=10)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One entry of the annotation. ``until``: no live run holds the freeze after this moment.

    ``claim`` is ``namespace/name``, and empty where the freeze is of no claim; ``tool`` is the program that thaws.
    """

    run: str
    lease_id: str
    namespace: str
    pod: str
    container: str
    path: str
    until: dt.datetime
    node: str = ""
    claim: str = ""
    device: str = ""
    tool: str = THAW_TOOL

    @property
    def target(self) -> FreezeTarget:
        return FreezeTarget(
            namespace=self.namespace,
            pod=self.pod,
            node=self.node,
            container=self.container,
            path=self.path,
            claim=self.claim,
            device=self.device,
        )

    def thaw_argv(self, path: str = "") -> tuple[str, ...]:
        """The command that thaws it, at ``path`` if that is another one."""
        return FreezeCommand(self.tool, path or self.path).thaw_argv

    def to_json(self) -> dict[str, t.Any]:
        return {
            "run": self.run,
            "lease": self.lease_id,
            "pod": self.pod,
            "node": self.node,
            "container": self.container,
            "path": self.path,
            "claim": self.claim,
            "device": self.device,
            "tool": self.tool,
            "until": rfc3339(self.until),
        }


@dataclasses.dataclass(frozen=True, slots=True)
class MarkReading:
    """The entries of one annotation; ``faults`` says of each that is not ours why, without a word of its own."""

    marks: tuple[Mark, ...] = ()
    faults: tuple[str, ...] = ()


def is_lease_id(text: str) -> bool:
    """True for what ``freeze_timer.new_lease_id`` makes."""
    return _LEASE_ID.fullmatch(text) is not None


def make_marks(timer: FreezeTimer, *, run_id: str, seconds: float, now: dt.datetime) -> list[Mark]:
    """The marks of one timer: a run that still lives renews or removes them within ``seconds`` from ``now``.

    That is the time of the API server, which all that read the marks go by.
    """
    until = now + dt.timedelta(seconds=min(seconds, LONGEST_FREEZE_SECONDS))
    return [
        Mark(
            run=run_id,
            lease_id=timer.lease_id,
            namespace=target.namespace,
            pod=target.pod,
            container=target.container,
            path=target.path,
            until=until,
            node=target.node,
            claim=target.claim,
            device=target.device,
            tool=thaw[0] if thaw[0] in _TOOLS else posixpath.basename(thaw[0]),
        )
        for target, thaw in zip(timer.targets, timer.thaws, strict=True)
    ]


def read_pod(pod: t.Mapping[str, t.Any]) -> MarkReading:
    """The marks on a pod: of freezes in that pod, on its node, of claims that it mounts."""
    metadata = pod.get("metadata") or {}
    namespace, name = str(metadata.get("namespace", "")), str(metadata.get("name", ""))
    claims = {f"{namespace}/{claim}" for claim in mounted_claims(pod)} | {""}
    node = str((pod.get("spec") or {}).get("nodeName", ""))

    def check(entry: dict[str, t.Any]) -> None:
        _expect(entry.get("pod", name) == name, "its pod is another one")
        _expect(entry.get("claim", "") in claims, "the pod does not mount its claim")
        entry.update(pod=name, node=node, namespace=namespace)

    return _read(metadata, f"pod {namespace}/{name}", check)


def read_claim(claim: t.Mapping[str, t.Any]) -> MarkReading:
    """The marks on a claim: of freezes of its file system."""
    metadata = claim.get("metadata") or {}
    namespace, name = str(metadata.get("namespace", "")), str(metadata.get("name", ""))

    def check(entry: dict[str, t.Any]) -> None:
        _expect(entry.get("claim") == f"{namespace}/{name}", "its claim is another one")
        entry.update(namespace=namespace)

    return _read(metadata, f"claim {namespace}/{name}", check)


class _NotOursError(Exception):
    """Why an entry is no mark."""


def _read(metadata: t.Mapping[str, t.Any], where: str, check: t.Callable[[dict[str, t.Any]], None]) -> MarkReading:
    text = (metadata.get("annotations") or {}).get(FROZEN_ANNOTATION)
    if not text:
        return MarkReading()
    if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
        return MarkReading(faults=(_fault(where, "it is too long"),))
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        return MarkReading(faults=(_fault(where, "it is not JSON"),))
    if not isinstance(entries, list) or len(entries) > _MOST_ENTRIES:
        return MarkReading(faults=(_fault(where, f"it is not a list of at most {_MOST_ENTRIES} entries"),))
    marks: list[Mark] = []
    faults: list[str] = []
    for number, entry in enumerate(entries, 1):
        try:
            _expect(isinstance(entry, dict), "it is not a mapping")
            checked = dict(entry)
            for part in ("pod", "claim"):
                _expect(isinstance(checked.get(part, ""), str), f"{part} is not a text")
            check(checked)
            marks.append(_to_mark(checked))
        except _NotOursError as exc:
            faults.append(_fault(where, f"entry {number}: {exc}"))
    return MarkReading(tuple(marks), tuple(faults))


def _to_mark(entry: t.Mapping[str, t.Any]) -> Mark:
    """Every part checked; ``pod``, ``node`` and ``claim`` of the object that carries the mark were put in before."""
    words = {name: entry.get(name, "") for name in ("run", "lease", "pod", "node", "container", "path", "claim")}
    words |= {"device": entry.get("device", ""), "until": entry.get("until", ""), "tool": _tool_of(entry)}
    for name, value in words.items():
        _expect(isinstance(value, str), f"{name} is not a text")
    _expect(_RUN.fullmatch(words["run"]) is not None, "run is not the name of a run")
    _expect(is_lease_id(words["lease"]), "lease is not 16 hexadecimal digits")
    _expect(is_subdomain_name(words["pod"]), "pod is not the name of a pod")
    _expect(not words["node"] or is_subdomain_name(words["node"]), "node is not the name of a node")
    _expect(_LABEL.fullmatch(words["container"]) is not None, "container is not the name of a container")
    _expect(not words["device"] or _DEVICE.fullmatch(words["device"]) is not None, "device is not MAJOR:MINOR")
    _expect(is_plain_path(words["path"]), "path is not an absolute path")
    _expect(not words["claim"] or is_subdomain_name(words["claim"].partition("/")[2]), "claim is not NAMESPACE/NAME")
    return Mark(
        run=words["run"],
        lease_id=words["lease"],
        namespace=entry["namespace"],
        pod=words["pod"],
        container=words["container"],
        path=words["path"],
        until=_until(words["until"]),
        node=words["node"],
        claim=words["claim"],
        device=words["device"],
        tool=words["tool"],
    )


def is_plain_path(path: str) -> bool:
    """True for an absolute path without ``..`` and control characters."""
    fits = path.startswith("/") and len(path) <= _LONGEST_PATH and path.isprintable()
    return fits and ".." not in path.split("/")


def _tool_of(entry: t.Mapping[str, t.Any]) -> str:
    """The tool's name; 0.1.0 wrote the whole command, of which nothing but what we would make ourselves is taken."""
    tool = entry.get("tool")
    if "thaw" in entry:
        thaw = entry["thaw"]
        _expect(isinstance(thaw, list) and len(thaw) == 3, "thaw is not the command of a known tool")
        _expect(tool in (None, thaw[0]), "thaw is not the command of its tool")
        tool = thaw[0]
    _expect(tool in _TOOLS, f"its tool is not one of {THAW_TOOL} and xfs_freeze")
    if "thaw" in entry:
        made = FreezeCommand(str(tool), entry.get("path", "")).thaw_argv
        _expect(tuple(entry["thaw"]) == made, "thaw is not the command of a known tool")
    return str(tool)


def _until(text: str) -> dt.datetime:
    try:
        until = parse_rfc3339(text)
    except (ValidationError, OverflowError) as exc:
        raise _NotOursError("until is not a time") from exc
    farthest = utc_now() + dt.timedelta(seconds=LONGEST_FREEZE_SECONDS) + _SKEW
    _expect(until <= farthest, "until is farther away than a freeze may last")
    return until


def _expect(fits: bool, fault: str) -> None:
    if not fits:
        raise _NotOursError(fault)


def _fault(where: str, why: str) -> str:
    kind, _blank, name = where.partition(" ")
    namespace, _slash, short = name.partition("/")
    resource = "pvc" if kind == "claim" else kind
    return (
        f"The annotation {FROZEN_ANNOTATION} of {where} is not a mark of this collection ({why}): it is left alone. "
        f"Remove it with: kubectl -n {namespace} annotate {resource} {short} {FROZEN_ANNOTATION}-"
    )


__all__ = (
    "Mark",
    "MarkReading",
    "is_lease_id",
    "is_plain_path",
    "make_marks",
    "read_claim",
    "read_pod",
)
