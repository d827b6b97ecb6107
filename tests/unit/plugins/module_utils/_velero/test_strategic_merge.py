# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.json_patch import PatchError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._velero.strategic_merge import apply_strategic_merge


def deployment(**pod: t.Any) -> Object:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": pod}}}


def pod(**spec: t.Any) -> Object:
    return {"apiVersion": "v1", "kind": "Pod", "spec": spec}


def service(*ports: Object) -> Object:
    return {"apiVersion": "v1", "kind": "Service", "spec": {"ports": list(ports)}}


A, B, C = {"name": "a", "image": "x:1"}, {"name": "b", "image": "x:2"}, {"name": "c", "image": "x:3"}


@pytest.mark.parametrize(
    ("obj", "patch", "expected"),
    [
        pytest.param(
            deployment(containers=[A, B]),
            deployment(containers=[{"name": "b", "image": "y"}]),
            deployment(containers=[A, {"name": "b", "image": "y"}]),
            id="containers by name",
        ),
        pytest.param(pod(containers=[A, B]), pod(containers=[C]), pod(containers=[C, A, B]), id="new ones first"),
        pytest.param(
            pod(containers=[A, B]), pod(containers=[C, {"name": "b"}]), pod(containers=[C, A, B]), id="order is kept"
        ),
        pytest.param(
            pod(containers=[A, B]),
            pod(containers=[{"name": "a", "$patch": "delete"}]),
            pod(containers=[B]),
            id="delete",
        ),
        pytest.param(
            pod(containers=[A, B]), pod(containers=[{"$patch": "replace"}, C]), pod(containers=[C]), id="replace list"
        ),
        pytest.param(
            pod(containers=[A | {"env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]}]),
            pod(containers=[{"name": "a", "env": [{"name": "Y", "value": "3"}]}]),
            pod(containers=[A | {"env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "3"}]}]),
            id="env by name",
        ),
        pytest.param(
            pod(containers=[A | {"volumeMounts": [{"name": "v", "mountPath": "/a"}]}]),
            pod(containers=[{"name": "a", "volumeMounts": [{"name": "w", "mountPath": "/a"}]}]),
            pod(containers=[A | {"volumeMounts": [{"name": "w", "mountPath": "/a"}]}]),
            id="mounts by path",
        ),
        pytest.param(
            pod(volumes=[{"name": "v", "emptyDir": {}}]),
            pod(volumes=[{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "c"}}]),
            pod(volumes=[{"name": "v", "configMap": {"name": "c"}}]),
            id="retainKeys",
        ),
        pytest.param(
            service({"port": 80, "nodePort": 30080}, {"port": 81}),
            service({"port": 80, "nodePort": None}),
            service({"port": 80}, {"port": 81}),
            id="ports by port",
        ),
        pytest.param(
            pod(tolerations=[{"key": "a"}]),
            pod(tolerations=[{"key": "b"}]),
            pod(tolerations=[{"key": "b"}]),
            id="a list without a key is replaced",
        ),
        pytest.param(
            pod(nodeSelector={"a": "1"}), pod(nodeSelector={"b": "2"}), pod(nodeSelector={"a": "1", "b": "2"}), id="map"
        ),
        pytest.param(
            pod(nodeSelector={"a": "1"}),
            pod(nodeSelector={"b": "2", "$patch": "replace"}),
            pod(nodeSelector={"b": "2"}),
            id="replace map",
        ),
        pytest.param(pod(nodeSelector={"a": "1"}), pod(nodeSelector=None), pod(), id="null deletes"),
        pytest.param(
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"finalizers": ["a", "b"]}},
            {"metadata": {"finalizers": ["c"], "$deleteFromPrimitiveList/finalizers": ["a"]}},
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"finalizers": ["b", "c"]}},
            id="values",
        ),
        pytest.param(
            {
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "spec": {"jobTemplate": {"spec": {"template": pod(containers=[A])}}},
            },
            {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "y"}]}}}}}},
            {
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "spec": {"jobTemplate": {"spec": {"template": pod(containers=[{"name": "a", "image": "y"}])}}},
            },
            id="CronJob",
        ),
    ],
)
def test_strategic_merge(obj: Object, patch: Object, expected: Object) -> None:
    """Kubernetes' page on strategic merge patches; kubectl for the order."""
    before, given = copy.deepcopy(obj), copy.deepcopy(patch)
    assert apply_strategic_merge(obj, patch) == expected
    assert (obj, patch) == (before, given)


def test_two_entries_with_one_key_are_kept() -> None:
    ports: list[Object] = [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}, {"port": 80}]
    patched = apply_strategic_merge(service(*ports), service({"port": 80, "name": "web"}))
    assert patched["spec"]["ports"] == [*ports[:2], {"port": 80, "name": "web"}]


@pytest.mark.parametrize(
    ("obj", "patch", "message"),
    [
        pytest.param({"apiVersion": "example.org/v1", "kind": "W"}, {}, "only Kubernetes' built-in", id="custom type"),
        pytest.param(pod(containers=[A]), pod(containers=[{"image": "y"}]), "lacks 'name'", id="no key"),
        pytest.param(pod(), pod(**{"$setElementOrder/containers": []}), "is not understood", id="directive"),
        pytest.param(pod(), pod(**{"$retainKeys": 1}), "retainKeys of Pod.spec is not a list: 1", id="retain"),
        pytest.param(
            pod(), {"metadata": {"$deleteFromPrimitiveList/finalizers": -1}}, "is not a list: -1", id="values"
        ),
        pytest.param(pod(), pod(**{"$patch": {"a": "secret"}}), "it is a mapping;", id="kind of directive"),
        pytest.param(pod(), pod(**{"$patch": "drop"}), "there are delete, replace and merge", id="$patch"),
    ],
)
def test_patches_that_do_not_fit(obj: Object, patch: Object, message: str) -> None:
    with pytest.raises(PatchError, match=message):
        apply_strategic_merge(obj, patch)
