# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How blueprints of Kanister are found and run, whoever names them."""

# Private: not for use outside of this collection.

from __future__ import annotations


class ModuleDocFragment:
    """Where blueprints are, where their pods run, and how long a phase may take."""

    DOCUMENTATION = r"""
options:
  blueprint_namespace:
    description:
      - The namespace in which blueprints that are objects of the cluster are looked up by their names.
    type: str
    default: kasten-io
  hook_default_namespace:
    description:
      - Where pods of functions such as C(KubeTask) run when the blueprint does not say it. Kanister takes the namespace
        of its controller; there is none here.
      - If not set, it is the namespace of the subject.
    type: str
  hook_service_account:
    description:
      - The ServiceAccount of pods for which the blueprint names none.
      - If not set, it is the one that the namespace has as its default.
    type: str
  phase_timeout:
    description:
      - How long a phase may take, as a Go duration. Kasten gives the hooks of blueprints 20 minutes.
    type: str
    default: 20m
"""


__all__ = ("ModuleDocFragment",)
