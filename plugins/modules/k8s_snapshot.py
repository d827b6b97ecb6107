# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_snapshot
short_description: Take snapshots of persistent volumes, with the pods quiesced
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Takes snapshots of the volumes of PersistentVolumeClaims, all at one moment. Their pods are quiesced by hooks or
    by a freeze, the snapshots are begun all at once, and the pods are released as soon as the storage has each of
    them. Only then it is waited until volumes can be made from them.
  - The snapshots of one task are a set with a name. It is there as a whole, or not at all. When a hook or a snapshot
    fails, or a freeze does not hold until the snapshot is cut, what was made is removed and the task fails.
  - No rights on VolumeSnapshotContents, which are cluster-scoped, are needed. Without them, the time at which the
    storage has cut a snapshot is used, and the handle stays unknown.
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._auth
  - arkive.k8s._blueprints
  - arkive.k8s._blueprints.execution_hooks
  - arkive.k8s._ebs
  - arkive.k8s._databases
  - arkive.k8s._hooks
  - arkive.k8s._hooks.freeze
  - arkive.k8s._hooks.lease
  - arkive.k8s._progress
  - arkive.k8s._requirements
  - arkive.k8s._requirements.ebs
  - arkive.k8s._requirements.kubernetes
  - arkive.k8s._results.without_store
  - arkive.k8s._storage
  - arkive.k8s._mover.unused
attributes:
  check_mode:
    support: full
    details:
      - No hook is run. The result tells which claims would be snapshotted, with which class, and which hooks would run
        around that. Databases that would be held (O(databases)) are asked, by reading alone, whether they could be.
  diff_mode:
    support: full
    details:
      - The names of the set's snapshots.
  idempotent:
    support: full
    details:
      - A set that is there, with all claims that are asked for, is left as it is. One that is there in part only, or
        that a killed run has left, is refused. Remove it with O(state=absent).
options:
  name:
    description:
      - The name of the set. A VolumeSnapshot is called V(<name>-<claim>), and has the label C(arkive.k8s/snapshot).
    type: str
    required: true
  namespace:
    description:
      - The namespace of the claims.
    type: str
    required: true
  state:
    description:
      - With V(present), the snapshots are taken unless they are there.
      - With V(absent), the set is removed, and the storage's snapshots with it unless they are retained.
    type: str
    choices: [present, absent]
    default: present
  claims:
    description:
      - The names of the claims.
      - Exactly one of O(claims), O(label_selector), O(or_label_selectors) and O(workload) is needed with
        O(state=present). With O(state=absent), the name of the set is enough.
    type: list
    elements: str
  label_selector:
    description:
      - The claims with these labels.
      - Text in the form of C(kubectl), such as V(app=web,tier!=db), a mapping of labels to their values, or one with
        C(match_labels) and C(match_expressions) as the Kubernetes API has it. C(matchLabels) and C(matchExpressions)
        are fine too.
    type: raw
  or_label_selectors:
    description:
      - A list of label selectors, each written as O(label_selector) is. The claims that fit one of them are taken.
    type: raw
  workload:
    description:
      - The claims of a Deployment or StatefulSet. Those that its pods name, those that a StatefulSet makes for each of
        its replicas, and those of ephemeral volumes.
    type: dict
    suboptions:
      kind:
        description:
          - The kind of the workload.
        type: str
        required: true
        choices: [Deployment, StatefulSet]
      name:
        description:
          - The name of the workload.
        type: str
        required: true
  hooks:
    description:
      - Commands to be run around the snapshots, as the rules of a Velero Backup's C(spec.hooks.resources), in camelCase
        or in snake_case, with the members that M(arkive.k8s.k8s_backup) adds.
      - They run in the running pods that mount one of the claims. A pod's own annotations win, for each phase.
    type: raw
  run_pod_hooks:
    description:
      - Whether the hooks run that the pods declare by their annotations.
    type: bool
    default: true
  hook_on_error_default:
    description:
      - What happens when a hook fails that does not say so itself.
      - With V(Fail), a pre hook that fails lets nothing be snapshotted, and the task fails. With V(Continue), it is in
        RV(warnings_list).
      - A post hook that fails with V(Fail) fails the task as well. The snapshots are good then, and kept.
    type: str
    choices: [Fail, Continue]
    default: Fail
  freeze_path:
    description:
      - Freezes the file systems that are mounted there in the pods that mount the claims, after the pods' pre hooks,
        and thaws them as soon as the snapshots are cut. The container needs C(fsfreeze), and the privilege to use it.
      - A path at which a pod has none of the claims is left out for that pod. One that leads to no claim in any pod
        is an error.
    type: list
    elements: path
  container:
    description:
      - The container to freeze O(freeze_path) in; the first one of each pod if not set.
    type: str
  provider:
    description:
      - Who takes the snapshots. With V(csi), the CSI driver of each volume, by VolumeSnapshots. With V(aws_ebs), EC2
        itself, for EBS volumes in clusters without a snapshot controller.
    type: str
    choices: [csi, aws_ebs]
    default: csi
  snapshot_class:
    description:
      - The VolumeSnapshotClass.
      - If not set, it is chosen for each claim as Velero does it. First what the claim's annotation
        C(velero.io/csi-volumesnapshot-class) names, then the class of the driver with this label, then the driver's
        default class, then its only class.
    type: str
  group_label:
    description:
      - The key of a label, such as V(velero.io/volume-group). Claims that have it with the same value are cut as one
        VolumeGroupSnapshot, where the cluster and the driver support that.
      - All claims of the namespace with such a value must be among the claims of the task.
    type: str
  csi_snapshot_timeout:
    description:
      - How long the storage may take to cut the snapshots, as a Go duration. While something is frozen, it has no
        longer than O(freeze_max).
    type: str
    default: 10m
  wait:
    description:
      - Whether to wait until volumes can be made from the snapshots. The pods do not wait for that.
    type: bool
    default: true
  wait_timeout:
    description:
      - How long to wait for that, as a Go duration. When it is over the task fails, and the snapshots are kept. The
        same task waits on.
    type: str
    default: 10m
  retain:
    description:
      - Makes the storage keep its snapshots when the objects in the cluster go (C(deletionPolicy) V(Retain)), so that
        they outlive the namespace. Needs rights on VolumeSnapshotContents.
      - With O(state=absent), the objects are removed, and the storage's snapshots stay.
    type: bool
    default: false
  labels:
    description:
      - Labels for the snapshots.
    type: dict
  workers:
    description:
      - How many pods are quiesced at the same time.
    type: int
    default: 32
  storage_location:
    description:
      - Not used. It is accepted so that C(module_defaults) for the action group may hold it.
    required: false
