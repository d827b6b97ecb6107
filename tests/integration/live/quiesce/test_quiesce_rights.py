# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens where the caller may not do everything: a sentence, and nothing is frozen that cannot be released."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import yaml
from nginx_app import PATH, NginxApp, one_freeze
from processes import Engine

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

Result = dict[str, t.Any]

PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
PATCH = {"apiGroups": [""], "resources": ["pods"], "verbs": ["patch"]}
EXEC = {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["get", "create"]}
CLAIMS = {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["get", "patch"]}
READ_CLAIMS = CLAIMS | {"verbs": ["get"]}
VOLUMES = {"apiGroups": [""], "resources": ["persistentvolumes"], "verbs": ["get"]}


class Callers:
    """Makes service accounts with given rights, and kubeconfigs for them."""

    def __init__(self, client: KubeClient, kubectl: t.Callable[..., str], kubeconfig: str, namespace: str) -> None:
        self._client = client
        self._kubectl = kubectl
        self._config: Result = yaml.safe_load(Path(kubeconfig).read_text())
        self._namespace = namespace
        self._made = 0
        self.cluster_wide: list[str] = []

    def may(self, *rules: Result, volumes: bool = True) -> Result:
        """A kubeconfig of somebody who has these rights in the namespace, and may read volumes."""
        self._made += 1
        name, namespace = f"caller-{self._made}", self._namespace
        subject = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
        rbac = "rbac.authorization.k8s.io"
        items: list[Result] = [
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}},
            {
                "apiVersion": f"{rbac}/v1",
                "kind": "Role",
                "metadata": {"name": name, "namespace": namespace},
                "rules": list(rules),
            },
            {
                "apiVersion": f"{rbac}/v1",
                "kind": "RoleBinding",
                "metadata": {"name": name, "namespace": namespace},
                "roleRef": {"apiGroup": rbac, "kind": "Role", "name": name},
                "subjects": [subject],
            },
        ]
        if volumes:
            wide = f"{namespace}-{name}"
            self.cluster_wide.append(wide)
            items += [
                {
                    "apiVersion": f"{rbac}/v1",
                    "kind": "ClusterRole",
                    "metadata": {"name": wide},
                    "rules": [VOLUMES],
                },
                {
                    "apiVersion": f"{rbac}/v1",
                    "kind": "ClusterRoleBinding",
                    "metadata": {"name": wide},
                    "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": wide},
                    "subjects": [subject],
                },
            ]
        self._kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        token = self._kubectl("-n", namespace, "create", "token", name).strip()
        users = [{"name": user["name"], "user": {"token": token}} for user in self._config["users"]]
        return self._config | {"users": users}


@pytest.fixture(scope="module")
def callers(
    client: KubeClient, kubectl: t.Callable[..., str], kubeconfig: str, module_namespace: str
) -> t.Iterator[Callers]:
    found = Callers(client, kubectl, kubeconfig, module_namespace)
    yield found
    for kind in ("clusterrolebinding", "clusterrole"):
        kubectl("delete", kind, "--ignore-not-found", *found.cluster_wide)


def freeze(app: NginxApp, engine: Engine, caller: Result, **policy: t.Any) -> Result:
    policy = {"lease_seconds": 20, **policy}
    return engine.call("freeze", namespace=app.namespace, path=PATH, policy=policy, kubeconfig=caller)


def test_the_least_rights(app: NginxApp, engine: Engine, callers: Callers, start: float) -> None:
    caller = callers.may(PODS, PATCH, EXEC, CLAIMS)
    frozen = freeze(app, engine, caller, require_lease=True)
    assert (frozen["errors"], frozen["warnings"]) == ([], [])
    app.await_frozen()
    asked = {"namespace": app.namespace, "path": PATH, "lease_id": frozen["lease_ids"][0]}
    thawed = engine.call("thaw", kubeconfig=caller, **asked)
    assert (thawed["errors"], thawed["warnings"]) == ([], [])
    assert one_freeze(thawed)["consistent"] is True


