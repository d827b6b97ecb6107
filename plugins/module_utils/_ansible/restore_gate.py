# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restore as a gate of a pipeline: the plan that was approved, and the files that tell of this one."""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import os
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.gate_files import GATE, GateFiles
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import Result, Task
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.whole_files import open_regular
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.expected_plan import ExpectedPlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan_digest import PlanDigest
from ansible_collections.arkive.k8s.plugins.module_utils._restore.report.restore_document import (
    failed_document,
    read_expected_plan,
    restore_document,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.report.restore_pages import (
    restore_junit,
    restore_markdown,
)

RESTORE_GATE = ArgumentSpec(options={"expected_plan_digest": {"type": "str"}, "expected_plan": {"type": "path"}}).merge(
    GATE
)


def tell_restore(task: Task, run: t.Callable[[], tuple[Result, PlanDigest | None]]) -> Result:
    """The result of ``run``, told in the files that the task names. Raises ``ArkiveError``."""
    expected, own = task.params["expected_plan"], task.params["plan_path"]
    if expected and own and os.path.realpath(expected) == os.path.realpath(own):
        raise ValidationError(
            f"expected_plan and plan_path are the same file, {own}.",
            hint="Give another plan_path: the approved plan is not overwritten.",
        )
    files = GateFiles(task, junit=restore_junit, markdown=restore_markdown)
    with files.telling(lambda exc: failed_document(exc, check_mode=task.check_mode)):
        result, digest = run()
    return files.add_to(result, lambda: restore_document(result, check_mode=task.check_mode, digest=digest))


def expected_plan(params: t.Mapping[str, t.Any]) -> ExpectedPlan | None:
    """The plan that was approved; None where the options name none. Raises ``ValidationError``."""
    text, path = params["expected_plan_digest"], params["expected_plan"]
    for name, given in (("expected_plan_digest", text), ("expected_plan", path)):
        if given is not None and not given.strip():
            raise ValidationError(
                f"{name} is empty: nothing was approved, and nothing is restored.",
                hint="Look at what was to set it, or leave it out where nobody approves plans.",
            )
    expected = None if text is None else ExpectedPlan.of_digest(text)
    if path is None:
        return expected
    found = read_expected_plan(_read(path), source=f"The file {path}")
    if expected is not None and found.digest != expected.digest:
        raise ValidationError(
            f"The plan in {path} is not the one that expected_plan_digest means.",
            hint="Give the file and the digest of one plan.",
        )
    return found


def _read(path: str) -> t.Any:
    try:
        # A volume of a ConfigMap has links; a pipe would be waited for.
        with open_regular(os.path.realpath(path)) as file:
            return json.load(file)
    except OSError as exc:
        raise ValidationError(f"The file {path} of expected_plan cannot be read: {exc.strerror}.") from exc
    except (ValueError, RecursionError) as exc:
        raise ValidationError(
            f"The file {path} of expected_plan is not JSON.",
            hint="Give the file that k8s_restore has written to plan_path in check mode.",
        ) from exc


__all__ = ("RESTORE_GATE", "expected_plan", "tell_restore")
