# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issue, Issues
from ansible_collections.arkive.k8s.plugins.module_utils._velero.results_file import (
    backup_results,
    parse_result_text,
    parse_results,
    restore_results,
)


def test_results_of_a_backup() -> None:
    """Velero 1.18: the text of an entry, and its bucket by the namespace field."""
    issues = Issues()
    issues.error("Error executing hook", error="exit 1", resource="pods", name="web", namespace="app")
    issues.error("Error executing hook", error="exit 2", name="web-2", namespace="app")
    issues.warning("careful")
    issues.error("", error="boom")
    issues.warning("odd role", name="r", resource="clusterroles.rbac.authorization.k8s.io")
    assert backup_results(issues) == {
        "errors": {
            "velero": [" error: /boom"],
            "namespaces": {
                "app": [
                    " resource: /pods name: /web message: /Error executing hook error: /exit 1",
                    " name: /web-2 message: /Error executing hook error: /exit 2",
                ]
            },
        },
        "warnings": {
            "velero": [
                " message: /careful",
                " resource: /clusterroles.rbac.authorization.k8s.io name: /r message: /odd role",
            ]
        },
    }


def test_results_of_a_restore() -> None:
    """docs/compatibility 5.14."""
    issues = Issues()
    issues.error("error restoring pods/app/web: no", resource="pods", name="web", namespace="app", hint="Look.")
    issues.warning("careful")
    issues.warning("odd\x1brole", resource="clusterroles.rbac.authorization.k8s.io", name="r")
    assert restore_results(issues) == {
        "errors": {"namespaces": {"app": ["error restoring pods/app/web: no"]}},
        "warnings": {"velero": ["careful"], "cluster": ["odd\\x1brole"]},
    }


def test_no_results() -> None:
    assert backup_results(Issues()) == restore_results(Issues()) == {"errors": {}, "warnings": {}}


def test_what_was_written_is_read() -> None:
    issues = Issues()
    issues.error("Error executing hook", error="exit 1", resource="pods", name="web", namespace="app")
    issues.error("boom")
    issues.warning("odd", resource="nodes", name="n")
    again = parse_results(backup_results(issues))
    assert (set(again.errors), again.warnings) == (set(issues.errors), issues.warnings)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (" resource: /pods name: /web message: /Error executing hook error: /exit 1",
         {"resource": "pods", "name": "web", "message": "Error executing hook", "error": "exit 1"}),
        (" name: /web message: /a message: /b", {"name": "web", "message": "a message: /b"}),
        (" message: /line\nand line error: /x error: /y", {"message": "line\nand line", "error": "x error: /y"}),
        (" error: /boom", {"error": "boom"}),
        # Of restores, and of older versions of Velero.
        ("could not restore, pods \"a\" already exists", {"message": "could not restore, pods \"a\" already exists"}),
        ("", {"message": ""}),
        (" resource: / name: / message: /", {"message": "resource: / name: / message: /"}),
    ],
)  # fmt: skip
def test_what_a_results_file_tells(text: str, told: dict[str, str]) -> None:
    assert parse_result_text(text) == Issue(**{"message": "", **told})
