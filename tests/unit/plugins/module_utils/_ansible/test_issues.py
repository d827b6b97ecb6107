# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Warnings and errors as a person reads them: the object, what happened and why, and the remedy."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.issues import (
    SHOWN_WARNINGS,
    first_errors,
    issue_text,
    shown_warnings,
    singular,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issue


def _entry(message: str, hint: str = "") -> dict[str, str]:
    return Issue(message=message, hint=hint).to_return()


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        pytest.param({"message": "It broke"}, "It broke.", id="message alone"),
        pytest.param(
            {"message": "hook freeze failed", "resource": "pods", "namespace": "shop", "name": "db-0"},
            "pod shop/db-0: hook freeze failed.",
            id="object",
        ),
        pytest.param(
            {"message": "was refused", "reason": "quota", "hint": "Raise it.", "resource": "secrets", "name": "a"},
            "secret a: was refused: quota. Raise it.",
            id="reason and remedy",
        ),
        pytest.param(
            {"message": "Pod shop/db-0 is gone.", "resource": "pods", "namespace": "shop", "name": "db-0"},
            "Pod shop/db-0 is gone.",
            id="the sentence names the object",
        ),
        pytest.param({"message": "x", "namespace": "shop"}, "namespace shop: x.", id="namespace alone"),
        pytest.param(
            {"message": "It was refused: Forbidden.", "reason": "Forbidden"},
            "It was refused: Forbidden.",
            id="reason once",
        ),
        pytest.param({"message": "a\n  b\x1b[2J"}, r"a b\x1b[2J.", id="lines and controls"),
        pytest.param({"message": "", "reason": "quota"}, "quota.", id="reason alone"),
    ],
)
def test_sentences(entry: dict[str, t.Any], text: str) -> None:
    assert issue_text(entry) == text


@pytest.mark.parametrize(
    ("resource", "word"),
    [
        ("pods", "pod"),
        ("deployments.apps", "deployment.apps"),
        ("networkpolicies.networking.k8s.io", "networkpolicy.networking.k8s.io"),
        ("ingresses.networking.k8s.io", "ingress.networking.k8s.io"),
        ("storageclasses.storage.k8s.io", "storageclass.storage.k8s.io"),
        ("endpoints", "endpoint" + "s"),
        ("leases.coordination.k8s.io", "lease.coordination.k8s.io"),
        ("", ""),
    ],
)
def test_one_of_a_resource(resource: str, word: str) -> None:
    assert singular(resource) == word


def test_errors_in_msg() -> None:
    assert first_errors([]) == ""
    assert first_errors([_entry("A")]) == "A."
    assert first_errors([_entry("A"), _entry("B", hint="Do C.")]) == "(1) A. (2) B. Do C."
    many = first_errors([_entry(f"Error {number}") for number in range(7)])
    assert many == "(1) Error 0. (2) Error 1. (3) Error 2. And 4 more in errors_list."
    assert len(first_errors([_entry("x" * 10_000)])) < 1000


def test_warnings_are_capped() -> None:
    """The rest is counted; one that is said twice is shown once."""
    few = [_entry(f"W{number}") for number in range(SHOWN_WARNINGS)]
    assert shown_warnings([*few, few[0]]) == [f"W{number}." for number in range(SHOWN_WARNINGS)]
    shown = shown_warnings([_entry(f"W{number}") for number in range(SHOWN_WARNINGS + 12)])
    assert len(shown) == SHOWN_WARNINGS + 1
    assert shown[-1] == "And 12 more warnings, see warnings_list in the result."
