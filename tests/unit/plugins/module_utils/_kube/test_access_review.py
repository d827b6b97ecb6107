# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need, find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

PODS = Need("list", "", "pods")
SECRETS = Need("list", "", "secrets")
NODES = Need("list", "", "nodes")
DEPLOYMENTS = Need("list", "apps", "deployments")
SHOP_PODS = PODS._replace(namespace="shop")
SHOP_SECRETS = SECRETS._replace(namespace="shop")
BANK_SECRETS = SECRETS._replace(namespace="bank")
SHOP_EXEC = Need("create", "", "pods", "exec", "shop")

Rule: t.TypeAlias = "dict[str, list[str]]"


def rule(verbs: str, groups: str, resources: str, **more: list[str]) -> Rule:
    """Words separated by spaces; ``core`` is the group without a name."""
    names = ["" if group == "core" else group for group in groups.split()]
    return {"verbs": verbs.split(), "apiGroups": names, "resources": resources.split(), **more}


class Authorizer:
    """RBAC, as far as these questions go: rules for the cluster and for namespaces. Counts what it is asked."""

    def __init__(self, cluster: t.Sequence[Rule] = (), *, complete: bool = True, **namespaces: list[Rule]) -> None:
        self.cluster = list(cluster)
        self.namespaces = namespaces
        self.complete = complete
        self.answers: dict[str, int] = {}
        self.asked: list[str] = []
        self._lock = threading.Lock()

    def can_i(self, verb: str, *, group: str, resource: str, subresource: str, namespace: str) -> bool:
        self._note("access", f"{verb} {resource}.{group}/{subresource} in {namespace}")
        wanted = f"{resource}/{subresource}" if subresource else resource
        rules = [*self.cluster, *self.namespaces.get(namespace, ())]
        return any(
            {verb, "*"} & set(rule["verbs"])
            and {group, "*"} & set(rule["apiGroups"])
            and {wanted, "*"} & set(rule["resources"])
            and "resourceNames" not in rule
            for rule in rules
        )

    def post(self, path: str, body: dict[str, t.Any]) -> dict[str, t.Any]:
        assert path == "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
        namespace = body["spec"]["namespace"]
        self._note("rules", f"rules in {namespace}")
        rules = [*self.cluster, *self.namespaces.get(namespace, ())] if self.complete else []
        return {"status": {"incomplete": not self.complete, "resourceRules": rules, "nonResourceRules": []}}

    def _note(self, kind: str, question: str) -> None:
        with self._lock:
            self.asked.append(question)
        if kind in self.answers:
            raise KubeError("No.", status=self.answers[kind])


def forbidden(authorizer: Authorizer, *needs: Need) -> list[Need]:
    return find_forbidden(t.cast("t.Any", authorizer), needs, workers=4)


READ_ALL = rule("list get", "*", "*")
ADMIN = rule("*", "*", "*")

# Who, what is needed, what is refused, how many requests that takes.
CASES = [
    pytest.param(Authorizer([ADMIN]), (PODS, SECRETS, NODES, SHOP_EXEC), [], 1, id="admin: one question"),
    pytest.param(Authorizer([READ_ALL]), (PODS, SECRETS, NODES, DEPLOYMENTS), [], 2, id="reads everything: two"),
    pytest.param(
        Authorizer([READ_ALL]), (PODS, SECRETS, NODES, SHOP_EXEC), [SHOP_EXEC], 3, id="reads everything, no exec"
    ),
    pytest.param(
        Authorizer([rule("list", "core apps", "pods deployments")]),
        (PODS, SECRETS, NODES, DEPLOYMENTS),
        [SECRETS, NODES],
        6,
        id="cluster-wide: each type and two more",
    ),
    pytest.param(Authorizer(), (PODS, SECRETS), [PODS, SECRETS], 3, id="nothing at all"),
    pytest.param(Authorizer(), (PODS, PODS, PODS), [PODS], 2, id="the same need counts once"),
    pytest.param(Authorizer(shop=[rule("list", "core", "*")]), (SHOP_PODS, SHOP_SECRETS), [], 2, id="namespace"),
    pytest.param(
        Authorizer(shop=[rule("list", "core", "*")]),
        (SHOP_PODS, BANK_SECRETS, SHOP_SECRETS),
        [BANK_SECRETS],
        4,
        id="one question a namespace",
    ),
    pytest.param(Authorizer(shop=[rule("list", "apps", "*")]), (SHOP_PODS,), [SHOP_PODS], 2, id="another group"),
    pytest.param(Authorizer(shop=[rule("get", "core", "*")]), (SHOP_PODS,), [SHOP_PODS], 2, id="another verb"),
    pytest.param(
        Authorizer(shop=[rule("list", "core", "pods", resourceNames=["web-0"])]),
        (SHOP_PODS,),
        [SHOP_PODS],
        2,
        id="a rule for one object grants no list",
    ),
    pytest.param(Authorizer(shop=[rule("create", "core", "pods")]), (SHOP_EXEC,), [SHOP_EXEC], 2, id="pods, no exec"),
    pytest.param(Authorizer(shop=[rule("create", "core", "pods/exec")]), (SHOP_EXEC,), [], 2, id="exec"),
    pytest.param(Authorizer(shop=[rule("create", "core", "*/exec")]), (SHOP_EXEC,), [], 2, id="exec of everything"),
    pytest.param(
        Authorizer([rule("list", "core", "pods")], complete=False),
        (SHOP_PODS, SHOP_SECRETS),
        [SHOP_SECRETS],
        4,
        id="an authorizer that cannot list its rules",
    ),
    pytest.param(Authorizer(), (), [], 0, id="no need"),
]


@pytest.mark.parametrize(("authorizer", "needs", "expected", "requests"), CASES)
def test_find_forbidden(authorizer: Authorizer, needs: tuple[Need, ...], expected: list[Need], requests: int) -> None:
    authorizer.asked.clear()
    assert forbidden(authorizer, *needs) == expected
    assert len(authorizer.asked) == requests


@pytest.mark.parametrize("status", [403, 404, 405])
def test_server_without_reviews(status: int) -> None:
    authorizer = Authorizer()
    authorizer.answers = {"access": status, "rules": status}
    assert forbidden(authorizer, PODS, SHOP_SECRETS) == []


def test_server_without_rules_reviews_is_asked_one_by_one() -> None:
    authorizer = Authorizer(shop=[rule("list", "core", "pods")])
    authorizer.answers = {"rules": 404}
    assert forbidden(authorizer, SHOP_PODS, SHOP_SECRETS) == [SHOP_SECRETS]


@pytest.mark.parametrize("kind", ["access", "rules"])
def test_failure_is_no_permission(kind: str) -> None:
    authorizer = Authorizer()
    authorizer.answers = {kind: 500}
    with pytest.raises(KubeError):
        forbidden(authorizer, SHOP_PODS, SHOP_SECRETS)


@pytest.mark.parametrize(
    ("need", "text"),
    [(PODS, "pods"), (SHOP_EXEC, "pods/exec"), (DEPLOYMENTS, "deployments.apps")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_resource_text(need: Need, text: str) -> None:
    assert need.resource_text == text
