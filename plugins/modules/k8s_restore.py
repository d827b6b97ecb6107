# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_restore
short_description: Restore Kubernetes objects from a backup
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Brings the objects of a backup back, whether this collection or a Velero server has written it.
  - In check mode, the API server itself is asked by a dry run what it would do with each object. Nothing changes.
  - Objects that exist are left alone, unless O(existing_resource_policy) says otherwise. A restore whose objects all
    exist and are equal changes nothing.
  - Volumes come back with their data where the backup has a snapshot of them, made by CSI or natively. A CSI snapshot
    is brought in as a VolumeSnapshot of its own, from which the new volume is made, and goes again once it has been;
    the storage keeps the snapshot itself. RV(volumes) says for each claim where its data comes from.
  - Data that was moved into a repository beside the backup, by this collection or by a Velero from 1.12 on, comes back
    as well, from moved snapshots and from file system backups. The claim is made, a Job fills it, what came is compared
    with what was saved, and only then what mounts it is made. O(mover) says how. Restic's repositories and block
    volumes are refused with a sentence.
  - What an C(emptyDir) held comes back into pods that the restore makes. Such a pod waits in an init container,
    C(arkive-restore-wait), which has the image of O(mover), comes before all others, and stays listed in the pod. A
    command in it fills the volumes, what came is compared with what was saved, and only then the pod goes on. Where the
    data does not come, the pod does not start.
  - Runs the restore hooks that pods declare by annotations, C(init.hook.restore.velero.io) and
    C(post.hook.restore.velero.io), and those of O(hooks).
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._auth
  - arkive.k8s._blueprints
  - arkive.k8s._blueprints.execution_hooks
  - arkive.k8s._ebs
  - arkive.k8s._gate
  - arkive.k8s._gitops
  - arkive.k8s._gitops.restore
  - arkive.k8s._hooks
  - arkive.k8s._mover
  - arkive.k8s._progress
  - arkive.k8s._requirements
  - arkive.k8s._requirements.ebs
  - arkive.k8s._requirements.kubernetes
  - arkive.k8s._requirements.mover
  - arkive.k8s._requirements.s3
  - arkive.k8s._requirements.select
  - arkive.k8s._restore_spec
  - arkive.k8s._results
  - arkive.k8s._selection
  - arkive.k8s._selection.strictness
  - arkive.k8s._storage
attributes:
  check_mode:
    support: full
    details:
      - The result holds the plan, an action for each object, and what it is known again by, RV(plan_digest).
      - The files of O(plan_path), O(junit_path) and O(markdown_path) are written.
  diff_mode:
    support: full
    details:
      - The difference begins with the plan as a short table, RV(plan_table), and holds each object that is created or
        changed, up to 500 of them. The values of Secrets are masked.
  idempotent:
    support: full
    details:
      - Without O(name), each run is a restore of its own, but one that finds all objects in place changes nothing.
options:
  tree:
    description:
      - A tree of manifests in the place of a backup, such as M(arkive.k8s.k8s_backup_export) has written. What it holds
        is restored like the objects of a backup, with the same plan. It has no data of volumes.
      - Files named C(.yaml), C(.yml) and C(.json) are read. A C(kustomization.yaml) is passed over, and what sops has
        encrypted is left out with a warning.
      - A link that leads out of the folder ends the task, and in a commit any link does.
      - No O(storage_location) is needed, and the restore is recorded below O(records_path) only. The default of
        O(preserve_node_ports) is V(true) then.
    type: dict
    suboptions:
      path:
        description: The folder.
        type: path
        required: true
      ref:
        description:
          - A branch, a tag or a commit of the git repository that the folder is. The files are read from it, whatever
            is checked out. C(git) is needed for this.
        type: str
        default: ""
      subpath:
        description: A folder of the tree. Nothing beside it is read.
        type: str
        default: ""
  expected_plan_digest:
    description:
      - RV(plan_digest) of the plan that was approved. The restore is begun only while its plan is still that one. If it
        is not, the task fails before anything is written, and names what is different. An empty text approves
        nothing, and fails the task.
      - It covers the name and the uid of the backup, the options that decide what is written, and for each object its
        type, namespace and name, what is done with it, and the body that it is to have; for a claim also where its data
        comes from. The versions and the fields of objects in the cluster are not in it, nor times, nor the values of
        Secrets, which the uid of the backup stands for; of a tree, a uid is made of its Secrets.
      - The digest alone says in which part of the plan something is different, and the objects there are named, of
        which it may be one, all, or one that is not in the plan any more. With O(expected_plan) each is named.
      - The API server is asked for a dry run of each object before the restore begins, as in check mode.
    type: str
  expected_plan:
    description:
      - The file that the task has written to O(plan_path) in check mode, for the same purpose as
        O(expected_plan_digest), and with each object named that is different. With both, the file must be that of the
        digest.
    type: path
  storage_location:
    required: false
  fail_on_partial:
    description:
      - Whether the task fails when the restore ends as C(PartiallyFailed).
    type: bool
    default: true
