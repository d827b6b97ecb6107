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
      - Where pods of functions such as C(KubeTask) run when the blueprint does not say it, or names
        O(blueprint_namespace) and the cluster has no such namespace. Kanister takes the namespace of its controller;
        there is none here.
      - If not set, it is the namespace of the subject.
    type: str
  hook_service_account:
    description:
      - The ServiceAccount of pods for which the blueprint names none, or one that the namespace of the pod does not
        have, such as C(k10-k10).
      - If not set, it is the one that the namespace has as its default.
    type: str
  phase_timeout:
    description:
      - How long a phase may take, as a Go duration. Kasten gives the hooks of blueprints 20 minutes.
    type: str
    default: 20m
"""

    EXECUTION_HOOKS = r"""
options:
  execution_hooks:
    description:
      - Actions of Kanister blueprints around this operation, once for each of its namespaces, in the form of Kasten.
        C(preHook) runs before all else, C(onSuccess) when the operation went well, C(onFailure) when it, or a hook
        before, did not. Names in snake_case are taken as well.
      - Each of them has C(blueprint) and C(actionName), and, for a restore, may have a C(subject) with C(name),
        C(namespace) and C(type). Without one it works on the namespace. In the place of a blueprint's name the
        blueprint itself may stand; mark it V(!unsafe).
      - A block C(hooks) as Kasten's page has it, and a whole C(Policy), C(BackupAction), C(ExportAction) or
        C(RestoreAction) are taken, too. What of it means nothing here is named in a warning.
      - A C(preHook) that fails ends the operation before it has begun. What it hands over as output artifacts, the
        later two may read.
      - For a backup there may be C(export) with the same three. They run once the backup is stored and its own hooks
        went well.
      - They run outside of everything else. The hooks of pods and C(backup_hooks) come after the C(preHook),
        and before the later two.
    type: dict
  execution_hook_retries:
    description:
      - How often a C(preHook) or an C(onSuccess) hook that failed is run again, from its first phase. An C(onFailure)
        hook is run once.
    type: int
    default: 0
"""


__all__ = ("ModuleDocFragment",)
