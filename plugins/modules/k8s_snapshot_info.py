# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_snapshot_info
short_description: List snapshots of persistent volumes
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Lists the VolumeSnapshots of a namespace or of the whole cluster, whoever made them, with what the storage says.
    With O(provider=aws_ebs), the EC2 snapshots that M(arkive.k8s.k8s_snapshot) made of volumes of the cluster.
  - The handles and the deletion policies are unknown to a caller who may not read VolumeSnapshotContents. That is in
    RV(warnings_list).
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._attributes.info_module
  - arkive.k8s._auth
  - arkive.k8s._ebs
  - arkive.k8s._mover.unused
  - arkive.k8s._requirements
  - arkive.k8s._requirements.ebs
  - arkive.k8s._requirements.kubernetes
  - arkive.k8s._results.without_store
  - arkive.k8s._storage
options:
  namespace:
    description:
      - The namespace; all of them if not set.
    type: str
  name:
    description:
      - Only the snapshots of this set, as M(arkive.k8s.k8s_snapshot) calls it.
    type: str
  claims:
    description:
      - Only the snapshots of these claims.
    type: list
    elements: str
  label_selector:
    description:
      - Only the snapshots whose own labels fit. EC2 snapshots have tags for labels.
      - Text in the form of C(kubectl), such as V(team=shop,!old), a mapping of labels to their values, or one with
        C(match_labels) and C(match_expressions) as the Kubernetes API has it. C(matchLabels) and C(matchExpressions)
        are fine too.
    type: raw
  provider:
    description:
      - Who took the snapshots, as M(arkive.k8s.k8s_snapshot) calls it.
    type: str
    choices: [csi, aws_ebs]
    default: csi
  storage_location:
    description:
      - Not used. It is accepted so that C(module_defaults) for the action group may hold it.
    required: false
seealso:
  - module: arkive.k8s.k8s_snapshot
"""

EXAMPLES = r"""
- name: List the snapshots of a namespace
  arkive.k8s.k8s_snapshot_info:
    namespace: shop
  register: found

- name: Show what the storage calls them
  ansible.builtin.debug:
    msg: "{{ found.snapshots | items2dict(key_name='name', value_name='handle') }}"

- name: Look at one set
  arkive.k8s.k8s_snapshot_info:
    namespace: shop
    name: nightly

- name: List what EC2 has of all sets of the cluster
  arkive.k8s.k8s_snapshot_info:
    provider: aws_ebs
    snapshot_location:
      region: eu-central-1
"""

RETURN = r"""
snapshots:
  description:
    - The snapshots that fit, by namespace and name, and those of EC2 by namespace, set and claim.
    - The members are those of RV(arkive.k8s.k8s_snapshot#module:snapshots), and these.
  returned: always
  type: list
  elements: dict
  contains:
    set:
      description: The set that it is of. Empty for one that M(arkive.k8s.k8s_snapshot) did not make.
      type: str
      returned: success
      sample: nightly
    complete:
      description: Whether the run that made it has seen that it is good.
      type: bool
      returned: success
      sample: true
    deletion_policy:
      description:
        - What becomes of the storage's snapshot when the object goes. Null when that is unknown, and for EC2 snapshots,
          which have no object.
      type: str
      returned: success
      sample: Retain
    labels:
      description: Its labels, or its tags.
      type: dict
      returned: success
      sample: {arkive.k8s/snapshot: nightly}
  sample: [{set: nightly, namespace: shop, claim: data, name: nightly-data, handle: snap-0d1f2e3a, ready: true}]
left_out:
  description:
    - What is not in this result whole, because it is too large, and of how many entries of each part something is
      missing.
  returned: always
  type: dict
  sample: {}
result_path:
  description: The file with the parts of RV(left_out) as JSON, readable by its owner only. Null without one.
  returned: always
  type: str
  sample: null
warnings_list:
  description:
    - What was noticed, each with C(resource), C(namespace), C(name), C(message), C(reason) and C(hint). The first of
      them are shown as warnings of the task, too.
  returned: always
  type: list
  elements: dict
  sample: []
errors_list:
  description:
    - What went wrong, in the form of RV(warnings_list). The first of them are in C(msg), too.
  returned: always
  type: list
  elements: dict
  sample: []
error_details:
  description:
    - What is known about the error that ended the task beside its sentence, such as C(status), C(reason) and C(request)
      of a request to the API server, C(forbidden) with the rights that are missing, C(holder) of a claim, or
      C(validation_errors). Empty when the task did not end by an error, or nothing more is known.
  returned: always
  type: dict
  sample: {status: 403, reason: Forbidden, forbidden: [{verb: list, group: "", resource: secrets, namespace: shop}]}
"""

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH, kube_auth
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.ebs_options import EBS, snapshot_location
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.group_options import MOVER_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_SNAPSHOT_INFO
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.selection_options import (
    LABEL_SELECTOR,
    selector_text,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issue
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import SET_PROVIDER_NAMES, find_row
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_listing import FoundSnapshots, SnapshotQuery

SPEC = ArgumentSpec(
    options={
        "namespace": {"type": "str"},
        "name": {"type": "str"},
        "claims": {"type": "list", "elements": "str"},
        "label_selector": LABEL_SELECTOR,
        "provider": {"type": "str", "choices": list(SET_PROVIDER_NAMES), "default": SET_PROVIDER_NAMES[0]},
    }
).merge(AUTH, EBS, RESULT, STORAGE_UNUSED, MOVER_UNUSED)


def find(task: Task, query: SnapshotQuery, client: KubeClient) -> FoundSnapshots:
    """By whoever took them."""
    row = find_row(task.params["provider"])
    if row.library:
        require_library(row.library)
    location = snapshot_location(task.params)
    return row.make(VolumeContext(connect=lambda: client, location=location, cancel=task.cancel)).list_sets(query)


def work(task: Task) -> Result:
    params = task.params
    query = SnapshotQuery(
        namespace=params["namespace"] or "",
        name=params["name"] or "",
        claims=tuple(params["claims"] or ()),
        label_selector=selector_text(params),
    )
    require_library("kubernetes")
    found = find(task, query, connect(kube_auth(params), cancel=task.cancel))
    return {
        "changed": False,
        "snapshots": found.snapshots,
        "warnings_list": [Issue(message=message).to_return() for message in found.warnings],
    }


def main() -> t.NoReturn:
    run_task(SPEC, K8S_SNAPSHOT_INFO, work)


if __name__ == "__main__":
    main()