seealso:
  - module: arkive.k8s.k8s_backup
  - module: arkive.k8s.k8s_backup_info
  - name: Velero's restore hooks
    description: The annotations that pods may have.
    link: https://velero.io/docs/main/restore-hooks/
"""

EXAMPLES = r"""
- name: Look at what a restore would do
  arkive.k8s.k8s_restore:
    backup: shop-2026-06-01
    storage_location:
      bucket: backups
      prefix: production
  check_mode: true
  diff: true
  register: plan

- name: Show it in short
  ansible.builtin.debug:
    msg: "{{ plan.plan_table }}"

- name: Show the objects that would be created
  ansible.builtin.debug:
    msg: "{{ plan.plan | selectattr('action', 'equalto', 'create') | map(attribute='name') }}"

- name: Restore
  arkive.k8s.k8s_restore:
    name: shop-again
    backup: shop-2026-06-01
    storage_location:
      bucket: backups
      prefix: production

- name: Plan a restore for a pipeline, in files
  arkive.k8s.k8s_restore:
    backup: shop-2026-06-01
    plan_path: shop-approved.json
    junit_path: shop-approved.xml
    markdown_path: shop-approved.md
    storage_location:
      bucket: backups
      prefix: production
  check_mode: true

- name: Carry it out, once it is approved, if it is still the same
  arkive.k8s.k8s_restore:
    backup: shop-2026-06-01
    expected_plan: shop-approved.json
    junit_path: shop-done.xml
    storage_location:
      bucket: backups
      prefix: production

- name: Restore a namespace from a commit of a repository
  arkive.k8s.k8s_restore:
    tree:
      path: /srv/shop
      ref: v1.4
      subpath: tree/namespaces/shop
    existing_resource_policy: update

- name: Restore a database, and import its dump once it answers
  arkive.k8s.k8s_restore:
    name: db-again
    backup: db-2026-06-01
    hooks:
      - name: import
        includedNamespaces: [db]
        postHooks:
          - exec:
              container: postgres
              waitTimeout: 5m
              execTimeout: 1m
              onError: Fail
              command: [/bin/bash, -c, 'while ! pg_isready; do sleep 1; done']
          - exec:
              container: postgres
              waitTimeout: 6m
              execTimeout: 10m
              command: [/bin/bash, -c, 'psql < /backup/backup.sql']
    storage_location:
      bucket: backups
      prefix: production

- name: Bring the data of a running database back to what it was in the night, and keep what it has now
  arkive.k8s.k8s_restore:
    name: db-rolled-back
    backup: db-2026-06-01
    included_resources: [persistentvolumeclaims]
    existing_volume_policy: roll_back
    storage_location:
      bucket: backups
      prefix: production
  register: rolled_back

- name: Say how to delete the old volumes
  ansible.builtin.debug:
    msg: "{{ rolled_back.roll_back | map(attribute='kept') | flatten | map(attribute='command') }}"

- name: Restore into a second namespace
  arkive.k8s.k8s_restore:
    name: shop-copy
    backup: shop-2026-06-01
    namespace_mapping:
      shop: shop-copy
    storage_location:
      bucket: backups
      prefix: production

- name: Restore volumes from snapshots of EBS, encrypted with another key, for another cluster
  arkive.k8s.k8s_restore:
    backup: shop-ebs
    snapshot_location:
      region: eu-central-1
      kms_key_id: alias/restored
      cluster_name: production-2
    storage_location:
      bucket: backups
      prefix: production

