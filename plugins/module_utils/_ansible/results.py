# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What results are made of. The keys are flat; ``result_keys`` has those of each module."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.issues import first_errors
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return

Result: t.TypeAlias = "dict[str, t.Any]"

_OUTPUT_KEYS = ("stdout", "stderr", "stdout_truncated", "stderr_truncated")

#: ``result.items`` is a method in Jinja, so the counts of an engine's ``items`` get a name that can be reached.
_RENAMED = {"items": "item_counts"}


def clean_details(details: t.Mapping[str, t.Any], *, with_output: bool) -> Result:
    """What an engine returned or put beside an error, as keys of a result."""
    result = {_RENAMED.get(name, name): value for name, value in details.items()}
    if "hooks" in result:
        result["hooks"] = [hook if with_output else without_output(hook) for hook in result["hooks"]]
    return result


def without_output(hook: t.Mapping[str, t.Any]) -> Result:
    """The entry of a hook without what its command has written."""
    return {name: value for name, value in hook.items() if name not in _OUTPUT_KEYS}


def only_output(hooks: t.Sequence[t.Mapping[str, t.Any]], *, with_output: bool) -> Result:
    """Exit code and output, as modules for commands have them, of the only command that ran; else null."""
    ran = [hook for hook in hooks if hook.get("state") not in ("planned", "skipped")]
    hook = ran[0] if len(ran) == 1 else {}
    return {"rc": hook.get("rc"), **{name: hook.get(name) if with_output else None for name in ("stdout", "stderr")}}


def refused_phase(phase: str, *, fail_on_partial: bool) -> bool:
    """Whether a run that ended in this phase fails its task."""
    return phase.startswith("Failed") or (phase == "PartiallyFailed" and fail_on_partial)


def ended(phase: str, *, check_mode: bool, found: bool = False) -> str:
    """How a run came to this phase: it ended so, would, or (``found``) had before."""
    return f"is {phase}" if found else f"would end {phase}" if check_mode else f"ended {phase}"


@contextlib.contextmanager
def phase_in_failure() -> t.Iterator[None]:
    """Put the phase that Velero would give into the ``details`` of an error that passes, unless it is known there."""
    try:
        yield
    except ArkiveError as exc:
        exc.details.setdefault("phase", "FailedValidation" if isinstance(exc, ValidationError) else "Failed")
        raise


@contextlib.contextmanager
def warnings_in_failure(issues: Issues) -> t.Iterator[None]:
    """Put the warnings of ``issues`` into the ``details`` of an error that passes, before those that it has."""
    try:
        yield
    except ArkiveError as exc:
        exc.details["warnings_list"] = [*to_return(issues.warnings), *exc.details.get("warnings_list", ())]
        raise


def failed_by(said: str, errors: t.Sequence[t.Mapping[str, t.Any]]) -> Result:
    """``said`` with the first errors behind it, as the keys that fail a task."""
    return {"failed": True, "msg": f"{said} {first_errors(errors)}".strip()}


def shown_first(lines: t.Sequence[str]) -> list[dict[str, str]]:
    """An entry for the front of a list of differences: Ansible shows ``lines`` as they are."""
    return [{**text_diff(None, None, title=""), "prepared": "\n".join([*lines, ""])}] if lines else []


def text_diff(before: t.Any, after: t.Any, *, title: str) -> dict[str, str]:
    """The ``diff`` of one document; None stands for one that is not there."""
    return {
        "before_header": title,
        "after_header": title,
        "before": "" if before is None else json.dumps(before, indent=2, sort_keys=True) + "\n",
        "after": "" if after is None else json.dumps(after, indent=2, sort_keys=True) + "\n",
    }


__all__ = (
    "Result",
    "clean_details",
    "ended",
    "failed_by",
    "only_output",
    "phase_in_failure",
    "refused_phase",
    "shown_first",
    "text_diff",
    "warnings_in_failure",
    "without_output",
)
