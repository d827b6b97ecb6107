# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a phase has the arguments that its function needs (docs/compatibility 15.2)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function_table import find_signature
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import BlueprintPhase


def check_arguments(phase: BlueprintPhase, arguments: t.Mapping[str, t.Any]) -> None:
    """Raises ``BlueprintError`` for one that is missing and for one that the function does not know."""
    signature = find_signature(phase.function)
    if signature is None:
        return
    missing = [name for name in signature.required if name not in arguments]
    unknown = [name for name in arguments if name not in signature.supported]
    if missing:
        raise BlueprintError(f"The argument {missing[0]} of {phase.function} is missing.")
    if unknown:
        raise BlueprintError(
            f"{phase.function} has no argument {unknown[0]}.", hint=f"It has {', '.join(signature.supported)}."
        )


__all__ = ("check_arguments",)