- name: Restore what a Velero with a node agent has saved, into a cluster without one
  arkive.k8s.k8s_restore:
    name: shop-here
    backup: shop-moved
    repository_password: "{{ vault_velero_repository_password }}"
    uploader_config:
      write_sparse_files: true
    mover:
      image: registry.example.com/kopia/kopia:0.22.3
      concurrency: 4
    storage_location:
      bucket: velero
      prefix: production

- name: Restore, and go on once everything runs
  arkive.k8s.k8s_restore:
    name: shop-again
    backup: shop-2026-06-01
    wait: true
    wait_timeout: 5m
    storage_location:
      bucket: backups
      prefix: production

- name: Bring changed ConfigMaps back to what the backup holds
  arkive.k8s.k8s_restore:
    name: shop-config
    backup: shop-2026-06-01
    included_resources: [configmaps]
    existing_resource_policy: update
    storage_location:
      bucket: backups
      prefix: production

- name: Bring one Secret back
  arkive.k8s.k8s_restore:
    backup: shop-2026-06-01
    names:
      - secret/shop/db-password
    existing_resource_policy: update
    storage_location:
      bucket: backups
      prefix: production

- name: Restore the newest backup of a schedule into another cluster, with its classes and its registry
  arkive.k8s.k8s_restore:
    schedule: nightly
    storage_class_mapping:
      gp2: fast
    image_mapping:
      docker.io/: registry.example.com/docker/
    resource_modifiers:
      version: v1
      resourceModifierRules:
        - conditions:
            groupResource: deployments.apps
            namespaces: [shop]
          patches:
            - operation: replace
              path: /spec/replicas
              value: "1"
    storage_location:
      bucket: backups
      prefix: production

- name: Restore as a manifest of Velero says
  arkive.k8s.k8s_restore:
    definition:
      apiVersion: velero.io/v1
      kind: Restore
      metadata:
        name: shop-jobs
        namespace: velero
      spec:
        backupName: shop-2026-06-01
        includedNamespaces: [shop]
        includedResources: [jobs, cronjobs]
        restoreStatus:
          includedResources: [jobs]
    storage_location:
      bucket: backups
      prefix: production
"""

RETURN = r"""
restore:
  description: The Restore object. Empty when the task failed before there was a plan.
  returned: always
  type: dict
  sample:
    apiVersion: velero.io/v1
    kind: Restore
    metadata: {name: shop-again, namespace: velero}
    spec: {backupName: shop-2026-06-01}
    status: {phase: Completed}
phase:
  description:
    - C(Completed), C(PartiallyFailed), C(Failed), C(FailedValidation). In check mode it is the phase in which the run
      would end because of what is known already, and C(New) where nothing stands in its way. Empty when the options
      could not be read.
  returned: always
  type: str
  sample: Completed
plan:
  description:
    - What is done with each object, in the order of the run, at most 500 of them.
  returned: always
  type: list
  elements: dict
  contains:
    wave: {description: The step of the run in which it comes., type: int, returned: always, sample: 3}
    resource: {description: The type., type: str, returned: always, sample: deployments.apps}
    kind: {description: The kind., type: str, returned: always, sample: Deployment}
    namespace: {description: The namespace it goes to., type: str, returned: always, sample: shop}
    source_namespace: {description: Where it was., type: str, returned: when it is another one, sample: shop}
    name: {description: The name., type: str, returned: always, sample: web}
    action:
      description:
        - One of C(create), C(update), C(unchanged), C(skip), C(conflict) and C(unverified). The last is an object
          that the server cannot judge yet, such as one in a namespace that is not there.
        - What cannot be written is a C(conflict), in a plan that foresees it and in the result of a run alike.
      type: str
      returned: always
      sample: create
    intent:
      description: C(create) or C(update) when something is written.
      type: str
      returned: always
      sample: create
    reason: {description: Why., type: str, returned: always, sample: ""}
    hint: {description: What to do about it., type: str, returned: when there is one, sample: ""}
    judged:
      description:
        - Of an object that exists and differs by the collection's own rules. C(server) when the API server's dry run
          has said what would change, and C(locally) when it could not, because of a webhook that does not support dry
          run or a right that is missing.
      type: str
      returned: when the object exists and differs from what is stored
      sample: server
    dropped:
      description:
        - Fields of the stored object that the API server does not keep, such as those that a definition of this cluster
          does not know.
      type: list
      elements: str
      returned: when there are any
      sample: [spec.keepUntil]
    managed_by:
      description: Who owns the object, of those of Argo CD and Flux that are in the cluster.
      type: str
      returned: when it has an owner
      sample: Kustomization flux-system/shop
    state:
      description: C(created), C(updated), C(unchanged) or C(failed).
      type: str
      returned: when it was applied
      sample: created
