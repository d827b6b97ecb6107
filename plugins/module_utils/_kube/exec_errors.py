# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong with a command in a container."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError


class ExecError(KubeError):
    """The command did not end with an exit code. ``stdout`` and ``stderr`` hold what came until then."""

    #: False only where it is certain that nothing was started.
    may_have_run: t.ClassVar[bool] = True

    def __init__(
        self,
        message: str,
        *,
        stdout: bytes = b"",
        stderr: bytes = b"",
        status: int | None = None,
        reason: str = "",
        hint: str | None = None,
        details: t.Mapping[str, t.Any] | None = None,
    ) -> None:
        super().__init__(message, status=status, reason=reason, hint=hint, details=details)
        self.stdout = stdout
        self.stderr = stderr


class ExecTimeout(ExecError):
    """The time was over. The stream was closed; the command may still run in the container."""


class ExecStreamLost(ExecError):
    """The stream ended, or went silent, without an exit code. The command may still run in the container."""


class ExecRefused(ExecError):
    """Nothing was started: no connection, no right, no such pod or container, not running, no such program."""

    may_have_run = False


__all__ = ("ExecError", "ExecRefused", "ExecStreamLost", "ExecTimeout")
