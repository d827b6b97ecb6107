# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ends up in the tarball: selectors, namespaces, terminating objects (docs/compatibility 3.4 to 3.7, 10.2)."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._backup.empty_selection import SENTENCE
from ansible_collections.arkive.k8s.plugins.module_utils._backup.plan import plan_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._backup.backup_api import (
    BackupApi,
    back_up,
    make_request,
    stored,
)

EXCLUDE = "velero.io/exclude-from-backup"
WEB, DB = {"app": "web"}, {"app": "db"}


@pytest.fixture
def shop(api: BackupApi) -> BackupApi:
    """Labelled objects in two namespaces, and a namespace without any."""
    for name, namespace, labels in (
        ("web", "shop", WEB),
        ("db", "shop", DB),
        ("plain", "shop", {}),
        ("web", "web", WEB),
        ("hidden", "shop", WEB | {EXCLUDE: "true"}),
        ("shown", "shop", WEB | {EXCLUDE: "false"}),
    ):
        api.add("configmaps", name, namespace, metadata={"labels": labels})
    api.add("configmaps", "going", "shop", metadata={"labels": WEB, "deletionTimestamp": "2026-06-01T02:00:00Z"})
    api.add("namespaces", "empty", status={"phase": "Active"}, metadata={"labels": DB})
    return api


def names(store: t.Any) -> list[str]:
    """``ns/name`` of the ConfigMaps, and the bare names of the Namespace objects."""
    found = stored(store)
    return [
        entry.removeprefix("configmaps/").removeprefix("namespaces/")
        for entry in found
        if entry.startswith(("configmaps/", "namespaces/"))
    ]


IN_MANIFEST = {"from_manifest": frozenset({"included_resources"})}


def foresee(api: BackupApi, store: t.Any, **options: t.Any) -> t.Any:
    return plan_backup(make_request(**options), client=api.client, store=store)


EVERYTHING = ["shop/db", "shop/plain", "shop/shown", "shop/web", "web/web"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        # No filters: all namespaces, all objects but the excluded and the terminating one.
        pytest.param({}, [*EVERYTHING, "empty", "shop", "web"], id="default-all"),
        # A selector keeps the namespaces that have matching items; the exclude label beats it.
        pytest.param(
            {"label_selector": {"matchLabels": WEB}},
            ["shop/shown", "shop/web", "web/web", "shop", "web"],
            id="selector",
        ),
        # Namespaces that match the selector themselves are kept too.
        pytest.param({"label_selector": {"matchLabels": DB}}, ["shop/db", "empty", "shop"], id="selector-on-namespace"),
        pytest.param(
            {"label_selector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["db"]}]}},
            ["shop/db", "empty", "shop"],
            id="selector-with-expressions",
        ),
        pytest.param(
            {"or_label_selectors": [{"matchLabels": WEB}, {"matchLabels": DB}]},
            ["shop/db", "shop/shown", "shop/web", "web/web", "empty", "shop", "web"],
            id="or-selectors",
        ),
        # docs/compatibility 3.6: named namespaces are kept, whatever the selector says; it picks others beside them,
        # but no excluded ones.
        pytest.param(
            {"included_namespaces": ["web"], "label_selector": {"matchLabels": DB}},
            ["empty", "web"],
            id="selector-beside-included-namespaces",
        ),
        pytest.param(
            {"excluded_namespaces": ["empty"], "or_label_selectors": [{"matchLabels": DB}]},
            ["shop/db", "shop", "web"],
            id="selector-beside-excluded-namespaces",
        ),
        pytest.param({"included_namespaces": ["web"]}, ["web/web", "web"], id="include-namespace"),
        pytest.param({"included_namespaces": ["w*"]}, ["web/web", "web"], id="include-wildcard"),
        pytest.param({"excluded_namespaces": ["s*"]}, ["web/web", "empty", "web"], id="exclude-wildcard"),
        # A pattern that matches nothing never becomes everything.
        pytest.param({"included_namespaces": ["none-*"]}, [], id="pattern-matching-nothing"),
        pytest.param(
            {"included_namespaces": ["shop"], "included_resources": ["cm"]},
            ["shop/db", "shop/plain", "shop/shown", "shop/web"],
            id="old-filter-without-namespaces",
        ),
        pytest.param(
            {"included_namespaces": ["shop"], "included_namespace_scoped_resources": ["cm"]},
            ["shop/db", "shop/plain", "shop/shown", "shop/web", "shop"],
            id="scoped-filter-has-namespaces",
        ),
        pytest.param(
            {"excluded_namespace_scoped_resources": ["*"]},
            ["empty", "shop", "web"],
            id="scoped-filter-no-namespaced-types",
        ),
    ],
)
def test_what_is_stored(shop: BackupApi, store: t.Any, options: dict[str, t.Any], expected: list[str]) -> None:
    outcome = back_up(shop, store, **options)
    assert outcome.phase == "Completed"
    assert names(store) == expected


