# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MariaDB is held while its volume is cut: what comes back, and that nothing is held for longer."""

from __future__ import annotations

import typing as t

import pytest
from mariadb_app import TABLES, MariadbApp


@pytest.fixture(scope="module")
def app(kubectl: t.Any, module_namespace: str) -> MariadbApp:
    found = MariadbApp(kubectl, module_namespace, settings=["--log-bin=binlog", "--server-id=1"])
    found.create()
    return found


def test_the_server_of_the_cluster_is_written_to(app: MariadbApp) -> None:
    with app.written_to():
        before = app.acknowledged()
        assert app.acknowledged() >= before
    assert all(app.rows(table)[1] >= before for table in TABLES)
    assert app.check() == ""
