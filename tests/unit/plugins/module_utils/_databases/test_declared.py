# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which databases are held: by annotation, and by the option of a task."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.credentials import SecretKey
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import parse_databases
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kinds import KINDS

KEY = "arkive.k8s/database"


PG = {"selector": "app=db", "kind": "postgresql"}
DECLARED = {"metadata": {"annotations": {KEY: "postgresql", f"{KEY}-mode": "backup", f"{KEY}-user": "me"}}}


def test_an_annotation_says_all_of_it() -> None:
    found = parse_databases("declared").of_pod(DECLARED)
    assert found is not None
    assert (found.kind, found.mode, found.user, found.container, found.refusal) == (
        "postgresql",
        "backup",
        "me",
        "",
        "",
    )


@pytest.mark.parametrize("value", [None, "declared"])
def test_a_pod_that_says_nothing_has_none(value: t.Any) -> None:
    assert parse_databases(value).of_pod({"metadata": {"name": "db-0"}}) is None


def test_an_annotation_says_each_option() -> None:
    given = {"mode": "light", "standby": "require", "max-lag": "5s", "lease": "20s", "credentials-secret": "backup/pw"}
    annotations = {KEY: "postgresql", **{f"{KEY}-{name}": value for name, value in given.items()}}
    found = parse_databases("declared").of_pod({"metadata": {"annotations": annotations}})
    assert found is not None
    assert (found.refusal, found.mode, found.standby) == ("", "light", "require")
    assert (found.max_lag_seconds, found.lease_seconds) == (5.0, 20.0)
    assert found.credentials.secret == SecretKey(name="backup", key="pw", only_of_pod=True)


def test_an_entry_says_each_option_and_shows_no_password() -> None:
    credentials = {"user": "backup", "password": "hush-4711"}
    entry = {**PG, "mode": "backup", "standby": "never", "max_lag": "1m30s", "lease": "20s", "credentials": credentials}
    choice = parse_databases([entry])
    found = choice.selected[0].declaration
    assert (found.mode, found.standby, found.max_lag_seconds, found.lease_seconds) == ("backup", "never", 90.0, 20.0)
    assert (found.connects_as, found.credentials.password) == ("backup", "hush-4711")
    assert "hush-4711" not in repr(choice)


@pytest.mark.parametrize(("standby", "lag"), [("prefer", 60.0), ("require", 60.0), ("never", None), ("", None)])
def test_a_chosen_standby_may_lag_a_minute_where_nothing_is_said(standby: str, lag: float | None) -> None:
    assert parse_databases([{**PG, "standby": standby}]).selected[0].declaration.max_lag_seconds == lag


def test_none_asks_nobody() -> None:
    assert parse_databases("none").of_pod(DECLARED) is None


@pytest.mark.parametrize(
    ("annotations", "why"),
    [
        ({KEY: "oracle"}, "The kinds are postgresql, "),
        ({KEY: ""}, "The kinds are postgresql, "),
        ({KEY: "postgresql", f"{KEY}-mode": "hot"}, f"The annotation {KEY}-mode: PostgreSQL has no mode 'hot'"),
        ({KEY: "postgresql", f"{KEY}-standby": "yes"}, f"The annotation {KEY}-standby is 'yes'"),
        ({KEY: "postgresql", f"{KEY}-max-lag": "soon"}, f"The annotation {KEY}-max-lag: 'soon' is not a duration"),
        ({KEY: "postgresql", f"{KEY}-lease": "0s"}, f"The annotation {KEY}-lease is 0s; it must be at least 1s"),
        ({KEY: "postgresql", f"{KEY}-lag": "5s"}, f"The annotation {KEY}-lag is not known"),
        ({f"{KEY}-mode": "light"}, f"It has the annotation {KEY}-mode, and {KEY}"),
        ({KEY: "postgresql", f"{KEY}-container": "$(id)"}, "'$(id)' can be no container's name"),
        ({KEY: "postgresql", f"{KEY}-credentials-secret": "a;b"}, "'a;b' is no name of a Secret"),
        ({KEY: "x\n; rm -rf /"}, r"'x\n; rm -rf /' is of no kind"),
    ],
)
def test_what_cannot_be_held_is_refused_and_not_passed_over(annotations: dict[str, str], why: str) -> None:
    found = parse_databases("declared").of_pod({"metadata": {"annotations": annotations}})
    assert found is not None
    assert why in found.refusal


