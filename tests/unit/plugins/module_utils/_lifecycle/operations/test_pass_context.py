# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One object that cannot be seen to keeps no other one waiting."""

from __future__ import annotations

import types
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.pass_context import PassContext

OBJECTS = [{"kind": "Backup", "metadata": {"name": name}} for name in ("a", "b")]


def context(issues: Issues) -> t.Any:
    run = types.SimpleNamespace(cancel=CancelToken(), issues=issues)
    log = types.SimpleNamespace(is_new=lambda _text: True)
    return PassContext(**_members(run, log))


def _members(run: t.Any, log: t.Any) -> dict[str, t.Any]:
    return dict.fromkeys(("request", "objects", "book", "events"), t.cast("t.Any", None)) | {"run": run, "log": log}


def test_a_location_that_cannot_be_opened() -> None:
    seen: list[str] = []
    issues = Issues()

    def see_to(obj: t.Any) -> None:
        seen.append(obj["metadata"]["name"])
        if obj["metadata"]["name"] == "a":
            raise ArkiveError("The bucket is away.", hint="Wait.")

    context(issues).for_each(OBJECTS, see_to)
    assert seen == ["a", "b"]
    assert [(issue.message, issue.hint) for issue in issues.errors] == [("Backup 'a': The bucket is away.", "Wait.")]


def test_a_run_that_is_cancelled_ends() -> None:
    def see_to(_obj: t.Any) -> None:
        raise Cancelled("SIGTERM")

    with pytest.raises(Cancelled):
        context(Issues()).for_each(OBJECTS, see_to)
