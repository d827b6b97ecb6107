# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which databases are held around snapshots (documented in the fragment ``_databases``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec

DATABASES = ArgumentSpec(options={"databases": {"type": "raw", "default": "declared"}})

__all__ = ("DATABASES",)
