# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Init containers of restored pods. Ids: docs/compatibility; "ours": docs/compatibility 14."""

from __future__ import annotations

import re
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_init import (
    add_init_containers,
    drop_wait_containers,
    init_containers_of_pod,
    parse_init_hook,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_hook_rules import parse_restore_hook_rules

KEY = "init.hook.restore.velero.io/"


def pod(annotations: dict[str, str], **spec: t.Any) -> dict[str, t.Any]:
    return {"metadata": {"name": "web", "annotations": annotations}, "spec": spec}


def names(body: dict[str, t.Any]) -> list[str]:
    return [container["name"] for container in body["spec"].get("initContainers", [])]


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        pytest.param({}, None, id="I1-missing"),
        pytest.param({KEY + "container-image": "", KEY + "container-name": "a"}, None, id="I1-empty"),
        pytest.param(
            {
                KEY + "container-image": "alpine",
                KEY + "container-name": "fill",
                KEY + "command": '["/bin/ash","-c","x"]',
            },
            {"name": "fill", "image": "alpine", "command": ["/bin/ash", "-c", "x"]},
            id="I3-I4-list",
        ),
        pytest.param(
            {KEY + "container-image": "alpine", KEY + "container-name": "fill", KEY + "command": "[/bin/ash"},
            {"name": "fill", "image": "alpine", "command": ["[/bin/ash"]},
            id="I4-malformed",
        ),
        pytest.param(
            {KEY + "container-image": "alpine", KEY + "container-name": "fill"},
            {"name": "fill", "image": "alpine"},
            id="I5-no-command",
        ),
        pytest.param(
            {KEY + "container-image": "alpine", KEY + "container-name": "fill", KEY + "timeout": "5m"},
            {"name": "fill", "image": "alpine"},
            id="timeout-is-never-used",
        ),
    ],
)
def test_annotations(annotations: dict[str, str], expected: dict[str, t.Any] | None) -> None:
    hook = parse_init_hook(pod(annotations))
    assert (hook.to_container() if hook else None) == expected


@pytest.mark.parametrize("extra", [{}, {KEY + "container-name": ""}], ids=["I2-missing", "I2-empty"])
def test_generated_name_is_stable(extra: dict[str, str]) -> None:
    body = pod({KEY + "container-image": "alpine", **extra})
    first, again = parse_init_hook(body), parse_init_hook(body)
    assert first is not None
    assert re.fullmatch(r"velero-restore-init-[0-9a-f]{8}", first.name)
    assert first == again


@pytest.mark.parametrize(
    ("existing", "expected"),
    [
        pytest.param([], ["hook"], id="I6"),
        pytest.param(["a", "b"], ["hook", "a", "b"], id="I7"),
        pytest.param(["restore-wait"], ["restore-wait", "hook"], id="I10"),
        pytest.param(["restore-wait", "a"], ["restore-wait", "hook", "a"], id="I11"),
        pytest.param(["restic-wait", "a"], ["restic-wait", "hook", "a"], id="I11-restic"),
        pytest.param(["a", "restore-wait"], ["hook", "a", "restore-wait"], id="I12"),
        pytest.param(["hook", "a"], ["hook", "a"], id="restored-before"),
    ],
)
def test_place_among_init_containers(existing: list[str], expected: list[str]) -> None:
    """With ``keep_wait_containers``, ours: else there is none to stay behind."""
    body = pod({}, initContainers=[{"name": name} for name in existing])
    add_init_containers(body, [{"name": "hook", "image": "alpine"}])
    assert names(body) == expected


def test_order_of_several_hooks() -> None:
    """docs/compatibility I9: in their order, then the originals."""
    body = pod({}, initContainers=[{"name": "own"}])
    add_init_containers(body, [{"name": name} for name in ("r1c1", "r1c2", "r2c1", "r2c2")])
    assert names(body) == ["r1c1", "r1c2", "r2c1", "r2c2", "own"]


