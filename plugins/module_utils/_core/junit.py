# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A JUnit report, as pipelines read it: a suite with a case for each thing that was looked at."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t
import xml.etree.ElementTree as ET

#: What no XML document may hold.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class JUnitCase:
    """``failure``: what is wrong, empty when nothing is; ``kind`` of it; ``skipped``: why it was not looked at.

    ``output``: what is to be known of it in any case.
    """

    group: str
    name: str
    failure: str = ""
    kind: str = ""
    details: str = ""
    skipped: str = ""
    output: str = ""


def junit_document(title: str, cases: t.Sequence[JUnitCase], *, properties: t.Mapping[str, str] | None = None) -> bytes:
    """The document, in UTF-8. ``properties`` are of the whole suite."""
    numbers = {
        "tests": str(len(cases)),
        "failures": str(sum(bool(case.failure) for case in cases)),
        "errors": "0",
        "skipped": str(sum(bool(case.skipped) and not case.failure for case in cases)),
    }
    title = _clean(title)
    root = ET.Element("testsuites", {"name": title, **numbers})
    suite = ET.SubElement(root, "testsuite", {"name": title, **numbers})
    if properties:
        listed = ET.SubElement(suite, "properties")
        for name, value in properties.items():
            ET.SubElement(listed, "property", {"name": _clean(name), "value": _clean(value)})
    for case in cases:
        element = ET.SubElement(
            suite, "testcase", {"classname": _clean(case.group), "name": _clean(case.name), "time": "0"}
        )
        if case.failure:
            failure = ET.SubElement(element, "failure", {"type": case.kind, "message": _clean(case.failure)})
            failure.text = _clean(case.details)
        elif case.skipped:
            ET.SubElement(element, "skipped", {"message": _clean(case.skipped)})
        if case.output:
            ET.SubElement(element, "system-out").text = _clean(case.output)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


__all__ = ("JUnitCase", "junit_document")
