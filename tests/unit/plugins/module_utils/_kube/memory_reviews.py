# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the API server in memory says of rights."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_answers import Answer, Request, Target
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import VERBS, ApiType, Object


class Rights(t.Protocol):
    """Who may do what."""

    types: list[ApiType]
    lists_rights: bool

    def allows(self, user: str, verb: str, resource: str, namespace: str, /) -> bool:
        """``resource`` has its subresource with it: ``pods/exec``."""


def answer(rights: Rights, target: Target, request: Request) -> Answer | None:
    """The answer to a review; None for any other request."""
    user = request.headers.get("impersonate-user", "")
    if target.kind.kind == "SelfSubjectAccessReview":
        status: Object = {"allowed": _is_allowed(rights, user, request.body["spec"].get("resourceAttributes") or {})}
    elif target.kind.kind == "SelfSubjectRulesReview":
        namespace = str(request.body["spec"].get("namespace") or "")
        rules = _rules(rights, user, namespace) if rights.lists_rights else []
        status = {"resourceRules": rules, "nonResourceRules": [], "incomplete": not rights.lists_rights}
    else:
        return None
    return Answer(201, {**request.body, "metadata": {}, "status": status})


def _is_allowed(rights: Rights, user: str, asked: Object) -> bool:
    resource = "/".join(filter(None, (asked.get("resource"), asked.get("subresource"))))
    return rights.allows(user, str(asked.get("verb")), resource, str(asked.get("namespace") or ""))


def _rules(rights: Rights, user: str, namespace: str) -> list[Object]:
    rules = []
    for each in rights.types:
        for resource in (each.plural, f"{each.plural}/exec", f"{each.plural}/log"):
            verbs = [verb for verb in VERBS if rights.allows(user, verb, resource, namespace)]
            if verbs:
                rules.append({"verbs": verbs, "apiGroups": [each.group], "resources": [resource]})
    return rules


__all__ = ("Rights", "answer")