def test_no_hooks_change_nothing() -> None:
    """docs/compatibility I16."""
    body = pod({}, containers=[])
    add_init_containers(body, [])
    assert body == pod({}, containers=[])


def container(name: str, **more: t.Any) -> dict[str, t.Any]:
    return {"name": name, "image": "alpine", "command": ["true"], **more}


RULES = parse_restore_hook_rules(
    [
        {
            "name": "r1",
            "includedNamespaces": ["mapped"],
            "postHooks": [
                {"init": {"initContainers": [container("r1c1")]}},
                {"exec": {"command": ["x"]}},
                {"init": {"initContainers": [container("r1c2")]}},
            ],
        },
        {
            "name": "r2",
            "excludedNamespaces": ["original"],
            "postHooks": [{"init": {"initContainers": [container("r2c1"), container("r2c2")]}}],
        },
        {
            "name": "r3",
            "labelSelector": {"matchLabels": {"app": "db"}},
            "postHooks": [{"init": {"initContainers": [container("r3c1")]}}],
        },
    ]
)


@pytest.mark.parametrize(
    ("namespace", "labels", "annotations", "found"),
    [
        pytest.param("mapped", {}, {}, ["r1c1", "r1c2", "r2c1", "r2c2"], id="I9, I14: the namespace after the mapping"),
        pytest.param("original", {}, {}, [], id="I13, I14: the namespace before it"),
        pytest.param("original", {"app": "db"}, {}, ["r3c1"], id="6.3: labels"),
        pytest.param("mapped", {}, {KEY + "container-image": "a", KEY + "container-name": "own"}, ["own"], id="I8"),
        pytest.param(
            "mapped", {}, {KEY + "container-image": ""}, ["r1c1", "r1c2", "r2c1", "r2c2"], id="I1, I8: no annotation"
        ),
    ],
)
def test_which_containers(
    namespace: str, labels: dict[str, str], annotations: dict[str, str], found: list[str]
) -> None:
    body = {"metadata": {"name": "web", "namespace": "original", "labels": labels, "annotations": annotations}}
    assert [each["name"] for each in init_containers_of_pod(body, namespace, RULES)] == found


@pytest.mark.parametrize("rules", [None, [], [{"name": "r", "postHooks": [{"init": {}}, {"init": None}]}]])
def test_rules_without_containers(rules: t.Any) -> None:
    """docs/compatibility I16."""
    assert init_containers_of_pod(pod({}), "shop", parse_restore_hook_rules(rules)) == []


def test_containers_of_rules_are_whole_and_each_pod_s_own() -> None:
    """docs/compatibility 6.2: complete Container objects."""
    mounts = [{"mountPath": "/restores/pvc1-vm", "name": "pvc1-vm"}]
    given = container("fill", volumeMounts=mounts)
    rules = parse_restore_hook_rules([{"name": "r", "postHooks": [{"init": {"initContainers": [given]}}]}])
    (first,), (second,) = (init_containers_of_pod(pod({}), "shop", rules) for _time in range(2))
    assert first == given
    first["volumeMounts"][0]["name"] = "changed"
    assert second["volumeMounts"] == mounts


@pytest.mark.parametrize("name", ["restore-wait", "restic-wait"])
def test_wait_containers_are_dropped(name: str) -> None:
    """Ours, unless ``keep_wait_containers``: no agent would let them end."""
    mounts = [{"name": "data", "mountPath": "/restores/data"}, {"name": "token", "mountPath": "/var/run/secrets"}]
    body = pod({}, initContainers=[{"name": "own"}, {"name": name, "volumeMounts": mounts}])
    assert drop_wait_containers(body) == ["data"]
    assert names(body) == ["own"]
    assert drop_wait_containers(body) == []


def test_last_init_container_leaves_no_empty_list() -> None:
    body = pod({}, initContainers=[{"name": "restore-wait"}])
    assert drop_wait_containers(body) == []
    assert "initContainers" not in body["spec"]
