# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of options that fit nothing in the backup are reported, and never refused."""

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import parse_modifiers
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    config,
    plan,
    restore,
    write_backup,
)

NO_EFFECT = "which fits nothing in the backup, so that it has no effect."


def modifiers(group_resource: str, **conditions: t.Any) -> dict[str, t.Any]:
    rule = {
        "conditions": {"groupResource": group_resource, **conditions},
        "patches": [{"operation": "add", "path": "/data/x", "value": "y"}],
    }
    return {"modifiers": parse_modifiers({"version": "v1", "resourceModifierRules": [rule]})}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(
            {"excluded_namespaces": ["shopp"]},
            f"excluded_namespaces names the namespace 'shopp', {NO_EFFECT} Did you mean shop?",
            id="excluded namespace",
        ),
        pytest.param(
            {"excluded_namespaces": ["test-*"]},
            f"excluded_namespaces names the pattern 'test-*', {NO_EFFECT}",
            id="glob",
        ),
        pytest.param(
            {"included_namespaces": ["shop", "test-*"]},
            f"included_namespaces names the pattern 'test-*', {NO_EFFECT}",
            id="glob of namespaces beside a name",
        ),
        pytest.param(
            {"excluded_resources": ["confimaps"]},
            f"excluded_resources names the type 'confimaps', {NO_EFFECT} Did you mean configmaps?",
            id="excluded type",
        ),
        pytest.param(
            {"excluded_resources": ["*.example.org"]},
            f"excluded_resources names the pattern '*.example.org', {NO_EFFECT}",
            id="glob of types",
        ),
        pytest.param(
            {"included_resources": ["configmaps", "none*"]},
            f"included_resources names the pattern 'none*', {NO_EFFECT}",
            id="included glob of types",
        ),
        pytest.param(
            {"restore_status": {"included_resources": ["workflows"]}},
            f"restore_status names the type 'workflows', {NO_EFFECT}",
            id="restore_status",
        ),
        pytest.param(
            {"resource_priorities": (("confimaps",), ())},
            f"resource_priorities names the type 'confimaps', {NO_EFFECT} Did you mean configmaps?",
            id="resource_priorities",
        ),
        pytest.param(
            {"all_api_versions": True, "api_version_priorities": {"rockbands.music.example.io": ("v2",)}},
            f"api_version_priorities names the type 'rockbands.music.example.io', {NO_EFFECT}",
            id="api_version_priorities",
        ),
        pytest.param(
            modifiers("confimaps"),
            f"rule 1 of the resource modifiers names the type 'confimaps', {NO_EFFECT} Did you mean configmaps?",
            id="type of a modifier",
        ),
        pytest.param(
            modifiers("configmaps", namespaces=["shopp"]),
            f"rule 1 of the resource modifiers names the namespace 'shopp', {NO_EFFECT} Did you mean shop?",
            id="namespace of a modifier",
        ),
        pytest.param({"excluded_namespaces": ["sho?x", "[a-b]"]}, "names the pattern '[a-b]'", id="several"),
        pytest.param({"excluded_resources": ["secrets", "pods"]}, "", id="types that the backup has none of"),
        pytest.param({"excluded_resources": ["config*"]}, "", id="a glob that fits"),
        pytest.param({"excluded_namespaces": ["s*"]}, "", id="a glob of namespaces that fits"),
        pytest.param(modifiers("*"), "", id="a modifier for every type of the core group"),
        pytest.param(modifiers("secrets"), "", id="a modifier for a type that the backup has none of"),
    ],
)
def test_values_without_effect_are_told(api: RestoreApi, store: t.Any, options: Object, said: str) -> None:
    write_backup(store, "b", config("a"))
    for engine in (plan, restore):
        done = engine(api, store, fail_on_empty=False, **copy.deepcopy(options))
        assert done.errors_list == []
        told = [warning["message"] for warning in done.warnings_list if "has no effect" in warning["message"]]
        assert any(said in sentence for sentence in told) if said else told == []


def test_of_an_empty_backup_nothing_is_said(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b")
    told = plan(api, store, fail_on_empty=False, excluded_namespaces=["x"], excluded_resources=["y"]).warnings_list
    assert not [warning for warning in told if "no effect" in warning["message"]]


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        ({"included_resources": ["carts"]}, "carts.shop.example.org"),
        ({"names": ["carts/shop/big"]}, "carts.shop.example.org/shop/big"),
    ],
)
def test_a_type_that_the_cluster_lacks_is_offered_by_its_whole_name(
    api: RestoreApi, store: t.Any, options: Object, meant: str
) -> None:
    """Its definition is gone, as after the loss of a cluster; the backup has the objects."""
    cart = {
        "apiVersion": "shop.example.org/v1",
        "kind": "Cart",
        "metadata": {"name": "big", "namespace": "shop"},
    }
    write_backup(store, "b", config("a"), ("carts.shop.example.org", cart))
    with pytest.raises(ValidationError) as caught:
        plan(api, store, **options)
    assert caught.value.hint == f"Did you mean {meant}?"
