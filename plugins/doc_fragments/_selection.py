# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which objects are meant: Velero's include and exclude fields."""

# Private: not for use outside of this collection.

from __future__ import annotations


class ModuleDocFragment:
    """Selection of objects, and of pods."""

    DOCUMENTATION = r"""
options:
  included_namespaces:
    description:
      - The namespaces to take; all of them if not set.
      - The wildcards V(*), V(?) and V([...]) are understood.
    type: list
    elements: str
    aliases: [namespaces]
  excluded_namespaces:
    description:
      - The namespaces to leave out. They win over O(included_namespaces).
      - The wildcards V(?) and V([...]) are understood, and V(*) beside other characters.
    type: list
    elements: str
  included_resources:
    description:
      - The resources to take; all of them if not set.
      - Each is named as C(kubectl) takes it, for example V(pods), V(po), V(deployments.apps). V(*) stands for all.
      - One that nobody knows is refused, unless it has wildcards or stands in a manifest.
    type: list
    elements: str
  excluded_resources:
    description:
      - The resources to leave out. They win over O(included_resources).
    type: list
    elements: str
  include_cluster_resources:
    description:
      - Whether objects outside of namespaces are taken.
      - If not set, those that the taken objects need, such as the persistent volume of a claim, and all of them
        when every namespace is taken.
    type: bool
  label_selector:
    description:
      - Only objects with these labels are taken.
      - Text in the form of C(kubectl), such as V(app=web,tier!=db), a mapping of labels to their values, or one with
        C(match_labels) and C(match_expressions) as the Kubernetes API has it. C(matchLabels) and C(matchExpressions)
        are fine too.
      - Mutually exclusive with O(or_label_selectors).
    type: raw
  or_label_selectors:
    description:
      - A list of label selectors, each written as O(label_selector) is. Only objects that fit one of them are taken.
      - Mutually exclusive with O(label_selector).
    type: raw
"""

    #: Of tasks that take manifests.
    STRICTNESS = r"""
options:
  strict_selection:
    description:
      - Whether names that fit nothing are refused in a manifest as well. Without it, what stands in O(definition) or
        O(src) is treated as Velero treats it, with a warning.
    type: bool
    default: false
  fail_on_empty:
    description:
      - Whether the task fails when nothing fits the selection. Otherwise that is a warning.
      - If not set, a backup is made, and a restore fails; one whose whole selection stands in a manifest does not, as
        with Velero.
    type: bool
"""

    PODS = r"""
options:
  namespace:
    description:
      - The namespace of the pods. Required, except when O(state=linted) and O(src) is set.
    type: str
  pod:
    description:
      - The name of one pod.
      - If neither this nor O(label_selector) is set, all running pods of the namespace are taken.
      - Mutually exclusive with O(label_selector).
    type: str
  label_selector:
    description:
      - Only running pods with these labels are taken.
      - Text in the form of C(kubectl), such as V(app=web,tier!=db), a mapping of labels to their values, or one with
        C(match_labels) and C(match_expressions) as the Kubernetes API has it. C(matchLabels) and C(matchExpressions)
        are fine too.
      - Mutually exclusive with O(pod).
    type: raw
"""


__all__ = ("ModuleDocFragment",)
