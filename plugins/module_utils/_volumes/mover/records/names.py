# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the records of moved volumes are called."""

# Private: not for use outside of this collection.

from __future__ import annotations

import hashlib

#: The longest base of a name that the API server completes, which is how Velero names its own.
_LONGEST = 58


def record_name(backup_name: str, subject: str) -> str:
    """The backup's name, as far as there is room, and what no other ``subject`` of the backup has."""
    ending = hashlib.sha256(subject.encode()).hexdigest()[:12]
    return f"{backup_name[: _LONGEST - len(ending)].rstrip('-.')}-{ending}"


__all__ = ("record_name",)