@pytest.mark.parametrize(
    ("options", "warned"), [({}, True), ({"include_cluster_resources": False}, False)], ids=["wanted", "left out"]
)
def test_a_namespace_that_may_not_be_read(
    shop: BackupApi, store: t.Any, options: dict[str, t.Any], warned: bool
) -> None:
    """Its objects are stored, and that it is not itself is said."""
    shop.denied = {("list", "namespaces"), ("get", "namespaces")}
    outcome = back_up(shop, store, included_namespaces=["shop"], **options)
    assert outcome.phase == "Completed"
    assert "namespaces" not in outcome.items
    said = [found for found in outcome.warnings_list if found["resource"] == "namespaces"]
    assert [(found["name"], "Grant get on namespaces" in found["hint"]) for found in said] == [("shop", True)] * warned


def test_an_object_of_several_selectors_is_stored_once(shop: BackupApi, store: t.Any) -> None:  # docs/compatibility 3.6
    both = [{"matchLabels": WEB}, {"matchExpressions": [{"key": "app", "operator": "Exists"}]}]
    outcome = back_up(shop, store, or_label_selectors=both)
    assert outcome.items["configmaps"] == 4


def test_a_pattern_that_matches_nothing_is_a_warning(shop: BackupApi, store: t.Any) -> None:  # docs/compatibility 3.5
    outcome = back_up(shop, store, included_namespaces=["none-*"])
    assert ["none-*" in warning["message"] for warning in outcome.warnings_list] == [True, False]
    assert outcome.warnings_list[1]["message"] == f"{SENTENCE}."


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"included_namespaces": ["none-*"]}, id="no namespace"),
        pytest.param({"included_namespaces": ["shop"], "label_selector": {"matchLabels": {"app": "wbe"}}}, id="labels"),
        pytest.param({"included_namespaces": ["shop"], "included_resources": ["pods"]}, id="type without objects"),
    ],
)
def test_an_empty_selection(shop: BackupApi, store: t.Any, options: Object) -> None:
    for engine in (foresee, back_up):
        assert f"{SENTENCE}." in [warning["message"] for warning in engine(shop, store, **options).warnings_list]
        with pytest.raises(ValidationError, match=SENTENCE):
            engine(shop, store, name="other", request={"fail_on_empty": True}, **options)
    assert not store.exists("backups/other/velero-backup.json")


def test_namespaces_alone_are_a_selection_where_they_are_asked_for(shop: BackupApi, store: t.Any) -> None:
    outcome = back_up(shop, store, included_resources=["ns"], request={"fail_on_empty": True})
    assert outcome.items.keys() == {"namespaces"}
    assert outcome.warnings_list == []


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        pytest.param({"included_resources": ["pods", "confimaps"]}, True, id="old family"),
        pytest.param({"included_namespace_scoped_resources": ["pods", "confimaps"]}, True, id="scoped family"),
        pytest.param({"included_resources": ["pods", "confimap*"]}, False, id="pattern"),
        pytest.param({"excluded_resources": ["confimaps"]}, False, id="exclude"),
        pytest.param(
            {"included_resources": ["pods", "confimaps"], "request": IN_MANIFEST},
            False,
            id="in a manifest",
        ),
        pytest.param(
            {
                "included_resources": ["pods", "confimaps"],
                "request": {**IN_MANIFEST, "strict_selection": True},
            },
            True,
            id="in a manifest, strictly",
        ),
    ],
)
def test_a_type_that_the_cluster_does_not_have(
    shop: BackupApi, store: t.Any, options: Object, *, refused: bool
) -> None:
    for engine in (foresee, back_up):
        if refused:
            with pytest.raises(ValidationError, match="'confimaps', and the cluster has no such resource") as caught:
                engine(shop, store, **options)
            assert caught.value.details["phase"] == "FailedValidation"
        else:
            assert any("confimap" in each["message"] for each in engine(shop, store, **options).warnings_list)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            {"included_resources": ["cm"], "included_namespace_scoped_resources": ["cm"]},
            "cannot be used together|old|both",
            id="both-families",
        ),
        pytest.param(
            {"label_selector": {"matchLabels": WEB}, "or_label_selectors": [{"matchLabels": DB}]},
            "orLabelSelectors|or_label_selectors",
            id="both-selectors",
        ),
        pytest.param({"included_namespaces": ["a", "*"]}, r"\*", id="star-beside-others"),
        pytest.param({"included_namespaces": ["a"], "excluded_namespaces": ["a"]}, "a", id="in-both-lists"),
        pytest.param({"included_namespaces": ["a|b"]}, "pattern", id="malformed-pattern"),
    ],
)
def test_failed_validation(shop: BackupApi, store: t.Any, options: dict[str, t.Any], message: str) -> None:
    """docs/compatibility 3.3."""
    with pytest.raises(ValidationError, match=message) as caught:
        back_up(shop, store, **options)
    status = caught.value.details["backup"]["status"]
    assert (caught.value.details["phase"], status["phase"]) == ("FailedValidation", "FailedValidation")
    assert status["validationErrors"]
    assert shop.seen == []


