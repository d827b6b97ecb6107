# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables with a prefix that nothing knows, so that a slip of the pen is found before anything is done."""

from __future__ import annotations

DOCUMENTATION = r"""
name: unknown_variables
author:
  - The arkive.k8s contributors (@arkive-k8s)
short_description: Finds variables that look like options and are none
version_added: 0.1.0
description:
  - Looks at the names of all variables of the host, wherever they come from, for those with a prefix that nothing
    knows. The playbooks and the role of this collection refuse to run with one, as Ansible itself takes no notice of a
    variable whose name is misspelt.
  - Results of tasks (C(register)) are left alone, whatever their names are.
options:
  _terms:
    description:
      - The prefixes.
    type: list
    elements: str
    required: true
  known:
    description:
      - The names that are known, with their prefix.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Refuse what would be overlooked
  ansible.builtin.fail:
    msg: "{{ unknown | join(' ') }}"
  when: unknown | length > 0
  vars:
    unknown: "{{ query('arkive.k8s.unknown_variables', 'shop_', known=['shop_name', 'shop_replicas']) }}"
"""

RETURN = r"""
_raw:
  description:
    - A sentence for each variable, with the known name that is meant, where one is near.
  type: list
  elements: str
  sample: ["The variable shop_replica is not known. Is shop_replicas meant?"]
"""

import difflib
import typing as t

from ansible.plugins.lookup import LookupBase

from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line


class LookupModule(LookupBase):
    """Values are not looked into, except to know results of tasks: they may be templates that cannot be resolved."""

    def run(self, terms: list[str], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)  # type: ignore[no-untyped-call]
        known: list[str] = self.get_option("known")  # type: ignore[no-untyped-call]
        return find_unknown(terms, variables or {}, known)


def find_unknown(prefixes: list[str], variables: dict[str, t.Any], known: list[str]) -> list[str]:
    """A sentence for each variable with one of the prefixes that is neither known nor the result of a task."""
    return [
        _sentence(prefix, name.removeprefix(prefix), known)
        for prefix in prefixes
        for name in sorted(variables)
        if name.startswith(prefix) and name not in known and not _is_result(variables[name])
    ]


def _is_result(value: t.Any) -> bool:
    return isinstance(value, dict) and "changed" in value and "failed" in value


def _sentence(prefix: str, word: str, known: list[str]) -> str:
    words = [name.removeprefix(prefix) for name in known if name.startswith(prefix)]
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.7)
    meant = f" Is {prefix}{near[0]} meant?" if near else ""
    return f"The variable {one_line(prefix + word)} is not known.{meant}"
