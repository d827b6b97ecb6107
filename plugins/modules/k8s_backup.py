# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_backup
short_description: Make or delete a backup of Kubernetes objects
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Stores the objects of an application in a directory or an S3 bucket, in the format of Velero, with nothing
    installed in the cluster.
  - Takes every field of a Velero C(Backup), as options or as a manifest.
  - Runs the hooks of O(hooks), and those that pods declare by annotations, C(pre.hook.backup.velero.io/command) and
    the others of Velero, and those of Heptio Ark. A file system that a hook freezes is thawed on success, failure,
    timeout and cancel, by a timer in the container if need be.
  - Snapshots the volumes while the file systems are frozen, for as short as the storage allows.
  - A backup is never altered. One that exists with the same spec, which is what C(backup.spec) of the result has, is
    left as it is; with another one, the task fails. O(backup_hooks), O(execution_hooks) and O(databases) are not in
    the spec. Where they are others than those that it was made with, a warning says so, and nothing of them is done.
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._auth
  - arkive.k8s._blueprints
  - arkive.k8s._blueprints.execution_hooks
  - arkive.k8s._backup_spec
  - arkive.k8s._mover
  - arkive.k8s._ebs
  - arkive.k8s._databases
  - arkive.k8s._hooks
  - arkive.k8s._hooks.backup
  - arkive.k8s._hooks.freeze
  - arkive.k8s._hooks.lease
  - arkive.k8s._progress
  - arkive.k8s._requirements
  - arkive.k8s._requirements.ebs
  - arkive.k8s._requirements.kubernetes
  - arkive.k8s._requirements.mover
  - arkive.k8s._requirements.s3
  - arkive.k8s._results
  - arkive.k8s._selection
  - arkive.k8s._selection.strictness
  - arkive.k8s._storage
attributes:
  check_mode:
    support: full
    details:
      - The result tells how many objects of each type would be stored, and which commands would run in which
        container, and which volumes would be snapshotted. No hook is run. Databases that would be held (O(databases))
        are asked, by reading alone, whether they could be.
  diff_mode:
    support: full
    details:
      - The difference is the C(spec) of the backup that is made. Of one that is deleted, it has the files and the
        snapshots that go as well.
  idempotent:
    support: full
options:
  name:
    description:
      - The name of the backup.
      - If not set, it is C(metadata.name) of the manifest in O(definition) or O(src).
    type: str
  state:
    description:
      - With V(present), the backup is made unless it exists.
      - With V(absent), it is deleted from the storage location, with the snapshots that it records and with the
        records of its restores.
      - Snapshots of CSI are deleted through a cluster that has their driver, those of EBS through O(snapshot_location).
        What was moved is taken out of its repository by a pod, as O(mover) says; if another backup of the location
        records the same snapshot, that one stays.
        The cluster is not asked where there are none of CSI.
      - A backup stays when one of its snapshots cannot be deleted. One that is gone already is fine.
      - With V(held), a backup that exists is held. Neither O(state=absent), with O(force) too, nor
        M(arkive.k8s.k8s_backup_prune) deletes it then, and O(replace_failed) does not replace it.
      - With V(released), it is held no more.
      - A hold binds this collection. A Velero server deletes a backup that has expired all the same.
    type: str
    choices: [present, absent, held, released]
    default: present
  hold_reason:
    description:
      - Why the backup is held, for whoever wants to delete it. Only with O(state=held), as O(hold_by).
    type: str
  hold_by:
    description:
      - Who holds it, such as a person or a department.
    type: str
  force:
    description:
      - With O(state=absent), deletes a backup as well that another run seems to make, that is not finished, that cannot
        be read, or that has snapshots which cannot be deleted. Those are left behind.
    type: bool
    default: false
  fail_on_partial:
    description:
      - Whether the task fails when the backup ends as C(PartiallyFailed), or exists with that phase.
      - The backup is in the storage location either way.
    type: bool
    default: true
  replace_failed:
    description:
      - Deletes a backup of that name and makes it anew when it is C(Failed), C(FailedValidation) or
        C(PartiallyFailed).
    type: bool
    default: false
  workers:
    description:
      - How many lists are read, and how many blocks of pods are gone through, at the same time.
    type: int
    default: 8
