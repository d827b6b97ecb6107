# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that modules accept and do not use: defaults of the action group hold them for others.

Ansible gives the defaults of a group to each of its modules, and a module refuses an option that it does not know.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec

#: For modules that move no data. What is in ``mover`` is checked by those that use it.
MOVER_UNUSED = ArgumentSpec(
    options={"mover": {"type": "dict"}, "repository_password": {"type": "str", "no_log": True}},
)

__all__ = ("MOVER_UNUSED",)
