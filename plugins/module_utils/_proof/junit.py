# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A comparison as a JUnit report: a test case for each object, which fails when it differs."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from ansible_collections.arkive.k8s.plugins.module_utils._proof.diff_outcome import DRIFT, ComparedObject, DiffOutcome

#: What no XML document may hold.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SAID = {
    "changed": "It differs from the backup",
    "missing": "It is in the backup only",
    "extra": "It is not in the backup",
}


def junit_report(outcome: DiffOutcome) -> bytes:
    """The document: a suite for the backup, with the type and the namespace of an object as its class name."""
    counts = outcome.counts
    numbers = {
        "tests": str(len(outcome.objects)),
        "failures": str(len(outcome.drift)),
        "errors": "0",
        "skipped": str(counts["not_compared"]),
    }
    title = _clean(f"backup {outcome.backup} against {outcome.other}")
    root = ET.Element("testsuites", {"name": title, **numbers})
    suite = ET.SubElement(root, "testsuite", {"name": title, **numbers})
    for each in outcome.objects:
        _add_case(suite, each)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _add_case(suite: ET.Element, each: ComparedObject) -> None:
    place = ".".join(filter(None, (str(each.group_resource), each.namespace)))
    case = ET.SubElement(suite, "testcase", {"classname": _clean(place), "name": _clean(each.name), "time": "0"})
    if each.state in DRIFT:
        failure = ET.SubElement(case, "failure", {"type": each.state, "message": _SAID[each.state]})
        failure.text = _clean("\n".join(each.fields))
    elif each.state == "not_compared":
        ET.SubElement(case, "skipped", {"message": _clean(each.reason)})


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


__all__ = ("junit_report",)
