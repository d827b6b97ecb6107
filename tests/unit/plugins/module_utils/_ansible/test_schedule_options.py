# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of a schedule, and manifests of Velero and Ark, as a request."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.schedule_options import given_schedule
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

MANIFEST: dict[str, t.Any] = {
    "apiVersion": "velero.io/v1",
    "kind": "Schedule",
    "metadata": {"name": "nightly", "namespace": "velero", "labels": {"team": "shop"}, "annotations": {"why": "law"}},
    "spec": {
        "schedule": "0 1 * * *",
        "paused": True,
        "skipImmediately": True,
        "template": {"includedNamespaces": ["shop"], "ttl": "72h"},
    },
}


def params(**given: t.Any) -> dict[str, t.Any]:
    storage = {"name": "default"}
    unset = dict.fromkeys(
        ("name", "schedule", "dialect", "paused", "skip_immediately", "definition", "src", "snapshot_location")
    )
    return {**unset, "template": {}, "storage_location": storage, **given}


def manifest(**spec: t.Any) -> dict[str, t.Any]:
    return {**MANIFEST, "spec": {**MANIFEST["spec"], **spec}}


def test_options() -> None:
    given = given_schedule(
        params(name="shop", schedule="@daily", template={"namespaces": ["shop"], "ttl": "24h", "workers": "3"})
    )
    request = given.request.backup_request("shop-20260601000000")
    assert (given.request.dialect, given.request.paused, given.warnings) == ("strict", False, [])
    assert request.name == "shop-20260601000000"
    assert request.spec.to_dict()["includedNamespaces"] == ["shop"]
    assert request.spec.to_dict()["ttl"] == "24h0m0s"
    assert request.workers == 3
    assert request.labels == {"velero.io/schedule-name": "shop"}


def test_a_manifest() -> None:
    given = given_schedule(params(definition=MANIFEST))
    request = given.request.backup_request("nightly-20260601000000")
    assert (given.request.name, given.request.schedule, given.request.dialect) == (
        "nightly",
        "0 1 * * *",
        "velero-1.18.3",
    )
    assert (given.request.paused, given.request.skip_immediately, given.warnings) == (True, True, [])
    assert request.labels == {"team": "shop", "velero.io/schedule-name": "nightly"}
    assert request.annotations == {"why": "law"}
    assert request.spec.to_dict()["ttl"] == "72h0m0s"


def test_options_win_over_a_manifest() -> None:
    given = given_schedule(
        params(definition=MANIFEST, name="shop", paused=False, schedule="@hourly", template={"ttl": "1h"})
    )
    assert (given.request.name, given.request.paused, given.request.dialect) == ("shop", False, "strict")
    spec = given.request.backup_request("shop-20260601000000").spec.to_dict()
    assert (spec["ttl"], spec["includedNamespaces"]) == ("1h0m0s", ["shop"])


def test_labels_of_the_template_stand_for_those_of_the_schedule() -> None:
    template = {"metadata": {"labels": {"tier": "db"}}}
    request = given_schedule(params(definition=manifest(template=template))).request.backup_request("nightly-1")
    assert request.labels == {"velero.io/schedule-name": "nightly"}
    assert request.spec.labels == {"tier": "db"}


def test_one_of_ark() -> None:
    ark = {**MANIFEST, "apiVersion": "ark.heptio.com/v1", "spec": {"schedule": "0 7 * * *", "template": {"ttl": "1h"}}}
    assert given_schedule(params(definition=ark)).request.backup_request("nightly-1").spec.to_dict()["ttl"] == "1h0m0s"


def test_an_expression_that_changed_its_meaning_is_a_warning() -> None:
    given = given_schedule(params(definition=manifest(schedule="0 0 1 * 1")))
    assert "read as velero-1.18.3 reads it" in given.warnings[0]
    assert given_schedule(params(definition=manifest(schedule="0 0 1 * 1"), dialect="velero-1.18.2")).warnings == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"schedule": "@daily"}, "has no name"),
        (
            {"name": "a", "schedule": "@daily", "template": {"tll": "1h"}},
            "no option 'tll' in template; did you mean 'ttl'",
        ),
        ({"name": "a", "schedule": "@daily", "template": {"storage_location": {}}}, "no option 'storage_location'"),
        ({"name": "a", "schedule": "@daily", "template": {"workers": "many"}}, "The template is not valid"),
        ({"definition": {**MANIFEST, "kind": "Backup"}}, "k8s_backup takes it"),
        ({"definition": manifest(template={"includeNamespaces": ["a"]})}, "includeNamespaces"),
        ({"definition": manifest(cron="x")}, "cron"),
    ],
)
def test_refused(given: dict[str, t.Any], words: str) -> None:
    with pytest.raises(ValidationError) as raised:
        given_schedule(params(**given)).request.backup_request("a-1")
    assert words in raised.value.sentence


def test_a_label_of_another_schedule_is_refused() -> None:
    template = {"labels": {"velero.io/schedule-name": "other"}}
    with pytest.raises(ValidationError, match=r"label velero\.io/schedule-name of another one"):
        given_schedule(params(name="a", schedule="@daily", template=template)).request.backup_request("a-1")
