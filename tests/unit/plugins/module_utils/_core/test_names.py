# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import (
    GroupResource,
    is_subdomain_name,
    label_value,
)


@pytest.mark.parametrize(
    ("text", "resource", "group"),
    [
        pytest.param("pods", "pods", "", id="core"),
        pytest.param("deployments.apps", "deployments", "apps", id="group"),
        pytest.param(
            "customresourcedefinitions.apiextensions.k8s.io",
            "customresourcedefinitions",
            "apiextensions.k8s.io",
            id="group-with-dots",
        ),
    ],
)
def test_group_resource(text: str, resource: str, group: str) -> None:
    parsed = GroupResource.parse(text)
    assert parsed == GroupResource(resource, group)
    assert str(parsed) == text


@pytest.mark.parametrize("length", [1, 62, 63])
def test_a_name_of_up_to_63_characters_is_a_label_value(length: int) -> None:
    assert label_value("b" * length) == "b" * length


@pytest.mark.parametrize("length", [64, 100, 253])
def test_a_longer_one_is_cut_and_gets_six_digits_of_its_sha256(length: int) -> None:
    name = "b" * length
    value = label_value(name)
    assert len(value) == 63
    assert value == name[:57] + hashlib.sha256(name.encode()).hexdigest()[:6]


def test_the_digits_of_a_known_name() -> None:
    # Velero's own unit test of GetValidName.
    name = "the-really-long-location-name-that-is-much-more-than-63-characters"
    assert label_value(name) == "the-really-long-location-name-that-is-much-more-than-63-c69e779"


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        pytest.param("nginx-backup", True, id="plain"),
        pytest.param("a", True, id="short"),
        pytest.param("daily-20260601020000", True, id="from-schedule"),
        pytest.param("a.b-c.d", True, id="dots"),
        pytest.param("1", True, id="digit"),
        pytest.param("x" * 253, True, id="longest"),
        pytest.param("x" * 254, False, id="too-long"),
        pytest.param("", False, id="empty"),
        pytest.param("Nginx", False, id="upper"),
        pytest.param("-a", False, id="leading-dash"),
        pytest.param("a-", False, id="trailing-dash"),
        pytest.param("a..b", False, id="two-dots"),
        pytest.param(".a", False, id="leading-dot"),
        pytest.param("a_b", False, id="underscore"),
        pytest.param("a/b", False, id="slash"),
        pytest.param("../x", False, id="traversal"),
        pytest.param("a\n", False, id="newline"),
        pytest.param("\u00fcber", False, id="umlaut"),
    ],
)
def test_is_subdomain_name(name: str, valid: bool) -> None:
    assert is_subdomain_name(name) is valid
