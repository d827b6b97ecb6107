# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pods will mount the claims of a plan, and which claims they need in one place (docs/compatibility 5.12)."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, RestorePlan, Wave
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.prepared import PreparedObjects
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.claim_users import ClaimUsers

PODS, SETS = "pods", "statefulsets.apps"


def mounting(*claims: str, **spec: t.Any) -> Object:
    return {"volumes": [{"name": each, "persistentVolumeClaim": {"claimName": each}} for each in claims], **spec}


def stateful(*templates: str, name: str = "db", shared: tuple[str, ...] = ()) -> Object:
    return {
        "metadata": {"name": name},
        "spec": {
            "volumeClaimTemplates": [{"metadata": {"name": each}} for each in templates],
            "template": {"spec": mounting(*shared, nodeSelector={"of": name})},
        },
    }


def pod(name: str, *claims: str, **spec: t.Any) -> Object:
    return {"metadata": {"name": name}, "spec": mounting(*claims, **spec)}


def template(*claims: str, name: str = "web") -> Object:
    return {"metadata": {"name": name}, "spec": {"template": {"spec": mounting(*claims)}}}


def users(objects: t.Sequence[tuple[str, Object]], claims: t.Sequence[str], namespace: str = "shop") -> ClaimUsers:
    with PreparedObjects() as kept:
        waves: dict[str, list[PlanItem]] = {}
        for number, (kind, body) in enumerate(objects):
            item = PlanItem(
                number=number,
                group_resource=GroupResource.parse(kind),
                name=body["metadata"]["name"],
                namespace=namespace,
                body=kept.add(body),
            )
            waves.setdefault(kind, []).append(item)
        plan = RestorePlan(tuple(Wave((GroupResource.parse(kind),), tuple(items)) for kind, items in waves.items()))
        return ClaimUsers(plan, kept, [("shop", each) for each in claims])


@pytest.mark.parametrize(
    ("objects", "groups"),
    [
        pytest.param([], [{"a"}, {"b"}], id="nobody"),
        pytest.param([(PODS, pod("web", "a", "b"))], [{"a", "b"}], id="one pod"),
        pytest.param(
            [(PODS, pod("web", "a", "b")), (PODS, pod("job", "b", "c"))], [{"a", "b", "c"}], id="pods that share one"
        ),
        pytest.param([("deployments.apps", template("a", "b"))], [{"a", "b"}], id="a template"),
        pytest.param([("rollouts.argoproj.io", template("a", "b"))], [{"a", "b"}], id="a template of a custom type"),
        pytest.param(
            [("rollouts.argoproj.io", {"metadata": {"name": "c"}, "spec": {"template": "none"}})],
            [{"a"}, {"b"}],
            id="a custom type that is none of that kind",
        ),
        pytest.param(
            [
                (
                    "cronjobs.batch",
                    {
                        "metadata": {"name": "c"},
                        "spec": {"jobTemplate": {"spec": {"template": {"spec": mounting("a", "b")}}}},
                    },
                )
            ],
            [{"a", "b"}],
            id="the template of a template",
        ),
        pytest.param(
            [(SETS, stateful("data", "log"))],
            [{"data-db-0", "log-db-0"}, {"data-db-1", "log-db-1"}, {"data-other-0"}],
            id="each pod of a set has claims of its own",
        ),
    ],
)
def test_groups(objects: t.Any, groups: list[set[str]]) -> None:
    names = sorted(set().union(*groups))
    found = users(objects, names)
    by_group: dict[t.Any, set[str]] = {}
    for name in names:
        by_group.setdefault(found.group_of(("shop", name)), set()).add(name)
    assert sorted(map(sorted, by_group.values())) == sorted(map(sorted, groups))


def test_a_pod_says_more_than_its_controller() -> None:
    objects = [(SETS, stateful("data")), (PODS, pod("db-0", "data-db-0", nodeSelector={"zone": "a"}))]
    found = users(objects, ["data-db-0", "data-db-1"])
    assert found.pod_of(("shop", "data-db-0"))["nodeSelector"] == {"zone": "a"}
    assert found.pod_of(("shop", "data-db-1"))["nodeSelector"] == {"of": "db"}
    assert users(objects, ["data-db-0"], namespace="elsewhere").pod_of(("shop", "data-db-0")) == {}
