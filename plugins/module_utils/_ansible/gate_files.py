# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task tells a pipeline in files: a document as JSON, as JUnit and as Markdown (documented in ``_gate``).

They are written in check mode as well, and when the task fails: that is what they are for.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import json
import os
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.report_file import write_report
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import Result, Task
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issue
from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import printable_tree

Document: t.TypeAlias = "dict[str, t.Any]"
#: Of a document, for one of the files.
Form: t.TypeAlias = "t.Callable[[t.Mapping[str, t.Any]], bytes]"

GATE = ArgumentSpec(
    options={"plan_path": {"type": "path"}, "junit_path": {"type": "path"}, "markdown_path": {"type": "path"}}
)
#: Of a document, what is compared and not shown: it stays as it is.
_COMPARED = "digests"


class GateFiles:
    """The files that ``task`` names. What an earlier run has left there is gone as soon as this one begins."""

    def __init__(self, task: Task, *, junit: Form, markdown: Form) -> None:
        """Raises ``ReportError`` and ``ValidationError`` for a file that cannot be written."""
        forms = {"plan_path": _as_json, "junit_path": junit, "markdown_path": markdown}
        self._task = task
        self._files = [(name, task.params[name], form) for name, form in forms.items() if task.params[name]]
        paths = [os.path.realpath(path) for _name, path, _form in self._files]
        if len(set(paths)) < len(paths):
            raise ValidationError(f"Two of {', '.join(forms)} name one file.", hint="Give each a file of its own.")
        for name, path, _form in self._files:
            write_report(name, path, b"", dry_run=True)
        for _name, path, _form in self._files:
            with contextlib.suppress(OSError):
                os.unlink(path)

    def _write(self, document: Document) -> list[Issue]:
        """What could not be written."""
        shown = printable_tree({name: value for name, value in document.items() if name != _COMPARED})
        if _COMPARED in document:
            shown[_COMPARED] = document[_COMPARED]
        shown = self._task.without_secrets(shown)
        problems = []
        for name, path, form in self._files:
            try:
                write_report(name, path, form(shown))
            except ArkiveError as exc:
                problems.append(Issue(message=exc.message, hint=exc.hint or ""))
        return problems

    @contextlib.contextmanager
    def telling(self, failed: t.Callable[[ArkiveError], Document]) -> t.Iterator[None]:
        """An error that passes is told by the document that ``failed`` makes of it."""
        try:
            yield
        except ArkiveError as exc:
            if self._files:
                self._write(failed(exc))
            raise

    def add_to(self, result: Result, document: t.Callable[[], Document]) -> Result:
        """``result``, with the document written. It fails where that cannot be: a gate must not open by itself."""
        problems = self._write(document()) if self._files else []
        if not problems:
            return result
        errors = [*result.get("errors_list", ()), *(each.to_return() for each in problems)]
        said = " ".join([str(result.get("msg") or ""), *(each.message for each in problems)]).strip()
        return {**result, "failed": True, "msg": said, "errors_list": errors}


def _as_json(document: t.Mapping[str, t.Any]) -> bytes:
    return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()


__all__ = ("GATE", "GateFiles")
