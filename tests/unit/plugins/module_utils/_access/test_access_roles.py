# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rights each task takes, and the roles that give them. That they are enough is for live tests."""

from __future__ import annotations

import dataclasses
import pathlib
import re
import typing as t

import pytest
import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._access.roles import Account, AccountRights
from ansible_collections.arkive.k8s.plugins.module_utils._access.tasks import TASKS, grants_of, grants_of_all
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function_table import FUNCTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.rights import FUNCTION_GRANTS
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import RightsScope
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import VELERO
from ansible_collections.arkive.k8s.plugins.modules import k8s_backup_sync, k8s_velero_operations

EXAMPLES = pathlib.Path(__file__).parents[5] / "examples" / "rbac"
SHOP = RightsScope(namespaces=("shop",), providers=("csi",))
MAPS = (GroupResource("configmaps"),)


def rights(task: str, scope: RightsScope) -> set[str]:
    """``patch pods in shop``, ``get namespaces``."""
    return {said(need) for grant in grants_of(task, scope) for need in grant.needs}


def said(need: Need) -> str:
    return f"{need.verb} {need.resource_text}{f' in {need.namespace}' if need.namespace else ''}"


# The options that change something, and what goes (-) or comes (+) with them.
CHANGES = [
    ("backup", {"hooks": False}, ["-get pods/exec in shop", "-create pods/exec in shop", "-patch pods in shop"]),
    ("backup", {"freezes": False}, ["-patch pods in shop", "-patch persistentvolumeclaims in shop"]),
    ("backup", {"providers": ()}, ["-create volumesnapshots.snapshot.storage.k8s.io in shop"]),
    (
        "backup",
        {"providers": ("csi", "mover"), "hooks": False, "adds_containers": True},
        ["+patch pods/ephemeralcontainers in shop"],
    ),
    ("backup", {"types": MAPS}, ["-list *.* in shop", "+list configmaps in shop", "-get persistentvolumes"]),
    ("backup", {"namespaces": ("shop", "bank")}, ["+list *.* in bank", "+patch pods in bank"]),
    ("backup", {"namespaces": ()}, ["+list *.*", "-list *.* in shop", "-get namespaces", "+patch pods"]),
    # Volumes of pods are filled without any claim: keys, and what is asked before anything is made.
    (
        "restore",
        {"types": (PODS,), "providers": ("mover",)},
        ["+get secrets in velero", "+create jobs.batch in shop", "+create pods/exec in shop"],
    ),
    ("restore", {"types": MAPS, "providers": ("mover",)}, ["+create configmaps in shop"]),
    ("restore", {"on_existing": "update"}, ["+patch *.* in shop"]),
    ("restore", {"on_existing": "replace"}, ["+update *.* in shop"]),
    (
        "restore",
        {"on_existing": "recreate"},
        [
            "+delete *.* in shop",
            "+delete priorityclasses.scheduling.k8s.io",
            "+patch customresourcedefinitions.apiextensions.k8s.io",
        ],
    ),
    (
        "restore",
        {"types": MAPS},
        ["+create configmaps in shop", "-create *.* in shop", "+get leases.coordination.k8s.io in shop"],
    ),
    (
        "db_verify",
        {"scratch_namespace": "proofs"},
        [
            "-create namespaces",
            "-create pods/exec",
            "-create secrets",
            "+get namespaces in proofs",
            "+create pods/exec in proofs",
            "+list pods in shop",
            "+deletecollection secrets in proofs",
        ],
    ),
    ("snapshot", {"retain": True}, ["+delete volumesnapshotcontents.snapshot.storage.k8s.io"]),
    (
        "snapshot",
        {"providers": ("aws_ebs",)},
        ["+get namespaces", "-create volumesnapshots.snapshot.storage.k8s.io in shop"],
    ),
    (
        "operations",
        {"api_group": "ark.heptio.com"},
        [
            "-patch backups.velero.io in shop",
            "+patch backups.ark.heptio.com in shop",
            "+get configs.ark.heptio.com in shop",
            "+list volumesnapshotlocations.ark.heptio.com in shop",
        ],
    ),
    (
        "sync",
        {"api_group": "ark.heptio.com"},
        ["-create backups.velero.io in shop", "+create backups.ark.heptio.com in shop"],
    ),
    ("hooks", {"freezes": False}, ["-get persistentvolumes", "-patch pods in shop"]),
    ("blueprint", {"functions": ("KubeExec",)}, ["-create pods in shop", "-patch deployments.apps in shop"]),
    ("blueprint", {"functions": ("KubeTask",)}, ["-create pods/exec in shop", "-patch pods in shop"]),
    ("blueprint", {"functions": ("Wait",)}, ["-delete pods in shop"]),
    ("blueprint", {"types": MAPS}, ["+create configmaps in shop", "+delete configmaps in shop"]),
    ("blueprint", {"freezes": False}, ["-patch persistentvolumeclaims in shop"]),
]


@pytest.mark.parametrize(("task", "options", "changed"), CHANGES)
def test_options(task: str, options: dict[str, t.Any], changed: list[str]) -> None:
    before, after = rights(task, SHOP), rights(task, dataclasses.replace(SHOP, **options))
    for entry in changed:
        sign, right = entry[0], entry[1:]
        assert (right in before, right in after) == ((True, False) if sign == "-" else (False, True)), right


