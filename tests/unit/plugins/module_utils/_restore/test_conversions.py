# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects of versions that no server has any more, in the versions that they have moved to.

Source of the rows: https://kubernetes.io/docs/reference/using-api/deprecation-guide/, and the conversions in the API
server of the last release that had both versions. What a real server says of each is in
tests/integration/live/restore/test_restore_old_versions.py.
"""

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.converter import Converter
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.gone import GONE
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.schemas import make_structural
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.table import BY_KIND, MOVES
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.old_objects import OLD, Old

#: What a server of 1.34 serves of all this.
NEWEST = {(move.targets[0], move.kind) for move in MOVES}


def newest(api_version: str, kind: str) -> bool:
    return (api_version, kind) in NEWEST


def convert(obj: Object, serves: t.Callable[[str, str], bool] = newest) -> t.Any:
    return Converter(serves).convert(copy.deepcopy(obj))


def with_spec(api_version: str, kind: str, spec: t.Any) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "n"}, "spec": spec}


@pytest.mark.parametrize("old", OLD, ids=lambda old: f"{old.obj['apiVersion']}-{old.obj['metadata']['name']}")
def test_an_object_is_what_it_was_in_the_version_that_is_served(old: Old) -> None:
    found = convert(old.obj)
    assert found.refusal == ""
    assert found.source == old.obj["apiVersion"]
    assert found.body["apiVersion"] == old.target
    changed = {**old.obj, **old.becomes}
    if "runtimeHandler" in (old.obj.get("spec") or {}):
        del changed["spec"]
    for field in changed.keys() - {"apiVersion", "metadata"}:
        assert found.body[field] == changed[field], field
    assert found.body.keys() == changed.keys()


@pytest.mark.parametrize(
    ("obj", "notes"),
    [
        (
            with_spec("policy/v1beta1", "PodDisruptionBudget", {"selector": {}}),
            "converted from policy/v1beta1 to policy/v1: its empty selector was left out: in policy/v1beta1 it chose "
            "no pods, in policy/v1 it chooses all.",
        ),
        (
            {
                "apiVersion": "networking.k8s.io/v1beta1",
                "kind": "Ingress",
                "metadata": {"name": "i", "annotations": {"kubernetes.io/ingress.class": "a"}},
                "spec": {"ingressClassName": "b"},
            },
            "converted from networking.k8s.io/v1beta1 to networking.k8s.io/v1: the annotation "
            "kubernetes.io/ingress.class ('a') was left out: a new Ingress may not have it beside "
            "spec.ingressClassName ('b').",
        ),
    ],
)
def test_what_is_not_as_it_was_is_said(obj: Object, notes: str) -> None:
    assert convert(obj).notes == (notes,)


@pytest.mark.parametrize(
    ("obj", "why"),
    [
        (
            with_spec("certificates.k8s.io/v1beta1", "CertificateSigningRequest", {"usages": ["any"]}),
            "its signer is not named, which certificates.k8s.io/v1 does not take",
        ),
        (
            with_spec("extensions/v1beta1", "Ingress", {"backend": {"serviceName": "s"}}),
            "a backend of it names no service with a port",
        ),
        (
            with_spec("extensions/v1beta1", "ReplicaSet", {"template": {}}),
            "it has neither a selector nor labels in its template, one of which apps/v1 needs",
        ),
        (with_spec("extensions/v1beta1", "Ingress", {"rules": {"host": "a"}}), "spec.rules is not a list"),
        (with_spec("autoscaling/v2beta1", "HorizontalPodAutoscaler", {"metrics": "all"}), "spec.metrics is not a list"),
        (
            with_spec("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", {"group": "g.example"}),
            "it names no version",
        ),
    ],
)
def test_what_has_no_new_form_stays_as_it_is_with_the_reason(obj: Object, why: str) -> None:
    found = convert(obj)
    assert found.body["apiVersion"] == obj["apiVersion"]
    assert found.refusal.endswith(f": {why}")


def test_nothing_is_converted_that_the_server_serves() -> None:
    obj = with_spec("extensions/v1beta1", "Ingress", {"backend": {"serviceName": "s", "servicePort": 1}})
    assert convert(obj, lambda api_version, kind: True).body == obj
    assert convert(obj, lambda api_version, kind: False).body == obj


def test_of_several_versions_the_best_that_is_served_is_taken() -> None:
    obj = with_spec("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema", {})
    served = {"flowcontrol.apiserver.k8s.io/v1beta3"}
    assert convert(obj, lambda api_version, _kind: api_version in served).body["apiVersion"] in served


def test_what_an_autoscaler_scales_has_moved_though_the_autoscaler_has_not() -> None:
    target = {"apiVersion": "extensions/v1beta1", "kind": "Deployment", "name": "web"}
    found = convert(with_spec("autoscaling/v1", "HorizontalPodAutoscaler", {"scaleTargetRef": target}))
    assert found.body["spec"]["scaleTargetRef"]["apiVersion"] == "apps/v1"


@pytest.mark.parametrize(
    ("schema", "means", "notes"),
    [
        (None, {"type": "object", "x-kubernetes-preserve-unknown-fields": True}, ()),
        (
            {"properties": {"spec": {"type": "object"}}},
            {
                "type": "object",
                "x-kubernetes-preserve-unknown-fields": True,
                "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            },
            ("the schema of v1 was changed in what v1 does not take (not structural).",),
        ),
    ],
)
def test_a_definition_of_old_that_was_read_in_v1_gets_what_v1_asks_for(
    schema: Object | None, means: Object, notes: tuple[str, ...]
) -> None:
    """Servers from 1.16 on show a definition that came by v1beta1 in v1, with no schema or with the one that it had."""
    version: Object = {"name": "v1", "served": True, "storage": True}
    shown = {**version, "schema": {"openAPIV3Schema": schema}} if schema else version
    spec = {"group": "g.example", "preserveUnknownFields": True, "versions": [shown]}
    found = convert(with_spec("apiextensions.k8s.io/v1", "CustomResourceDefinition", spec))
    assert found.notes == notes
    assert found.body["spec"]["preserveUnknownFields"] is False
    assert found.body["spec"]["versions"] == [{**version, "schema": {"openAPIV3Schema": means}}]


def test_a_definition_that_v1_takes_stays_as_it_is() -> None:
    spec = {"group": "g.example", "versions": [{"name": "v1", "schema": {"openAPIV3Schema": {"properties": {}}}}]}
    definition = with_spec("apiextensions.k8s.io/v1", "CustomResourceDefinition", spec)
    assert convert(definition).body == definition


def test_types_of_another_group_move_as_a_whole() -> None:
    moved = Converter(newest).moved_types()
    assert {str(old): str(new) for old, new in moved.items()} == {
        "daemonsets.extensions": "daemonsets.apps",
        "deployments.extensions": "deployments.apps",
        "ingresses.extensions": "ingresses.networking.k8s.io",
        "networkpolicies.extensions": "networkpolicies.networking.k8s.io",
        "replicasets.extensions": "replicasets.apps",
    }
    assert Converter(lambda *_wanted: True).moved_types() == {}


def test_each_row_is_there_once_and_leads_to_another_version() -> None:
    assert len(BY_KIND) == sum(len(move.versions) for move in MOVES)
    for (api_version, kind), move in BY_KIND.items():
        assert api_version not in move.targets
        assert (api_version, kind) not in GONE
        assert move.source_type == GroupResource(move.plural, api_version.rpartition("/")[0])


@pytest.mark.parametrize(
    ("schema", "structural", "changed"),
    [
        (None, {"type": "object", "x-kubernetes-preserve-unknown-fields": True}, False),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, None, False),
        ({"properties": {"a": {"type": "string"}}}, {"type": "object", "properties": {"a": {"type": "string"}}}, True),
        (
            {"type": "object", "properties": {"l": {"type": "array"}}},
            {
                "type": "object",
                "properties": {"l": {"type": "array", "items": {"x-kubernetes-preserve-unknown-fields": True}}},
            },
            True,
        ),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "object", "properties": {}, "additionalProperties": False}},
            },
            {"type": "object", "properties": {"a": {"type": "object", "properties": {}}}},
            True,
        ),
        (
            {
                "type": "object",
                "properties": {"p": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}]}},
            },
            None,
            False,
        ),
        (
            {
                "type": "object",
                "properties": {"p": {"type": "string"}},
                "oneOf": [{"required": ["p"], "type": "object"}, {"properties": {"p": {"enum": ["a"]}, "q": {}}}],
            },
            {
                "type": "object",
                "properties": {"p": {"type": "string"}},
                "oneOf": [{"required": ["p"]}, {"properties": {"p": {"enum": ["a"]}}}],
            },
            True,
        ),
        (
            {"type": "object", "properties": {"metadata": {"type": "object", "required": ["labels"]}}},
            {"type": "object", "properties": {"metadata": {"type": "object"}}},
            True,
        ),
        (
            {"type": "object", "definitions": {}, "properties": {"a": {"$ref": "#/definitions/b"}}},
            {"type": "object", "properties": {"a": {"x-kubernetes-preserve-unknown-fields": True}}},
            True,
        ),
        ({"type": ["object"], "properties": {"a": "b"}}, None, True),
    ],
)
def test_schemas_become_structural(schema: t.Any, structural: Object | None, changed: bool) -> None:
    """Source: the rules of structural schemas in the documentation of CustomResourceDefinitions."""
    found = make_structural(copy.deepcopy(schema))
    assert found[1] is changed
    if structural is not None or not changed:
        assert found[0] == (structural or schema)
