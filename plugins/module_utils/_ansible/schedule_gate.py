# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a look at a schedule tells a pipeline (documented in ``_gate``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.gate_files import GATE, GateFiles
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import Result, Task
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_document import (
    late_document,
    schedule_document,
    schedule_junit,
    schedule_markdown,
)


def tell_schedule(task: Task, name: str, look: t.Callable[[], Result]) -> Result:
    """The result of ``look``, told in the files that the task names. Raises ``ArkiveError``."""
    files = GateFiles(task, junit=schedule_junit, markdown=schedule_markdown)
    with files.telling(lambda exc: late_document(name, exc)):
        result = look()
    return files.add_to(result, lambda: schedule_document(name, result))


def refuse_files(params: t.Mapping[str, t.Any]) -> None:
    """For any other state. Raises ``ValidationError`` where one is named."""
    given = next((name for name in GATE.options if params[name]), None)
    if given:
        raise ValidationError(f"{given} is for state checked.", hint="Leave it out, or set state: checked.")


__all__ = ("refuse_files", "tell_schedule")
