# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_db_verify
short_description: Bring up the database of a backup, cut off, and prove that it is whole
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Makes volumes from the CSI snapshots of a backup, or of a set of M(arkive.k8s.k8s_snapshot), in a namespace of its
    own. Starts the database's server there, waits for its recovery, has the server's own tools check the data, and
    compares its position with what was recorded as it was held. Then removes everything again.
  - The copy cannot reach production. Its pod lets nothing in, and nothing out but questions to the name service, which
    is tried out before anything of the database runs, and looked at again at the end. The server has settings of the
    module alone, so that no archiving, no replication, no subscription and no scheduler starts. Nothing else of the
    original is made, no Service, no controller, no ServiceAccount; the pod has no token, and the program that the
    image starts by itself is never run.
  - The storage's snapshots are only read.
  - The task fails when the database is not whole, with a sentence for each problem. The certificate, which says when,
    from what, by which checks and up to which position, is recorded beside the backup.
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._auth
  - arkive.k8s._mover.unused
  - arkive.k8s._progress
  - arkive.k8s._requirements
  - arkive.k8s._requirements.kubernetes
  - arkive.k8s._requirements.s3
  - arkive.k8s._results.without_store
  - arkive.k8s._storage
attributes:
  check_mode:
    support: full
    details:
      - Says what would be made, and fails where that is known to fail. Whether the cluster enforces network policies
        is not known then.
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - Each proof is made anew.
options:
  backup:
    description:
      - The backup.
      - One of O(backup), O(schedule) and O(snapshot) is required, and they are mutually exclusive.
    type: str
  schedule:
    description:
      - The schedule whose newest C(Completed) backup is meant.
    type: str
  snapshot:
    description:
      - The set of snapshots in O(namespace), an O(arkive.k8s.k8s_snapshot#module:name). Pod and claims are those of the
        cluster.
    type: str
  namespace:
    description:
      - The namespace of the database. Required with O(snapshot).
    type: str
  pod:
    description:
      - The pod of the database, if there are several. If not set, it is the one whose database was held, or else the
        one with the annotation C(arkive.k8s/database).
    type: str
  container:
    description:
      - The container of the server. If not set, it is the one that was held, the one that the annotation
        C(arkive.k8s/database-container) names, or the first one.
    type: str
  kind:
    description:
      - The kind of database. If not set, it is the one that was held, or that the annotation C(arkive.k8s/database)
        names.
    type: str
    choices: [postgresql, redis, valkey, mariadb, mysql]
  user:
    description:
      - The superuser of PostgreSQL. If not set, the one that was recorded, that of the variable C(POSTGRES_USER), and
        V(postgres) are tried. No password is needed.
    type: str
  quiesce:
    description:
      - What was recorded as the database was held, an entry of RV(arkive.k8s.k8s_snapshot#module:quiesces). A backup
        has it, and is refused with another one; a set of snapshots has not.
    type: dict
    default: {}
  secrets:
    description:
      - The Secrets of the namespace that the server needs to start, such as the key of encrypted tables. They are
        copied into the namespace of the proof. All others are left out, with the variables that come from them; for
        a volume, there is an empty directory. Secrets by which the image is pulled always come along.
    type: list
    elements: str
    default: []
  config_maps:
    description:
      - The same for ConfigMaps.
    type: list
    elements: str
    default: []
  server_arguments:
    description:
      - More arguments for the server, such as V(--innodb-page-size=8k). What cuts the server off comes after them, and
        counts.
    type: list
    elements: str
    default: []
  scratch_namespace:
    description:
      - A namespace that is there for proofs, with the label C(arkive.k8s/database-proofs=true), and with no pods, no
        claims and no network policies in it. It is used by one proof at a time, and is left as empty as it was.
      - The rights of the proof are of this namespace then, but for the contents of snapshots
        (C(volumesnapshotcontents)), which are in no namespace.
      - If not set, a namespace is made for the proof, which takes rights in the whole cluster.
    type: str
  storage_class_mapping:
    description:
      - New storage classes by those that the claims had.
    type: dict
    default: {}
  network_targets:
    description:
      - Addresses of production, as C(host:port), which the pod must not reach. They are tried beside the API server of
        the cluster. Those that are not reached before the pod is cut off prove nothing.
    type: list
    elements: str
    default: []
  allow_unenforced_network:
    description:
      - Whether the database is started although the cluster does not enforce network policies, or nobody can tell. Its
        settings alone keep it from production then.
    type: bool
    default: false
  compare_live:
    description:
      - Whether the live server is asked how far it is ahead. It takes the right to run commands in its pod.
    type: bool
    default: false
  record:
    description:
      - Whether the certificate is recorded beside the backup. In a read-only location it never is.
    type: bool
    default: true
  volume_timeout:
    description:
      - How long volumes and pod may take, as a duration such as V(10m).
    type: str
    default: 10m
  network_timeout:
    description:
      - How long it may take until the pod is cut off.
    type: str
    default: 30s
  recovery_timeout:
    description:
      - How long the server may take for its recovery.
    type: str
    default: 30m
  check_timeout:
    description:
      - How long each check may take.
    type: str
    default: 2h
  storage_location:
    description:
      - Where the backup is. Required with O(backup) and O(schedule), not used with O(snapshot).
    required: false
notes:
  - Only snapshots by CSI drivers can be brought up. The server has what the image of the original has; a tool that is
    not in it is V(unavailable) in RV(certificate).
  - A run that is killed leaves its namespace, C(arkive-proof-) and letters. The next one removes it, once its process
    is gone or its time is over. A namespace that no proof has made is never removed. What is left in an
    O(scratch_namespace), the next proof there removes.
  - M(arkive.k8s.k8s_access_info) with C(for=[db_verify]) returns the rights that it takes.
  - The kind V(mysql) has not been run against a real server of MySQL 8. MongoDB cannot be proven.
seealso:
  - module: arkive.k8s.k8s_backup_verify
  - module: arkive.k8s.k8s_snapshot
  - name: Proof after restore
    description: What is looked at, and what is not.
    link: https://github.com/arkive-k8s/arkive.k8s/blob/main/docs/docsite/rst/guide_databases.rst
"""

EXAMPLES = r"""
- name: Prove the database of the newest backup of the shop
  arkive.k8s.k8s_db_verify:
    schedule: shop
    storage_location:
      bucket: backups
      prefix: production

- name: Prove one of several databases, and ask the live one how far it is ahead
  arkive.k8s.k8s_db_verify:
    backup: nightly-20260601023000
    namespace: shop
    pod: postgres-0
    compare_live: true
    network_targets: [postgres.shop.svc:5432]
    storage_location:
      path: /srv/backups
  register: proof

- name: Say what was found
  ansible.builtin.debug:
    msg: "{{ proof.certificate.kind }} recovered in {{ proof.certificate.recovery_seconds }} s"

- name: Prove it in a namespace that is there for that
  arkive.k8s.k8s_db_verify:
    schedule: shop
    scratch_namespace: proofs
    storage_location:
      bucket: backups
      prefix: production

- name: Take snapshots of a Redis server
  arkive.k8s.k8s_snapshot:
    name: before-upgrade
    namespace: shop
    claims: [redis-data]
    databases:
      - label_selector: app=redis
        kind: redis
  register: taken

- name: Prove them before the upgrade
  arkive.k8s.k8s_db_verify:
    snapshot: before-upgrade
    namespace: shop
    quiesce: "{{ taken.quiesces[0] }}"
    recovery_timeout: 5m
"""

RETURN = r"""
sound:
  description: Whether all was looked at that can be, and nothing is wrong.
  returned: always
  type: bool
  sample: true
problems:
  description: What is wrong, a sentence each.
  returned: always
  type: list
  elements: str
  sample: []
certificate:
  description: What is recorded. Empty in check mode.
  returned: always
  type: dict
  contains:
    proven: {description: When., type: str, returned: always, sample: "2026-06-01T03:00:00Z"}
    sound: {description: As RV(sound)., type: bool, returned: always, sample: true}
    source: {description: The backup or the set., type: str, returned: always, sample: backup 'nightly' in s3://b/p}
    taken: {description: When that was begun., type: str, returned: always, sample: "2026-06-01T02:30:00Z"}
    namespace: {description: Of the original., type: str, returned: always, sample: shop}
    pod: {description: The original., type: str, returned: always, sample: postgres-0}
    container: {description: That of the server., type: str, returned: always, sample: postgres}
    image: {description: Its image., type: str, returned: always, sample: "postgres:15"}
    kind: {description: The kind of database., type: str, returned: always, sample: postgresql}
    server_version: {description: As the server says., type: str, returned: always, sample: "15.8"}
    snapshots: {description: "Each with C(claim), C(handle) and C(driver).", type: list, returned: always, sample: []}
    held: {description: Whether it is proven that it was held then., type: bool, returned: always, sample: true}
    recovery_seconds: {description: From its start until it served., type: float, returned: always, sample: 3.7}
    position: {description: "Up to where it recovered: an LSN, a GTID, an offset.", type: str, returned: always,
               sample: 0/15555C0}
    recorded_position: {description: What was recorded as it was held., type: str, returned: always, sample: 0/1552E78}
    facts: {description: What else the server said., type: dict, returned: always, sample: {timeline: 1}}
    network:
      description:
        - C(verdict), which is C(enforced), C(not enforced) or C(unknown); C(reason); C(reached_before) and
          C(reached_after), which addresses the pod reached.
      type: dict
      returned: always
      sample: {verdict: enforced}
    checks:
      description:
        - Each with C(name), C(tool) and its version, C(state), which is C(passed), C(failed) or C(unavailable),
          C(seconds), and C(found), what it complained of.
      type: list
      elements: dict
      returned: always
      sample: []
    problems: {description: As RV(problems)., type: list, elements: str, returned: always, sample: []}
    lost:
      description:
        - With O(compare_live), how far the live server was ahead, C(live_position) and, by the kind,
          C(bytes_of_wal), C(transactions) or C(live_keys).
      type: dict
      returned: always
      sample: {live_position: 0/15AF968, bytes_of_wal: 369576}
scratch_namespace:
  description: The namespace of the proof, which is gone, unless it is O(scratch_namespace).
  returned: always
  type: str
  sample: arkive-proof-z6c4g82g
brought:
  description: The Secrets and ConfigMaps that were copied.
  returned: always
  type: list
  elements: str
  sample: [secret registry]
planned:
  description: In check mode, what would be made.
  returned: always
  type: list
  elements: str
  sample: []
server_log:
  description: The last lines that the server wrote.
  returned: always
  type: list
  elements: str
  sample: []
swept:
  description: The namespaces that earlier runs have left, and that were removed, or emptied.
  returned: always
  type: list
  elements: str
  sample: []
recorded:
  description: Whether the certificate was recorded.
  returned: always
  type: bool
  sample: true
timings:
  description: Seconds for each step.
  returned: always
  type: dict
  sample: {volumes: 2.3, network: 4.9, recovery: 3.7, checks: 5.4, remove: 4.1}
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
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.group_options import MOVER_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.location_store import open_location, open_to_read
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.proof_options import PROOF, proof_request
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_DB_VERIFY
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import failed_by
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import (
    STORAGE_UNUSED,
    require_store_library,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import PROGRESS, RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.prove import prove_database
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

SPEC = ArgumentSpec().merge(AUTH, PROOF, PROGRESS, RESULT, STORAGE_UNUSED, MOVER_UNUSED)


def find_store(task: Task) -> Store | None:
    """That of the backup; None for a set of snapshots, which has none."""
    if task.params["snapshot"]:
        return None
    if not task.params["storage_location"]:
        raise ValidationError("storage_location is missing.", hint="Say where the backup is.")
    require_store_library(task.params)
    return open_location(task) if task.params["record"] else open_to_read(task)


def newest_of(task: Task, store: Store | None, issues: Issues) -> str:
    """The name of the newest backup where a schedule is given."""
    if store is None or not task.params["schedule"]:
        return ""
    from ansible_collections.arkive.k8s.plugins.module_utils._catalog.newest import newest_backup

    newest = newest_backup(store, task.params["schedule"])
    issues.add_warnings(newest.warnings)
    return newest.name


def work(task: Task) -> Result:
    issues = Issues()
    store = find_store(task)
    request = proof_request(task.params, newest_of(task, store, issues))
    require_library("kubernetes")
    client = connect(kube_auth(task.params), cancel=task.cancel)
    run = ClusterRun(client=client, progress=task.progress, cancel=task.cancel, issues=issues)
    outcome = prove_database(request, run=run, store=store, check_mode=task.check_mode)
    result = outcome.to_return()
    if outcome.account.problems:
        subject = outcome.account.subject
        result |= failed_by(f"The database {subject.where} of {subject.source} is not whole.", result["errors_list"])
    return result


def main() -> t.NoReturn:
    run_task(SPEC, K8S_DB_VERIFY, work)


if __name__ == "__main__":
    main()
