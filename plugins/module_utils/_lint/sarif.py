# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings as SARIF 2.1.0, which code hosts show beside the lines of a change.

Source: OASIS Standard, Static Analysis Results Interchange Format (SARIF) Version 2.1.0: the objects run and result.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import hashlib
import json
import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._lint.finding import RULES, Finding

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif_report(findings: t.Iterable[Finding]) -> bytes:
    """The document, in UTF-8."""
    rules = list(RULES.values())
    places = {rule.name: at for at, rule in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "arkive.k8s",
                "rules": [
                    {
                        "id": rule.name,
                        "shortDescription": {"text": rule.title},
                        "defaultConfiguration": {"level": rule.severity},
                    }
                    for rule in rules
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, places[each.rule]) for each in findings],
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _result(finding: Finding, rule_index: int) -> dict[str, t.Any]:
    place = finding.place
    said = f"{finding.message} {finding.hint}".strip()
    location: dict[str, t.Any] = {}
    if place.file:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": urllib.parse.quote(place.file)},
            "region": {"startLine": max(place.line, 1)},
        }
    named = place.of_object
    if named:
        full = " ".join(filter(None, (named, place.container and f"container {place.container}", place.key)))
        location["logicalLocations"] = [{"name": place.name or named, "fullyQualifiedName": full, "kind": "resource"}]
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": finding.severity,
        "message": {"text": f"{named}: {said}" if named else said},
        "locations": [location] if location else [],
        "partialFingerprints": {"arkiveHook/v1": _fingerprint(finding)},
    }


def _fingerprint(finding: Finding) -> str:
    """The same for the same mistake when lines move."""
    place = finding.place
    parts = (finding.rule, place.file, place.kind, place.namespace, place.name, place.container, place.key)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


__all__ = ("sarif_report",)
