# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a large result goes."""

# Private: not for use outside of this collection.

from __future__ import annotations


class ModuleDocFragment:
    """Results that may be large."""

    #: With a storage location.
    DOCUMENTATION = r"""
options:
  result_path:
    description:
      - A file on the machine where the module runs, or a folder for one, for the whole of a result that is too large
        to be returned, which is more than 300 KB or a plan of more than 500 objects. It is made only then, and only its
        owner may read it.
      - If not set, the parts that are too large are stored whole beside the records of the backup or restore, and
        RV(result_key) is their key. Where nothing was recorded, as in check mode, in a location that is read-only, or
        when nothing was changed, they are in a temporary file, RV(result_path).
    type: path
"""

    #: Without one.
    WITHOUT_STORE = r"""
options:
  result_path:
    description:
      - A file on the machine where the module runs, or a folder for one, for the whole of a result that is more than
        300 KB. It is made only then, and only its owner may read it. The result has the errors, and as much else as
        there is room for.
      - If not set, the file is a temporary one, and a warning names it. In a job of AWX it is gone with the job's pod.
    type: path
"""


__all__ = ("ModuleDocFragment",)
