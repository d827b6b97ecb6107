# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.bounded_json import text_size
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import (
    modifiers_of_configmap,
    parse_modifiers,
)

CLAIM: Object = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data", "namespace": "shop", "labels": {"app": "db"}},
    "spec": {"storageClassName": "standard"},
}
CLASS = "/spec/storageClassName"


def rule(group_resource: str = "persistentvolumeclaims", *, patches: t.Any = None, **members: t.Any) -> Object:
    conditions = {"groupResource": group_resource, **members.pop("conditions", {})}
    return {"conditions": conditions, **({"patches": patches} if patches else {}), **members}


def document(*rules: Object, version: str = "v1") -> Object:
    return {"version": version, "resourceModifierRules": list(rules)}


def replace_class(value: t.Any, *tests: Object) -> list[Object]:
    return [*tests, {"operation": "replace", "path": CLASS, "value": value}]


def class_is(value: str) -> Object:
    return {"operation": "test", "path": CLASS, "value": value}


def when_class(old: str, new: str) -> Object:
    return rule(conditions={"matches": [{"path": CLASS, "value": old}]}, patches=replace_class(new))


def modify(
    *rules: Object, obj: Object | None = None, kind: str = "persistentvolumeclaims", namespace: str = "shop"
) -> tuple[Object, list[str]]:
    given = CLAIM if obj is None else obj
    before = copy.deepcopy(given)
    result = parse_modifiers(document(*rules)).apply(GroupResource.parse(kind), given, namespace=namespace)
    assert given == before
    return result


@pytest.mark.parametrize(
    ("rules", "storage_class"),
    [
        pytest.param([rule(patches=replace_class("premium"))], "premium", id="replace"),
        pytest.param([rule(patches=replace_class("premium", class_is("standard")))], "premium", id="test holds"),
        pytest.param([rule(patches=replace_class("premium", class_is("other")))], "standard", id="test fails: no-op"),
        pytest.param(
            [when_class("standard", "premium"), when_class("premium", "gold")], "premium", id="original object"
        ),
        pytest.param([when_class("standard", "X"), when_class("standard", "Y")], "Y", id="the later rule wins"),
        pytest.param(
            [rule(conditions={"matches": [{"path": "/spec/nothing", "value": "1"}]}, patches=replace_class("X"))],
            "standard",
            id="matches: missing path",
        ),
        pytest.param(
            [rule(conditions={"matches": [{"path": CLASS, "value": "standard"}, {"path": CLASS, "value": "no"}]},
                  patches=replace_class("X"))],
            "standard",
            id="matches: all must hold",
        ),
        pytest.param([rule("pods", patches=replace_class("X"))], "standard", id="another type"),
        pytest.param([rule("*", patches=replace_class("X"))], "X", id="star"),
        pytest.param([rule("*.apps", patches=replace_class("X"))], "standard", id="star of a group"),
        pytest.param([rule("*.*", patches=replace_class("X"))], "X", id="every type"),
        pytest.param(
            [rule(conditions={"namespaces": ["shop"]}, patches=replace_class("X"))], "X", id="namespace matches"
        ),
        pytest.param(
            [rule(conditions={"namespaces": ["shop2"]}, patches=replace_class("X"))], "standard", id="other namespace"
        ),
        pytest.param(
            [rule(conditions={"resourceNameRegex": "^da.a$"}, patches=replace_class("X"))], "X", id="name matches"
        ),
        pytest.param(
            [rule(conditions={"resourceNameRegex": "at"}, patches=replace_class("X"))], "X", id="name unanchored"
        ),
        pytest.param(
            [rule(conditions={"resourceNameRegex": "^web"}, patches=replace_class("X"))], "standard", id="other name"
        ),
        pytest.param(
            [rule(conditions={"labelSelector": {"matchLabels": {"app": "db"}}}, patches=replace_class("X"))],
            "X",
            id="labels match",
        ),
        pytest.param(
            [rule(conditions={"labelSelector": {"matchLabels": {"app": "web"}}}, patches=replace_class("X"))],
            "standard",
            id="other labels",
        ),
    ],
)  # fmt: skip
def test_conditions_and_order(rules: list[Object], storage_class: str) -> None:
    """docs/compatibility 10.3, modifiers."""
    obj, errors = modify(*rules)
    assert (obj["spec"]["storageClassName"], errors) == (storage_class, [])


