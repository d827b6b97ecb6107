# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots that runs of this collection have left where nobody needs them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t


class LeftSnapshot(t.NamedTuple):
    """``backup``: what the label of the backup says that it was taken for. ``where``: what it is called, for people.

    ``remove`` takes it away with what the storage holds: why it is still there, a sentence, or nothing. ``what`` it is.
    """

    backup: str
    where: str
    remove: t.Callable[[], str]
    what: str = "VolumeSnapshot"


__all__ = ("LeftSnapshot",)
