# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a caller may not do, as the real authorizer says it, and as the requests themselves then show it."""

from __future__ import annotations

import typing as t

import pytest
from callers import Callers, Rule

from ansible_collections.arkive.k8s.plugins.module_utils._backup.access import (
    forbidden_error,
    list_needs,
)
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.rights import exec_needs
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need, find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rights import rights_text

EVERYTHING: Rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
READS_EVERYTHING: Rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]}
READS_CORE: Rule = {"apiGroups": [""], "resources": ["configmaps", "pods"], "verbs": ["get", "list"]}
READS_APPS: Rule = {"apiGroups": ["apps"], "resources": ["*"], "verbs": ["list"]}
ONE_SECRET: Rule = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["one"], "verbs": ["list"]}
EXEC: Rule = {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create", "get"]}


class Listed(t.NamedTuple):
    types: tuple[ApiResource, ...]
    list_namespaces: tuple[str, ...] | None


@pytest.fixture(scope="session")
def types(client: KubeClient) -> tuple[ApiResource, ...]:
    """All that can be listed."""
    return tuple(resource for resource in Discovery.read(client).preferred() if "list" in resource.verbs)


def refused_by_the_server(client: KubeClient, needs: t.Sequence[Need], types: t.Sequence[ApiResource]) -> list[Need]:
    """Tries each list: what the review foretells is what happens."""
    by_name = {(resource.group, resource.plural): resource for resource in types}
    refused = []
    for need in needs:
        path = by_name[need.group, need.resource].path(namespace=need.namespace or None)
        try:
            client.get(path, query={"limit": "1"})
        except KubeError as exc:
            if exc.forbidden:
                refused.append(need)
            elif exc.status not in (404, 405):
                raise
    return refused


@pytest.mark.parametrize(
    ("rule", "most_requests"),
    [pytest.param(EVERYTHING, 1, id="admin"), pytest.param(READS_EVERYTHING, 2, id="reads everything")],
)
def test_who_may_everything(callers: Callers, types: tuple[ApiResource, ...], rule: Rule, most_requests: int) -> None:
    client = callers.may(rule, cluster=True)
    assert find_forbidden(client, list_needs(Listed(types, None)), workers=4) == []
    assert client.requests_made <= most_requests


def test_cluster_wide(callers: Callers, types: tuple[ApiResource, ...]) -> None:
    """One request for each type and three more."""
    client = callers.may(READS_CORE, READS_APPS, ONE_SECRET, cluster=True)
    needs = list_needs(Listed(types, None))
    forbidden = find_forbidden(client, needs, workers=4)
    assert client.requests_made <= len(types) + 3
    assert forbidden == refused_by_the_server(client, needs, types)
    names = {need.resource_text for need in forbidden}
    assert {"secrets", "nodes", "persistentvolumes"} <= names
    assert not {"pods", "configmaps", "deployments.apps"} & names


def test_one_namespace(callers: Callers, types: tuple[ApiResource, ...], namespace: str) -> None:
    client = callers.may(READS_CORE, ONE_SECRET, EXEC)
    namespaced = tuple(resource for resource in types if resource.namespaced)
    needs = list_needs(Listed(namespaced, (namespace, "default")))
    forbidden = find_forbidden(client, needs, workers=4)
    assert client.requests_made <= 4
    assert forbidden == refused_by_the_server(client, needs, types)
    allowed = {(need.resource, need.namespace) for need in needs} - {(n.resource, n.namespace) for n in forbidden}
    assert allowed == {("pods", namespace), ("configmaps", namespace)}


def test_exec(callers: Callers, namespace: str) -> None:
    client = callers.may(READS_CORE, EXEC)
    needs = exec_needs([namespace, "default"])
    assert find_forbidden(client, needs, workers=4) == [need for need in needs if need.namespace == "default"]


def test_what_is_said(callers: Callers, types: tuple[ApiResource, ...], namespace: str) -> None:
    client = callers.may(READS_CORE)
    listed = tuple(resource for resource in types if resource.plural in ("pods", "secrets") and not resource.group)
    forbidden = find_forbidden(client, list_needs(Listed(listed, (namespace,))), workers=2)
    assert rights_text(forbidden) == f"list secrets in namespace {namespace}"
    error = forbidden_error(forbidden, server=client.server)
    assert client.server in error.message
    assert "skip_forbidden: true" in (error.hint or "")