seealso:
  - module: arkive.k8s.k8s_backup_info
  - module: arkive.k8s.k8s_hook_exec
  - module: arkive.k8s.k8s_restore
  - name: Velero's backup hooks
    description: The annotations that pods may have.
    link: https://velero.io/docs/main/backup-hooks/
"""

EXAMPLES = r"""
- name: Back up a namespace, running the hooks that its pods declare
  arkive.k8s.k8s_backup:
    name: shop-2026-06-01
    included_namespaces:
      - shop
    ttl: 720h
    storage_location:
      bucket: backups
      prefix: production
  register: backup

- name: Tell how long each file system was frozen, and who thawed it
  ansible.builtin.debug:
    msg: "{{ item.path }}: {{ item.seconds }} s, thawed by {{ item.thawed_by }}"
  loop: "{{ backup.freezes }}"
  loop_control:
    label: "{{ item.pod }}"

- name: Back up a namespace while its database is in backup mode, with each of its volumes cut when it is right
  arkive.k8s.k8s_backup:
    name: shop-db-2026-06-01
    included_namespaces:
      - shop
    databases:
      - selector: app=db
        kind: postgresql
        mode: backup
    storage_location:
      bucket: backups
      prefix: production
  register: backup

- name: Tell how long the database was held, and that this is proven
  ansible.builtin.debug:
    msg: "{{ item.kind }} in {{ item.pod }}: {{ item.seconds }} s, ended by {{ item.ended_by }}, {{ item.consistent }}"
  loop: "{{ backup.quiesces }}"
  loop_control:
    label: "{{ item.pod }}"

- name: Back up what carries a label, without Secrets, to a directory
  arkive.k8s.k8s_backup:
    name: shop-web
    namespaces: [shop]
    excluded_resources: [secrets]
    label_selector:
      matchLabels:
        app: web
    storage_location:
      path: /var/lib/backups

- name: Back up as a manifest of Velero or Heptio Ark says, under another name
  arkive.k8s.k8s_backup:
    src: backup.yml
    name: shop-manual
    storage_location:
      bucket: backups
      prefix: production

- name: Back up with rules for hooks, as in a manifest
  arkive.k8s.k8s_backup:
    name: shop-hooks
    namespaces: [shop]
    hooks:
      - name: database
        labelSelector:
          matchLabels:
            app: mysql
        pre:
          - exec:
              container: mysql
              command: [mysql, -e, FLUSH TABLES]
              onError: Fail
              timeout: 1m
              retries: 2
    ordered_resources:
      pods: [shop/mysql-0, shop/mysql-1]
    storage_location:
      bucket: backups
      prefix: production

- name: Back up all storage classes, and all namespaced objects of some namespaces but Events
  arkive.k8s.k8s_backup:
    name: shops
    included_namespaces: ["shop-*"]
    included_cluster_scoped_resources: [storageclasses]
    excluded_namespace_scoped_resources: [events, events.events.k8s.io]
    or_label_selectors:
      - matchLabels: {tier: web}
      - matchExpressions:
          - {key: app, operator: In, values: [mysql, redis]}
    storage_location:
      bucket: backups
      prefix: production

- name: Back up a definition, telling a chat when it has failed
  arkive.k8s.k8s_backup:
    definition:
      apiVersion: velero.io/v1
      kind: Backup
      metadata:
        name: shop-definition
      spec:
        includedNamespaces: [shop]
        ttl: 24h0m0s
    backup_hooks:
      on_failure:
        - namespace: ops
          label_selector: {matchLabels: {app: notifier}}
          command: [/bin/notify, the backup of the shop has failed]
    storage_location:
      bucket: backups
      prefix: production

