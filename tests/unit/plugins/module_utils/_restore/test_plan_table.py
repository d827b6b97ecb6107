# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan as a table."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._restore.report.plan_table import plan_table


def entry(action: str, resource: str, name: str, **more: t.Any) -> dict[str, t.Any]:
    intent = action if action in ("create", "update") else ""
    found = {"wave": 1, "resource": resource, "namespace": "shop", "name": name, "action": action, "intent": intent}
    return {**found, "reason": "", **more}


def test_a_table() -> None:
    plan = [
        entry("create", "namespaces", "shop", namespace=None),
        entry("skip", "endpoints", "web", wave=2, reason="the cluster makes them"),
        entry("skip", "endpoints", "db", wave=2, reason="the cluster makes them"),
        entry("unverified", "configmaps", "web", wave=3, intent="create", source_namespace="prod"),
        entry("unchanged", "secrets", "db", wave=3),
        entry("update", "deployments.apps", "web", wave=12),
        entry("conflict", "services", "web", wave=12, reason="the node port 30080 is taken\x1b[2J"),
    ]
    assert "\n".join(plan_table(plan)) == (
        "WAVE  ACTION     TYPE              OBJECT\n"
        "   1  create     namespaces        shop\n"
        "   3  create?    configmaps        shop/web (from prod)\n"
        "  12  update     deployments.apps  shop/web\n"
        "  12  conflict   services          shop/web: the node port 30080 is taken\\x1b[2J\n"
        "      skip       endpoints         2 objects: the cluster makes them\n"
        "      unchanged  secrets           1 object\n"
        "1 conflict, 1 create, 2 skip, 1 unchanged, 1 unverified, 1 update"
    )


def test_what_became_of_them() -> None:
    lines = plan_table([entry("create", "pods", "a", state="created"), entry("create", "pods", "b", state="failed")])
    assert [line.split()[1] for line in lines[1:3]] == ["created", "failed"]


def test_a_plan_of_nothing() -> None:
    assert plan_table([]) == []


def test_a_huge_plan_is_a_short_table() -> None:
    plan = [entry("create", f"t{number % 90}", f"o-{number}", reason="r" * 500) for number in range(50_000)]
    plan.append(entry("conflict", "services", "last", reason="taken"))
    lines = plan_table(plan)
    assert len(lines) < 90
    assert any("shop/last: taken" in line for line in lines)
    assert any("more objects" in line for line in lines)
    assert lines[-1] == "1 conflict, 50000 create"
    assert all(len(line) < 250 for line in lines)
