# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Back up, delete, restore, back up again: the two tarballs are equal, but for what has a reason to differ."""

from __future__ import annotations

import fnmatch
import json
import secrets
import typing as t

import pytest
from every_type import LEFT_OUT, every_type, two_versions, widgets

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec

if t.TYPE_CHECKING:
    from cluster_access import Kubectl
    from restore_lab import Backups, Cluster

    from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object

#: Type, path of the field (``*`` stands for anything), and why it differs between the two tarballs.
SYSTEM_FIELDS = (
    ("*", "metadata.uid", "given anew"),
    ("*", "metadata.resourceVersion", "given anew"),
    ("*", "metadata.creationTimestamp", "given anew"),
    ("*", "metadata.generation", "counts from 1 again"),
    ("*", "metadata.managedFields*", "the restore is another writer"),
    ("*", "metadata.labels.velero.io/*-name", "the mark of the restore"),
    ("*", "metadata.generateName", "Velero restores objects under their names"),
    ("*", "metadata.ownerReferences.*.uid", "the owners, which adopt them again, have new uids"),
    ("*", "status*", "reported anew"),
    ("pods", "spec.nodeName", "scheduled anew"),
    ("endpoints", "metadata.annotations.endpoints.kubernetes.io/last-change-trigger-time", "made anew for a selector"),
    ("endpoints", "subsets*", "the pods of a selector have new addresses; those by hand are looked at below"),
    ("services", "spec.clusterIP*", "given anew; None stays"),
    ("services", "spec.ports.*.nodePort", "given anew unless it was chosen"),
    ("services", "spec.healthCheckNodePort", "given anew unless it was chosen"),
    ("secrets", "metadata.annotations.kubernetes.io/service-account.uid", "the account is a new one"),
    ("secrets", "data.token", "signed for the new account"),
    ("jobs.batch", "spec.selector.matchLabels.*controller-uid", "the job's own uid"),
    ("jobs.batch", "spec.template.metadata.labels.*controller-uid", "the job's own uid"),
    ("persistentvolumeclaims", "spec.volumeName", "a new volume"),
    ("persistentvolumes", "metadata.name", "a new volume"),
    ("persistentvolumes", "spec.csi.volumeHandle", "a new volume"),
    ("persistentvolumes", "spec.claimRef.uid", "a new claim"),
    ("persistentvolumes", "spec.claimRef.resourceVersion", "a new claim"),
)
#: Type, name, and why an object is in one of the two tarballs only.
SYSTEM_OBJECTS = (
    ("events*", "*", "not restored; new ones came"),
    ("jobs.batch", "done", "it had run to its end"),
    ("pods", "done-*", "it had run to its end"),
    ("endpointslices.discovery.k8s.io", "*-?????", "made anew for a Service with a selector, under a new name"),
)


class Tarball(dict[tuple[str, str, str], "Object"]):
    """Objects by type, version directory and name; a volume by its claim's name."""


@pytest.fixture
def back_up(backups: Backups, cluster: Cluster) -> t.Callable[..., Tarball]:
    def run(name: str, namespace: str, **options: t.Any) -> Tarball:
        own = {key: options.pop(key) for key in list(options) if key == "all_api_versions"}
        spec = BackupSpec.from_options({"included_namespaces": [namespace], "snapshot_volumes": False, **options})
        outcome = run_backup(BackupRequest(name=name, spec=spec, **own), client=cluster.client, store=backups.store)
        assert (outcome.phase, outcome.errors_list) == ("Completed", [])
        found = Tarball()
        with Catalog(backups.store).files(name).open_tarball() as reader:
            kinds = {ref.group_resource for ref in reader.items}
            refs = [*reader.items, *(ref for kind in kinds for refs in reader.versions(kind).values() for ref in refs)]
            for ref in refs:
                obj = reader.read(ref)
                claim = (obj.get("spec") or {}).get("claimRef") or {}
                found[(str(ref.group_resource), ref.version_dir, claim.get("name") or ref.name)] = obj
        return found

    return run


BackUp = t.Callable[..., Tarball]


def leaves(value: t.Any, path: str = "") -> dict[str, t.Any]:
    """Values by path; a list's entries have their number."""
    if isinstance(value, dict) and value:
        pairs = [(str(key), inner) for key, inner in value.items()]
    elif isinstance(value, list) and value:
        pairs = [(str(number), inner) for number, inner in enumerate(value)]
    else:
        return {path: value}
    found: dict[str, t.Any] = {}
    for key, inner in pairs:
        found |= leaves(inner, f"{path}.{key}" if path else key)
    return found


