# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.kube_ops import KubeOps
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.function_lab import NAMESPACE, FunctionLab
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_answers import Answer, Request
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import ApiType

SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata: {a: b}\n"
OF_SHOP = SETTINGS.replace("\ndata", "\n  namespace: shop\ndata")
REFERENCE = {"apiVersion": "v1", "resource": "configmaps", "name": "settings", "namespace": NAMESPACE}


@pytest.fixture(autouse=True)
def types(lab: FunctionLab) -> None:
    lab.api.types += [ApiType(group="example.com", plural="widgets", kind="Widget", custom=True)]
    lab.api.add("namespaces", "default")


def run(lab: FunctionLab, operation: str, **arguments: t.Any) -> t.Any:
    seconds = arguments.pop("seconds", 5.0)
    return KubeOps().run(lab.call("KubeOps", {"operation": operation, **arguments}, seconds=seconds))


def outputs(name: str, namespace: str = "", **more: str) -> dict[str, str]:
    found = {"apiVersion": "v1", "group": "", "resource": "configmaps", "kind": "", "name": name, **more}
    return found | ({"namespace": namespace} if namespace else {})


@pytest.mark.parametrize(
    ("spec", "namespace", "where"),
    [
        pytest.param(SETTINGS, NAMESPACE, NAMESPACE, id="the argument's namespace"),
        pytest.param(SETTINGS, "", "default", id="Kanister's default"),
        pytest.param(OF_SHOP, "default", "shop", id="the object's own"),
    ],
)
def test_create(lab: FunctionLab, spec: str, namespace: str, where: str) -> None:
    assert run(lab, "create", spec=spec, namespace=namespace) == outputs("settings", where)
    assert lab.api.objects["configmaps", where, "settings"]["data"] == {"a": "b"}


def test_create_of_something_of_the_cluster(lab: FunctionLab) -> None:
    spec = "{apiVersion: v1, kind: Namespace, metadata: {name: fresh}}"
    assert run(lab, "create", spec=spec, namespace=NAMESPACE) == outputs("fresh", resource="namespaces")


def test_create_of_several(lab: FunctionLab) -> None:
    """The last one is the output; none inherits the namespace of another (docs/compatibility 16.3)."""
    spec = OF_SHOP + "---\n" + SETTINGS
    assert run(lab, "create", spec=spec) == outputs("settings", "default")
    assert lab.api.names("configmaps", "shop") == lab.api.names("configmaps", "default") == ["settings"]


def test_create_of_a_generated_name(lab: FunctionLab) -> None:
    made = run(lab, "create", spec=SETTINGS.replace("name:", "generateName:"), namespace=NAMESPACE)
    assert made["name"].startswith("settings")
    assert lab.api.names("configmaps", NAMESPACE) == [made["name"]]


def test_create_with_a_lost_answer(lab: FunctionLab) -> None:
    lost = [KubeError("the answer was lost")]
    lab.api.lose = lambda verb, _path: lost.pop() if verb == "POST" and lost else None
    assert run(lab, "create", spec=SETTINGS, namespace=NAMESPACE)["name"] == "settings"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        pytest.param(
            SETTINGS, 'could not create ConfigMap settings: .* configmaps "settings" already exists', id="taken"
        ),
        pytest.param(
            SETTINGS.replace("ConfigMap", "ConfigMop"), "The cluster has no ConfigMop in version v1", id="type"
        ),
        pytest.param("", "Argument spec of .* is empty", id="empty"),
        pytest.param("- a", "holds a document that is no mapping", id="a list"),
        pytest.param("{apiVersion: v1, kind: ConfigMap}", "holds ConfigMap without a name", id="no name"),
        pytest.param("a: {b", "is not valid YAML", id="no YAML"),
        pytest.param("a: 1\na: 2", "the key 'a' is written twice", id="a key twice"),
    ],
)
def test_create_that_fails(lab: FunctionLab, spec: str, words: str) -> None:
    lab.api.add("configmaps", "settings", NAMESPACE)
    with pytest.raises(BlueprintError, match=words):
        run(lab, "create", spec=spec, namespace=NAMESPACE)


def test_what_was_made_before_it_failed_is_said(lab: FunctionLab) -> None:
    lab.api.add("configmaps", "settings", NAMESPACE)
    spec = SETTINGS.replace("settings", "first") + "---\n" + SETTINGS
    with pytest.raises(BlueprintError, match=r"Made before it, and still there: ConfigMap shop/first\.$"):
        run(lab, "create", spec=spec, namespace=NAMESPACE)


def test_delete(lab: FunctionLab) -> None:
    lab.api.add("configmaps", "settings", NAMESPACE)
    assert run(lab, "delete", objectReference=REFERENCE) == outputs("settings", NAMESPACE)
    assert not lab.api.names("configmaps", NAMESPACE)


