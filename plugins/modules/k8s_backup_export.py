# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_backup_export
short_description: Export a backup, or what is in the cluster, as a tree of YAML for a repository
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Writes one file for each object, in a form that is always the same for the same object. What only a cluster
    writes is left out, such as the status, uids and addresses, and so is what controllers make, such as the pods of
    a Deployment.
  - The rules are those of a restore, so that applying the tree gives what a restore of the backup gives, data of
    volumes and Secrets aside.
  - Only files that changed are written, so that nothing changes when nothing changed. A file of an object that is
    gone is removed, but never when the source may be incomplete, as a C(PartiallyFailed) or damaged backup is.
  - The files are C(namespaces/<namespace>/<group>/<Kind>/<name>.yaml) and C(cluster/<group>/<Kind>/<name>.yaml),
    where the group of the core is C(core). Names that a file system would not take are percent-encoded. The index
    C(.arkive-tree.json) names the files that belong to the tree, and no value of any object.
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
  - arkive.k8s._selection
  - arkive.k8s._storage
attributes:
  check_mode:
    support: full
    details:
      - Nothing is written. With O(secrets=seal), the command is run all the same.
  diff_mode:
    support: full
    details:
      - The files before and after. Those of Secrets are left out.
  idempotent:
    support: full
    details:
      - A Secret is sealed anew only when the cluster has another version of it, as what is encrypted twice is never
        the same.
options:
  name:
    description:
      - The backup.
      - Exactly one of O(name), O(schedule) and O(from_cluster) is needed.
    type: str
  schedule:
    description:
      - The schedule whose newest C(Completed) backup is meant.
    type: str
  from_cluster:
    description:
      - Whether what is in the cluster now is exported, by the selection. Hooks are not run, and nothing is stored
        anywhere else.
    type: bool
    default: false
  dest:
    description:
      - The folder of the tree. It is made if it is not there. One that holds anything but a tree of this module is
        refused.
    type: path
    required: true
  layout:
    description:
      - With V(kustomize), each folder gets a C(kustomization.yaml) that names what is in it, definitions of types
        first.
    type: str
    choices: [plain, kustomize]
    default: plain
  secrets:
    description:
      - With V(omit), Secrets are in no file. RV(secrets) has the names of their keys.
      - With V(seal), O(seal_command) makes the files.
      - With V(plain), they are written as they are, with a warning, into files that their owner alone may read.
      - An entry of a ConfigMap, or a variable of a container, that looks like a password, a key or a token is in the
        tree as it is, and is named in a warning, without its value.
    type: str
    choices: [omit, seal, plain]
    default: omit
  seal_command:
    description:
      - A command that reads the manifest of a Secret from its standard input and writes an encrypted one to its
        standard output, as C(sops), C(age) and C(kubeseal) can. No shell is used.
      - What it writes is refused when a value of the Secret is in it as it was.
    type: list
    elements: str
  node_ports:
    description:
      - Whether the node ports of Services are kept that the cluster has chosen. Those that somebody asked for
        always are.
    type: bool
    default: false
  skip_forbidden:
    description:
      - With O(from_cluster=true), whether what may not be listed is left out with a warning. Files of the tree are
        not removed then.
    type: bool
    default: false
  storage_location:
    required: false
seealso:
  - module: arkive.k8s.k8s_backup
  - module: arkive.k8s.k8s_backup_diff
"""

EXAMPLES = r"""
- name: Keep the newest backup of the shop in a repository
  arkive.k8s.k8s_backup_export:
    schedule: shop
    dest: tree
    storage_location:
      bucket: backups
      prefix: production

- name: Export what is in the cluster now, with Secrets encrypted by sops
  arkive.k8s.k8s_backup_export:
    from_cluster: true
    included_namespaces: [shop]
    dest: tree
    layout: kustomize
    secrets: seal
    seal_command:
      - sops
      - --encrypt
      - --input-type=yaml
      - --output-type=yaml
      - --encrypted-regex=^(data|stringData)$
      - /dev/stdin

- name: See what has changed since the last export
  arkive.k8s.k8s_backup_export:
    name: shop-20260601023000
    dest: tree
    storage_location:
      path: /srv/backups
  check_mode: true
  diff: true
"""

RETURN = r"""
backup:
  description: The backup that was exported; V(live) with O(from_cluster=true).
  returned: always
  type: str
  sample: shop-20260601023000
written:
  description: The files that were written, or would be.
  returned: always
  type: list
  elements: str
  sample: [namespaces/shop/apps/Deployment/web.yaml]
removed:
  description: The files that were removed, or would be.
  returned: always
  type: list
  elements: str
  sample: []
files:
  description: The number of files that the tree has now.
  returned: always
  type: int
  sample: 48
objects_left_out:
  description: The numbers of objects that are in no file, by the reason.
  returned: always
  type: dict
  sample: {made by a ReplicaSet: 2}
secrets:
  description:
    - The Secrets that are not in the tree as they are, each with C(secret) (its namespace and name), C(type),
      C(keys) and C(path), the file that the command has made, or null.
  returned: always
  type: list
  elements: dict
  sample: [{secret: shop/db, type: Opaque, keys: [password], path: null}]
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
    - What is known about the error that ended the task beside its sentence. Empty when the task did not end by an
      error, or nothing more is known.
  returned: always
  type: dict
  sample: {}
"""

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.export_options import EXPORT, export
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.group_options import MOVER_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_BACKUP_EXPORT
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.selection_options import SELECTION
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import PROGRESS, RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return

SPEC = ArgumentSpec().merge(AUTH, STORAGE_UNUSED, SELECTION, EXPORT, PROGRESS, RESULT, MOVER_UNUSED)


def work(task: Task) -> Result:
    outcome = export(task)
    result: Result = {
        "changed": outcome.changed,
        "backup": outcome.backup,
        "written": list(outcome.written),
        "removed": list(outcome.removed),
        "files": outcome.files,
        "objects_left_out": dict(outcome.left_out),
        "secrets": list(outcome.secrets),
        "warnings_list": to_return(Issues.of(warnings=outcome.warnings).warnings),
    }
    if task.diff_mode:
        result["diff"] = list(outcome.diffs)
    return result


def main() -> t.NoReturn:
    run_task(SPEC, K8S_BACKUP_EXPORT, work)


if __name__ == "__main__":
    main()
