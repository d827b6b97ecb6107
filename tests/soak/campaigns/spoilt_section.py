# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``held_section.py`` without one of its protections, which the judge of the campaign has to find.

``spoilt_section.py blind|unarmed ARGUMENTS``. ``blind``: it takes every database for held until the end. ``unarmed``:
a session of PostgreSQL that is silent is not ended by the server.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "integration" / "live" / "databases"))

import held_section

from ansible_collections.arkive.k8s.plugins.module_utils._databases.held import HeldDatabase
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import Server
from ansible_collections.arkive.k8s.plugins.module_utils._databases.postgresql import PostgresqlHold


def blind() -> None:
    end = HeldDatabase.end

    def lie(self: HeldDatabase) -> None:
        end(self)
        self.record.consistent, self.record.error = True, ""

    HeldDatabase.end = lie  # type: ignore[method-assign]


def unarmed() -> None:
    def name(self: PostgresqlHold, server: Server) -> None:
        server.ask("set application_name = 'arkive held'")

    PostgresqlHold._arm = name  # type: ignore[method-assign]


if __name__ == "__main__":
    {"blind": blind, "unarmed": unarmed}[sys.argv[1]]()
    held_section.main(*sys.argv[2:])
