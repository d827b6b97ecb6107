# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where every task ends: the same keys however it ended, warnings that are seen, and nothing that steers a terminal."""

# Private: not for use outside of this collection.

from __future__ import annotations

import traceback
import typing as t

from ansible.module_utils.common.parameters import remove_values

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.answers import read_answers
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.issues import (
    first_errors,
    shown_warnings,
    whole_issue,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.large_results import (
    are_long,
    is_large,
    room_for,
    shorten,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import ResultKeys
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.secret_params import DiscreetModule, shown_params
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.unknown_options import Spec, find_unknown
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issue
from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line, printable, printable_tree

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._ansible.kept_result import StoreParts

Result: t.TypeAlias = "dict[str, t.Any]"

_LISTS = ("warnings_list", "errors_list")
#: What Ansible knows of a result beside the keys of the module.
_OF_ANSIBLE = ("failed", "msg", "diff", "exception")


class TaskModule(DiscreetModule):
    """``keys``: those that a result always has, with their values for a task that did not get so far.

    ``inner``: the options within options that the argument spec does not have. ``meant``: of :func:`find_unknown`.
    """

    def __init__(
        self, *, keys: ResultKeys, inner: t.Mapping[str, Spec], meant: t.Mapping[str, str], **arguments: t.Any
    ) -> None:
        # Before the arguments are read: what is refused there ends by fail_json as well.
        self._keys = keys
        self._spec: Spec = arguments["argument_spec"]
        self._inner = inner
        self._meant = meant
        self._is_made = False
        #: Puts what a result has no room for beside the records of its run; None where nothing was recorded.
        self.store_parts: StoreParts | None = None
        super().__init__(**arguments)  # type: ignore[no-untyped-call]
        self._is_made = True

    def _load_params(self) -> None:
        super()._load_params()  # type: ignore[no-untyped-call]
        self.params = read_answers(self._spec, self.params)

    def exit_json(self, **result: t.Any) -> t.NoReturn:
        whole = self._whole(result)
        self._warn_of(whole)
        if whole["errors_list"]:
            self.warn(f"The task goes on in spite of errors. {first_errors(whole['errors_list'])}")
        # Said, because Ansible takes a result with an exit code other than 0 for a failure, and null is another one.
        super().exit_json(**{"failed": False, **self._fitted(whole)})

    def fail_json(self, msg: str, **result: t.Any) -> t.NoReturn:
        if not self._is_made:
            msg = " ".join([*self._unknown_options(), msg])
        said = one_line(str(self.without_secrets(msg)))
        whole = self._whole(result)
        whole["errors_list"] = whole["errors_list"] or [Issue(message=said).to_return()]
        self._warn_of(whole)
        super().fail_json(**self._fitted({"msg": said, **whole}))

    def warn(self, warning: str, **options: t.Any) -> None:
        super().warn(one_line(str(self.without_secrets(warning))), **options)

    def traceback_of(self, exc: BaseException) -> Result:
        """The traceback for a result, where so much is asked for."""
        return {"exception": "".join(traceback.format_exception(exc))} if self._verbosity >= 3 else {}

    def _fitted(self, whole: Result) -> Result:
        """The result, or what there is room for of a large one, with the options that it repeats."""
        params = shown_params(getattr(self, "params", None) or {})
        repeated: Result = {}
        if are_long(params):
            # Secrets go first: cut, they would not be found.
            params = shorten(self.without_secrets(params))
            repeated = {"invocation": {"module_args": params}}
        limit = room_for(params, whole)
        if not (self._is_made and is_large(whole, limit=limit)):
            return {**whole, **repeated}
        from ansible_collections.arkive.k8s.plugins.module_utils._ansible.kept_result import fit_result

        path = self.params.get("result_path")
        small, warnings = fit_result(whole, store=self.store_parts, path=path, limit=limit)
        for sentence in warnings:
            self.warn(sentence)
        return {**small, **repeated}

    def _warn_of(self, result: Result) -> None:
        for text in shown_warnings(result["warnings_list"]):
            self.warn(text)

    def _whole(self, given: Result) -> Result:
        """All keys; what is beside them is known about an error. Secrets go first: escaped, they would not be found."""
        given = self.without_secrets(given)
        own = {name: value for name, value in given.items() if name in self._keys or name in _OF_ANSIBLE}
        beside = {name: value for name, value in given.items() if name not in own}
        result: Result = {**self._keys, **own}
        result["error_details"] = {**result["error_details"], **beside}
        shown: Result = {name: [whole_issue(entry) for entry in result[name]] for name in _LISTS}
        if result.get("diff"):
            shown["diff"] = _shown_diff(result["diff"])
        return {**printable_tree(result), **shown}

    def _unknown_options(self) -> list[str]:
        """A sentence for each; what was to be secret under its right name is so under the wrong one."""
        found = find_unknown(self._spec, getattr(self, "params", None) or {}, inner=self._inner, meant=self._meant)
        self.no_log_values.update(str(option.value) for option in found if option.is_secret and option.value)
        return [option.sentence for option in found]

    def without_secrets(self, value: t.Any) -> t.Any:
        """``value`` of JSON types, with what is secret masked in it."""
        self.learn_secrets()
        return remove_values(value, self.no_log_values) if self.no_log_values else value


def _shown_diff(diff: t.Any) -> t.Any:
    """A diff, or a list of them, whose headers keep to one line."""
    if isinstance(diff, list):
        return [_shown_diff(entry) for entry in diff]
    return {name: one_line(text) if name.endswith("_header") else printable(text) for name, text in diff.items()}


__all__ = ("Result", "TaskModule")
