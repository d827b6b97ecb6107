# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which functions templates have where."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.builtins import BUILTINS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Table

KANISTER: Table = {**BUILTINS}
REFUSED: dict[str, str] = {}
CHANGES_DATA = frozenset(("set", "unset", "merge", "mergeOverwrite"))

__all__ = ("CHANGES_DATA", "KANISTER", "REFUSED")
