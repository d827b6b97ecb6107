# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that choose objects and pods (documented in the fragment ``_selection``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector
from ansible_collections.arkive.k8s.plugins.module_utils._velero.selector_forms import (
    read_selector_form,
    read_selector_forms,
)

#: Text, or a mapping: ``read_selector_form`` knows what may be written.
LABEL_SELECTOR: dict[str, t.Any] = {"type": "raw"}

SELECTION = ArgumentSpec(
    options={
        "included_namespaces": {"type": "list", "elements": "str", "aliases": ["namespaces"]},
        "excluded_namespaces": {"type": "list", "elements": "str"},
        "included_resources": {"type": "list", "elements": "str"},
        "excluded_resources": {"type": "list", "elements": "str"},
        "include_cluster_resources": {"type": "bool"},
        "label_selector": LABEL_SELECTOR,
        # Of a list, Ansible would cut text at its commas, which mean "and" in a selector.
        "or_label_selectors": LABEL_SELECTOR,
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
        "namespace": {"type": "str"},
        "pod": {"type": "str"},
        "label_selector": LABEL_SELECTOR,
    },
    mutually_exclusive=(("pod", "label_selector"),),
)


def selection(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The fields that a backup's and a restore's spec have in common, for ``from_options``; None for one not given."""
    fields = {name: params[name] for name in SELECTION.options}
    one, several = label_selector(params), label_selectors(params)
    fields["label_selector"] = one.to_dict() if one else None
    fields["or_label_selectors"] = None if several is None else [selector.to_dict() for selector in several]
    return fields


def selector_text(params: t.Mapping[str, t.Any]) -> str:
    """The label selector as the API server takes it; empty when there is none."""
    selector = label_selector(params)
    return selector.to_text() if selector else ""


def label_selector(params: t.Mapping[str, t.Any]) -> LabelSelector | None:
    """The option ``label_selector``; None when it says nothing. Raises ``ValidationError``."""
    return read_selector_form(params["label_selector"], "label_selector")


def label_selectors(params: t.Mapping[str, t.Any]) -> tuple[LabelSelector, ...] | None:
    """The option ``or_label_selectors``; None when it is not given. Raises ``ValidationError``."""
    return read_selector_forms(params["or_label_selectors"], "or_label_selectors")


__all__ = (
    "LABEL_SELECTOR",
    "PODS",
    "SELECTION",
    "STRICTNESS",
    "label_selector",
    "label_selectors",
    "selection",
    "selector_text",
)
