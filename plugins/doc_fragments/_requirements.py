# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Python libraries a module needs, with their minimum versions.

The versions are those of ``requirements.txt``: ``tests/unit/test_minimum_versions.py`` holds this.
"""

# Private: not for use outside of this collection.

from __future__ import annotations


class ModuleDocFragment:
    """A section for each service that is talked to. Ansible asks for options in every section."""

    DOCUMENTATION = r"""
options: {}
requirements:
  - python >= 3.11
"""

    KUBERNETES = r"""
options: {}
requirements:
  - kubernetes >= 30.1.0
  - orjson >= 3.9.0 and isal >= 1.5.0 (optional, they make backups faster)
"""

    MOVER = r"""
options: {}
requirements:
  - cryptography >= 37.0.2 (optional, to try the password of repositories before any pod; ansible-core has it)
"""

    S3 = r"""
options: {}
requirements:
  - boto3 >= 1.35.70 (only for O(storage_location.bucket))
"""

    EBS = r"""
options: {}
requirements:
  - boto3 >= 1.35.70 (only for O(snapshot_location))
"""

    QUERY = r"""
options: {}
requirements:
  - jmespath >= 1.0.0 (only for O(query))
"""

    SELECT = r"""
options: {}
requirements:
  - jmespath >= 1.0.0 (only for O(select))
"""


__all__ = ("ModuleDocFragment",)