- name: Hold a backup, so that nobody deletes it
  arkive.k8s.k8s_backup:
    name: shop-2026-06-01
    state: held
    hold_reason: case 4711
    hold_by: legal
    storage_location:
      bucket: backups
      prefix: production

- name: Refuse to freeze where no timer can keep watch
  arkive.k8s.k8s_backup:
    name: shop-guarded
    namespaces: [shop]
    freeze_lease: 30s
    freeze_max: 2m
    require_lease: true
    storage_location:
      bucket: backups
      prefix: production

- name: Back up with snapshots of EBS volumes that no CSI driver takes care of
  arkive.k8s.k8s_backup:
    name: shop-ebs
    namespaces: [shop]
    snapshot_location:
      region: eu-central-1
    storage_location:
      bucket: backups
      prefix: production

- name: Back up with the data of the volumes, which is encrypted with this password
  arkive.k8s.k8s_backup:
    name: shop-moved
    namespaces: [shop]
    snapshot_move_data: true
    repository_password: "{{ vault_repository_password }}"
    mover:
      concurrency: 4
      bandwidth: 100M
    storage_location:
      bucket: backups
      prefix: production
      region: eu-central-1

- name: Back up with the files of volumes that have no snapshots, such as NFS and local ones
  arkive.k8s.k8s_backup:
    name: shop-files
    namespaces: [shop]
    default_volumes_to_fs_backup: true
    repository_password: "{{ vault_repository_password }}"
    storage_location:
      bucket: backups
      prefix: production
      region: eu-central-1

- name: Delete a backup with its snapshots
  arkive.k8s.k8s_backup:
    name: shop-2026-06-01
    state: absent
    storage_location:
      bucket: backups
      prefix: production
"""

RETURN = r"""
backup:
  description: The Backup object, as it is stored. Empty in check mode for a backup that does not exist.
  returned: always
  type: dict
  sample:
    apiVersion: velero.io/v1
    kind: Backup
    metadata: {name: shop-2026-06-01, namespace: velero}
    spec: {includedNamespaces: [shop], ttl: 720h0m0s}
    status: {phase: Completed, progress: {itemsBackedUp: 42, totalItems: 42}}
phase:
  description:
    - The phase of the backup, C(Completed), C(PartiallyFailed), C(Failed) or C(FailedValidation).
    - >-
      C(unknown: may be stored) when the storage took the last file of the backup, C(velero-backup.json), and then did
      not tell whether it is there. The task fails, RV(backup) is what may be stored, RV(commit_point) says where to
      look, and nothing that the backup names was taken back. Run the task again, once the storage answers, and it
      finds out and ends it.
    - In check mode it is the phase in which the run would end because of what is known already, and C(New) where
      nothing stands in its way. Empty for a deletion that was refused before it was read.
  returned: always
  type: str
  sample: Completed