@pytest.mark.parametrize(
    ("reference", "namespace"),
    [
        pytest.param({**REFERENCE, "namespace": ""}, NAMESPACE, id="the argument's namespace"),
        pytest.param({"apiVersion": "example.com/v1", "resource": "widgets", "name": "w"}, NAMESPACE, id="sloppy"),
        pytest.param(
            {"apiVersion": "v1", "group": "example.com", "resource": "widgets", "name": "w"}, NAMESPACE, id="custom"
        ),
        pytest.param({"apiVersion": "v1", "resource": "persistentvolumes", "name": "pv"}, "", id="of the cluster"),
    ],
)
def test_delete_finds_it(lab: FunctionLab, reference: Object, namespace: str) -> None:
    lab.api.add("configmaps", "settings", NAMESPACE)
    lab.api.add("widgets", "w", NAMESPACE)
    lab.api.add("persistentvolumes", "pv")
    run(lab, "delete", objectReference=reference, namespace=namespace)
    assert not [key for key in lab.api.objects if key[0] == reference["resource"]]


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        pytest.param(REFERENCE, "could not delete ConfigMap shop/settings: it is not there", id="not there"),
        pytest.param({**REFERENCE, "name": ""}, "objectReference of .* does not say name", id="no name"),
        pytest.param(
            {**REFERENCE, "resource": "configmap"}, "The cluster has no configmap in version v1", id="singular"
        ),
        pytest.param({**REFERENCE, "apiVersion": "v2"}, "The cluster has no configmaps in version v2", id="version"),
    ],
)
def test_delete_that_fails(lab: FunctionLab, reference: Object, words: str) -> None:
    with pytest.raises(BlueprintError, match=words):
        run(lab, "delete", objectReference=reference)


def test_delete_that_never_ends(lab: FunctionLab) -> None:
    lab.api.add("configmaps", "settings", NAMESPACE, metadata={"finalizers": ["example.com/hold"]})
    with pytest.raises(BlueprintError, match=r"still there .* last seen: finalizers example.com/hold\."):
        run(lab, "delete", objectReference=REFERENCE, seconds=0.1)


def test_patch(lab: FunctionLab) -> None:
    lab.api.add("configmaps", "settings", NAMESPACE, data={"a": "b"})
    assert run(lab, "patch", objectReference=REFERENCE, spec="data: {c: d}") == outputs("settings", NAMESPACE)
    assert lab.api.objects["configmaps", NAMESPACE, "settings"]["data"] == {"a": "b", "c": "d"}
    [patch] = [each for each in lab.api.seen if each.verb == "PATCH"]
    assert patch.headers["content-type"] == "application/strategic-merge-patch+json"


def test_patch_of_a_custom_resource(lab: FunctionLab) -> None:
    """A real server answers 415 to a strategic merge of what it has no types for."""

    def script(request: Request) -> Answer | None:
        strategic = "strategic" in request.headers.get("content-type", "")
        refusal = {"kind": "Status", "code": 415, "reason": "UnsupportedMediaType", "message": "no"}
        return Answer(415, refusal) if strategic else None

    lab.api.script = script
    lab.api.add("widgets", "w", NAMESPACE, spec={"a": 1})
    reference = {"apiVersion": "v1", "group": "example.com", "resource": "widgets", "name": "w", "namespace": NAMESPACE}
    run(lab, "patch", objectReference=reference, spec="spec: {b: 2}")
    assert lab.api.objects["widgets", NAMESPACE, "w"]["spec"] == {"a": 1, "b": 2}


def test_patch_of_nothing(lab: FunctionLab) -> None:
    with pytest.raises(BlueprintError, match=r'KubeOps could not patch: .* configmaps "settings" not found'):
        run(lab, "patch", objectReference=REFERENCE, spec="data: {c: d}")


def test_unknown_operation(lab: FunctionLab) -> None:
    with pytest.raises(BlueprintError, match="is 'apply', and not create, patch or delete"):
        run(lab, "apply")


def test_times_stay_texts(lab: FunctionLab) -> None:
    run(lab, "create", spec=SETTINGS.replace("a: b", "a: 2026-06-01"), namespace=NAMESPACE)
    assert lab.api.objects["configmaps", NAMESPACE, "settings"]["data"] == {"a": "2026-06-01"}


def test_plans(lab: FunctionLab) -> None:
    function = KubeOps()
    create = lab.call("KubeOps", {"operation": "create", "spec": SETTINGS, "namespace": NAMESPACE})
    delete = lab.call("KubeOps", {"operation": "delete", "objectReference": REFERENCE})
    assert (function.plan(create).does, function.plan(create).namespace) == ("create ConfigMap settings", NAMESPACE)
    assert function.plan(delete).does == "delete configmaps/shop/settings"
    assert not lab.api.names("configmaps", NAMESPACE)
