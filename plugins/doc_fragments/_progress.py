# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Live progress lines."""

# Private: not for use outside of this collection.

from __future__ import annotations


class ModuleDocFragment:
    """The option that switches them on and off."""

    DOCUMENTATION = r"""
options:
  show_progress:
    description:
      - Whether lines on the standard error of C(ansible-playbook) tell what the module is doing while it runs.
      - They are shown with C(connection=local) only, and never for a task with C(async) or C(no_log).
      - If not set, the value of the variable C(arkive_show_progress) is used, else that of E(ARKIVE_SHOW_PROGRESS) in
        the environment of C(ansible-playbook), else V(true).
    type: bool
"""


__all__ = ("ModuleDocFragment",)
