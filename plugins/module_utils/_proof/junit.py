# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A comparison as a JUnit report: a test case for each object, which fails when it differs."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.junit import JUnitCase, junit_document
from ansible_collections.arkive.k8s.plugins.module_utils._proof.diff_outcome import DRIFT, ComparedObject, DiffOutcome

_SAID = {
    "changed": "It differs from the backup",
    "missing": "It is in the backup only",
    "extra": "It is not in the backup",
}


def junit_report(outcome: DiffOutcome) -> bytes:
    """The document: a suite for the backup, with the type and the namespace of an object as its class name."""
    title = f"backup {outcome.backup} against {outcome.other}"
    return junit_document(title, [_case(each) for each in outcome.objects])


def _case(each: ComparedObject) -> JUnitCase:
    differs = each.state in DRIFT
    return JUnitCase(
        group=".".join(filter(None, (str(each.group_resource), each.namespace))),
        name=each.name,
        failure=_SAID[each.state] if differs else "",
        kind=each.state if differs else "",
        details="\n".join(each.fields) if differs else "",
        skipped=(each.reason or "It was not compared") if each.state == "not_compared" else "",
    )


__all__ = ("junit_report",)