def test_a_list_goes_before_annotations_and_leaves_others_to_them() -> None:
    choice = parse_databases([{"label_selector": "app=db", "kind": "postgresql", "container": "pg"}])
    both = {"metadata": {**DECLARED["metadata"], "labels": {"app": "db"}}}
    assert [found and (found.mode, found.container) for found in map(choice.of_pod, (both, DECLARED))] == [
        ("auto", "pg"),
        ("backup", ""),
    ]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("all", "must be declared, auto, none, or a list"),
        ({"kind": "postgresql"}, "must be declared, auto, none, or a list"),
        ("[{password: hush-4711}]", "^databases is a text; it must"),
        (["postgresql"], "is no dictionary"),
        ([{"kind": "postgresql"}], r"databases\[0\].selector is missing"),
        ([{"selector": "a=b", "label_selector": "a=b", "kind": "postgresql"}], "selector is there twice"),
        ([{"label_selector": "a=b", "kind": "oracle"}], "The kinds are"),
        ([{"label_selector": "a=b", "kind": "postgresql", "lock": True}], "has no key 'lock'"),
        ([{**PG, "mode": "hot"}], r"databases\[0\].mode: PostgreSQL has no mode 'hot'"),
        ([{**PG, "standby": "maybe"}], r"databases\[0\].standby is 'maybe'; it must be prefer, require, never"),
        ([{**PG, "max_lag": "60"}], r"databases\[0\].max_lag: '60' is not a duration"),
        ([{**PG, "max_lag": "-1s"}], "must be at least 0s"),
        ([{**PG, "lease": "10ms"}], "must be at least 1s"),
        ([{**PG, "user": "-c evil"}], "is no name of a user"),
        ([{**PG, "user": "a\nb"}], r"'a\\nb' is no name of a user"),
        ([{**PG, "container": "a;b"}], "can be no container's name"),
        ([{**PG, "credentials": "secret"}], "credentials is no dictionary"),
        ([{**PG, "credentials": {"user": "me"}}], "has neither a password nor a secret"),
        ([{**PG, "credentials": {"password": "x", "secret": {"name": "s"}}}], "has both a password and a secret"),
        ([{**PG, "credentials": {"secret": {"name": "../x"}}}], "is no name of a Secret"),
        ([{**PG, "credentials": {"secret": {"name": "s", "key": "a b"}}}], "names no key of a Secret"),
        ([{**PG, "user": "a", "credentials": {"user": "b", "password": "x"}}], "names a user twice"),
        ([{**PG, "credentials": {"password": ["x"]}}], "password is no text"),
    ],
)
def test_an_option_that_means_nothing_is_refused(value: t.Any, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        parse_databases(value)


def test_an_entry_that_fits_no_pod_is_told() -> None:
    choice = parse_databases([{"label_selector": "app=db", "kind": "postgresql"}])
    assert choice.unused([{"metadata": {"labels": {"app": "db"}}}]) == []
    (said,) = choice.unused([{"metadata": {"labels": {"app": "web"}}}, {"metadata": {}}])
    assert "app in (db) is not held: no running pod has these labels. Check its selector." in said
    (said,) = choice.unused([], among="running pod of the backup")
    assert "no running pod of the backup has these labels" in said


@pytest.mark.parametrize("row", KINDS, ids=lambda row: row.name)
def test_every_kind_has_statements_for_each_of_its_modes(row: t.Any) -> None:
    kind = row.load()
    assert all(kind.statements(mode) for mode in row.modes)