@pytest.mark.parametrize(
    ("pattern", "kind", "fits"),
    [
        ("*", "pods", True),
        ("*", "deployments.apps", False),
        ("*.apps", "deployments.apps", True),
        ("*.apps", "pods", False),
        ("*.*", "roles.rbac.authorization.k8s.io", True),
        ("*.rbac.authorization.k8s.io", "roles.rbac.authorization.k8s.io", True),
        ("{pods,services}", "services", True),
        ("deploy*.apps", "deployments.apps", True),
    ],
)
def test_group_resource_patterns(pattern: str, kind: str, fits: bool) -> None:
    """docs/compatibility 5.10: the separator is a dot."""
    patch = {"operation": "add", "path": "/metadata/labels", "value": '{"x": "y"}'}
    obj, errors = modify(rule(pattern, patches=[patch]), kind=kind)
    assert (obj["metadata"]["labels"] == {"x": "y"}) is fits
    assert errors == []


@pytest.mark.parametrize(
    ("value", "typed"),
    [
        pytest.param("true", True, id="bool"),
        pytest.param('"true"', "true", id="bool as text"),
        pytest.param("2", 2, id="int"),
        pytest.param("-1.5e3", -1500.0, id="number"),
        pytest.param('"2"', "2", id="number as text"),
        pytest.param("null", None, id="null"),
        pytest.param('"null"', "null", id="null as text"),
        pytest.param('{"a": [1]}', {"a": [1]}, id="object"),
        pytest.param('["a", "b"]', ["a", "b"], id="array"),
        pytest.param("plain text", "plain text", id="text"),
        pytest.param('say "x"', 'say "x"', id="text with quotes"),
        pytest.param("", "", id="empty text"),
        pytest.param("007", "007", id="no JSON number"),
        pytest.param(True, True, id="typed by YAML"),
        pytest.param({"a": 1}, {"a": 1}, id="object of YAML"),
        pytest.param(None, None, id="null of YAML"),
    ],
)
def test_typed_values(value: t.Any, typed: t.Any) -> None:
    """docs/compatibility 5.10 and 10.3."""
    obj, errors = modify(rule(patches=[{"operation": "add", "path": "/spec/x", "value": value}]))
    assert (obj["spec"]["x"], type(obj["spec"]["x"]), errors) == (typed, type(typed), [])


WEB: Object = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"app": "web", "old": "1"}},
    "spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": "c", "image": "x:1"}, {"name": "d"}]}}},
}
IMAGE = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "x:2"}]}}}}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("metadata:\n  labels:\n    old: null\n    new: '1'\n", id="YAML"),
        pytest.param('{"metadata": {"labels": {"old": null, "new": "1"}}}', id="JSON"),
        pytest.param({"metadata": {"labels": {"old": None, "new": "1"}}}, id="a mapping"),
    ],
)
@pytest.mark.parametrize("family", ["mergePatches", "strategicPatches"])
def test_merge_patches_delete_by_null(family: str, data: t.Any) -> None:
    obj, errors = modify(rule("deployments.apps", **{family: [{"patchData": data}]}), obj=WEB, kind="deployments.apps")
    assert (obj["metadata"]["labels"], errors) == ({"app": "web", "new": "1"}, [])


@pytest.mark.parametrize(("family", "containers"), [("mergePatches", ["c"]), ("strategicPatches", ["c", "d"])])
def test_lists_of_merge_patches(family: str, containers: list[str]) -> None:
    patch = rule("deployments.apps", **{family: [{"patchData": json.dumps(IMAGE)}]})
    obj, _errors = modify(patch, obj=WEB, kind="deployments.apps")
    found = obj["spec"]["template"]["spec"]["containers"]
    assert [container["name"] for container in found] == containers
    assert found[0]["image"] == "x:2"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param(rule(patches=[{"operation": "remove", "path": "/spec/nothing"}]), "nothing at", id="no path"),
        pytest.param(
            rule(strategicPatches=[{"patchData": {"metadata": {"$patch": "no"}}}]), "there are delete", id="directive"
        ),
        pytest.param(rule(mergePatches=[{"patchData": {"metadata": {"name": "x"}}}]), "keeps its name", id="name"),
        pytest.param(
            rule(mergePatches=[{"patchData": {"metadata": "x"}}]), "metadata is not a mapping", id="no metadata"
        ),
        pytest.param(
            rule(mergePatches=[{"patchData": {"metadata": {"labels": {"a": 1}}}}]), "labels.a is not text", id="labels"
        ),
        pytest.param(rule(patches=[{"operation": "replace", "path": "/spec", "value": "x"}]), "spec is not", id="spec"),
        pytest.param(
            rule(patches=[{"operation": "add", "path": "/spec/x", "value": "[" * 199 + "]" * 199}]),
            "nested more than 200 levels deep",
            id="deep",
        ),
        pytest.param(
            rule(patches=[{"operation": "copy", "from": "/spec", "path": f"/spec/{at}"} for at in range(60)]),
            "the patch puts more than 3 MiB into the object",
            id="doubled by each copy",
        ),
        pytest.param(
            rule(mergePatches=[{"patchData": {"data": {str(at): "x" * 100_000}}} for at in range(40)]),
            "it is larger than 3 MiB",
            id="many patches",
        ),
    ],
)
def test_a_rule_that_fails_changes_nothing(wrong: Object, message: str) -> None:
    """docs/compatibility 5.10: item-level error, object unchanged by that rule; the others apply."""
    obj, errors = modify(wrong, rule(patches=replace_class("X")))
    assert obj["spec"]["storageClassName"] == "X"
    assert len(errors) == 1
    assert errors[0].startswith("resource modifier rule 1: ")
    assert message in errors[0]