seealso:
  - module: arkive.k8s.k8s_snapshot_info
  - module: arkive.k8s.k8s_backup
"""

EXAMPLES = r"""
- name: Snapshot the volumes of a database, with the hooks that its pods declare
  arkive.k8s.k8s_snapshot:
    name: before-upgrade
    namespace: shop
    workload:
      kind: StatefulSet
      name: db
  register: snapshot

- name: Tell for how long it was frozen
  ansible.builtin.debug:
    var: snapshot.freeze_window_seconds

- name: Freeze a file system around the snapshot
  arkive.k8s.k8s_snapshot:
    name: logs-2026-06-01
    namespace: shop
    claims: [nginx-logs]
    freeze_path: /var/log/nginx
    container: fsfreeze
    snapshot_class: fast

- name: Snapshot a PostgreSQL server whose pods do not declare it, right after a checkpoint
  arkive.k8s.k8s_snapshot:
    name: db-2026-06-01
    namespace: shop
    label_selector: app=db
    databases:
      - selector: app=db
        kind: postgresql

- name: Snapshot the claims of a cluster, held by a standby that lags no more than 10 seconds
  arkive.k8s.k8s_snapshot:
    name: nightly
    namespace: shop
    label_selector: cnpg.io/cluster=main
    databases:
      - selector: cnpg.io/cluster=main,cnpg.io/podRole=instance
        kind: postgresql
        container: postgres
        standby: prefer
        max_lag: 10s
        lease: 30s
        credentials:
          user: backup
          secret:
            name: backup-user
            key: password

- name: Run a command around the snapshots of everything with a label
  arkive.k8s.k8s_snapshot:
    name: nightly
    namespace: shop
    label_selector:
      matchLabels:
        app: web
    hooks:
      - name: flush
        pre:
          - exec:
              container: web
              command: [/bin/sh, -c, "touch /tmp/pause && sync"]
              onError: Fail
              timeout: 1m
        post:
          - exec:
              container: web
              command: [rm, -f, /tmp/pause]

- name: Keep the storage's snapshots when the namespace goes
  arkive.k8s.k8s_snapshot:
    name: archive
    namespace: shop
    claims: [data]
    retain: true

- name: Remove a set
  arkive.k8s.k8s_snapshot:
    name: nightly
    namespace: shop
    state: absent
