# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What templates refer to (docs/compatibility 15.4)."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.references import template_references


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain .Profile", []),
        ("{{ .Namespace.Name }}", ["Namespace.Name"]),
        ("{{ $.Namespace.Name }}", ["Namespace.Name"]),
        ("{{ .Time | toDate `x` | date `y` }}", ["Time"]),
        ("{{ if .O.a }}{{ .B }}{{ else if .C }}{{ .D }}{{ else }}{{ .E }}{{ end }}", ["B", "C", "D", "E", "O.a"]),
        ("{{ range $i, $p := .StatefulSet.Pods }}{{ $p }}{{ $i }}{{ $p.x }}{{ end }}", ["StatefulSet.Pods"]),
        ("{{ with (index .Secrets `x`).Data }}{{ .key }}{{ end }}", ["Secrets", "Secrets.x", "key"]),
        ('{{ index .Phases "a-b" "Output" "c" }}', ["Phases", "Phases.a-b.Output.c"]),
        ("{{ $x := .A }}{{ index .Phases $x }}{{ index .StatefulSet.Pods 0 }}", ["A", "Phases", "StatefulSet.Pods"]),
        ("{{ define `t` }}{{ .X }}{{ end }}{{ template `t` .Y }}", ["X", "Y"]),
        ("{{ .A }}{{/* .B */}}", ["A"]),
    ],
)  # fmt: skip
def test_found(text: str, expected: list[str]) -> None:
    found = sorted(".".join(names) for names in template_references(text))
    assert found == expected
