# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked about snapshots that are there, and what is found."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotQuery:
    """Which snapshots: of one namespace or of all, of one set, of these claims, with these labels."""

    namespace: str = ""
    name: str = ""
    claims: tuple[str, ...] = ()
    label_selector: str = ""


@dataclasses.dataclass(slots=True, kw_only=True)
class FoundSnapshots:
    """``snapshots``: entries as ``k8s_snapshot`` returns them, and more."""

    snapshots: list[dict[str, t.Any]]
    warnings: list[str]


__all__ = ("FoundSnapshots", "SnapshotQuery")
