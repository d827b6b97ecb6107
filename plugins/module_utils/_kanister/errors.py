# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong with blueprints."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError


class BlueprintError(ArkiveError):
    """A blueprint, one of its actions, or a hook that names it, cannot be carried out."""


class KnownLater(BlueprintError):
    """In check mode: a template reads the output of a phase that has not run."""


class NotThere(BlueprintError):
    """Something that a phase needs is not there. ``name``: of the object, without its namespace.

    Empty for one that may come under any name, such as a pod of a workload.
    """

    def __init__(self, message: str, *, name: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.name = name


__all__ = ("BlueprintError", "KnownLater", "NotThere")