def test_who_adds_containers_to_pods_says_so() -> None:
    """A right to run commands in pods is named to nobody who has not asked for it."""
    scope = dataclasses.replace(SHOP, hooks=False, providers=("csi", "mover"))
    asked = rights("backup", dataclasses.replace(scope, adds_containers=True)) - rights("backup", scope)
    assert asked == {f"{verb} in shop" for verb in (
        "patch pods/ephemeralcontainers", "create pods/exec", "get pods/exec"
    )}  # fmt: skip


def test_an_export_only_reads() -> None:
    scope = dataclasses.replace(SHOP, types=MAPS)
    assert rights("export", scope) == {
        "list configmaps in shop", "get namespaces",
    }  # fmt: skip
    everything = rights("export", dataclasses.replace(SHOP, namespaces=()))
    assert {said.split()[0] for said in everything} <= {"get", "list"}


def test_each_function_that_is_carried_out_has_its_rights() -> None:
    assert set(FUNCTION_GRANTS) == {name for name, row in FUNCTIONS.items() if row.load is not None}


def test_no_blueprint_may_everything() -> None:
    """KubeOps gets what is named, and nothing of all types."""
    assert not [said for said in rights("blueprint", SHOP) if "*" in said]


@pytest.mark.parametrize("policy", ["none", "update", "replace", "recreate"])
def test_what_a_restore_changes_in_place(policy: t.Any) -> None:
    """Service accounts are merged under every policy; claims and definitions are never deleted."""
    found = rights("restore", dataclasses.replace(SHOP, on_existing=policy))
    assert {"patch serviceaccounts in shop", "patch *.* in shop"} & found
    assert {"patch persistentvolumeclaims in shop", "patch *.* in shop"} & found
    assert "delete customresourcedefinitions.apiextensions.k8s.io" not in found
    assert "delete persistentvolumes" not in found


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("scope", [SHOP, dataclasses.replace(SHOP, namespaces=())], ids=["one namespace", "cluster"])
def test_a_right_stands_once(task: str, scope: RightsScope) -> None:
    needs = [need for grant in grants_of(task, scope) for need in grant.needs]
    assert len(needs) == len(set(needs))
    everything = {(need.verb, need.namespace) for need in needs if need.resource == "*"}
    assert [need for need in needs if need.resource != "*" and (need.verb, need.namespace) in everything] == []


def test_a_right_that_one_task_cannot_do_without_is_not_said_to_be_spared() -> None:
    """Claims are listed for marks that were left, which may be done without, and are the objects of a backup."""
    scope = dataclasses.replace(SHOP, types=(GroupResource("persistentvolumeclaims"), *MAPS))
    for tasks in (["hooks", "backup"], ["backup", "hooks"]):
        grants = grants_of_all(tasks, scope)
        (found,) = [g for g in grants if Need("list", "", "persistentvolumeclaims", namespace="shop") in g.needs]
        assert found.otherwise == ""


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("namespaces", [("shop",), ("shop", "123"), ()], ids=["one", "two", "cluster"])
def test_the_text_is_the_objects(task: str, namespaces: tuple[str, ...]) -> None:
    scope = dataclasses.replace(SHOP, namespaces=namespaces)
    made = AccountRights(Account("arkive", "null"), grants_of(task, scope), namespaces)
    assert yaml.safe_load(made.text) == {"apiVersion": "v1", "kind": "List", "items": made.objects}
    for role in made.objects:
        assert role["kind"] != "ClusterRole" or role["rules"]
        assert ("Cluster" in role["kind"]) is ("namespace" not in role["metadata"])


#: Whose objects lie in Velero's own namespace, and the module that says which one that is unless it is told.
OF_VELERO = {"sync": k8s_backup_sync, "operations": k8s_velero_operations}


@pytest.mark.parametrize("task", sorted(set(TASKS) - {"snapshot_info"}))
def test_the_examples_are_these(task: str) -> None:
    """``examples/rbac`` has what the module returns for one namespace; it is the live tests that run with them."""
    scope = dataclasses.replace(SHOP, namespaces=(VELERO.namespace,)) if task in OF_VELERO else SHOP
    name = f"arkive-{task.replace('_', '-')}"
    made = AccountRights(Account("arkive", name), grants_of(task, scope), scope.namespaces)
    example = (EXAMPLES / f"{task}.yml").read_text(encoding="utf-8")
    assert f"---\n{example[example.index('apiVersion: v1') :]}" == made.text
    said = " ".join(line.removeprefix("#").strip() for line in example.splitlines() if line.startswith("#"))
    assert f'"namespaces: [{scope.namespaces[0]}]"' in said


@pytest.mark.parametrize("task", OF_VELERO)
def test_an_example_is_for_the_namespace_that_the_module_takes_by_default(task: str) -> None:
    """Whoever takes the example and the module as they are has the rights where they are needed."""
    documented = yaml.safe_load(OF_VELERO[task].DOCUMENTATION)["options"]["namespace"]
    default = documented.get("default") or re.findall(r"V\(([a-z-]+)\)", " ".join(documented["description"]))[0]
    made = yaml.safe_load((EXAMPLES / f"{task}.yml").read_text(encoding="utf-8"))["items"]
    places = {item["metadata"]["namespace"] for item in made if item["kind"] in ("Role", "RoleBinding")}
    assert (places, default) == ({VELERO.namespace}, VELERO.namespace)
