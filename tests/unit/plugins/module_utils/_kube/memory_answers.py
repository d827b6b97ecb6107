# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests to the API server in memory, its answers, and its words for what it refuses (Kubernetes 1.34)."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import ApiType, Object


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """``body``: the parsed JSON, None where there is none. Names of ``headers`` are in lower case."""

    verb: str
    path: str
    query: t.Mapping[str, str]
    headers: t.Mapping[str, str]
    body: t.Any = None

    @property
    def dry_run(self) -> bool:
        options = self.body if self.verb == "DELETE" and isinstance(self.body, dict) else {}
        return "dryRun" in self.query or bool(options.get("dryRun"))

    @property
    def line(self) -> str:
        """``POST /api/v1/namespaces``."""
        return f"{self.verb} {self.path}"


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """``document``: what is written as JSON; bytes are sent as they are."""

    status: int
    document: t.Any
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """What a path names. ``name``: empty for a collection."""

    kind: ApiType
    namespace: str = ""
    name: str = ""
    subresource: str = ""


class Refused(Exception):
    """The request is answered with a Status."""

    def __init__(
        self, code: int, reason: str, message: str, details: Object | None = None, metadata: Object | None = None
    ) -> None:
        super().__init__(message)
        status: Object = {"kind": "Status", "apiVersion": "v1", "metadata": metadata or {}, "status": "Failure"}
        status |= {"message": message, "reason": reason, "code": code}
        if details:
            status["details"] = details
        self.answer = Answer(code, status)


def _details(target: Target, name: str) -> Object:
    group = {"group": target.kind.group} if target.kind.group else {}
    return {"name": name, **group, "kind": target.kind.plural}


def bad_request(message: str) -> Refused:
    return Refused(400, "BadRequest", message)


def no_such_path() -> Refused:
    return Refused(404, "NotFound", "the server could not find the requested resource", {})


def not_found(target: Target) -> Refused:
    message = f'{target.kind.qualified} "{target.name}" not found'
    return Refused(404, "NotFound", message, _details(target, target.name))


def no_namespace(name: str) -> Refused:
    return Refused(404, "NotFound", f'namespaces "{name}" not found', {"name": name, "kind": "namespaces"})


def already_exists(target: Target, name: str) -> Refused:
    message = f'{target.kind.qualified} "{name}" already exists'
    return Refused(409, "AlreadyExists", message, _details(target, name))


def conflict(target: Target, why: str = "") -> Refused:
    newer = "the object has been modified; please apply your changes to the latest version and try again"
    message = f'Operation cannot be fulfilled on {target.kind.qualified} "{target.name}": {why or newer}'
    return Refused(409, "Conflict", message, _details(target, target.name))


def invalid(target: Target, name: str, field: str, why: str) -> Refused:
    details = {"name": name, "kind": target.kind.kind, "causes": [{"field": field, "message": why}]}
    return Refused(422, "Invalid", f'{target.kind.kind} "{name}" is invalid: {field}: {why}', details)


def forbidden(target: Target, who: str, verb: str) -> Refused:
    sub = f"/{target.subresource}" if target.subresource else ""
    where = f' in the namespace "{target.namespace}"' if target.namespace else " at the cluster scope"
    subject = f'{target.kind.qualified} "{target.name}"' if target.name else target.kind.qualified
    may_not = f'User "{who}" cannot {verb} resource "{target.kind.plural}{sub}" in API group "{target.kind.group}"'
    return Refused(403, "Forbidden", f"{subject} is forbidden: {may_not}{where}", _details(target, target.name))


def is_ending(target: Target, name: str) -> Refused:
    why = f"unable to create new content in namespace {target.namespace} because it is being terminated"
    details = _details(target, name)
    details["causes"] = [{"reason": "NamespaceTerminating", "message": why, "field": "metadata.namespace"}]
    return Refused(403, "Forbidden", f'{target.kind.qualified} "{name}" is forbidden: {why}', details)


def expired(token: str) -> Refused:
    message = (
        "The provided continue parameter is too old to display a consistent list result. You can start a new list "
        "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
        "results."
    )
    return Refused(410, "Expired", message, metadata={"continue": token})


def too_old(version: int, oldest: int) -> Object:
    """The Status in the ERROR event of a watch."""
    status: Object = Refused(410, "Expired", f"too old resource version: {version} ({oldest})").answer.document
    return status


__all__ = (
    "Answer",
    "Refused",
    "Request",
    "Target",
    "already_exists",
    "bad_request",
    "conflict",
    "expired",
    "forbidden",
    "invalid",
    "is_ending",
    "no_namespace",
    "no_such_path",
    "not_found",
    "too_old",
)
