# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which databases are held: by annotation, and by the option of a task."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import parse_databases
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kinds import KINDS

KEY = "arkive.k8s/database"


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


def test_none_asks_nobody() -> None:
    assert parse_databases("none").of_pod(DECLARED) is None


@pytest.mark.parametrize(
    ("annotations", "why"),
    [
        ({KEY: "oracle"}, "The kinds are postgresql, "),
        ({KEY: ""}, "The kinds are postgresql, "),
        ({KEY: "postgresql", f"{KEY}-mode": "hot"}, "PostgreSQL has no mode 'hot'"),
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
        ("all", "must be declared, none, or a list"),
        ({"kind": "postgresql"}, "must be declared, none, or a list"),
        (["postgresql"], "is no dictionary"),
        ([{"kind": "postgresql"}], "label_selector is missing"),
        ([{"label_selector": "a=b", "kind": "oracle"}], "The kinds are"),
        ([{"label_selector": "a=b", "kind": "postgresql", "lock": True}], "has no key 'lock'"),
    ],
)
def test_an_option_that_means_nothing_is_refused(value: t.Any, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        parse_databases(value)


def test_an_entry_that_fits_no_pod_is_told() -> None:
    choice = parse_databases([{"label_selector": "app=db", "kind": "postgresql"}])
    assert choice.unused([{"metadata": {"labels": {"app": "db"}}}]) == []
    (said,) = choice.unused([{"metadata": {"labels": {"app": "web"}}}, {"metadata": {}}])
    assert "app in (db) is not held" in said


@pytest.mark.parametrize("row", KINDS, ids=lambda row: row.name)
def test_every_kind_has_statements_for_each_of_its_modes(row: t.Any) -> None:
    kind = row.load()
    assert all(kind.statements(mode) for mode in row.modes)