plan_table:
  description:
    - The plan in short, as lines of a table for people. What is written and what stands in the way is named, and all
      else is counted.
  returned: always
  type: list
  elements: str
  sample: ["WAVE  ACTION  TYPE        OBJECT", "   1  create  namespaces  shop", "1 create"]
plan_path:
  description:
    - O(plan_path) where it is set. Else a file with the whole plan as JSON, readable by its owner only, when RV(plan)
      does not hold all of it, and it is not in the storage location, RV(result_key). Null else.
  returned: always
  type: str
  sample: /tmp/arkive-plan-k2b4x9.json
plan_digest:
  description:
    - What the plan is known again by, for O(expected_plan_digest). The same plan has the same digest, whoever makes it
      and however often. Empty without a plan, and after a restore that was not to be an approved one.
  returned: always
  type: str
  sample: v1:2a5c (and more)
plan_counts:
  description: How many objects have each action.
  returned: always
  type: dict
  sample: {create: 12, update: 0, unchanged: 0, skip: 2, conflict: 0, unverified: 0}
state_counts:
  description: How many objects became what. Empty in check mode.
  returned: always
  type: dict
  sample: {created: 12, unchanged: 3, failed: 1}
waves:
  description:
    - The order of the plan. What stands in one wave is written side by side, once the waves before it are done.
  returned: always
  type: list
  elements: dict
  sample: [{wave: 1, resources: [namespaces], actions: {create: 1}}]
item_counts:
  description: How many objects of each type have each action.
  returned: always
  type: dict
  sample: {pods: {create: 1}, services: {create: 1}}
workloads:
  description:
    - How many of the workloads that were waited for are ready, and how many are not. Null where none was waited for.
  returned: always
  type: dict
  sample: {ready: 3, not_ready: 0}
gitops:
  description:
    - Who owns what is restored, and what was done about that, or in check mode would be. Empty when the task failed
      before that was known.
  returned: always
  type: dict
  contains:
    owners:
      description: The owners of objects of the plan, and those above them that are paused with them.
      type: list
      elements: dict
      returned: always
      contains:
        kind:
          description: "C(Application), C(Kustomization) or C(HelmRelease)."
          type: str
          returned: always
          sample: Kustomization
        namespace: {description: Its namespace., type: str, returned: always, sample: flux-system}
        name: {description: Its name., type: str, returned: always, sample: shop}
        auto_sync: {description: Whether it applies what is new in git., type: bool, returned: always, sample: true}
        self_heal:
          description: Whether it undoes changes in the cluster.
          type: bool
          returned: always
          sample: true
        prune: {description: Whether it deletes what git has no more., type: bool, returned: always, sample: true}
        suspended: {description: Whether it does nothing by itself now., type: bool, returned: always, sample: false}
        paused_by: {description: The run that has paused it., type: str, returned: always, sample: null}
        paused_until: {description: Until when others respect that., type: str, returned: always, sample: null}
        parents:
          description: Who owns it.
          type: list
          elements: str
          returned: always
          sample: [Kustomization flux-system/apps]
        action:
          description: "C(none), C(refuse), C(pause) or C(report)."
          type: str
          returned: always
          sample: pause
    paused:
      description: What was paused.
      type: list
      elements: str
      returned: always
      sample: [Kustomization flux-system/shop]
    resumed:
      description: What was resumed.
      type: list
      elements: str
      returned: always
      sample: [Kustomization flux-system/shop]
    left_paused:
      description: What stays paused, each with C(owner), C(why), and C(command), which resumes it as it was.
      type: list
      elements: dict
      returned: always
      sample: []
    conflicts:
      description:
        - The objects that an owner would change or prune, each with C(owner), C(resource), C(namespace), C(name),
          C(why) and C(fields), as far as these are known.
      type: list
      elements: dict
      returned: always
      sample: []
diffs_left_out:
  description: How many changed objects are not in the difference.
  returned: always
  type: int
  sample: 0