def test_rules_that_double_an_object_end() -> None:
    """Each of them is small; all together they are not."""
    text = rule(patches=[{"operation": "add", "path": "/spec/text", "value": "x" * 100_000}])
    copies = [rule(patches=[{"operation": "copy", "from": "/spec", "path": f"/spec/{at}"}]) for at in range(9)]
    obj, errors = modify(text, *copies)
    assert text_size(obj, most=1 << 30) < 4 << 20
    assert errors
    assert all("MiB" in error for error in errors)


PATCHES = replace_class("X")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param(document(rule(patches=PATCHES), version="v2"), "has the version 'v2'", id="wrong version"),
        pytest.param({"resourceModifierRules": [rule(patches=PATCHES)]}, "has the version ''", id="no version"),
        pytest.param(document(), "has no resourceModifierRules", id="no rules"),
        pytest.param(document({"patches": PATCHES}), "no conditions.groupResource", id="missing groupResource"),
        pytest.param(
            document(rule(patches=PATCHES, mergePatches=[{"patchData": "a: b"}])), "it has patches and merge", id="two"
        ),
        pytest.param(document(rule()), "it has none", id="no patch"),
        pytest.param(
            document(rule(patches=[{"operation": "delete", "path": "/a"}])), "the operation 'delete'", id="bad op"
        ),
        pytest.param(document(rule(patches=[{"operation": "remove", "path": ""}])), "an empty path", id="empty path"),
        pytest.param(document(rule(patches=[{"operation": "remove", "path": "a"}])), "begin with '/'", id="bad path"),
        pytest.param(document(rule(patches=[{"operation": "move", "path": "/a"}])), "empty path", id="no from"),
        pytest.param(
            document(rule(conditions={"resourceNameRegex": "("}, patches=PATCHES)),
            "conditions.resourceNameRegex: '(' is not a regular expression",
            id="regex",
        ),
        pytest.param(
            document(rule(conditions={"name": "x"}, patches=PATCHES)), "has no field 'name'", id="unknown condition"
        ),
        pytest.param(document(rule(patches=PATCHES, patch=[])), "has no field 'patch'", id="unknown member"),
        pytest.param(document(rule(patches=replace_class("{x"))), "is not JSON", id="value that is no JSON"),
        pytest.param(document(rule(mergePatches=[{"patchData": "a: b: c"}])), "not valid YAML", id="patchData"),
        pytest.param("version: v1\nversion: v1\n", "written twice", id="duplicate key"),
        pytest.param([], "is not a mapping", id="list"),
    ],
)
def test_documents_that_are_refused(wrong: t.Any, message: str) -> None:
    """docs/compatibility 5.10 and 10.3."""
    with pytest.raises(ValidationError) as caught:
        parse_modifiers(wrong)
    assert message in caught.value.sentence


def test_spellings() -> None:
    text = """
version: V1
resource_modifier_rules:
- conditions:
    group_resource: persistentvolumeclaims
    label_selector: {match_labels: {app: db}}
  merge_patches:
  - patch_data: |
      spec: {storageClassName: X}
"""
    obj, errors = parse_modifiers(text).apply(GroupResource("persistentvolumeclaims"), CLAIM, namespace="shop")
    assert (obj["spec"], errors) == ({"storageClassName": "X"}, [])


def test_configmap() -> None:
    configmap = {
        "metadata": {"name": "mods", "namespace": "velero"},
        "data": {"a": json.dumps(document(rule(patches=PATCHES)))},
    }
    assert len(modifiers_of_configmap(configmap).rules) == 1
    configmap["data"]["b"] = "x"
    with pytest.raises(ValidationError, match="ConfigMap velero/mods holds no resource modifiers"):
        modifiers_of_configmap(configmap)
