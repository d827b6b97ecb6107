# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables that look like options and are none."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.lookup.unknown_variables import find_unknown

KNOWN = ["backup_storage_location", "backup_src", "backup_ttl"]
RESULT = {"changed": False, "failed": False}


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        pytest.param({}, [], id="none"),
        pytest.param({"backup_ttl": "1h", "restore_x": 1, "xbackup_y": 2}, [], id="known, or of others"),
        pytest.param(
            {"backup_storage_loaction": {}},
            ["The variable backup_storage_loaction is not known. Is backup_storage_location meant?"],
            id="a slip",
        ),
        pytest.param({"backup_dir": "/srv"}, ["The variable backup_dir is not known."], id="nothing near"),
        pytest.param({"backup_old": RESULT}, [], id="a result"),
        pytest.param({"backup_old": {"changed": True}}, ["The variable backup_old is not known."], id="no result"),
        pytest.param({"backup_x": "{{ nowhere }}"}, ["The variable backup_x is not known."], id="a template"),
    ],
)
def test_what_is_found(variables: dict[str, t.Any], said: list[str]) -> None:
    assert find_unknown(["backup_"], variables, KNOWN) == said
