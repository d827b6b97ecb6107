# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""The domain error of this room, and the phase of a restore that an error has ended."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, ValidationError


class RestoreError(ArkiveError):
    """A restore cannot be planned or begun; nothing was changed."""


@contextlib.contextmanager
def with_phase() -> t.Iterator[None]:
    """Put into the details of an error that passes in which phase Velero would leave such a restore."""
    try:
        yield
    except ArkiveError as exc:
        exc.details.setdefault("phase", "FailedValidation" if isinstance(exc, ValidationError) else "Failed")
        raise


__all__ = ("RestoreError", "with_phase")
