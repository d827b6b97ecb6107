# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module says about check mode, diff mode, idempotence, its platform and its action group."""

# Private: not for use outside of this collection.

from __future__ import annotations


class ModuleDocFragment:
    """The attributes, each in a section of its own where not every module has it."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description:
      - Can run in check mode and tells what would change, without changing anything in the cluster or the storage
        location.
  diff_mode:
    description: Returns what has changed, or what would change in check mode, when in diff mode.
  idempotent:
    description:
      - When run twice in a row with the same arguments, the second run changes nothing.
      - This assumes that the cluster and the storage location do not change in between.
  async:
    description: Supports being run with C(async).
    support: full
  platform:
    description: Where the module can run.
    support: full
    platforms: posix
    details:
      - The module runs where its Python libraries are, usually on the controller with C(connection=local). Nothing
        is installed in the cluster.
"""

    # The modules of the group are listed in meta/runtime.yml; tests/unit/test_modules.py holds that none is missing.
    ACTIONGROUP_BACKUP = r"""
attributes:
  action_group:
    description:
      - Use C(group/arkive.k8s.backup) in C(module_defaults) to set defaults for all modules of this collection.
    support: full
    membership:
      - arkive.k8s.backup
"""

    INFO_MODULE = r"""
attributes:
  check_mode:
    support: full
    details:
      - This module only reads.
  diff_mode:
    support: N/A
    details:
      - This module changes nothing.
  idempotent:
    support: full
    details:
      - This module changes nothing.
"""


__all__ = ("ModuleDocFragment",)
