# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which commands of blueprints freeze or thaw a file system."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import Recognition, recognise


def concerns_freezes(argv: t.Sequence[str]) -> Recognition | None:
    """What the command freezes or thaws; None for one that does neither, as far as can be told."""
    found = recognise(argv)
    return found if found.freezes or found.thaws or found.unclear else None


def refuse_freeze(argv: t.Sequence[str], words: str) -> None:
    """Raise ``BlueprintError`` for a command in a temporary pod that freezes something: no timer could guard that."""
    found = recognise(argv)
    if found.freezes or found.unclear:
        raise BlueprintError(
            f"{words[:1].upper()}{words[1:]} would freeze a file system in a pod that ends, and no timer thaws it.",
            hint="Freeze with KubeExec in the pod that mounts the volume, or by a pre and a post hook of that pod.",
        )


__all__ = ("concerns_freezes", "refuse_freeze")
