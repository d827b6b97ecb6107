# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which databases are held around snapshots and hooks (documented in the fragment ``_databases``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import DatabaseChoice, parse_databases

DATABASES = ArgumentSpec(options={"databases": {"type": "raw", "default": "declared"}})


def task_databases(params: t.Mapping[str, t.Any]) -> DatabaseChoice:
    """Of a task that runs hooks. Raises ``ValidationError`` for one that thaws: nothing may keep that waiting."""
    found = parse_databases(params["databases"])
    thaws = params["state"] in ("thawed", "swept", "linted") or params["phase"] == "post"
    if thaws and (found.selected or found.recognised):
        what = f"state: {params['state']}" if params["state"] else "phase: post"
        raise ValidationError(
            f"databases is for tasks that run commands or freeze; with {what}, none is held.",
            hint="Leave it out.",
        )
    return found


__all__ = ("DATABASES", "task_databases")
