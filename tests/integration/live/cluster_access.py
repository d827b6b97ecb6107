# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the fixtures give that all live tests share."""

from __future__ import annotations

import typing as t


class S3Access(t.NamedTuple):
    endpoint: str
    access_key: str
    secret_key: str


class Kubectl(t.Protocol):
    def __call__(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        """Run kubectl; its standard output."""


__all__ = ("Kubectl", "S3Access")