def test_no_mark_without_patch(app: NginxApp, engine: Engine, callers: Callers, start: float) -> None:
    caller = callers.may(PODS, EXEC, CLAIMS)
    frozen = freeze(app, engine, caller)
    assert frozen["errors"] == []
    (warning,) = frozen["warnings"]
    assert warning.startswith(f"pod {app.namespace}/{app.name} could not be marked as frozen: ")
    assert "may not patch pods" in warning or "forbidden" in warning
    app.await_frozen()
    assert app.marks == []
    asked = {"namespace": app.namespace, "path": PATH, "lease_id": frozen["lease_ids"][0]}
    thawed = engine.call("thaw", kubeconfig=caller, **asked)
    assert thawed["errors"] == []
    assert one_freeze(thawed)["thawed_by"] == "release"


def test_no_mark_on_the_claim_without_patch(app: NginxApp, engine: Engine, callers: Callers, start: float) -> None:
    caller = callers.may(PODS, PATCH, EXEC, READ_CLAIMS)
    frozen = freeze(app, engine, caller)
    (warning,) = frozen["warnings"]
    assert warning.startswith(f"claim {app.namespace}/nginx-deployment could not be marked as frozen: ")
    assert "Grant get and patch on persistentvolumeclaims" in warning
    app.await_frozen()
    assert (len(app.marks), app.claim_marks) == (1, [])
    asked = {"namespace": app.namespace, "path": PATH, "lease_id": frozen["lease_ids"][0]}
    assert engine.call("thaw", kubeconfig=caller, **asked)["errors"] == []


@pytest.mark.parametrize(
    ("rules", "volumes", "policy", "said"),
    [
        pytest.param(
            (PODS, PATCH, EXEC, READ_CLAIMS),
            True,
            {"require_lease": True},
            "because require_lease is set: the caller may not patch persistentvolumeclaims",
            id="patch of claims, with require_lease",
        ),
        pytest.param(
            (PODS, EXEC, CLAIMS),
            True,
            {"require_lease": True},
            "because require_lease is set: the caller may not patch pods",
            id="patch, with require_lease",
        ),
        pytest.param((PODS, PATCH, CLAIMS), True, {}, "the caller may not get pods/exec", id="exec"),
        pytest.param(
            (PODS, PATCH, CLAIMS, EXEC | {"verbs": ["get"]}),
            True,
            {},
            "the caller may not create pods/exec",
            id="create of exec",
        ),
        pytest.param(
            (PODS, PATCH, CLAIMS, EXEC | {"verbs": ["create"]}),
            True,
            {},
            "the caller may not get pods/exec",
            id="get of exec",
        ),
        pytest.param((PODS, PATCH, EXEC), True, {}, "cannot be read", id="get of claims"),
        pytest.param((PODS, PATCH, EXEC, CLAIMS), False, {}, "cannot be read", id="get of volumes"),
    ],
)
def test_refused(
    app: NginxApp,
    engine: Engine,
    callers: Callers,
    start: float,
    rules: tuple[Result, ...],
    volumes: bool,
    policy: Result,
    said: str,
) -> None:
    result = freeze(app, engine, callers.may(*rules, volumes=volumes), **policy)
    assert result["changed"] is False
    (error,) = result["errors"]
    assert said in error
    assert "is refused" in error
    assert (result["hooks"], result["freezes"]) == ([], [])
    assert app.blocked_since(start) == []


def test_pods_that_may_not_be_read(app: NginxApp, engine: Engine, callers: Callers, start: float) -> None:
    result = freeze(app, engine, callers.may(EXEC, CLAIMS))
    assert result["failed"]
    assert "pods" in result["msg"]
    assert f"system:serviceaccount:{app.namespace}:caller-" in result["msg"] or "may not" in result["msg"]
