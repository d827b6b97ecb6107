# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which functions templates have where."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.builtins import BUILTINS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.kubectl_functions import KUBECTL_FUNCTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.refused import REFUSED
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.table import SPRIG

#: Of the templates of a blueprint.
KANISTER: Table = {**BUILTINS, **SPRIG}

#: Of the conditions of WaitV2, which have no sprig.
WAIT_V2: Table = {**BUILTINS, **KUBECTL_FUNCTIONS}

#: These change maps that they are given.
CHANGES_DATA = frozenset(("set", "unset", "merge", "mergeOverwrite"))

__all__ = ("CHANGES_DATA", "KANISTER", "REFUSED", "WAIT_V2")
