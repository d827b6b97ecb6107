# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An argument spec that carries its rules across options, so that specs can be put together."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.warnings import get_warning_messages

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.answers import read_answers
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import ResultKeys
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task_module import TaskModule
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.unknown_options import Spec
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

Names: t.TypeAlias = "tuple[str, ...]"

#: For modules whose ``name`` is that of a backup; a restore or a proof calls it ``backup``.
NAME_OF_BACKUP = {"backup": "name", "backup_name": "name"}

#: What ansible-core warns about when an option is given by two of its names.
_TWO_NAMES = " and its alias "


@dataclasses.dataclass(frozen=True, kw_only=True)
class ArgumentSpec:
    """The members are the arguments of ``AnsibleModule``.

    ``inner``: what options of type dict take that are read later, so that ``AnsibleModule`` knows nothing of it.
    ``meant``: options by what other modules call them, for whoever took that word along.
    """

    options: t.Mapping[str, t.Mapping[str, t.Any]] = dataclasses.field(default_factory=dict)
    mutually_exclusive: tuple[Names, ...] = ()
    required_together: tuple[Names, ...] = ()
    required_one_of: tuple[Names, ...] = ()
    required_if: tuple[tuple[t.Any, ...], ...] = ()
    required_by: t.Mapping[str, Names] = dataclasses.field(default_factory=dict)
    inner: t.Mapping[str, Spec] = dataclasses.field(default_factory=dict)
    meant: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    def merge(self, *others: ArgumentSpec) -> ArgumentSpec:
        """A spec with the options and the rules of all."""
        specs = (self, *others)
        return ArgumentSpec(
            options={name: option for spec in specs for name, option in spec.options.items()},
            mutually_exclusive=tuple(rule for spec in specs for rule in spec.mutually_exclusive),
            required_together=tuple(rule for spec in specs for rule in spec.required_together),
            required_one_of=tuple(rule for spec in specs for rule in spec.required_one_of),
            required_if=tuple(rule for spec in specs for rule in spec.required_if),
            required_by={name: needed for spec in specs for name, needed in spec.required_by.items()},
            inner={name: options for spec in specs for name, options in spec.inner.items()},
            meant={word: name for spec in specs for word, name in spec.meant.items()},
        )

    def to_option(self, **settings: t.Any) -> dict[str, t.Any]:
        """The spec of an option of type dict with these suboptions."""
        return {"type": "dict", "options": dict(self.options), **self._rules(), **settings}

    def validate(self, given: t.Mapping[str, t.Any], what: str) -> dict[str, t.Any]:
        """Options that are read later, with their defaults. Raises ``ValidationError``, which begins with ``what``."""
        found = ArgumentSpecValidator(dict(self.options), **self._rules()).validate(read_answers(self.options, given))
        if found.error_messages:
            raise ValidationError(f"{what} is not valid: {'; '.join(found.error_messages)}.")
        return dict(found.validated_parameters)

    def create_module(self, keys: ResultKeys) -> TaskModule:
        """Read and check the task's arguments. An option that is given by two of its names fails the task."""
        module = TaskModule(
            keys=keys,
            inner=self.inner,
            meant=self.meant,
            argument_spec=dict(self.options),
            supports_check_mode=True,
            **self._rules(),
        )
        for message in get_warning_messages():
            if _TWO_NAMES in message:
                module.fail_json(msg=f"{message} Use one of the two names.")
        return module

    def _rules(self) -> dict[str, t.Any]:
        rules = {
            "mutually_exclusive": [list(names) for names in self.mutually_exclusive],
            "required_together": [list(names) for names in self.required_together],
            "required_one_of": [list(names) for names in self.required_one_of],
            "required_if": [list(rule) for rule in self.required_if],
            "required_by": {name: list(needed) for name, needed in self.required_by.items()},
        }
        return {name: rule for name, rule in rules.items() if rule}


__all__ = ("NAME_OF_BACKUP", "ArgumentSpec")
