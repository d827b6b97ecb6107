# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who moves data, as the ``datamover`` of a Backup and of a DataUpload says."""

# Private: not for use outside of this collection.

from __future__ import annotations

#: Velero's own mover, by all its names: files in a repository of kopia. The last is that of later versions.
FILE_MOVERS = ("", "velero", "velero-fs")

__all__ = ("FILE_MOVERS",)
