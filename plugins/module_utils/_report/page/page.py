# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page: one file that needs nothing else, and in which nothing runs but its own script.

The policy in it names the script and the style by their digests. What a browser is given of stored files is one block
of data, which the script turns into text.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import hashlib
import html
import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._report.page.page_parts import PARTS
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.page_pictures import PICTURES
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.page_style import STYLE
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.page_views import VIEWS

Report: t.TypeAlias = "t.Mapping[str, t.Any]"

_SCRIPT = f'"use strict";\n(() => {{\n{PARTS}{PICTURES}{VIEWS}}})();\n'

#: Messages of the part for browsers without scripts.
_PLAIN_MESSAGES = 100

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="arkive.k8s">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header><h1>{title}</h1><p class="faint">{location}</p></header>
<nav aria-label="Sections"><ul id="sections"></ul></nav>
<main id="main" tabindex="-1">
<noscript>{plain}</noscript>
</main>
<script id="data" type="application/json">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def page_of(report: Report) -> bytes:
    """The same for the same report."""
    return _PAGE.format(
        policy=_policy(),
        title=html.escape(report["title"]),
        location=html.escape(report["location"]),
        style=STYLE,
        plain=_without_script(report),
        data=json_block(_packed(report)),
        script=_SCRIPT,
    ).encode()


def json_block(value: t.Any) -> str:
    """JSON that no parser of HTML finds anything in: no tag, no comment and no character reference begins."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def report_json(report: Report) -> bytes:
    return json.dumps(report, ensure_ascii=False, allow_nan=False, indent=1).encode() + b"\n"


def _policy() -> str:
    rules = {
        "default-src": "'none'",
        "script-src": _digest(_SCRIPT),
        "style-src": _digest(STYLE),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return "; ".join(f"{rule} {value}" for rule, value in rules.items())


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _packed(report: Report) -> dict[str, t.Any]:
    """Objects without the names of their members; types and namespaces once."""
    if "objects" not in report:
        return dict(report)
    types: dict[str, int] = {}
    namespaces: dict[str, int] = {}
    rows = [
        (
            types.setdefault(each["type"], len(types)),
            namespaces.setdefault(each["namespace"], len(namespaces)),
            each["name"],
        )
        for each in report["objects"]
    ]
    return {**report, "objects": {"types": list(types), "namespaces": list(namespaces), "rows": rows}}


def _without_script(report: Report) -> str:
    """The errors, for a browser that runs nothing: some hosts of reports forbid scripts."""
    lines = ["<p>The tables and pictures of this page need its own script, which this browser does not run.</p>"]
    for entry in report["messages"][:_PLAIN_MESSAGES]:
        said = " ".join(filter(None, (f"{entry['where']}:" if entry["where"] else "", entry["text"], entry["remedy"])))
        lines.append(f"<p><strong>{html.escape(entry['severity'])}</strong> {html.escape(said)}</p>")
    return "".join(lines)


__all__ = ("json_block", "page_of", "report_json")
