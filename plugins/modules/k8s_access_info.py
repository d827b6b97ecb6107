# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_access_info
short_description: Tell which rights in the cluster a task needs, and which of them are lacking
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Returns the least roles with which a task of this collection does its work, bound to a service account, ready to be
    applied.
  - Asks the API server which of these rights the caller lacks. Nothing is changed, and the caller needs no right for
    it.
  - The rights are those that the modules themselves ask for. Nothing is tried, so that objects of an admission
    controller may still refuse what a role allows.
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._attributes.info_module
  - arkive.k8s._auth
  - arkive.k8s._mover.unused
  - arkive.k8s._requirements
  - arkive.k8s._requirements.kubernetes
  - arkive.k8s._results.without_store
  - arkive.k8s._storage
options:
  for:
    description:
      - What is to be done.
      - V(backup), V(restore) and V(snapshot) are M(arkive.k8s.k8s_backup), M(arkive.k8s.k8s_restore) and
        M(arkive.k8s.k8s_snapshot); V(delete) is M(arkive.k8s.k8s_backup) with C(state=absent) of a backup with
        snapshots; V(prune) is M(arkive.k8s.k8s_backup_prune); V(snapshot_info) is M(arkive.k8s.k8s_snapshot_info).
      - V(hooks) is M(arkive.k8s.k8s_hook_exec) and the role P(arkive.k8s.fsfreeze#role).
      - V(dump) is M(arkive.k8s.k8s_db_dump), in either state.
      - V(sync) is M(arkive.k8s.k8s_backup_sync) with the types of O(api_group); O(namespaces) are those of its objects.
      - V(verify) is M(arkive.k8s.k8s_backup_verify) of a backup with snapshots, which takes no other rights than to
        delete it; V(diff) is M(arkive.k8s.k8s_backup_diff) with the cluster.
      - V(export) is M(arkive.k8s.k8s_backup_export) with C(from_cluster=true); of a backup, it needs no cluster.
      - V(db_verify) is M(arkive.k8s.k8s_db_verify) of a backup. Its rights are of the whole cluster, as it makes a
        namespace of its own each time.
      - V(operations) is M(arkive.k8s.k8s_velero_operations), without the rights of what it carries out; O(namespaces)
        are those of the objects. Its backups and restores take those of V(backup), V(delete) and V(restore) besides.
      - V(repository) is M(arkive.k8s.k8s_backup_repository); O(namespaces) are those in which its Jobs run.
      - V(gitops) is M(arkive.k8s.k8s_gitops) and the role P(arkive.k8s.gitops_pause#role); O(namespaces) are those of
        Applications, Kustomizations and HelmReleases.
      - V(blueprint) is M(arkive.k8s.k8s_blueprint), and O(arkive.k8s.k8s_backup#module:execution_hooks) beside the
        backup, restore or snapshot that they are around. What the commands of C(KubeTask) do, they do as the
        ServiceAccount of their pod, whose rights are not among these.
      - M(arkive.k8s.k8s_backup_info) needs no cluster.
    type: list
    elements: str
    choices:
      - backup
      - restore
      - delete
      - prune
      - snapshot
      - snapshot_info
      - hooks
      - dump
      - sync
      - verify
      - export
      - diff
      - db_verify
      - repository
      - operations
      - gitops
      - blueprint
    required: true
  namespaces:
    description:
      - Where it is to be done. Each gets a Role. For a restore into others than those of the backup, these others.
      - If not set, it is the whole cluster, and there is a ClusterRole only. That suits a restore whose namespaces are
        gone, too.
    type: list
    elements: str
    default: []
  resources:
    description:
      - The types of objects that are backed up or restored, such as V(configmaps) or V(deployments.apps), as in
        O(arkive.k8s.k8s_backup#module:included_resources). All of them if not set, Secrets among them.
      - For V(blueprint), what C(KubeOps) makes, changes and deletes, and what is waited for beside pods, Deployments
        and StatefulSets. Nothing of it if not set.
    type: list
    elements: str
    default: []
  hooks:
    description:
      - Whether commands are run in pods.
    type: bool
    default: true
  freeze:
    description:
      - Whether hooks freeze file systems. A freeze is marked on the pod and on its claim.
    type: bool
    default: true
  databases:
    description:
      - Whether databases are held, by C(databases) of M(arkive.k8s.k8s_backup), M(arkive.k8s.k8s_snapshot) and
        M(arkive.k8s.k8s_hook_exec), or by annotations of pods. Their clients run in the pods, which takes the right
        that hooks take, so that this matters with O(hooks=false) only.
    type: bool
    default: false
  database_secrets:
    description:
      - Whether the password of a database is read from a Secret, by C(credentials.secret) of C(databases), or by the
        annotation C(arkive.k8s/database-credentials-secret). This is beside what O(databases=true) takes.
    type: bool
    default: false
  scratch_namespace:
    description:
      - The namespace in which databases are proven, the O(arkive.k8s.k8s_db_verify#module:scratch_namespace) of
        V(db_verify). Its rights are in this namespace and in O(namespaces) then, but for the contents of snapshots and
        what is read of classes and volumes, which are in no namespace.
      - If not set, each proof makes a namespace, and its rights are of the whole cluster.
    type: str
  volumes:
    description:
      - Whether the data of volumes is kept as snapshots, or comes back from them.
    type: bool
    default: true
  provider:
    description:
      - Who takes these snapshots, as M(arkive.k8s.k8s_snapshot) calls it. With V(mover), they are CSI snapshots whose
        data is moved, as O(arkive.k8s.k8s_backup#module:snapshot_move_data). Copies of files take no others, as
        O(arkive.k8s.k8s_backup#module:default_volumes_to_fs_backup).
    type: str
    choices: [csi, aws_ebs, mover]
    default: csi
  retain:
    description:
      - Whether snapshots of M(arkive.k8s.k8s_snapshot) are to outlive their objects.
    type: bool
    default: false
  existing_resource_policy:
    description:
      - What a restore does with objects that are there and differ, as in
        O(arkive.k8s.k8s_restore#module:existing_resource_policy).
    type: str
    choices: [none, update, replace, recreate]
    default: none
  existing_volume_policy:
    description:
      - What a restore does with the volumes of claims that exist, as
        O(arkive.k8s.k8s_restore#module:existing_volume_policy). With V(roll_back), V(restore) takes the rights to stop
        workloads and to replace claims as well.
    type: str
    choices: [keep, roll_back]
    default: keep
  ephemeral_containers:
    description:
      - Whether a backup with O(provider=mover) may add containers to pods, as C(mover.ephemeral_containers) of
        M(arkive.k8s.k8s_backup), and so takes the rights to do that and to run commands in them.
    type: bool
    default: false
  functions:
    description:
      - The functions that the blueprints use, such as V(KubeTask), for V(blueprint). All of them if not set.
    type: list
    elements: str
    default: []
  on_gitops_owned:
    description:
      - What a restore does about objects that Argo CD or Flux owns, as
        O(arkive.k8s.k8s_restore#module:on_gitops_owned). With V(ignore) no rights are needed for that. Without them, a
        restore that is to pause owners fails, and any other warns that it does not know whether it will last.
    type: str
    choices: [refuse, pause, report, ignore]
    default: ignore
  gitops_namespaces:
    description:
      - Where the Applications, Kustomizations and HelmReleases are for V(restore), such as V(argocd) or
        V(flux-system). Each gets a Role. If not set, it is the whole cluster.
    type: list
    elements: str
    default: []
  api_group:
    description:
      - Whose custom resources are meant, for V(operations) and V(sync).
    type: str
    choices: [velero.io, ark.heptio.com]
    default: velero.io
  velero_namespace:
    description:
      - The namespace of the Velero whose password the repositories have, for V(provider=mover) and V(repository), as
        the options of this name and O(arkive.k8s.k8s_backup#module:velero_namespace) say it.
    type: str
    default: velero
  account:
    description:
      - The name of the service account, and of its roles. V(arkive-) and the first of O(for) if not set.
    type: str
  account_namespace:
    description:
      - The namespace of the service account. It has to be there when the roles are applied, which RV(yaml) says where
        it is not. Where the caller lacks a right, a warning says so as well.
    type: str
    default: arkive
  storage_location:
    description:
      - Not used. It is accepted so that C(module_defaults) for the action group may hold it.
    required: false
seealso:
  - module: arkive.k8s.k8s_backup
  - module: arkive.k8s.k8s_restore
  - name: Using RBAC authorization
    description: What roles and bindings are.
    link: https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

EXAMPLES = r"""
- name: Look up the rights of nightly backups
  arkive.k8s.k8s_access_info:
    for: [backup]
    namespaces: [shop]
  register: access

- name: Write them into a file for kubectl apply
  ansible.builtin.copy:
    content: "{{ access.yaml }}"
    dest: backup-rights.yml
    mode: "0644"

- name: Look up the rights of snapshots of databases, whose passwords are in Secrets
  arkive.k8s.k8s_access_info:
    for: [snapshot]
    namespaces: [shop]
    hooks: false
    database_secrets: true

- name: Look up the rights of proofs in a namespace that is there for them
  arkive.k8s.k8s_access_info:
    for: [db_verify]
    namespaces: [shop]
    scratch_namespace: proofs

- name: Look up what is lacking for some types of objects
  arkive.k8s.k8s_access_info:
    for: [backup, restore]
    namespaces: [shop, shop-db]
    resources: [configmaps, secrets, deployments.apps, pods]
    volumes: false
    existing_resource_policy: update
  register: access

- name: Stop before the night if anything is
  ansible.builtin.assert:
    that: access.allowed
    fail_msg: "{{ access.grant }}"

- name: Look up the rights of execution hooks that scale workloads, and make and await objects of an operator
  arkive.k8s.k8s_access_info:
    for: [backup, blueprint]
    namespaces: [shop]
    functions: [ScaleWorkload, KubeOps, WaitV2]
    resources: [configmaps]

- name: Look up the rights of passes over the objects of Heptio Ark
  arkive.k8s.k8s_access_info:
    for: [operations]
    namespaces: [heptio-ark]
    api_group: ark.heptio.com

- name: Look up the rights of a restore whose namespaces are gone
  arkive.k8s.k8s_access_info:
    for: [restore]
    account: restorer
    account_namespace: operations
"""

RETURN = r"""
allowed:
  description: Whether the caller has all rights that a task cannot do without.
  returned: always
  type: bool
  sample: false
lacking:
  description: The rights that the caller lacks, each with the task that takes it.
  returned: always
  type: list
  elements: dict
  contains:
    task: {description: The task., type: str, returned: always, sample: backup}
    verb: {description: The verb., type: str, returned: always, sample: patch}
    group: {description: The API group. Empty for the core group., type: str, returned: always, sample: ""}
    resource: {description: The plural of the type., type: str, returned: always, sample: persistentvolumeclaims}
    subresource: {description: The subresource., type: str, returned: always, sample: ""}
    namespace: {description: The namespace. Empty for the whole cluster., type: str, returned: always, sample: shop}
    why: {description: What it is for., type: str, returned: always, sample: A freeze is marked on the pod.}
    required: {description: Whether the task fails without it., type: bool, returned: always, sample: false}
    otherwise: {description: What the task does without it., type: str, returned: always, sample: It is not marked.}
grant:
  description: What to add to which role so that nothing is lacking. Empty when nothing is.
  returned: always
  type: str
  sample: >-
    Add to a Role in namespace shop that is bound to this user: rules: [{apiGroups: [""], resources: [pods], verbs:
    [patch]}].
roles:
  description: The service account with its roles and their bindings, in the order in which they can be made.
  returned: always
  type: list
  elements: dict
  sample: [{apiVersion: v1, kind: ServiceAccount, metadata: {name: arkive-backup, namespace: arkive}}]
yaml:
  description: The same as text for C(kubectl apply), where each rule says what it is for.
  returned: always
  type: str
  sample: |
    apiVersion: v1
    kind: List
    items: []
elsewhere:
  description:
    - Rights in namespaces that are not among the options, which RV(roles) leaves out, as a Role cannot be made in a
      namespace that is missing. RV(yaml) names them at its end.
    - With O(provider=mover) it is the password in Velero's namespace. Whoever may not read it gives it as
      O(arkive.k8s.k8s_backup#module:repository_password).
  returned: always
  type: list
  elements: dict
  contains:
    verb: {description: The verb., type: str, returned: always, sample: get}
    group: {description: The API group. Empty for the core group., type: str, returned: always, sample: ""}
    resource: {description: The plural of the type., type: str, returned: always, sample: secrets}
    subresource: {description: The subresource., type: str, returned: always, sample: ""}
    namespace: {description: The namespace., type: str, returned: always, sample: velero}
    why: {description: What it is for., type: str, returned: always, sample: The password of the repositories.}
    otherwise: {description: What to do without it., type: str, returned: always, sample: It has to be given.}
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
      of a request to the API server. Empty when the task did not end by an error, or nothing more is known.
  returned: always
  type: dict
  sample: {}
"""

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._access.answer import look_at_access
from ansible_collections.arkive.k8s.plugins.module_utils._access.question import ON_EXISTING, AccessQuestion
from ansible_collections.arkive.k8s.plugins.module_utils._access.tasks import TASKS
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH, kube_auth
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.group_options import MOVER_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_ACCESS_INFO
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.terms import ON_OWNED
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import FAMILIES, VELERO
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import DEFAULT_NAMESPACE
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import PROVIDER_NAMES, names_around

SPEC = ArgumentSpec(
    options={
        "for": {"type": "list", "elements": "str", "choices": list(TASKS), "required": True},
        "namespaces": {"type": "list", "elements": "str", "default": []},
        "resources": {"type": "list", "elements": "str", "default": []},
        "hooks": {"type": "bool", "default": True},
        "freeze": {"type": "bool", "default": True},
        "databases": {"type": "bool", "default": False},
        "database_secrets": {"type": "bool", "default": False},
        "scratch_namespace": {"type": "str"},
        "volumes": {"type": "bool", "default": True},
        "provider": {"type": "str", "choices": list(PROVIDER_NAMES), "default": PROVIDER_NAMES[0]},
        "retain": {"type": "bool", "default": False},
        "existing_resource_policy": {"type": "str", "choices": list(ON_EXISTING), "default": ON_EXISTING[0]},
        "existing_volume_policy": {"type": "str", "choices": ["keep", "roll_back"], "default": "keep"},
        "ephemeral_containers": {"type": "bool", "default": False},
        "functions": {"type": "list", "elements": "str", "default": []},
        "on_gitops_owned": {"type": "str", "choices": list(ON_OWNED), "default": "ignore"},
        "gitops_namespaces": {"type": "list", "elements": "str", "default": []},
        "api_group": {"type": "str", "choices": [family.group for family in FAMILIES], "default": VELERO.group},
        "velero_namespace": {"type": "str", "default": DEFAULT_NAMESPACE},
        "account": {"type": "str"},
        "account_namespace": {"type": "str", "default": "arkive"},
    }
).merge(AUTH, RESULT, STORAGE_UNUSED, MOVER_UNUSED)


def work(task: Task) -> Result:
    params = task.params
    question = AccessQuestion(
        tasks=tuple(dict.fromkeys(params["for"])),
        namespaces=tuple(dict.fromkeys(params["namespaces"])),
        resources=tuple(params["resources"]),
        hooks=params["hooks"],
        freezes=params["freeze"],
        databases=params["databases"],
        database_secrets=params["database_secrets"],
        scratch_namespace=params["scratch_namespace"] or "",
        providers=names_around(params["provider"]) if params["volumes"] else (),
        retain=params["retain"],
        on_existing=params["existing_resource_policy"],
        rolls_back=params["existing_volume_policy"] == "roll_back",
        adds_containers=params["ephemeral_containers"],
        functions=tuple(dict.fromkeys(params["functions"])),
        api_group=params["api_group"],
        on_gitops_owned=params["on_gitops_owned"],
        gitops_namespaces=tuple(dict.fromkeys(params["gitops_namespaces"])),
        velero_namespace=params["velero_namespace"],
        account=params["account"] or "",
        account_namespace=params["account_namespace"],
    )
    require_library("kubernetes")
    answer = look_at_access(question, client=connect(kube_auth(params), cancel=task.cancel))
    return {"changed": False, **answer.to_return()}


def main() -> t.NoReturn:
    run_task(SPEC, K8S_ACCESS_INFO, work)


if __name__ == "__main__":
    main()
