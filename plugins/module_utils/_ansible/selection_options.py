# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that choose objects and pods (documented in the fragment ``_selection``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector

_EXPRESSION = ArgumentSpec(
    options={
        "key": {"type": "str", "required": True, "no_log": False},
        "operator": {"type": "str", "required": True, "choices": ["In", "NotIn", "Exists", "DoesNotExist"]},
        "values": {"type": "list", "elements": "str"},
    },
    required_if=(("operator", "In", ("values",)), ("operator", "NotIn", ("values",))),
)

LABEL_SELECTOR = ArgumentSpec(
    options={
        "match_labels": {"type": "dict", "aliases": ["matchLabels"]},
        "match_expressions": _EXPRESSION.to_option(type="list", elements="dict", aliases=["matchExpressions"]),
    }
)

SELECTION = ArgumentSpec(
    options={
        "included_namespaces": {"type": "list", "elements": "str", "aliases": ["namespaces"]},
        "excluded_namespaces": {"type": "list", "elements": "str"},
        "included_resources": {"type": "list", "elements": "str"},
        "excluded_resources": {"type": "list", "elements": "str"},
        "include_cluster_resources": {"type": "bool"},
        "label_selector": LABEL_SELECTOR.to_option(),
        "or_label_selectors": LABEL_SELECTOR.to_option(type="list", elements="dict"),
    },
    mutually_exclusive=(("label_selector", "or_label_selectors"),),
)

#: How exact a selection has to be. Who has no word for it decides by its kind.
STRICTNESS = ArgumentSpec(
    options={
        "fail_on_empty": {"type": "bool"},
        "strict_selection": {"type": "bool", "default": False},
    }
)

PODS = ArgumentSpec(
    options={
        "namespace": {"type": "str", "required": True},
        "pod": {"type": "str"},
        "label_selector": LABEL_SELECTOR.to_option(),
    },
    mutually_exclusive=(("pod", "label_selector"),),
)


def selection(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The fields that a backup's and a restore's spec have in common, for ``from_options``; None for one not given."""
    fields = {name: params[name] for name in SELECTION.options}
    fields["label_selector"] = label_selector(params["label_selector"])
    if params["or_label_selectors"] is not None:
        fields["or_label_selectors"] = [label_selector(entry) or {} for entry in params["or_label_selectors"]]
    return fields


def selector_text(params: t.Mapping[str, t.Any]) -> str:
    """The label selector as the API server takes it; empty when there is none."""
    selector = label_selector(params["label_selector"])
    return LabelSelector.from_dict(selector).to_text() if selector else ""


def label_selector(option: t.Mapping[str, t.Any] | None) -> dict[str, t.Any] | None:
    """The option as a ``metav1.LabelSelector``; None when it says nothing."""
    if option is None:
        return None
    labels: dict[str, t.Any] | None = option["match_labels"]
    expressions = [
        {name: entry[name] for name in ("key", "operator", "values") if entry[name] is not None}
        for entry in option["match_expressions"] or []
    ]
    selector: dict[str, t.Any] = {"matchLabels": labels} if labels else {}
    return selector | ({"matchExpressions": expressions} if expressions else {}) or None


__all__ = ("LABEL_SELECTOR", "PODS", "SELECTION", "STRICTNESS", "label_selector", "selection", "selector_text")