def test_what_needs_an_agent_is_refused_or_a_warning(shop: BackupApi, store: t.Any) -> None:
    with pytest.raises(ValidationError, match="agent") as caught:
        back_up(shop, store, default_volumes_to_fs_backup=True)
    assert "ignore_unsupported" in (caught.value.hint or "")
    outcome = back_up(shop, store, default_volumes_to_fs_backup=True, request={"ignore_unsupported": True})
    assert (outcome.phase, len(outcome.warnings_list)) == ("Completed", 1)


POLICY = """
version: v1
volumePolicies:
- conditions: {}
  action: {type: %s}
"""


def policy_map(api: BackupApi, action: str, **more: str) -> None:
    api.add("configmaps", "policy", "velero", data={"policy.yaml": POLICY % action} | more)


def test_a_policy_in_a_config_map(shop: BackupApi, store: t.Any) -> None:  # docs/compatibility 3.13
    named = {"included_namespaces": ["shop"], "resource_policy": {"kind": "configmap", "name": "policy"}}
    with pytest.raises(ValidationError, match="does not exist"):
        back_up(shop, store, **named)
    policy_map(shop, "fs-backup")
    with pytest.raises(ValidationError, match="node agent"):
        back_up(shop, store, **named)
    outcome = back_up(shop, store, request={"ignore_unsupported": True}, **named)
    assert (outcome.phase, len(outcome.warnings_list)) == ("Completed", 1)
    del shop.objects["configmaps", "velero", "policy"]
    policy_map(shop, "skip")
    shop.add("persistentvolumeclaims", "data", "shop", spec={"volumeName": "pv"}, status={"phase": "Bound"})
    outcome = back_up(shop, store, name="b2", **named)
    assert [entry["skippedReason"] for entry in outcome.volumes] == ["any: skipped due to the resource policy;"]


def test_a_policy_in_a_config_map_of_two_keys_is_refused(shop: BackupApi, store: t.Any) -> None:
    """docs/compatibility 3.13."""
    policy_map(shop, "skip", other="x")
    with pytest.raises(ValidationError, match="2 keys"):
        back_up(shop, store, resource_policy={"kind": "configmap", "name": "policy"})


def test_a_rule_with_an_invalid_selector_makes_the_backup_failed(shop: BackupApi, store: t.Any) -> None:
    """docs/compatibility B12."""
    rule = {"name": "r", "labelSelector": {"matchExpressions": [{"key": "a", "operator": "Near", "values": ["b"]}]}}
    with pytest.raises(ValidationError) as caught:
        make_request(hooks=[rule | {"pre": [{"exec": {"command": ["x"]}}]}])
    assert caught.value.details["phase"] == "Failed"


def test_a_plan_of_something_invalid_is_refused_too(shop: BackupApi, store: t.Any) -> None:
    request = make_request(included_namespaces=["a|b"])
    with pytest.raises(ValidationError) as caught:
        plan_backup(request, client=t.cast("t.Any", shop), store=store)
    assert caught.value.details["phase"] == "FailedValidation"
