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
  - The handles and the deletion policies are unknown to a caller who may not read VolumeSnapshotContents. That is in
    RV(warnings_list).
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._attributes.info_module
  - arkive.k8s._auth
  - arkive.k8s._requirements
  - arkive.k8s._requirements.kubernetes
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
      - Only the snapshots whose own labels fit, as C(kubectl) takes it, such as V(team=shop,tier!=test).
    type: str
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
"""

RETURN = r"""
snapshots:
  description:
    - The snapshots that fit, by namespace and name.
    - The members are those of RV(arkive.k8s.k8s_snapshot#module:snapshots), and these.
  returned: success
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
      description: What becomes of the storage's snapshot when the object goes. Null when that is unknown.
      type: str
      returned: success
      sample: Retain
    labels:
      description: Its labels.
      type: dict
      returned: success
      sample: {arkive.k8s/snapshot: nightly}
  sample: [{set: nightly, namespace: shop, claim: data, name: nightly-data, handle: snap-0d1f2e3a, ready: true}]
warnings_list:
  description: What was noticed, each with C(message).
  returned: success
  type: list
  elements: dict
  sample: []
"""

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH, kube_auth
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import issue
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.listing import SnapshotQuery, list_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector

SPEC = ArgumentSpec(
    options={
        "namespace": {"type": "str"},
        "name": {"type": "str"},
        "claims": {"type": "list", "elements": "str"},
        "label_selector": {"type": "str"},
    }
).merge(AUTH, STORAGE_UNUSED)


def work(task: Task) -> Result:
    params = task.params
    query = SnapshotQuery(
        namespace=params["namespace"] or "",
        name=params["name"] or "",
        claims=tuple(params["claims"] or ()),
        label_selector=LabelSelector.from_text(params["label_selector"] or "").to_text(),
    )
    require_library("kubernetes")
    found = list_snapshots(query, client=connect(kube_auth(params), cancel=task.cancel))
    return {
        "changed": False,
        "snapshots": found.snapshots,
        "warnings_list": [issue(message) for message in found.warnings],
    }


def main() -> t.NoReturn:
    run_task(SPEC, work)


if __name__ == "__main__":
    main()
