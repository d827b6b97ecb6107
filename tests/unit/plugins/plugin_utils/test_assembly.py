# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How seldom Python looks for garbage while Ansible assembles a module."""

from __future__ import annotations

import gc

import pytest

from ansible_collections.arkive.k8s.plugins.plugin_utils._assembly import seldom_collected


@pytest.fixture(autouse=True)
def _thresholds_restored():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize(
    ("before", "inside"),
    [
        (700, 200_000),
        (2_000, 200_000),
        (500_000, 500_000),  # more seldom already
        (0, 0),  # switched off by who runs Ansible
    ],
)
def test_the_first_threshold_is_raised_and_put_back(before: int, inside: int) -> None:
    gc.set_threshold(before, 10, 10)
    with seldom_collected():
        assert gc.get_threshold()[0] == inside
    assert gc.get_threshold()[0] == before


def test_it_is_put_back_after_an_error() -> None:
    gc.set_threshold(700, 10, 10)
    with pytest.raises(ValueError, match="assembled"), seldom_collected():
        raise ValueError("not assembled")
    assert gc.get_threshold()[0] == 700
