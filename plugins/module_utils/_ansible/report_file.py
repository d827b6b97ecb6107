# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report for pipelines in a file that a task names: whole or not at all, and for everybody to read."""

# Private: not for use outside of this collection.

from __future__ import annotations

import os

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.private_file import replace_file
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, ValidationError


class ReportError(ArkiveError):
    """A report that cannot be written."""


def write_report(option: str, path: str, document: bytes) -> None:
    """Write it to the file that ``option`` names. Raises ``ReportError``, ``ValidationError`` for a folder."""
    if os.path.isdir(path):
        raise ValidationError(f"{option} names {path}, which is a folder.", hint="Name a file in it.")
    try:
        replace_file(path, [document], mode=0o644)
    except OSError as exc:
        raise ReportError(
            f"The report {path} cannot be written: {exc.strerror}.", hint=f"Check the option {option}."
        ) from exc


__all__ = ("ReportError", "write_report")
