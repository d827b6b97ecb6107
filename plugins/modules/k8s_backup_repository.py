# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_backup_repository
short_description: Look after the repositories that hold the data of volumes
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - The data of volumes that M(arkive.k8s.k8s_backup) moves into a bucket
    (O(arkive.k8s.k8s_backup#module:snapshot_move_data)), or that a Velero has moved there, is in a repository of kopia,
    one for each namespace of volumes.
  - This module makes such a repository, lists what is in it and which backup names it, maintains it, reads it back,
    copies it to a second location, and forgets snapshots that no backup names.
  - What has to be done with kopia is done by a Job, which is gone afterwards.
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._auth
  - arkive.k8s._mover
  - arkive.k8s._progress
  - arkive.k8s._requirements
  - arkive.k8s._requirements.kubernetes
  - arkive.k8s._requirements.mover
  - arkive.k8s._requirements.s3
  - arkive.k8s._results.without_store
  - arkive.k8s._storage
attributes:
  check_mode:
    support: full
    details:
      - Where kopia has to be asked, a Job that can only read runs in check mode too. Nothing changes in the storage.
  diff_mode:
    support: none
  idempotent:
    support: full
    details:
      - A repository is maintained when that is due, copied as far as the copy lacks anything, and pruned of what no
        backup names.
options:
  state:
    description:
      - With V(present), the repository is there, and pods can open it. It is made if there is none, by one run at a
        time, of whatever cluster; a second pod has to open it before it counts as made.
      - With V(listed), its snapshots are returned, with the backups that name them, and what backups name and is not
        there. Without O(namespace), the repositories of the location are returned, and no Job runs.
      - With V(maintained), kopia's maintenance runs when it is due by the repository's own schedule, which Velero and
        this collection set to a full one a day and a quick one an hour. Only a full one frees space, and what is
        forgotten is freed days later.
      - With V(verified), everything is read back, and what is damaged is told by snapshots and backups. The task fails
        when anything is wrong.
      - With V(copied), it is copied to O(copy_to), as far as the copy lacks anything. The copy is opened, and has all
        that its snapshots need, before the task ends well. The files of the backups are not copied with it.
      - With V(pruned), snapshots go that no backup in the location names and that are older than O(older_than), as runs
        that died have left them. Nothing goes while a backup is being made in the location, or where one cannot be
        read. The space is freed by the maintenance.
    type: str
    choices: [present, listed, maintained, verified, copied, pruned]
    default: present
  namespace:
    description:
      - The namespace of the volumes, whose repository is meant. After a restore into another namespace, it is still
        the one that was backed up.
      - Required but for O(state=listed).
    type: str
  mover_namespace:
    description:
      - The namespace in which the Job runs. It need not be that of the volumes.
      - If not set, it is O(mover.namespace), and without that O(namespace), which must be there then.
    type: str
  full:
    description:
      - Whether a full maintenance runs with O(state=maintained) whether it is due or not.
    type: bool
    default: false
  force:
    description:
      - With O(state=maintained), whether the repository is maintained although the cluster has a C(BackupRepository) of
        Velero for it, whose Velero maintains it. Two that do so at once may destroy it.
      - With O(state=present), whether the repository is made although O(repository_password) opens none of those that
        are in the location. Velero has one password for all of them, and does not open this one.
    type: bool
    default: false
  percentage:
    description:
      - How many of the files are read with O(state=verified), in percent. They are chosen anew each time.
      - All folders are read in any case, and each file must have all of its objects in the storage.
    type: int
    default: 100
  older_than:
    description:
      - How old a snapshot must be to be forgotten with O(state=pruned), as a Go duration.
      - A Velero server tells nobody that it makes a backup. It must be longer than the longest of its backups takes.
    type: str
    default: 168h
  copy_to:
    description:
      - The second location for O(state=copied). Nothing may be there, or a copy of the same repository. The suboptions
        are those of O(storage_location), and two more.
      - The copy is opened by the same password. Do not write to it.
    type: dict
    suboptions:
      name:
        description:
          - A name for messages.
        type: str
        default: copy
      bucket:
        description:
          - The name of an S3 bucket. It must exist.
        type: str
        required: true
      prefix:
        description:
          - The folder inside of the bucket in which the layout begins.
        type: str
      region:
        description:
          - The region of the bucket.
        type: str
      endpoint_url:
        description:
          - The URL of a server other than AWS that speaks S3.
        type: str
      access_key:
        description:
          - The access key id. Needs O(copy_to.secret_key).
        type: str
      secret_key:
        description:
          - The secret access key. Needs O(copy_to.access_key).
        type: str
      session_token:
        description:
          - The session token of temporary credentials. Needs O(copy_to.access_key).
        type: str
      profile:
        description:
          - The profile of the AWS configuration files to take credentials from.
          - Mutually exclusive with O(copy_to.access_key).
        type: str
      ca_bundle:
        description:
          - The path of the CA certificates that sign the certificate of the S3 server.
        type: path
      validate_certs:
        description:
          - Whether the certificate of the S3 server must be valid.
        type: bool
        default: true
      addressing_style:
        description:
          - Whether the bucket is named in the path or in the host name of a request.
        type: str
        choices: [auto, path, virtual]
      sse:
        description:
          - The encryption to ask the server for, for what this module writes itself.
        type: str
        choices: [AES256, "aws:kms"]
      kms_key_id:
        description:
          - The KMS key for O(copy_to.sse=aws:kms).
        type: str
      s3_url:
        description:
          - The URL by which pods reach the second location, where it is not O(copy_to.endpoint_url).
        type: str
      delete:
        description:
          - Whether what only the copy has is deleted there, once the original has proven to be whole. Else a copy keeps
            what the maintenance of the original removes.
        type: bool
        default: false
  timeout:
    description:
      - How long a Job may take, as a Go duration.
    type: str
    default: 4h
  velero_namespace:
    description:
      - The namespace of Velero, for the password of its repositories and its C(BackupRepository) objects.
    type: str
    default: velero
notes:
  - Leave the maintenance to Velero where one uses the location. Where none does, let a task with O(state=maintained)
    run each day for each namespace.
  - A Velero of another cluster that uses the same bucket is seen by nobody.
seealso:
  - module: arkive.k8s.k8s_backup
  - module: arkive.k8s.k8s_backup_prune
  - module: arkive.k8s.k8s_backup_verify
"""

EXAMPLES = r"""
- name: Make the repository of the shop's volumes before the first backup
  arkive.k8s.k8s_backup_repository:
    namespace: shop
    repository_password: "{{ vault_repository_password }}"
    storage_location:
      bucket: backups
      prefix: production

- name: See which namespaces have a repository
  arkive.k8s.k8s_backup_repository:
    state: listed
    storage_location:
      bucket: backups
      prefix: production
  register: location

- name: Maintain all of them each day
  arkive.k8s.k8s_backup_repository:
    state: maintained
    namespace: "{{ item.namespace }}"
    mover_namespace: backup
    storage_location:
      bucket: backups
      prefix: production
  loop: "{{ location.repositories }}"
  loop_control:
    label: "{{ item.namespace }}"

- name: Free what can be freed now
  arkive.k8s.k8s_backup_repository:
    state: maintained
    full: true
    namespace: shop
    storage_location:
      bucket: backups
      prefix: production

- name: List snapshots with the backups that name them
  arkive.k8s.k8s_backup_repository:
    state: listed
    namespace: shop
    storage_location:
      bucket: backups
      prefix: production
  register: held

- name: Show those that no backup names
  ansible.builtin.debug:
    msg: "{{ held.snapshots | selectattr('backups', 'equalto', []) | map(attribute='id') | list }}"

- name: Read a tenth of all files back each night
  arkive.k8s.k8s_backup_repository:
    state: verified
    percentage: 10
    namespace: shop
    storage_location:
      bucket: backups
      prefix: production

- name: Keep a copy in another region
  arkive.k8s.k8s_backup_repository:
    state: copied
    namespace: shop
    copy_to:
      bucket: backups-copy
      prefix: production
      region: eu-west-1
    mover:
      bandwidth: 50M
    storage_location:
      bucket: backups
      prefix: production

- name: Forget what no backup has named for a month
  arkive.k8s.k8s_backup_repository:
    state: pruned
    older_than: 720h
    namespace: shop
    storage_location:
      bucket: backups
      prefix: production

- name: Maintain it although a Velero was here, which is switched off
  arkive.k8s.k8s_backup_repository:
    state: maintained
    force: true
    namespace: shop
    storage_location:
      bucket: backups
      prefix: production
"""

RETURN = r"""
repository:
  description:
    - The repository, as the task left it, and in check mode as it is.
    - Empty when the task ended by an error before that was known, and with O(state=listed) without O(namespace).
  returned: always
  type: dict
  contains:
    namespace: {description: The namespace of its volumes., type: str, returned: always, sample: shop}
    location: {description: Where it is., type: str, returned: always, sample: s3://backups/production/kopia/shop/}
    state:
      description:
        - V(absent), V(usable), V(new) for one without the mark of Velero 1.18, V(foreign) for objects that are no
          repository, or V(corrupted).
      type: str
      returned: always
      sample: usable
    size: {description: The bytes of its objects., type: int, returned: always, sample: 73400320}
  sample: {}
repositories:
  description: Those of the location, with O(state=listed) and without O(namespace).
  returned: always
  type: list
  elements: dict
  contains:
    namespace: {description: The namespace of its volumes., type: str, returned: always, sample: shop}
    state: {description: As in RV(repository)., type: str, returned: always, sample: usable}
    size: {description: The bytes of its objects., type: int, returned: always, sample: 73400320}
  sample: []
snapshots:
  description: Its snapshots, the oldest first, where they were listed.
  returned: always
  type: list
  elements: dict
  contains:
    id: {description: The id of the snapshot., type: str, returned: always, sample: 33b39038263009ecb37e21626c10e2a4}
    namespace: {description: The namespace of the volume; empty if unknown., type: str, returned: always, sample: shop}
    claim: {description: The claim; empty for a volume of a pod., type: str, returned: always, sample: files}
    pod: {description: The pod whose volume it is; empty for a claim., type: str, returned: always, sample: ""}
    volume: {description: The volume of the pod., type: str, returned: always, sample: ""}
    source:
      description: What kopia calls its source.
      type: str
      returned: always
      sample: snapshot-data-upload-download/kopia/shop/files
    size: {description: The bytes of its files., type: int, returned: always, sample: 52428945}
    files: {description: The number of its files., type: int, returned: always, sample: 53}
    made: {description: When it was begun., type: str, returned: always, sample: "2026-06-01T02:30:00Z"}
    whole: {description: Whether all of the volume is in it., type: bool, returned: always, sample: true}
    trouble: {description: Why it is not whole., type: str, returned: always, sample: ""}
    backups:
      description: The backups that name it.
      type: list
      elements: str
      returned: always
      sample: [shop-20260601023000]
    forgotten: {description: "Whether it was, or would be, forgotten.", type: bool, returned: always, sample: false}
  sample: []
missing:
  description: What backups name and is not in the repository.
  returned: always
  type: list
  elements: dict
  contains:
    id: {description: The id of the snapshot., type: str, returned: always, sample: 7ed62346440b5f9c7263305817fb634f}
    backup: {description: The backup that names it., type: str, returned: always, sample: shop-20260601023000}
    volume: {description: The volume that it calls so., type: str, returned: always, sample: files}
  sample: []
forgotten:
  description: The ids of the snapshots that were, or in check mode would be, forgotten.
  returned: always
  type: list
  elements: str
  sample: []
maintenance:
  description: What kopia says of its maintenance, where it was asked.
  returned: always
  type: dict
  contains:
    ran: {description: "What ran, or would: V(full), V(quick), or nothing.", type: str, returned: always, sample: full}
    freed: {description: The bytes that it freed., type: int, returned: always, sample: 1048576}
    owner: {description: Who maintains it., type: str, returned: always, sample: default@default}
    collected:
      description: When the last full maintenance began that went well; null for never.
      type: str
      returned: always
      sample: "2026-06-01T03:00:00Z"
    next_full: {description: When a full one is due., type: str, returned: always, sample: "2026-06-02T03:00:00Z"}
    next_quick: {description: When a quick one is due., type: str, returned: always, sample: "2026-06-01T04:00:00Z"}
    failed:
      description: The parts of it whose last run went wrong, with why.
      type: list
      elements: str
      returned: always
      sample: []
  sample: {}
verification:
  description: What was read back.
  returned: always
  type: dict
  contains:
    sound: {description: Whether nothing is wrong., type: bool, returned: always, sample: true}
    percentage: {description: How many of the files were read., type: int, returned: always, sample: 100}
    snapshots: {description: How many snapshots there are., type: int, returned: always, sample: 12}
    objects: {description: "How many files and folders were looked at.", type: int, returned: always, sample: 640}
    files_read: {description: "How many files were read, equal ones once.", type: int, returned: always, sample: 53}
    bytes_read: {description: Their bytes., type: int, returned: always, sample: 52428945}
  sample: {}
damage:
  description: What cannot be read, of each snapshot the first hundred files.
  returned: always
  type: list
  elements: dict
  contains:
    snapshot: {description: Its id; empty if unknown., type: str, returned: always, sample: ""}
    what: {description: Of what it is., type: str, returned: always, sample: claim files}
    path: {description: The file; empty for all of it., type: str, returned: always, sample: sub/a}
    error: {description: What kopia says., type: str, returned: always, sample: invalid checksum}
    backups: {description: Those that name it., type: list, elements: str, returned: always, sample: []}
  sample: []
copied:
  description: What was copied, or would be.
  returned: always
  type: dict
  contains:
    location: {description: Where to., type: str, returned: always, sample: s3://backups-copy/production/kopia/shop/}
    objects: {description: How many objects the copy lacked., type: int, returned: always, sample: 17}
    bytes: {description: Their bytes., type: int, returned: always, sample: 52428945}
    extra: {description: How many it has that the original has not., type: int, returned: always, sample: 0}
    deleted: {description: How many of these were deleted., type: int, returned: always, sample: 0}
  sample: {}
location:
  description: The storage location.
  returned: always
  type: str
  sample: s3://backups/production
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
    - What is known about the error that ended the task beside its sentence. Empty when the task did not end by an
      error, or nothing more is known.
  returned: always
  type: dict
  sample: {}
"""

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH, kube_auth
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.location_store import open_location, open_to_read
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.mover_options import MOVER
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.repository_options import (
    REPOSITORY,
    copy_location,
    repository_moving,
    repository_request,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_BACKUP_REPOSITORY
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import failed_by, warnings_in_failure
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE, require_store_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import PROGRESS, RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.in_location import find_repositories
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.request import (
    RepositoryOutcome,
    RepositoryRequest,
)

SPEC = ArgumentSpec().merge(REPOSITORY, AUTH, STORAGE, MOVER, PROGRESS, RESULT)


def work(task: Task) -> Result:
    require_store_library(task.params)
    request = repository_request(task.params)
    if not request.namespace:
        store = open_to_read(task)
        return {"changed": False, "repositories": find_repositories(store), "location": store.location.describe}
    issues = Issues()
    with warnings_in_failure(issues):
        outcome, where = _carry_out(task, request, issues)
    issues.add_warnings(outcome.warnings)
    issues.add_errors(outcome.problems)
    errors = to_return(issues.errors)
    result: Result = {
        **outcome.to_return(),
        "changed": outcome.changed,
        "location": where,
        "warnings_list": to_return(issues.warnings),
        "errors_list": errors,
    }
    return result | (failed_by(f"The repository {outcome.where} is not as it should be.", errors) if errors else {})


def _carry_out(task: Task, request: RepositoryRequest, issues: Issues) -> tuple[RepositoryOutcome, str]:
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
    from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.work import look_after

    require_library("kubernetes")
    client = connect(kube_auth(task.params), cancel=task.cancel)
    reads = request.state in ("listed", "verified", "copied")
    store = open_to_read(task) if reads else open_location(task, namespace=request.velero_namespace, client=client)
    outcome = look_after(
        request,
        repository_moving(task, store, issues),
        client,
        copy_to=copy_location(task.params),
        check_mode=task.check_mode,
    )
    return outcome, store.location.describe


def main() -> t.NoReturn:
    run_task(SPEC, K8S_BACKUP_REPOSITORY, work)


if __name__ == "__main__":
    main()
