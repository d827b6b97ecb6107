# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a job leaves a task the time that the task gives itself."""

from __future__ import annotations

DOCUMENTATION = r"""
name: job_bounds
author:
  - The arkive.k8s contributors (@arkive-k8s)
short_description: Finds time limits of a task that are longer than the job's
version_added: 0.1.0
description:
  - A job of AWX that is cancelled, or whose timeout passes, is killed. The task gets no signal and can release nothing
    itself; what is frozen or held then ends by its own limit. So the limits of a task have to be shorter than the
    timeout of the job's template.
  - Looks at the variable C(arkive_job_timeout), in seconds or as a duration such as C(2h), which is to be the timeout
    of the template. In a job of AWX (C(awx_job_id) or C(tower_job_id) is defined) without it, it warns.
  - A limit that a variable sets and that ends less than two minutes before the job is an answer; one that is a default
    is warned of.
options:
  _terms:
    description:
      - The limits, each as the name of a variable, C(=) and its default, such as C(backup_csi_snapshot_timeout=10m).
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Refuse limits that the job does not leave time for
  ansible.builtin.fail:
    msg: "{{ problems | join(' ') }}"
  when: problems | length > 0
  vars:
    problems: "{{ query('arkive.k8s.job_bounds', 'backup_csi_snapshot_timeout=10m') }}"
"""

RETURN = r"""
_raw:
  description:
    - A sentence for each limit that is too long.
  type: list
  elements: str
  sample: ["backup_csi_snapshot_timeout is 2h, and the job ends after 1h0m0s: give it at most 58m0s."]
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration, parse_seconds
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line

#: What a job needs beside the task: to start, and to hand its results on (seconds).
_MARGIN = 120.0
_JOB_TIMEOUT = "arkive_job_timeout"
_JOB_IDS = ("awx_job_id", "tower_job_id")

_UNKNOWN = (
    "This is a job of AWX, and the variable arkive_job_timeout does not say after how many seconds it is ended."
    " A job that is ended so, or cancelled, gets no signal: what it has frozen is thawed by its own timer only. Set a"
    " timeout for the template, and arkive_job_timeout to the same."
)


class LookupModule(LookupBase):
    """Values of variables are resolved one by one: others may be templates that cannot be."""

    def run(self, terms: list[str], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)  # type: ignore[no-untyped-call]
        known = variables or {}
        limit = self._value(known, _JOB_TIMEOUT)
        if limit in (None, "", 0, "0"):
            if any(name in known for name in _JOB_IDS):
                Display().warning(_UNKNOWN)
            return []
        bounds = {
            name: (self._value(known, name), default) for name, _sign, default in (t.partition("=") for t in terms)
        }
        try:
            problems, warnings = compare(seconds_of(limit, _JOB_TIMEOUT), bounds)
        except ValidationError as exc:
            raise AnsibleLookupError(one_line(exc.sentence)) from None
        for sentence in warnings:
            Display().warning(sentence)
        return problems

    def _value(self, known: t.Mapping[str, t.Any], name: str) -> t.Any:
        return self._templar.template(known[name]) if name in known else None  # type: ignore[union-attr]


def seconds_of(value: t.Any, name: str) -> float:
    """A plain number is one of seconds, as AWX has it."""
    return parse_seconds(str(value), name)


def compare(job: float, bounds: t.Mapping[str, tuple[t.Any, str]]) -> tuple[list[str], list[str]]:
    """Sentences about what is set, and about what is a default. ``bounds``: what is set, and the default, by names."""
    problems: list[str] = []
    warnings: list[str] = []
    for name, (given, default) in bounds.items():
        is_set = given not in (None, "")
        value = given if is_set else default
        if seconds_of(value, name) > job - _MARGIN:
            most = format_duration(max(0.0, job - _MARGIN))
            ends = f"{name} is {value}{'' if is_set else ' by default'}, and the job ends after {format_duration(job)}"
            (problems if is_set else warnings).append(f"{ends}: give it at most {most}.")
    return problems, warnings
