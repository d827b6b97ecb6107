# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report for pipelines in a file that a task names: whole or not at all, and for everybody to read."""

# Private: not for use outside of this collection.

from __future__ import annotations

import hashlib
import os

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.whole_files import is_same, replace_file

_MODE = 0o644


class ReportError(ArkiveError):
    """A report that cannot be written."""


def write_report(option: str, path: str, document: bytes, *, dry_run: bool = False) -> bool:
    """Write it to the file that ``option`` names; returns whether that changes it. ``dry_run`` writes nothing.

    Raises ``ReportError``, ``ValidationError`` for a folder.
    """
    if os.path.isdir(path):
        raise ValidationError(f"{option} names {path}, which is a folder.", hint="Name a file in it.")
    try:
        if dry_run:
            os.stat(os.path.dirname(path) or ".")
            return not is_same(path, hashlib.sha256(document).digest(), _MODE)
        return replace_file(path, [document], mode=_MODE)[0]
    except OSError as exc:
        raise ReportError(
            f"The report {path} cannot be written: {exc.strerror}.", hint=f"Check the option {option}."
        ) from exc


__all__ = ("ReportError", "write_report")
