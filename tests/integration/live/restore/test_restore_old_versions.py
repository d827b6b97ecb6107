# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects of API versions that are gone, in the versions that this server serves: it takes every one of them."""

from __future__ import annotations

import copy
import typing as t

from restore_lab import settled

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.old_objects import OLD, Old

if t.TYPE_CHECKING:
    from cluster_access import Kubectl
    from restore_lab import Backups, Cluster

#: A request for a certificate has to be a real one, which the table does not have. A claim of devices goes to a class
#: that has to be there, and has a type of its own where the server is told to serve it.
_NOT_ASKED = {"CertificateSigningRequest"}


def archive_of(namespace: str, rows: t.Iterable[Old]) -> list[tuple[str, Object]]:
    found = []
    for row in rows:
        obj: Object = copy.deepcopy(row.obj)
        if row.namespaced:
            obj["metadata"]["namespace"] = namespace
        found.append((row.plural, obj))
    return found


def test_the_server_takes_every_converted_object(cluster: Cluster, backups: Backups, kubectl: Kubectl) -> None:
    namespace = cluster.new_name()
    kubectl("create", "namespace", namespace)
    served = {resource.api_version for resource in cluster.discovery.resources}
    rows = [row for row in OLD if row.target in served and row.obj["kind"] not in _NOT_ASKED]
    assert len(rows) > 40
    backups.write("old", archive_of(namespace, rows))
    outcome = backups.plan("old", convert_api_versions=True)
    judged = {item["name"]: (item["action"], item["reason"]) for item in outcome.plan_items}
    refused = {name: found for name, found in judged.items() if found[0] == "conflict"}
    assert refused == {}
    assert all(judged[row.obj["metadata"]["name"]][0] in ("create", "unverified") for row in rows)


def test_without_the_option_each_names_the_version_that_is_served(
    cluster: Cluster, backups: Backups, kubectl: Kubectl
) -> None:
    namespace = cluster.new_name()
    kubectl("create", "namespace", namespace)
    rows = [row for row in OLD if row.plural.startswith(("deployments", "ingresses", "cronjobs", "customresource"))]
    backups.write("old", archive_of(namespace, rows))
    items = {item["name"]: item for item in backups.plan("old").plan_items}
    for row in rows:
        item = items[row.obj["metadata"]["name"]]
        assert item["action"] == "conflict"
        assert item["reason"].endswith(f"; it serves {row.target}")
        assert item["hint"] == "Set convert_api_versions: true to have it converted on the way."


def test_an_old_application_comes_back_and_the_second_run_changes_nothing(
    cluster: Cluster, backups: Backups, kubectl: Kubectl
) -> None:
    namespace = cluster.new_name()
    kinds = ("Deployment", "CronJob", "Ingress", "PodDisruptionBudget", "HorizontalPodAutoscaler", "RoleBinding")
    rows = [row for row in OLD if row.obj["kind"] in kinds]
    backups.write("old", archive_of(namespace, rows))
    done = backups.restore("old", convert_api_versions=True)
    assert done.phase == "Completed", done.errors_list
    assert done.changed
    made = cluster.get("ingresses.networking.k8s.io", "old-ingress", namespace)
    assert made is not None
    assert made["spec"]["defaultBackend"] == {"service": {"name": "web", "port": {"name": "http"}}}
    budget = cluster.get("poddisruptionbudgets.policy", "old-poddisruptionbudget", namespace)
    assert budget is not None
    assert not budget["spec"].get("selector")
    again = settled(lambda: backups.plan("old", convert_api_versions=True))
    assert {item["name"]: item["reason"] for item in again.plan_items if item["intent"]} == {}


def test_a_definition_of_old_comes_back_with_its_objects(cluster: Cluster, backups: Backups, kubectl: Kubectl) -> None:
    namespace = cluster.new_name()
    (definition,) = [row for row in OLD if row.obj["kind"] == "CustomResourceDefinition"]
    kiosk: Object = {
        "apiVersion": "old.example.org/v1",
        "kind": "Kiosk",
        "metadata": {"name": "k", "namespace": namespace},
        "spec": {"size": 2, "any": {"thing": [1]}, "unknown": "kept"},
    }
    backups.write("old", [*archive_of(namespace, [definition]), ("kiosks.old.example.org", kiosk)])
    try:
        done = backups.restore("old", convert_api_versions=True)
        assert done.phase == "Completed", done.errors_list
        spec = kubectl("get", "kiosks.old.example.org", "k", "-n", namespace, "-o", "jsonpath={.spec.unknown}")
        assert spec == "kept"
    finally:
        kubectl("delete", "crd", "kiosks.old.example.org", "--ignore-not-found", "--wait=false")
