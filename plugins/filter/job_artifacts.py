# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a job hands on of a task's result: the same few plain values, whichever playbook has run."""

from __future__ import annotations

DOCUMENTATION = r"""
name: job_artifacts
author:
  - The arkive.k8s contributors (@arkive-k8s)
short_description: Makes the artifacts of a job of a task's result
version_added: 0.1.0
description:
  - The playbooks of this collection hand what it gives to M(ansible.builtin.set_stats), which AWX keeps as the
    artifacts of the job and gives to the next nodes of a workflow as extra variables.
  - The values are plain, small and without secrets. Those that every playbook has are C(arkive_playbook),
    C(arkive_failed), C(arkive_changed), C(arkive_check_mode), C(arkive_phase), C(arkive_location), C(arkive_message),
    C(arkive_errors) and C(arkive_warnings).
positional: playbook, check_mode
options:
  _input:
    description:
      - The registered result of the task; an empty mapping for a task that did not run.
    type: dict
    required: true
  playbook:
    description:
      - Which playbook it is of.
    type: str
    choices: [backup, restore, schedule, prune, backups, operations]
    required: true
  check_mode:
    description:
      - Whether the task ran in check mode.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Hand the result to what comes next
  ansible.builtin.set_stats:
    per_host: false
    aggregate: false
    data: "{{ result | arkive.k8s.job_artifacts('backup', check_mode=ansible_check_mode) }}"
"""

RETURN = r"""
_value:
  description:
    - The artifacts by their names.
  type: dict
  sample: {arkive_playbook: backup, arkive_failed: false, arkive_phase: Completed, arkive_backup_name: shop-20260601}
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.arkive.k8s.plugins.plugin_utils._job_artifacts import ARTIFACTS, artifacts_of


def job_artifacts(result: t.Any, playbook: str, check_mode: bool = False) -> dict[str, t.Any]:
    if playbook not in ARTIFACTS:
        raise AnsibleFilterError(
            f"job_artifacts knows no playbook '{playbook}': it is one of {', '.join(sorted(ARTIFACTS))}."
        )
    return artifacts_of(result if isinstance(result, dict) else {}, playbook, check_mode=bool(check_mode))


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"job_artifacts": job_artifacts}
