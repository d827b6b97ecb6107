# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.move import Conversion
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import RuleContext
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.volume_decisions import (
    VolumeDecisions,
    VolumeTerms,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.prepared import Prepared
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.overwrite import replacement
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.prepare import Preparer
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.include_exclude import IncludeExclude
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import parse_modifiers
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

STATUS_ANNOTATION = "velero.io/restore-status"
SERVICES = GroupResource("services")


class OneObject:
    """An archive that holds one object."""

    def __init__(self, obj: Object) -> None:
        self._obj = obj

    def read(self, ref: ItemRef) -> Object:
        return copy.deepcopy(self._obj)

    def read_converted(self, ref: ItemRef) -> Conversion:
        return Conversion(self.read(ref))

    def names(self, group_resource: GroupResource, namespace: str | None) -> list[str]:
        return []

    def find_object(self, group_resource: GroupResource, namespace: str | None, name: str) -> Object | None:
        return None


def prepare(obj: Object, kind: str = "services", **options: t.Any) -> Prepared:
    archive = OneObject({"apiVersion": "v1", "kind": "Service", **obj})
    mapping = {"shop": "shop2"}
    volumes = VolumeDecisions(archive=archive, volume_info=[], live={}, terms=VolumeTerms(namespace_mapping=mapping))
    spec = RestoreSpec.from_options({"backup_name": "b", "namespace_mapping": mapping})
    context = RuleContext(archive=archive, volumes=volumes, namespace_mapping=mapping)
    preparer = Preparer(
        t.cast("t.Any", archive),
        spec,
        context,
        labels={"velero.io/restore-name": "r"},
        **options,
    )
    return preparer.prepare(ItemRef(GroupResource.parse(kind), "", "shop", obj["metadata"]["name"]))


STATUS = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
ALL, NONE = IncludeExclude(), None
ONLY_JOBS, NOT_SERVICES = IncludeExclude(("jobs.batch",)), IncludeExclude((), ("services",))


@pytest.mark.parametrize(
    ("annotation", "status_filter", "restored"),
    [
        pytest.param(None, NONE, False, id="no filter"),
        pytest.param(None, ALL, True, id="empty filter"),
        pytest.param(None, ONLY_JOBS, False, id="not included"),
        pytest.param(None, NOT_SERVICES, False, id="excluded"),
        pytest.param("true", NONE, True, id="true without a filter"),
        pytest.param("True", NOT_SERVICES, True, id="True over the filter"),
        pytest.param("FALSE", ALL, False, id="FALSE over the filter"),
        pytest.param("maybe", ALL, True, id="invalid: the filter"),
        pytest.param("maybe", NONE, False, id="invalid, no filter"),
        pytest.param("", ALL, True, id="empty: the filter"),
    ],
)
def test_restore_status(annotation: str | None, status_filter: IncludeExclude | None, restored: bool) -> None:
    """docs/compatibility 5.11 and 10.3."""
    annotations = {} if annotation is None else {STATUS_ANNOTATION: annotation}
    obj = {"metadata": {"name": "web", "annotations": annotations}, "spec": {}, "status": STATUS}
    prepared = prepare(obj, status_filter=status_filter)
    assert prepared.status == (STATUS if restored else {})
    assert "status" not in prepared.body


def test_no_status_without_one() -> None:
    assert prepare({"metadata": {"name": "web"}, "spec": {}}, status_filter=ALL).status == {}


def modifiers(**conditions: t.Any) -> t.Any:
    patches = [
        {"operation": "add", "path": "/metadata/labels", "value": '{"velero.io/restore-name": "x", "a": "b"}'},
        {"operation": "replace", "path": "/metadata/namespace", "value": "elsewhere"},
    ]
    rule = {"conditions": {"groupResource": "services", **conditions}, "patches": patches}
    return parse_modifiers({"version": "v1", "resourceModifierRules": [rule]})


@pytest.mark.parametrize(("namespace", "changed"), [("shop", True), ("shop2", False)])
def test_modifiers_come_after_the_rules_and_before_the_namespace(namespace: str, changed: bool) -> None:
    """docs/compatibility 5.6.9, 5.6.11, 5.6.12: they see the original namespace; namespace and labels of ours win."""
    matches = [{"path": "/spec/clusterIP", "value": "null"}, {"path": "/metadata/namespace", "value": "shop"}]
    obj = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"clusterIP": "10.0.0.1", "ports": []}}
    prepared = prepare(obj, modifiers=modifiers(namespaces=[namespace], matches=matches))
    labels = {"velero.io/restore-name": "r"} | ({"a": "b"} if changed else {})
    assert prepared.body["metadata"] == {"name": "web", "namespace": "shop2", "labels": labels}
    assert prepared.errors == ()


def test_errors_of_modifiers_stop_nothing() -> None:
    """docs/compatibility 5.6.11."""
    prepared = prepare({"metadata": {"name": "web"}, "spec": {"type": "NodePort"}}, modifiers=modifiers())
    assert len(prepared.errors) == 1
    assert "/metadata/namespace" in prepared.errors[0]
    assert prepared.body["spec"] == {"type": "NodePort"}


def test_replacement_keeps_what_the_cluster_decided() -> None:
    live = {
        "metadata": {
            "name": "web",
            "resourceVersion": "7",
            "uid": "u",
            "ownerReferences": [{"uid": "o"}],
            "finalizers": ["f"],
            "labels": {"old": "1"},
            "annotations": {"deployment.kubernetes.io/revision": "3", "old": "1"},
        },
        "spec": {"clusterIP": "10.0.0.9", "clusterIPs": ["10.0.0.9"], "ports": []},
        "status": STATUS,
    }
    desired = {"metadata": {"name": "web", "labels": {"new": "1"}, "annotations": {"new": "1"}}, "spec": {"ports": []}}
    assert replacement(SERVICES, live, desired) == {
        "metadata": {
            "name": "web",
            "resourceVersion": "7",
            "ownerReferences": [{"uid": "o"}],
            "finalizers": ["f"],
            "labels": {"new": "1"},
            "annotations": {"deployment.kubernetes.io/revision": "3", "new": "1"},
        },
        "spec": {"clusterIP": "10.0.0.9", "clusterIPs": ["10.0.0.9"], "ports": []},
        "status": STATUS,
    }


MODIFIERS = modifiers()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"names": ("pods",)}, "is not the name of an object", id="names"),
        pytest.param({"api_version_priorities": {"x": ("v1",)}}, "without all_api_versions", id="versions"),
        pytest.param({"image_mapping": {"a": ""}}, "image_mapping has an empty name", id="image"),
        pytest.param({"storage_class_mapping": {"": "a"}}, "storage_class_mapping has an empty", id="class"),
        pytest.param({"workers": 0}, "at least 1", id="workers"),
        pytest.param({"name": "Not A Name"}, "cannot name a restore", id="name"),
        pytest.param({"on_missing_volume_data": "ignore"}, "must be fail or warn", id="volume data"),
    ],
)
def test_requests_that_are_refused(options: Object, message: str) -> None:
    request = RestoreRequest(spec=RestoreSpec(backup_name="b"), **options)
    with pytest.raises(ValidationError, match=message):
        request.validate()


def test_modifiers_in_two_places() -> None:
    spec = RestoreSpec(backup_name="b", resource_modifier={"kind": "configmap", "name": "x"})
    with pytest.raises(ValidationError, match="Both resource_modifiers and resource_modifier"):
        RestoreRequest(spec=spec, modifiers=MODIFIERS).validate()