def differences(first: Tarball, second: Tarball) -> list[str]:
    """What differs and has no reason to."""
    found = []
    for key in sorted(first.keys() | second.keys()):
        kind, _version, name = key
        if key not in first or key not in second:
            if not any(fnmatch.fnmatch(kind, a) and fnmatch.fnmatch(name, b) for a, b, _why in SYSTEM_OBJECTS):
                found.append(f"{'/'.join(key)} is only in the {'first' if key in first else 'second'}")
            continue
        before, after = leaves(first[key]), leaves(second[key])
        for path in sorted(before.keys() | after.keys()):
            if before.get(path, _NOTHING) == after.get(path, _NOTHING):
                continue
            if not any(fnmatch.fnmatch(kind, a) and fnmatch.fnmatch(path, b) for a, b, _why in SYSTEM_FIELDS):
                told = [json.dumps(side.get(path, _NOTHING)) for side in (before, after)]
                found.append(f"{'/'.join(key)} {path}: {' -> '.join(told)}")
    return found


def same(first: Tarball, second: Tarball) -> None:
    unexplained = differences(first, second)
    if unexplained:
        pytest.fail("\n".join(unexplained), pytrace=False)


_NOTHING = "(nothing)"


def built_in_types(cluster: Cluster) -> set[str]:
    """What can be created and listed in a namespace and is not a custom type, by discovery."""
    definitions = cluster.client.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")["items"]
    custom = {definition["metadata"]["name"] for definition in definitions}
    return {
        str(resource.group_resource)
        for resource in Discovery.read(cluster.client).preferred()
        if resource.namespaced and {"create", "list"} <= resource.verbs
    } - custom


def test_every_built_in_type(cluster: Cluster, backups: Backups, back_up: BackUp, kubectl: Kubectl) -> None:
    home = cluster.new_name()
    kubectl("create", "namespace", home)
    kubectl("label", "namespace", home, "team=shop")
    made = every_type(home)
    kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": made}))
    for workload in ("deployment/web", "statefulset/db", "daemonset/agent"):
        kubectl("-n", home, "rollout", "status", workload, "--timeout=90s")
    for condition, name in (("Ready", "pod/alone"), ("Complete", "job/done")):
        kubectl("-n", home, "wait", f"--for=condition={condition}", name, "--timeout=90s")
    for kind in ("rc/old", "rs/set"):
        kubectl("-n", home, "wait", "--for=jsonpath={.status.readyReplicas}=1", kind, "--timeout=90s")
    kubectl("-n", home, "wait", "--for=jsonpath={.status.phase}=Bound", "pvc/data", "--timeout=60s")

    first = back_up("first", home)
    own = {(kind, name) for kind, _version, name in first}
    wanted = built_in_types(cluster) - set(LEFT_OUT)
    assert wanted - {kind for kind, _name in own} == set(), "types without an object in this test"
    for obj in made:
        resource = cluster.discovery.find_kind(obj["apiVersion"], obj["kind"])
        assert resource is not None
        assert (str(resource.group_resource), obj["metadata"]["name"]) in own

    cluster.delete("namespaces", home)
    plans = [backups.plan("first", name=name).digest for name in ("r", "q")]
    objects = [plan.objects for plan in plans if plan is not None]
    assert objects[0] == objects[1], "a plan is the same, whatever the restore is called"
    done = backups.restore("first", name="r", wait_timeout=120)
    assert (done.phase, done.errors_list, done.workloads and done.workloads["not_ready"]) == ("Completed", [], 0)
    # The API server's own are about a certificate that is none, and about Endpoints, which are deprecated.
    foreseen = ("new, empty volume", "The API server warns of")
    assert [each for each in done.warnings_list if not any(text in each["message"] for text in foreseen)] == []
    kubectl("-n", home, "wait", "--for=jsonpath={.status.phase}=Bound", "pvc/data", "--timeout=60s")
    second = back_up("second", home)
    same(first, second)
    by_hand = ("endpoints", "", "by-hand")
    assert first[by_hand]["subsets"] == second[by_hand]["subsets"]


def test_custom_resources_of_two_versions(
    cluster: Cluster, backups: Backups, back_up: BackUp, kubectl: Kubectl
) -> None:
    """The type itself goes and comes back too."""
    home, group = cluster.new_name(), f"t{secrets.token_hex(3)}.arkive.test"
    definition = f"widgets.{group}"
    try:
        kubectl("create", "namespace", home)
        kubectl("create", "-f", "-", stdin=json.dumps(two_versions(group)))
        kubectl("wait", "--for=condition=Established", f"crd/{definition}", "--timeout=60s")
        kubectl(
            "create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": widgets(group, home)})
        )
        first = back_up("first", home, all_api_versions=True)
        stored = {
            version: obj["spec"] for (kind, version, name), obj in first.items() if (kind, name) == (definition, "w0")
        }
        assert stored == {
            "": {"size": "1", "color": "red"},
            "v2-preferredversion": {"size": "1", "color": "red"},
            "v1": {"size": "1"},
        }
        assert ("customresourcedefinitions.apiextensions.k8s.io", "", definition) in first

        cluster.delete("namespaces", home)
        kubectl("delete", "crd", definition, "--timeout=60s")
        done = backups.restore("first", name="r", all_api_versions=True)
        assert (done.phase, done.errors_list) == ("Completed", [])
        second = back_up("second", home, all_api_versions=True)
        same(first, second)
    finally:
        kubectl("delete", "crd", definition, "--ignore-not-found", "--wait=false")