volumes:
  description:
    - The claims of the plan, each with what its data comes from, and what became of it. After them, the volumes of pods
      that have no claim, of which the backup has data.
  returned: always
  type: list
  elements: dict
  contains:
    namespace: {description: The namespace of the claim., type: str, returned: always, sample: shop}
    claim: {description: The name of the claim; empty for a volume of a pod., type: str, returned: always, sample: data}
    pod: {description: The pod whose volume it is; empty for a claim., type: str, returned: always, sample: ""}
    pod_volume: {description: The volume's name in its pod; empty for a claim., type: str, returned: always, sample: ""}
    method:
      description:
        - C(CSISnapshot) or C(NativeSnapshot) for a volume that is made from a snapshot, or from what was moved of one,
          C(PodVolumeBackup) for one that is filled from a file system backup, C(kept) for one that is in the cluster or
          comes back as it was, C(empty) for a new one without data.
      type: str
      returned: always
      sample: CSISnapshot
    snapshot:
      description: The storage's name of the snapshot, or the repository's of moved data.
      type: str
      returned: always
      sample: snap-0a1b2c
    driver: {description: The CSI driver of the snapshot., type: str, returned: always, sample: ebs.csi.aws.com}
    volume:
      description: The name of the PersistentVolume; empty while the claim has none.
      type: str
      returned: always
      sample: pvc-5d2f6f8a-1f0e-4a33-9a55-3c3c5b0b9d51
    state:
      description:
        - C(planned) in check mode. C(bound) for a claim whose new volume is there, C(waiting) for one whose storage
          class waits for a pod that there is not, C(created) for one that was not waited for, C(failed), C(untouched)
          for one that is in the cluster already, and C(refused) for one that is not restored. C(filled) for a volume
          of a pod that has its data.
      type: str
      returned: always
      sample: bound
    message:
      description: Why. Of moved data, how much it is, and from which repository it comes.
      type: str
      returned: always
      sample: ""
roll_back:
  description:
    - The claims whose volumes were rolled back by O(existing_volume_policy), or in check mode would be, in groups that
      go together because something mounts all of them.
  returned: always
  type: list
  elements: dict
  contains:
    namespace: {description: The namespace., type: str, returned: always, sample: shop}
    claims: {description: The claims., type: list, elements: str, returned: always, sample: [data-db-0]}
    state:
      description:
        - C(planned) in check mode, C(rolled back), C(put back) where something failed and the old volumes are back, and
          C(stuck) where they could not be put back. The next run with the same name goes on then.
      type: str
      returned: always
      sample: rolled back
    message: {description: Why it was put back., type: str, returned: always, sample: ""}
    workloads:
      description: What is stopped meanwhile.
      type: list
      elements: str
      returned: always
      sample: [StatefulSet shop/db]
    steps:
      description: Each step in its order, with its name in C(step) and a phrase in C(what).
      type: list
      elements: dict
      returned: always
      sample: [{step: stop, what: StatefulSet 'db' goes from 1 to 0 replicas}]
    kept:
      description:
        - The old volumes that are kept, each with C(claim), C(kept_as), C(volume), and C(command), which deletes it.
      type: list
      elements: dict
      returned: always
      sample:
        - claim: data-db-0
          kept_as: data-db-0-before-db-rolled-back
          volume: pvc-5d2f6f8a-1f0e-4a33-9a55-3c3c5b0b9d51
          command: kubectl -n shop delete persistentvolumeclaims data-db-0-before-db-rolled-back
hooks:
  description: The commands that were run in restored pods, as M(arkive.k8s.k8s_backup) returns them.
  returned: always
  type: list
  elements: dict
  sample: []
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
result_key:
  description:
    - The key in the storage location where the parts of RV(left_out) are as JSON, compressed with gzip. Null without
      one.
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
execution_hooks:
  description:
    - The hooks of O(execution_hooks) that ran, or in check mode would, as M(arkive.k8s.k8s_backup) returns them.
  returned: always
  type: list
  elements: dict
  sample: [{event: on_success, namespace: shop, blueprint: hook-blueprint, action_name: post-restore, state: complete}]
timings:
  description: Seconds for each step, and the number of requests to the API server.
  returned: always
  type: dict
  sample: {plan: 0.31, apply: 1.92, records: 0.06, api_requests: 80}
recorded:
  description:
    - Whether the restore was written into the storage location, or below O(records_path). One that changes nothing is
      not.
  returned: always
  type: bool
  sample: true
location:
  description: The storage location.
  returned: always
  type: str
  sample: s3://backups/production
"""

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH, kube_auth
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.gitops_options import GITOPS, gitops_terms
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.hook_options import HOOKS
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.restore_gate import tell_restore
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.restore_options import (
    RESTORE,
    check_source,
    records_store,
    restore_request,
    restore_source,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_RESTORE
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import (
    ended,
    failed_by,
    phase_in_failure,
    refused_phase,
    shown_first,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.selection_options import SELECTION
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import (
    STORAGE_UNUSED,
    require_store_library,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import PROGRESS, RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import PLAN_PREFIX
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import plan_restore, run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan_digest import PlanDigest
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.report.plan_table import plan_table
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import RestoreKeys

SPEC = ArgumentSpec(options={"fail_on_partial": {"type": "bool", "default": True}}).merge(
    AUTH, STORAGE_UNUSED, SELECTION, RESTORE, HOOKS, GITOPS, PROGRESS, RESULT
)


def work(task: Task) -> Result:
    return tell_restore(task, lambda: restore(task))


@phase_in_failure()
def restore(task: Task) -> tuple[Result, PlanDigest | None]:
    """The result, and what its plan is known again by."""
    check_source(task.params)
    request = restore_request(task.params, want_diff=task.diff_mode)
    request = dataclasses.replace(request, gitops=gitops_terms(task.params))
    require_library("kubernetes")
    if task.params["tree"] is None:
        require_store_library(task.params)
    if request.snapshot_location is not None:
        require_library("boto3")
    client = connect(kube_auth(task.params), cancel=task.cancel)
    engine = plan_restore if task.check_mode else run_restore
    records = records_store(task.params, check_mode=task.check_mode)
    with restore_source(task, client) as (store, location, warnings):
        outcome = engine(
            request, client=client, store=store, progress=task.progress, cancel=task.cancel, records=records
        )
    if outcome.recorded:
        task.keep_result_beside(records or store, RestoreKeys(outcome.name).result)
    result = _result(outcome) | {"location": location, "plan_path": task.params["plan_path"]}
    result["warnings_list"] = [*to_return(Issues.of(warnings=warnings).warnings), *result["warnings_list"]]
    if task.check_mode and not task.diff_mode:
        for line in result["plan_table"]:
            task.progress(f"{PLAN_PREFIX}{line}")
    if task.diff_mode:
        result["diff"] = [*shown_first(result["plan_table"]), *outcome.diffs]
    if outcome.refusal is not None:
        known = {name: value for name, value in outcome.refusal.details.items() if name not in result}
        result |= {"failed": True, "msg": outcome.refusal.sentence, "error_details": known}
    elif refused_phase(outcome.phase, fail_on_partial=task.params["fail_on_partial"]):
        backup = outcome.restore["spec"]["backupName"]
        phase = ended(outcome.phase, check_mode=task.check_mode)
        result |= failed_by(f"Restore '{outcome.name}' of backup '{backup}' {phase}.", outcome.errors_list)
    elif outcome.failed_afterwards:
        said = f"Restore '{outcome.name}' is {outcome.phase}. A hook after it failed."
        result |= failed_by(said, outcome.errors_list)
    return result, outcome.digest


def _result(outcome: RestoreOutcome) -> Result:
    plan = outcome.plan_items
    return {
        "changed": outcome.changed,
        "restore": outcome.restore,
        "phase": outcome.phase,
        "plan_digest": outcome.digest.text if outcome.digest else "",
        "plan_counts": outcome.summary,
        "state_counts": outcome.states,
        "waves": outcome.waves,
        "diffs_left_out": outcome.diffs_left_out,
        "items": outcome.items,
        "volumes": outcome.volumes,
        "hooks": outcome.hooks,
        "execution_hooks": outcome.execution_hooks,
        "warnings_list": outcome.warnings_list,
        "errors_list": outcome.errors_list,
        "timings": outcome.timings,
        "recorded": outcome.recorded,
        "workloads": outcome.workloads,
        "gitops": outcome.gitops.to_return(),
        "plan": plan,
        "roll_back": outcome.roll_back,
        "plan_table": [*plan_table(plan), *outcome.roll_back_lines],
    }


def main() -> t.NoReturn:
    run_task(SPEC, K8S_RESTORE, work)


if __name__ == "__main__":
    main()
