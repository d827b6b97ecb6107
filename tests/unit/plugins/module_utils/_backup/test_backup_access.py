# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._backup.access import (
    forbidden_error,
    list_needs,
)
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.rights import exec_needs
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rights import rights_text, rules_text


def resource(plural: str, group: str = "", *, namespaced: bool = True) -> ApiResource:
    return ApiResource(group, "v1", plural, plural, plural, namespaced, frozenset({"list"}), preferred=True)


PODS = resource("pods")
DEPLOYMENTS = resource("deployments", "apps")
VOLUMES = resource("persistentvolumes", namespaced=False)
NAMESPACES = resource("namespaces", namespaced=False)


@dataclasses.dataclass
class Listed:
    types: tuple[ApiResource, ...]
    list_namespaces: tuple[str, ...] | None


def needs(*texts: str) -> list[Need]:
    """``list deployments.apps in shop``."""
    found = []
    for text in texts:
        verb, resource_text, *place = text.replace(" in ", " ").split()
        plural, _dot, group = resource_text.partition(".")
        name, _slash, subresource = plural.partition("/")
        found.append(Need(verb, group, name, subresource, place[0] if place else ""))
    return found


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        pytest.param(Listed((PODS, VOLUMES), None), ["list pods", "list persistentvolumes"], id="whole cluster"),
        pytest.param(
            Listed((PODS, DEPLOYMENTS), ("a", "b")),
            ["list pods in a", "list pods in b", "list deployments.apps in a", "list deployments.apps in b"],
            id="two namespaces",
        ),
        pytest.param(
            Listed((PODS, VOLUMES), ("a",)), ["list pods in a", "list persistentvolumes"], id="cluster-scoped type"
        ),
        pytest.param(Listed((NAMESPACES,), None), ["list namespaces"], id="namespaces of the whole cluster"),
        pytest.param(Listed((NAMESPACES, PODS), ("a",)), ["list pods in a"], id="named namespaces are read alone"),
        pytest.param(Listed((PODS,), ()), [], id="no namespace"),
    ],
)
def test_list_needs(listed: Listed, expected: list[str]) -> None:
    assert list_needs(listed) == needs(*expected)


def test_exec_needs_both_verbs_once_a_namespace() -> None:
    expected = ["create pods/exec in a", "get pods/exec in a", "create pods/exec in b", "get pods/exec in b"]
    assert exec_needs(["a", "b", "a"]) == needs(*expected)


@pytest.mark.parametrize(
    ("forbidden", "hint"),
    [
        pytest.param("list nodes", " Or set skip_forbidden: true to go on without.", id="can be left out"),
        pytest.param("create pods/exec in shop", "", id="hooks are not left out"),
    ],
)
def test_forbidden_error(forbidden: str, hint: str) -> None:
    found = needs(forbidden)
    error = forbidden_error(found, server="https://api:6443")
    assert error.message == f"The API server https://api:6443 does not let you {rights_text(found)}."
    assert error.hint == f"{rules_text(found)}{hint}"
    assert error.forbidden
    assert [Need(**entry) for entry in error.details["forbidden"]] == found
