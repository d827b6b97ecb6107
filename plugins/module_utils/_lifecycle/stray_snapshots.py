# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots in a cluster that runs of this collection have left, as whoever prunes a location asks for them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t


class StraySnapshot(t.Protocol):
    """``backup``: the label's value of the backup that it was taken for. ``where``: namespace and name, for people.

    ``remove`` takes it away with what the storage holds: why it is still there, a sentence, or nothing.
    """

    @property
    def backup(self) -> str: ...

    @property
    def where(self) -> str: ...

    @property
    def remove(self) -> t.Callable[[], str]: ...


class StraySnapshots(t.Protocol):
    """Looks for them."""

    def find(self, location: str) -> t.Sequence[StraySnapshot]:
        """Those that were taken for backups in ``location``, in its own words. Raises ``ArkiveError``."""


__all__ = ("StraySnapshot", "StraySnapshots")
