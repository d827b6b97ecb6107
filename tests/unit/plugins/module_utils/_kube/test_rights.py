# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Missing rights: each is named, and the rules that are to be added are those of ``rbac.authorization.k8s.io/v1``."""

from __future__ import annotations

import re

import pytest
import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rights import rights_text, rules_text


def needs(*texts: str) -> list[Need]:
    """``get pods/exec in shop``, ``list nodes``."""
    found = []
    for text in texts:
        verb, what, *place = text.split()
        name, _slash, subresource = what.partition("/")
        resource, _dot, group = name.partition(".")
        found.append(Need(verb, group, resource, subresource, place[1] if place else ""))
    return found


@pytest.mark.parametrize(
    ("forbidden", "text"),
    [
        pytest.param(["list secrets in shop"], "list secrets in namespace shop", id="one"),
        pytest.param(["list nodes"], "list nodes in the whole cluster", id="cluster-wide"),
        pytest.param(
            ["list secrets in a", "list secrets in b"], "list secrets in namespaces a, b", id="one right, two places"
        ),
        pytest.param(
            [f"list secrets in n{number}" for number in range(12)],
            f"list secrets in namespaces {', '.join(f'n{number}' for number in range(10))} and 2 more",
            id="many places",
        ),
        pytest.param(
            [f"list t{number}.x" for number in range(8)],
            "list t0.x, t1.x, t2.x, t3.x, t4.x, t5.x, t6.x and t7.x in the whole cluster",
            id="many resources: all of them",
        ),
        pytest.param(
            ["create pods/exec in a", "get pods/exec in a"], "create and get pods/exec in namespace a", id="two verbs"
        ),
        pytest.param(
            ["list pods in a", "get pods in a", "list secrets in a", "list nodes"],
            "list and get pods in namespace a; list secrets in namespace a; list nodes in the whole cluster",
            id="different ones",
        ),
        pytest.param(["list pods in a", "list pods"], "list pods in the whole cluster", id="the whole covers a part"),
    ],
)
def test_what_is_missing(forbidden: list[str], text: str) -> None:
    assert rights_text(needs(*forbidden)) == text


def test_beside_the_rules_many_are_counted() -> None:
    found = needs(*(f"list t{number}.x" for number in range(8)), "create pods/exec in a")
    assert rights_text(found, most=6) == "list 8 types of objects in the whole cluster; create pods/exec in namespace a"
    assert all(f"t{number}" in rules_text(found) for number in range(8))


@pytest.mark.parametrize(
    ("forbidden", "text"),
    [
        pytest.param(
            ["list nodes", "get nodes", "list persistentvolumes"],
            'Add to a ClusterRole that is bound to this user: rules: [{apiGroups: [""], resources: [nodes], verbs: '
            '[list, get]}, {apiGroups: [""], resources: [persistentvolumes], verbs: [list]}].',
            id="cluster-wide",
        ),
        pytest.param(
            ["list deployments.apps in a", "list pods in a", "list secrets in a", "create pods/exec in a"],
            'Add to a Role in namespace a that is bound to this user: rules: [{apiGroups: ["apps"], resources: '
            '[deployments], verbs: [list]}, {apiGroups: [""], resources: [pods, secrets], verbs: [list]}, '
            '{apiGroups: [""], resources: [pods/exec], verbs: [create]}].',
            id="one namespace",
        ),
        pytest.param(
            ["list pods in a", "list pods in b"],
            'Add to a Role in each of namespaces a, b that is bound to this user: rules: [{apiGroups: [""], resources: '
            "[pods], verbs: [list]}].",
            id="two namespaces",
        ),
    ],
)
def test_what_to_add(forbidden: list[str], text: str) -> None:
    assert rules_text(needs(*forbidden)) == text


def test_the_rules_can_be_pasted() -> None:
    text = rules_text(needs("list nodes", "create pods/exec in a"))
    documents = [yaml.safe_load(found) for found in re.findall(r"(rules: \[.*?\])\.(?: |$)", text)]
    assert documents == [
        {"rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]}]},
        {"rules": [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}]},
    ]
