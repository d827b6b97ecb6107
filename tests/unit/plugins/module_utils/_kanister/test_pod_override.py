# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""podOverride, by the merge keys of a PodSpec (docs/compatibility 15.10)."""

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.pod_override import (
    misplaced_fields,
    override_pod_spec,
)

OWN = {"name": "container", "image": "busybox", "command": ["sh", "-c", "x"], "imagePullPolicy": "IfNotPresent"}
SIDE = {"name": "side", "image": "s"}


def spec(**more: t.Any) -> dict[str, t.Any]:
    return {"containers": [OWN], "restartPolicy": "Never", **more}


@pytest.mark.parametrize(
    ("before", "override", "expected"),
    [
        pytest.param(spec(), {}, spec(), id="nothing"),
        pytest.param(
            spec(), {"serviceAccountName": "k10-k10"}, spec(serviceAccountName="k10-k10"), id="the-page"
        ),
        pytest.param(spec(), {"restartPolicy": "OnFailure"}, spec(restartPolicy="OnFailure"), id="a-plain-field"),
        pytest.param(spec(serviceAccountName="a"), {"serviceAccountName": None}, spec(), id="null-removes"),
        pytest.param(
            spec(),
            {"containers": [{"name": "container", "resources": {"limits": {"cpu": "1"}}}]},
            {"containers": [OWN | {"resources": {"limits": {"cpu": "1"}}}], "restartPolicy": "Never"},
            id="containers-by-name",
        ),
        pytest.param(
            spec(), {"containers": [SIDE]}, {"containers": [OWN, SIDE], "restartPolicy": "Never"}, id="own-one-first"
        ),
        pytest.param(
            {"containers": [OWN | {"env": [{"name": "A", "value": "1"}]}]},
            {"containers": [{"name": "container", "env": [{"name": "B", "value": "2"}, {"name": "A", "value": "3"}]}]},
            {"containers": [OWN | {"env": [{"name": "B", "value": "2"}, {"name": "A", "value": "3"}]}]},
            id="env-by-name",
        ),
        pytest.param(
            {"containers": [OWN | {"volumeMounts": [{"name": "v", "mountPath": "/a"}]}]},
            {
                "containers": [
                    {
                        "name": "container",
                        "volumeMounts": [{"name": "w", "mountPath": "/b"}, {"mountPath": "/a", "readOnly": True}],
                    }
                ]
            },
            {
                "containers": [
                    OWN
                    | {
                        "volumeMounts": [
                            {"name": "w", "mountPath": "/b"},
                            {"name": "v", "mountPath": "/a", "readOnly": True},
                        ]
                    }
                ]
            },
            id="volumeMounts-by-mountPath",
        ),
        pytest.param(
            {"containers": [OWN | {"ports": [{"containerPort": 80, "name": "web"}]}]},
            {"containers": [{"name": "container", "ports": [{"containerPort": 80, "protocol": "UDP"}]}]},
            {"containers": [OWN | {"ports": [{"containerPort": 80, "name": "web", "protocol": "UDP"}]}]},
            id="ports-by-containerPort",
        ),
        pytest.param(
            {"containers": [OWN | {"volumeDevices": [{"devicePath": "/d", "name": "a"}]}]},
            {"containers": [{"name": "container", "volumeDevices": [{"devicePath": "/d", "name": "b"}]}]},
            {"containers": [OWN | {"volumeDevices": [{"devicePath": "/d", "name": "b"}]}]},
            id="volumeDevices-by-devicePath",
        ),
        pytest.param(
            spec(), {"containers": [{"name": "container", "command": ["y"]}]},
            {"containers": [OWN | {"command": ["y"]}], "restartPolicy": "Never"},
            id="command-is-replaced",
        ),
        pytest.param(
            spec(volumes=[{"name": "a", "emptyDir": {}}]),
            {"volumes": [{"name": "b", "persistentVolumeClaim": {"claimName": "c"}}]},
            spec(volumes=[{"name": "b", "persistentVolumeClaim": {"claimName": "c"}}, {"name": "a", "emptyDir": {}}]),
            id="volumes-by-name",
        ),
        pytest.param(
            spec(volumes=[{"name": "a", "emptyDir": {}}]),
            {"volumes": [{"name": "a", "$retainKeys": ["name", "secret"], "secret": {"secretName": "s"}}]},
            spec(volumes=[{"name": "a", "secret": {"secretName": "s"}}]),
            id="retainKeys",
        ),
        pytest.param(
            spec(tolerations=[{"key": "a"}]), {"tolerations": [{"key": "b"}]}, spec(tolerations=[{"key": "b"}]),
            id="tolerations-are-replaced",
        ),
        pytest.param(
            spec(nodeSelector={"a": "1"}), {"nodeSelector": {"b": "2"}}, spec(nodeSelector={"a": "1", "b": "2"}),
            id="nodeSelector-is-merged",
        ),
        pytest.param(
            spec(hostAliases=[{"ip": "1.1.1.1", "hostnames": ["a"]}]),
            {"hostAliases": [{"ip": "1.1.1.1", "hostnames": ["b"]}]},
            spec(hostAliases=[{"ip": "1.1.1.1", "hostnames": ["b"]}]),
            id="hostAliases-by-ip",
        ),
        pytest.param(
            spec(imagePullSecrets=[{"name": "a"}]), {"imagePullSecrets": [{"name": "b"}]},
            spec(imagePullSecrets=[{"name": "b"}, {"name": "a"}]), id="imagePullSecrets-by-name",
        ),
        pytest.param(
            spec(topologySpreadConstraints=[{"topologyKey": "z", "maxSkew": 1}]),
            {"topologySpreadConstraints": [{"topologyKey": "z", "maxSkew": 2}]},
            spec(topologySpreadConstraints=[{"topologyKey": "z", "maxSkew": 2}]),
            id="topologySpreadConstraints-by-topologyKey",
        ),
        pytest.param(
            spec(initContainers=[{"name": "i", "image": "a"}]), {"initContainers": [{"name": "i", "image": "b"}]},
            spec(initContainers=[{"name": "i", "image": "b"}]), id="initContainers-by-name",
        ),
        pytest.param(
            spec(securityContext={"runAsUser": 1}), {"securityContext": {"fsGroup": 2}},
            spec(securityContext={"runAsUser": 1, "fsGroup": 2}), id="securityContext-is-merged",
        ),
        pytest.param(
            spec(containers=[OWN, SIDE]), {"containers": [{"name": "side", "$patch": "delete"}]}, spec(),
            id="patch-delete",
        ),
        pytest.param(spec(), {"containers": [{"$patch": "replace"}, SIDE]}, spec(containers=[SIDE]), id="replace"),
    ],
)  # fmt: skip
def test_merged(before: dict[str, t.Any], override: dict[str, t.Any], expected: dict[str, t.Any]) -> None:
    given = copy.deepcopy((before, override))
    assert override_pod_spec(before, override) == expected
    assert (before, override) == given


@pytest.mark.parametrize(
    "override",
    [
        {"containers": [{"image": "x"}]},
        {"containers": ["x"]},
        {"$patch": "other"},
        {"volumes": [{"$patch": "x", "name": "v"}]},
        {"$setElementOrder/containers": []},
    ],
)
def test_what_cannot_be_merged(override: dict[str, t.Any]) -> None:
    with pytest.raises(BlueprintError, match="The argument podOverride cannot be merged: "):
        override_pod_spec(spec(), override)


@pytest.mark.parametrize(
    ("override", "fields"),
    [
        ({"spec": {"serviceAccountName": "x"}}, ("spec",)),
        ({"serviceAccountName": "x", "containers": []}, ()),
        ({"serviceaccountname": "x", "metadata": {}}, ("metadata", "serviceaccountname")),
        ("text", ()),
    ],
)
def test_fields_that_a_pod_spec_has_not(override: t.Any, fields: tuple[str, ...]) -> None:
    assert misplaced_fields(override) == fields
