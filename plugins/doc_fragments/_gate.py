# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task tells a pipeline in files."""

# Private: not for use outside of this collection.

from __future__ import annotations


class ModuleDocFragment:
    """Files for pipelines."""

    DOCUMENTATION = r"""
options:
  plan_path:
    description:
      - A file for what is planned, or was done, as JSON. It is written in check mode as well, and when the task fails.
        What an earlier task has left there is removed first.
      - Its members C(kind) and C(version) say what the others mean, which is in
        R(the guide to pipelines,ansible_collections.arkive.k8s.docsite.guide_pipelines).
      - Like the other files it has no content of objects and no secrets, and everybody may read it.
    type: path
  junit_path:
    description:
      - The same as a JUnit report, in which what stands in the way has failed.
    type: path
  markdown_path:
    description:
      - The same as Markdown, for the summary of a step, of at most 900 kB.
    type: path
"""
