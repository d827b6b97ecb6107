# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that hold a JMESPath expression: over what a module found, or over each stored object."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError


class Query:
    """A compiled expression. Raises ``MissingLibraryError`` without jmespath, ``ValidationError`` for a bad one.

    ``option`` and ``over`` name it, and what it looks at, in sentences.
    """

    def __init__(self, expression: str, *, option: str = "query", over: str = "the backups") -> None:
        require_library("jmespath")
        import jmespath

        self._expression = expression
        self._names = option, over
        try:
            self._compiled = jmespath.compile(expression)
        except ValueError as exc:
            raise self._wrong(exc) from exc

    def __str__(self) -> str:
        """The expression as it was written."""
        return self._expression

    def __call__(self, document: t.Any) -> t.Any:
        return self.search(document)

    def search(self, document: t.Any) -> t.Any:
        """What the expression picks out of ``document``; None when it picks nothing."""
        try:
            return self._compiled.search(document)
        except ValueError as exc:
            raise self._wrong(exc) from exc

    def _wrong(self, exc: ValueError) -> ValidationError:
        option, over = self._names
        said = str(exc).splitlines()[0].rstrip(".:")
        return ValidationError(
            f"The {option} '{self._expression}' is no JMESPath expression for {over}: {said}.",
            hint="See https://jmespath.org for what can be written.",
        )


__all__ = ("Query",)