"""

RETURN = r"""
snapshots:
  description:
    - The snapshots of the set, by claim.
    - In check mode, those that would be taken, with C(state=planned), and C(class_reason) that says why the class was
      chosen.
  returned: always
  type: list
  elements: dict
  contains:
    set: {description: The name of the set., type: str, returned: always, sample: nightly}
    namespace: {description: The namespace., type: str, returned: always, sample: shop}
    claim: {description: The PersistentVolumeClaim., type: str, returned: always, sample: data}
    name: {description: The VolumeSnapshot., type: str, returned: always, sample: nightly-data}
    content: {description: Its VolumeSnapshotContent., type: str, returned: always, sample: snapcontent-1c2f7e}
    handle:
      description: What the storage calls the snapshot. Empty when VolumeSnapshotContents may not be read.
      type: str
      returned: always
      sample: snap-0d1f2e3a
    group_handle: {description: What the storage calls the group., type: str, returned: always, sample: ""}
    size_bytes: {description: The least size of a volume made from it., type: int, returned: always, sample: 1073741824}
    driver: {description: The driver., type: str, returned: always, sample: ebs.csi.aws.com}
    class: {description: The VolumeSnapshotClass., type: str, returned: always, sample: fast}
    requested: {description: When it was begun., type: str, returned: always, sample: "2026-06-01T02:00:00Z"}
    created: {description: When the storage cut it., type: str, returned: always, sample: "2026-06-01T02:00:01Z"}
    ready: {description: Whether volumes can be made from it., type: bool, returned: always, sample: true}
    state:
      description: One of V(planned), V(pending), V(cut), V(ready) and V(failed).
      type: str
      returned: always
      sample: ready
    error: {description: What went wrong., type: str, returned: always, sample: ""}
hooks:
  description: The commands that were run, or would be, as M(arkive.k8s.k8s_backup) returns them.
  returned: always
  type: list
  elements: dict
  sample: [{pod: db-0, container: db, phase: pre, rc: 0, state: ok}]
freezes:
  description: The file systems that were frozen, as M(arkive.k8s.k8s_backup) returns them.
  returned: always
  type: list
  elements: dict
  sample: [{pod: db-0, path: /var/lib/data, seconds: 0.35, thawed_by: post hook, consistent: true}]
quiesces:
  description: The databases that were held, as M(arkive.k8s.k8s_backup) returns them.
  returned: always
  type: list
  elements: dict
  sample: [{pod: db-0, kind: postgresql, mode: light, seconds: 0.35, ended_by: release, consistent: true}]
freeze_window_seconds:
  description:
    - The time from the first freeze to the last thaw, or to the end of the task where a thaw is not proven. 0 when
      nothing was frozen.
  returned: always
  type: float
  sample: 0.41
swept:
  description: What dead runs had left frozen in these pods, and was thawed first.
  returned: always
  type: list
  elements: dict
  sample: []
execution_hooks:
  description:
    - The hooks of O(execution_hooks) that ran, or in check mode would, as M(arkive.k8s.k8s_backup) returns them.
  returned: always
  type: list
  elements: dict
  sample: [{event: on_success, namespace: shop, blueprint: hook-blueprint, action_name: post-restore, state: complete}]
timings:
  description: The seconds of each step.
  returned: always
  type: dict
  sample: {prepare: 0.07, quiesce: 0.1, cut: 0.2, window: 0.35, ready: 1.2}
left_out:
  description:
    - What is not in this result whole, because it is too large, and of how many entries of each part something is
      missing. The errors come first, and counts are always whole.
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
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.hook_options import FREEZE, HOOKS, LEASE
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_SNAPSHOT
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import failed_by, text_diff
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.snapshot_options import SNAPSHOT, snapshot_request
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import PROGRESS, RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.outcome import SnapshotOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import SnapshotRequest
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.task import remove_snapshots, take_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import find_row
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import SetSnapshots

SPEC = ArgumentSpec().merge(AUTH, SNAPSHOT, EBS, HOOKS, FREEZE, LEASE, PROGRESS, RESULT, STORAGE_UNUSED, MOVER_UNUSED)


def choose_set(task: Task, client: KubeClient, request: SnapshotRequest) -> SetSnapshots:
    row = find_row(task.params["provider"])
    if row.library:
        require_library(row.library)
    location = snapshot_location(task.params)
    return row.make(VolumeContext(connect=lambda: client, location=location, cancel=task.cancel)).for_set(request)


def run(task: Task, client: KubeClient, request: SnapshotRequest) -> SnapshotOutcome:
    """Whatever the options ask for."""
    provider = choose_set(task, client, request)
    common: dict[str, t.Any] = {"provider": provider, "progress": task.progress, "check_mode": task.check_mode}
    if task.params["state"] == "absent":
        return remove_snapshots(request, **common)
    return take_snapshots(request, client=client, cancel=task.cancel, **common)


def work(task: Task) -> Result:
    request = snapshot_request(task.params)
    require_library("kubernetes")
    outcome = run(task, connect(kube_auth(task.params), cancel=task.cancel), request)
    result = outcome.to_return(default_on_error=request.quiescing.on_error)
    if task.diff_mode:
        before, after = ({"snapshots": names} for names in (outcome.before, outcome.after))
        result["diff"] = text_diff(before, after, title=f"snapshot set {request.where}")
    if outcome.errors:
        verb = "taken" if task.params["state"] == "present" else "removed"
        would = f"would not be {verb}" if task.check_mode else f"was not {verb} as asked"
        result |= failed_by(f"The snapshot set {request.where} {would}.", result["errors_list"])
    return result


def main() -> t.NoReturn:
    run_task(SPEC, K8S_SNAPSHOT, work)


if __name__ == "__main__":
    main()