commit_point:
  description: >-
    Where to look for a backup whose phase is C(unknown: may be stored); empty for every other.
  returned: always
  type: dict
  contains:
    location: {description: The storage location., type: str, returned: always, sample: s3://backups/production}
    key: {description: The key in it., type: str, returned: always, sample: backups/shop/velero-backup.json}
    uid: {description: The uid of the Backup object., type: str, returned: always, sample: 0d5c1f0e-5c0f-4b1a-9b1e-1}
item_counts:
  description: How many objects of each type were, or would be, stored.
  returned: always
  type: dict
  sample: {pods: 3, deployments.apps: 1, services: 1}
hooks:
  description:
    - The commands that were run in pods, in their order. In check mode, those that would be run, with
      RV(hooks[].state=planned).
  returned: always
  type: list
  elements: dict
  contains:
    namespace: {description: The namespace of the pod., type: str, returned: always, sample: shop}
    pod: {description: The name of the pod., type: str, returned: always, sample: web-0}
    container: {description: The container., type: str, returned: always, sample: fsfreeze}
    phase: {description: Whether it is a C(pre) or a C(post) hook., type: str, returned: always, sample: pre}
    source: {description: Where the hook was declared., type: str, returned: always, sample: annotation}
    name: {description: The name of the hook., type: str, returned: always, sample: <from-annotation>}
    argv:
      description: The command.
      type: list
      elements: str
      returned: always
      sample: [/sbin/fsfreeze, --freeze, /var/log/nginx]
    on_error: {description: What a failure does., type: str, returned: always, sample: Fail}
    timeout_seconds: {description: The limit of its time., type: float, returned: always, sample: 30.0}
    started: {description: When it was started., type: str, returned: always, sample: "2026-06-01T02:00:00Z"}
    duration_seconds: {description: How long it took., type: float, returned: when it ran, sample: 0.12}
    rc: {description: Its exit code., type: int, returned: when it ran, sample: 0}
    attempts:
      description: How often it was tried; V(0) for one that was skipped.
      type: int
      returned: when it ran
      sample: 1
    killed:
      description: Whether it was ended when its time was over, and is proven to be gone.
      type: bool
      returned: when it ran
      sample: false
    stdout:
      description: What it wrote, at most 64 KiB of it.
      type: str
      returned: when it ran and O(no_log_output=false)
      sample: ""
    stderr:
      description: What it wrote to standard error, at most 64 KiB of it.
      type: str
      returned: when it ran and O(no_log_output=false)
      sample: ""
    stdout_truncated:
      description: Whether there was more.
      type: bool
      returned: when it ran and O(no_log_output=false)
      sample: false
    stderr_truncated:
      description: Whether there was more.
      type: bool
      returned: when it ran and O(no_log_output=false)
      sample: false
    state:
      description: One of C(ok), C(failed), C(timed_out), C(lost), C(skipped) and C(planned).
      type: str
      returned: always
      sample: ok
    error: {description: Why it failed., type: str, returned: when it ran, sample: ""}
execution_hooks:
  description:
    - The hooks of O(execution_hooks) that ran, in their order, each with C(event), C(namespace), C(blueprint),
      C(action_name), C(subject), C(state), C(attempts), C(phases), C(defer_phase), C(artifacts) and C(error), as
      M(arkive.k8s.k8s_blueprint) returns them. In check mode, those that would run, with C(phases) as in
      RV(arkive.k8s.k8s_blueprint#module:planned).
  returned: always
  type: list
  elements: dict
  sample: [{event: pre_hook, namespace: shop, blueprint: hook-blueprint, action_name: pre-backup, state: complete}]
freezes:
  description: The file systems that were frozen.
  returned: always
  type: list
  elements: dict
  contains:
    namespace: {description: The namespace of the pod., type: str, returned: always, sample: shop}
    pod: {description: The name of the pod., type: str, returned: always, sample: web-0}
    container: {description: The container in which it was frozen., type: str, returned: always, sample: fsfreeze}
    path: {description: Where it is mounted., type: str, returned: always, sample: /var/log/nginx}
    claim: {description: The claim whose volume it is on., type: str, returned: always, sample: shop/nginx-logs}
    device: {description: The number of its device., type: str, returned: always, sample: "7:1"}
    lease:
      description: C(armed), or C(unavailable) where the container could keep no timer.
      type: str
      returned: always
      sample: armed
    lease_id: {description: The name of the lease., type: str, returned: always, sample: 5f0d2c6b9a1e4c73}
    started:
      description: When it was frozen.
      type: str
      returned: when this task has frozen it, or its lease knows
      sample: "2026-06-01T02:00:00Z"
    ended: {description: When it was thawed., type: str, returned: when that is proven, sample: "2026-06-01T02:00:01Z"}
    seconds:
      description: How long it was frozen, or has been where its end is not proven. 0 when it was not frozen.
      type: float
      returned: when C(started) is known
      sample: 0.35
    thawed_by:
      description:
        - One of C(post hook), C(release), C(lease), C(its own command), C(someone else),
          C(not frozen) and C(not proven).
      type: str
      returned: always
      sample: post hook
    consistent:
      description: Whether it was frozen from the start to the release.
      type: bool
      returned: always
      sample: true
    error: {description: What went wrong., type: str, returned: always, sample: ""}
quiesces:
  description:
    - The databases that were held while the volumes of their pods were snapshotted, or in check mode would be.
  returned: always
  type: list
  elements: dict
  contains:
    namespace: {description: The namespace of the pod., type: str, returned: always, sample: shop}
    pod: {description: The name of the pod., type: str, returned: always, sample: db-0}
    container: {description: The container of the server., type: str, returned: always, sample: postgres}
    kind: {description: The kind of the database., type: str, returned: always, sample: postgresql}
    mode: {description: How it was held., type: str, returned: always, sample: light}
    version: {description: The version of the server., type: str, returned: always, sample: "15.20"}
    role: {description: "C(primary), or C(standby), or C(replica).", type: str, returned: always, sample: primary}
    lease:
      description:
        - Who lets go when nothing is heard from the module any more. C(server); C(timer), a process in its container;
          or C(stream) where only the end of the stream to the client does.
      type: str
      returned: always
      sample: server
    started: {description: When it was held., type: str, returned: when it was, sample: "2026-06-01T02:00:00Z"}
    ended: {description: When it was let go., type: str, returned: when it was, sample: "2026-06-01T02:00:01Z"}
    seconds: {description: How long it was held., type: float, returned: when it was, sample: 0.35}
    until:
      description: When its server lets go by itself, as nobody could. C(ended) is not there then.
      type: str
      returned: when it may be held still
      sample: "2026-06-01T02:01:00Z"
    ended_by:
      description:
        - Who let go. C(release) is this module; C(lease) what the lease is kept by, as it had heard nothing; C(server)
          the server, as it was stopped or told to; and C(connection) where the session was lost, nobody knows why.
      type: str
      returned: always
      sample: release
    consistent:
      description: Whether the server's own answer proves that it was held until its release.
      type: bool
      returned: always
      sample: true
    error: {description: What went wrong., type: str, returned: always, sample: ""}
    passed_over:
      description: Why it was not to be held, as another server of the same database is; empty for those that are.
      type: str
      returned: always
      sample: ""
    found_by:
      description: By what it was recognised with O(databases=auto); empty for what is declared.
      type: str
      returned: always
      sample: ""
    operator:
      description: The operator that owns the pod, such as C(CloudNativePG).
      type: str
      returned: always
      sample: ""
    notes:
      description: What is done with the pod of an operator, and why.
      type: list
      elements: str
      returned: always
      sample: []
    facts:
      description:
        - What the server said. For PostgreSQL, C(timeline), C(archive_mode), C(user), C(start_position) and
          C(stop_position), and in backup mode C(label), C(backup_label) and C(tablespace_map). For MariaDB and
          MySQL, C(binlog_file) and C(binlog_position), with C(gtid_binlog_pos) and C(gtid_slave_pos), or
          C(gtid_executed). For MongoDB, C(replica_set), C(storage_engine) and C(last_write). For Redis and Valkey,
          C(append_only) and C(keys). For all of them C(flushed), whether the file system was synced.
        - Where tables were to be counted, C(counts) has for each of them C(before) and C(after), or C(error). Where it
          was tried more than once, C(lock_attempts) says how often.
        - Where its claims were cut one after the other, C(cut_order) has them, and C(write_label) is true.
        - A snapshot of one volume is restored without C(backup_label). With it the server would not start, as the
          end of the backup is not in that snapshot.
      type: dict
      returned: always
      sample: {timeline: 1, start_position: 0/3000028, stop_position: 0/3000100}
    statements:
      description: The statements that would hold it.
      type: list
      elements: str
      returned: in check mode
      sample: [CHECKPOINT]
swept:
  description: What earlier runs had left frozen, and what became of it.
  returned: always
  type: list
  elements: dict
  sample: []
volumes:
  description:
    - What became of the volume of each stored claim, as in Velero's volumeinfo file.
    - With C(backupMethod), there is a snapshot of it, named in C(csiSnapshotInfo) or C(nativeSnapshotInfo), unless
      C(result) is V(failed). With C(snapshotDataMoved), its data was moved, or in check mode would be, and
      C(snapshotDataMovementInfo) says what became of that, and in check mode in C(repository) where to.
    - Where C(backupMethod) is V(PodVolumeBackup), its files were copied, or would be, and C(pvbInfo) says the same.
    - With C(skipped), there is none, for C(skippedReason).
  returned: always
  type: list
  elements: dict
  sample:
    - pvcName: nginx-logs
      pvcNamespace: shop
      pvName: pvc-7a9c
      backupMethod: CSISnapshot
      skipped: false
      result: succeeded
      csiSnapshotInfo: {snapshotHandle: snap-0a1b, driver: ebs.csi.aws.com, size: 1073741824}
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
timings:
  description: Seconds for each step, and the number of requests to the API server.
  returned: always
  type: dict
  sample: {discovery: 0.12, collect_pods: 0.05, run_blocks: 0.61, publish: 0.08, api_requests: 71}
deleted:
  description:
    - With O(state=absent), the keys in the storage location that were, or in check mode would be, deleted; among them
      the records of the backup's restores.
  returned: always
  type: list
  elements: str
  sample: [backups/shop/velero-backup.json, backups/shop/shop.tar.gz]
deleted_snapshots:
  description:
    - With O(state=absent), the snapshots that were, or in check mode would be, deleted.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: C(CSI), C(native), or C(repository) for one whose data was moved.
      type: str
      returned: always
      sample: CSI
    handle: {description: Its name in the storage., type: str, returned: always, sample: snap-0a1b2c3d4e5f}
    volume: {description: The volume that it was made of., type: str, returned: always, sample: pvc-7a9c}
    driver: {description: The CSI driver., type: str, returned: always, sample: ebs.csi.aws.com}
    location: {description: The snapshot location of a native one., type: str, returned: always, sample: ""}
    namespace:
      description: The namespace of the volume, whose repository it is in; of one whose data was moved.
      type: str
      returned: always
      sample: ""
    uploader: {description: C(kopia) or C(restic); of one in a repository., type: str, returned: always, sample: ""}
hold:
  description: With O(state=held), why, by whom and since when the backup is held. Null for one that is not.
  returned: always
  type: dict
  sample: {reason: case 4711, by: legal, since: "2026-06-02T08:00:00Z"}
location:
  description: The storage location.
  returned: always
  type: str
  sample: s3://backups/production
"""

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import NAME_OF_BACKUP, ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH, kube_auth
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.backup_options import (
    BACKUP,
    backup_manifest,
    backup_name,
    backup_request,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.ebs_options import snapshot_location
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.hook_options import FREEZE, HOOKS, LEASE
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.location_store import open_location
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.mover_options import moving_of
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_BACKUP
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import (
    ended,
    failed_by,
    phase_in_failure,
    refused_phase,
    text_diff,
    warnings_in_failure,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.selection_options import SELECTION
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE, require_store_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import PROGRESS, RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.plan import plan_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import to_return
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import make_providers

SPEC = ArgumentSpec(
    meant=NAME_OF_BACKUP,
    options={
        "name": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent", "held", "released"], "default": "present"},
        "hold_reason": {"type": "str"},
        "hold_by": {"type": "str"},
        "force": {"type": "bool", "default": False},
        "hook_on_error_default": {"type": "str", "choices": ["Fail", "Continue"], "default": "Fail"},
        "fail_on_partial": {"type": "bool", "default": True},
        "replace_failed": {"type": "bool", "default": False},
        "workers": {"type": "int", "default": 8},
    },
    required_one_of=(("name", "definition", "src"),),
).merge(AUTH, STORAGE, SELECTION, BACKUP, HOOKS, FREEZE, LEASE, PROGRESS, RESULT)


@phase_in_failure()
def make(task: Task) -> Result:
    """State ``present``."""
    request = backup_request(task.params)
    require_library("kubernetes")
    client = connect(kube_auth(task.params), cancel=task.cancel)
    store = open_location(task, namespace=request.namespace, client=client)
    engine = plan_backup if task.check_mode else run_backup
    outcome = engine(request, client=client, store=store, progress=task.progress, cancel=task.cancel)
    if outcome.is_stored:
        task.keep_result_beside(store, BackupKeys(request.name).result)
    answer = outcome.to_return(default_on_error=task.params["hook_on_error_default"])
    result: Result = {"changed": outcome.changed, **answer}
    if task.diff_mode:
        after = request.done_spec.to_dict()
        result["diff"] = text_diff(None if outcome.changed else after, after, title=f"backup {request.name}")
    partly = bool(outcome.errors_list) and task.params["fail_on_partial"]
    if refused_phase(outcome.phase, fail_on_partial=task.params["fail_on_partial"]) or (task.check_mode and partly):
        phase = ended(outcome.phase or "PartiallyFailed", check_mode=task.check_mode, found=not outcome.changed)
        result |= failed_by(f"Backup '{request.name}' in {outcome.location} {phase}.", outcome.errors_list)
    elif outcome.failed_afterwards:
        said = f"Backup '{request.name}' in {outcome.location} is stored and {outcome.phase}. A hook after it failed."
        result |= failed_by(said, outcome.errors_list)
    return result


def delete(task: Task) -> Result:
    """State ``absent``."""
    from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup

    name = backup_name(task.params, backup_manifest(task.params))
    store = _open(task)
    location = snapshot_location(task.params)

    def connect_when_needed() -> KubeClient:
        require_library("kubernetes")
        return connect(kube_auth(task.params), cancel=task.cancel)

    moving = moving_of(task, store)
    context = VolumeContext(connect=connect_when_needed, location=location, cancel=task.cancel, moving=moving)
    with warnings_in_failure(moving.run.issues):
        outcome = delete_backup(
            name, store=store, providers=make_providers(context), check_mode=task.check_mode, force=task.params["force"]
        )
    result: Result = {
        "changed": outcome.changed,
        "backup": outcome.backup or {},
        "phase": outcome.phase,
        "deleted": outcome.deleted,
        "deleted_snapshots": outcome.deleted_snapshots,
        "warnings_list": [*to_return(moving.run.issues.warnings), *outcome.warnings_list],
        "location": outcome.location,
    }
    if task.diff_mode:
        result["diff"] = text_diff(outcome.shown, None, title=f"backup {name}")
    return result


def hold(task: Task) -> Result:
    """States ``held`` and ``released``."""
    from ansible_collections.arkive.k8s.plugins.module_utils._ansible.hold_task import hold_or_release

    name = backup_name(task.params, backup_manifest(task.params))
    return hold_or_release(task, name, _open(task))


def _open(task: Task) -> Store:
    return open_location(task, namespace=task.params["velero_namespace"] or "")


_WORK = {"present": make, "absent": delete, "held": hold, "released": hold}


def work(task: Task) -> Result:
    require_store_library(task.params)
    if task.params["snapshot_location"] is not None:
        require_library("boto3")
    return _WORK[task.params["state"]](task)


def main() -> t.NoReturn:
    run_task(SPEC, K8S_BACKUP, work)


if __name__ == "__main__":
    main()
