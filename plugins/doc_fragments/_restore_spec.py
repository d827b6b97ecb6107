# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore is to bring back: the fields of Velero's Restore that a Backup does not have, and what goes beyond."""

# Private: not for use outside of this collection.

from __future__ import annotations


class ModuleDocFragment:
    """The spec of a restore."""

    DOCUMENTATION = r"""
options:
  backup:
    description:
      - The name of the backup.
      - One of this, O(schedule), O(tree), O(definition) and O(src) is needed. Mutually exclusive with O(schedule) and
        O(tree).
    type: str
  schedule:
    description:
      - The name of a schedule. Its newest backup that is C(Completed) is restored.
      - Mutually exclusive with O(backup) and O(tree).
    type: str
  name:
    description:
      - The name of the restore. With the same name again, a restore that was interrupted is resumed.
      - If not set, it is made from the name of the backup or schedule and the time.
    type: str
  definition:
    description:
      - A C(Restore) as Velero (C(velero.io/v1)) or Heptio Ark (C(ark.heptio.com/v1)) takes it, as a mapping.
      - Options that are set beside it win over its fields. Its C(status) is left aside.
      - An unknown field, or a value of another type than Velero takes, fails the task.
      - Mutually exclusive with O(src).
    type: dict
  src:
    description:
      - The path of a file with such a C(Restore), in YAML or JSON, on the machine where the module runs.
      - There may be documents of other kinds in it, but exactly one C(Restore).
      - On the controller it may be encrypted with Ansible Vault, but not in a task with C(async), nor with C(become) to
        another user than root, who could not read it.
      - Mutually exclusive with O(definition).
    type: path
  velero_namespace:
    description:
      - The namespace that the C(Restore) names as its own, and where the ConfigMap of O(resource_modifier) lies.
      - If not set, it is that of the manifest, or C(velero).
    type: str
  records_path:
    description:
      - A directory on the machine where the module runs, in which the restore is recorded in the place of the storage
        location. It is made if need be, and readable by its owner only.
      - For a location that is O(storage_location.read_only). Without it, a restore from there is recorded nowhere, and
        cannot be resumed by its name. M(arkive.k8s.k8s_restore_info) shows it with the directory as its
        C(storage_location.path).
    type: path
  names:
    description:
      - The objects to restore, each as C(kind/namespace/name), or C(kind/name) for one outside of namespaces or in any
        of them, for example V(secret/shop/db-password) or V(deploy/shop/web-*).
      - Each part may have the wildcards V(*), V(?) and V([...]). Kinds are named as C(kubectl) takes them.
      - The other filters hold as well. What a chosen pod or claim needs comes with it.
    type: list
    elements: str
  select:
    description:
      - A JMESPath expression over each stored object. The object is taken when the answer is true, or neither null nor
        empty, for example V(metadata.annotations.tier == 'gold').
      - The other filters hold as well. What a chosen pod or claim needs comes with it.
    type: str
  namespace_mapping:
    description:
      - Namespaces of the backup, and those to restore their objects into.
      - A namespace that the backup does not hold is refused; in a manifest it is a warning, unless O(strict_selection)
        is set. So are names without
        wildcards in O(included_namespaces), O(included_resources) and O(names), and keys of O(storage_class_mapping)
        and O(image_mapping), that fit nothing.
      - Where an object names a mapped namespace and can mean nothing else, it names the new one. These are subjects of
        bindings (C(system:serviceaccount:shop:app) and C(system:serviceaccounts:shop) too), selectors by
        C(kubernetes.io/metadata.name), namespaces of affinities, services of webhooks, API services and definitions,
        external names and search domains.
      - What may mean something else, such as a host in a ConfigMap, a variable or argument of a container, or a field
        of a
        custom resource, stays as it is, with a warning that names its path and value.
    type: dict
  restore_pvs:
    description:
      - With V(false), no volume is restored from a snapshot, and the objects of CSI snapshots are left out.
    type: bool
  restore_status:
    description:
      - The types whose C(status) is restored with the objects that are created. With an empty mapping, it is all types.
      - If not set, no status is restored.
      - The annotation C(velero.io/restore-status) of an object, V(true) or V(false), wins.
    type: dict
    suboptions:
      included_resources:
        description:
          - The resources to take; all of them if not set.
        type: list
        elements: str
        aliases: [includedResources]
      excluded_resources:
        description:
          - The resources to leave out.
        type: list
        elements: str
        aliases: [excludedResources]
  existing_resource_policy:
    description:
      - What happens to an object that exists and is not equal. Service accounts are always merged.
      - Whether an object that looks different really is, the API server says itself, by its dry run. What it would not
        change is unchanged, such as a field that it gives a default to, or one that it does not know any more.
      - With V(none), it is left alone, with a warning. With V(update), it is patched to what the backup holds.
      - With V(replace), the whole object is put in the place of the other. With V(recreate), it is deleted and created
        anew, for what cannot be changed; volumes, claims and custom resource definitions are patched then too, because
        data would be lost with them. An update that the API server refuses is an error of that object.
      - None of them touches the data of a claim that exists. Where the backup holds data for it, a warning says that it
        is not rolled back; delete the claim first, or restore into another namespace.
      - If not set, it is V(none).
    type: str
    choices: [none, update, replace, recreate]
  preserve_node_ports:
    description:
      - Whether Services keep the node ports that they had. If not set, only those that the user had chosen are kept.
    type: bool
  hooks:
    description:
      - Rules for restore hooks, beside those that pods declare by annotations. A list of rules, or a mapping with the
        list C(resources), as C(spec.hooks) of a C(Restore).
      - The members of a rule are C(name), C(includedNamespaces), C(excludedNamespaces), C(labelSelector) and
        C(postHooks); C(includedResources) and C(excludedResources) are taken and have no effect, as in Velero.
        Namespaces are those that objects are restored into.
      - An entry of C(postHooks) may have C(init), with complete containers in C(initContainers), which become the first
        init containers of the pod; and C(exec), with C(container), C(command), C(onError), C(execTimeout),
        C(waitTimeout) and C(waitForReady), a command that is run once its container is up.
      - Members may be written in camelCase or in snake_case; init containers are objects of Kubernetes.
      - An annotation of a pod wins over the rules, for each of the two kinds. Only pods that this restore creates get
        hooks. Where such a pod goes before its commands have run, they go to the pod that its controller makes instead.
      - The commands of one pod run one after the other, those of different pods side by side. When one fails, that is a
        warning; with C(onError=Fail) no further command is begun in any pod, and the restore is C(PartiallyFailed).
      - With the same O(name) again, a restore does not repeat commands that have a recorded result.
    type: raw
  item_operation_timeout:
    description:
      - How long a Job may take that brings the moved data of a volume, a Go duration. The claim has failed then.
      - If not set, it is C(4h).
    type: str
  resource_modifiers:
    description:
      - Rules of patches for the objects, as Velero's resource modifiers have them. A mapping, or YAML text.
      - It has C(version), which is V(v1), and C(resourceModifierRules). Members may be in camelCase or in snake_case.
      - The conditions of all rules see an object before any rule has changed it, with its namespace in the backup.
      - They see pods without the init container in which a pod waits for its data, which comes before all others.
      - A patch with a C(test) that does not hold does nothing. One that fails is an error of the object, which is
        restored without it.
      - Mutually exclusive with O(resource_modifier).
    type: raw
  resource_modifier:
    description:
      - The ConfigMap of the cluster that holds such rules, in O(velero_namespace).
      - Mutually exclusive with O(resource_modifiers).
    type: dict
    suboptions:
      kind:
        description:
          - The kind of the object.
        type: str
        default: configmap
      name:
        description:
          - The name of the object.
        type: str
        required: true
  storage_class_mapping:
    description:
      - Storage classes of the backup, and those to use for them.
      - Changes claims, persistent volumes and the claim templates of stateful sets. What has no class stays without.
      - A volume is made from a CSI snapshot only with a class of the driver that has made the snapshot.
      - A new class that the cluster does not have is an error of the objects that would get it.
    type: dict
  image_mapping:
    description:
      - What images of the backup begin with, and what to put in its place, once for an image.
      - The longest that fits is taken. It fits where a part of the image ends, so that V(nginx) fits C(nginx:1.25), and
        not C(nginx-exporter). V(docker.io/) fits only an image that is written with it.
      - Changes pods and all that makes them, down to cron jobs; containers, init containers and image volumes.
    type: dict
  resource_priorities:
    description:
      - The types to restore first, in this order; behind an element V(-), those to restore last.
      - Custom resource definitions and namespaces come first in any case, then volumes and claims with what they are
        made of, so that no workload is made before its claims. If not set, Velero's order holds.
    type: list
    elements: str
  all_api_versions:
    description:
      - Whether each type is restored from the stored version that suits the cluster best, where the backup holds more
        than one. Velero calls it C(EnableAPIGroupVersions).
    type: bool
    default: false
  api_version_priorities:
    description:
      - For a type such as C(widgets.example.org), the versions to restore from, the best one first; a mapping of lists,
        or the lines of Velero's ConfigMap C(enableapigroupversions), which is read as well.
      - Needs O(all_api_versions).
    type: raw
  convert_api_versions:
    description:
      - Whether objects in an API version that Kubernetes has given up come back in the one that the cluster serves,
        such as
        an Ingress of C(extensions/v1beta1) as C(networking.k8s.io/v1). Without it, each of them is an error that names
        the version.
      - Only versions that the cluster does not serve are converted, by a table of Kubernetes' own types and of
        VolumeSnapshots. What the old version took for granted is written out, so that the object does what it did. What
        cannot be said in the new version is a warning, or the error of an object that has no form in it.
      - Filters know a type that has moved to another group by both names. Rules of O(resource_modifiers) see the
        converted
        object.
      - A type that has no successor, such as C(PodSecurityPolicy), is left out then, with a warning that says what has
        taken
        its place.
      - Custom resources are not converted; their definitions are. A definition that was made in C(v1beta1) and stored
        in C(v1) with no schema, or with one that C(v1) does not take, gets a schema that keeps all fields.
    type: bool
    default: false
  merge_subjects:
    description:
      - Whether RoleBindings and ClusterRoleBindings that exist get the subjects of the backup beside their own, which
        stay,
        whatever O(existing_resource_policy) says. Nothing else of them is changed.
      - With O(namespace_mapping), this gives a copy of an application the rights that the original has from
        ClusterRoleBindings; with V(update), they would go over from the original to the copy.
      - A binding to another role is not touched by this option.
    type: bool
    default: false
  uploader_config:
    description:
      - How moved data is written into its volumes.
    type: dict
    suboptions:
      write_sparse_files:
        description:
          - Whether files are written sparsely. Without it a file takes as much room as it is long, and a claim whose
            data is larger than it asks for asks for more.
        type: bool
        aliases: [writeSparseFiles]
      parallel_files_download:
        description:
          - How many files are written at the same time.
          - If not set, there are as many as the node has CPUs.
        type: int
        aliases: [parallelFilesDownload]
  restore_managed_fields:
    description:
      - Whether C(metadata.managedFields) is restored.
    type: bool
    default: false
  legacy_labels:
    description:
      - Gives the restored objects the label C(ark-restore) of Heptio Ark as well.
    type: bool
    default: false
  keep_wait_containers:
    description:
      - Keeps the C(restic-wait) and C(restore-wait) init containers of stored pods. They wait for a Velero server,
        and without one for ever.
    type: bool
    default: false
  on_missing_volume_data:
    description:
      - What happens when a claim would come back with an empty volume because the backup holds no data for it, though
        it should, or holds a snapshot that cannot be used here, or says that its data was moved and does not hold the
        record of that. The message names the claim and the reason.
      - The same holds for whatever else keeps a claim with data from coming back, and is looked for before the first
        write. That is a storage class that is missing, a quota, an admission policy, a missing right, a zone without
        nodes, or a claim of its name in the cluster that was not made from this backup (told as
        C(kept), C(not from this backup)).
      - With V(fail), the restore is not begun. With V(warn), it is a warning; a claim that exists is kept.
      - A claim that fails only during the run holds back what mounts it or would make it anew, custom resources that
        name it or owned it among it. The restore is C(PartiallyFailed) then; run again with the same name, it goes on.
    type: str
    choices: [fail, warn]
    default: fail
  existing_volume_policy:
    description:
      - What happens to the volume of a claim that is in the cluster when the backup has a snapshot of its data.
      - With V(keep), the claim keeps its volume, which is told as a warning.
      - With V(roll_back), it gets the data of the backup in place. What mounts the claim is stopped, the claim gives
        way to one of its name that is made from the snapshot, and what was stopped is started as it was. The old volume
        is kept under the name C(<claim>-before-<restore>) until the new one is bound and mounted, and after that as
        O(keep_old_volumes) says. Whatever fails puts it back, and starts everything again.
      - Deployments, StatefulSets, ReplicaSets, ReplicationControllers, DaemonSets, Jobs, CronJobs and pods of their own
        are stopped, which setting this option consents to. Claims that something else mounts, such as an operator's
        resource, are refused before anything changes. An application of Argo CD or Flux that would start it again is
        dealt with as O(on_gitops_owned) says.
      - Both volumes exist for a while, so that a quota must have room for one more claim of each size.
      - Give the restore a O(name). A run that is killed at any point is finished, or undone, by the next one of the
        same name; until then an application may be stopped. Once it is done, running it again changes nothing.
      - The steps are in RV(roll_back) and RV(plan_table), in check mode as well.
    type: str
    choices: [keep, roll_back]
    default: keep
  keep_old_volumes:
    description:
      - Whether the old volume of a claim that was rolled back stays, as claim C(<claim>-before-<restore>), with the
        reclaim policy that it had. RV(roll_back) has the command that deletes it. Backups leave it out.
      - With V(false), that claim is deleted once the new volume is bound and mounted and the restore is without errors,
        and the volume goes or stays by its reclaim policy. One whose claim no pod had mounted is kept all the same,
        because nothing has proven the new one.
    type: bool
    default: true
  restore_failed_jobs:
    description:
      - Whether Jobs that had failed when the backup was made are restored, which runs them again.
      - Without it they are left out, as Jobs that had run to their end always are. Velero restores them.
    type: bool
    default: false
  on_bad_member:
    description:
      - What happens when a member of the archive is bad, which is when it is not the JSON of the very object that its
        path names. Kind, API group, name and namespace have to be the same, and labels, owners, containers and the
        like have to be what they are in Kubernetes. Filters go by the path, so that another object under it would come
        past them.
      - With V(fail), one bad member among the selected objects refuses the whole restore before anything is written.
      - With V(skip), every member is read beforehand, and the bad ones are left out, as if the archive did not have
        them. Each that the filters let through is an error of the restore, which ends as V(PartiallyFailed).
    type: str
    choices: [fail, skip]
    default: fail
  terminating_resource_timeout:
    description:
      - How long a namespace or object that is being deleted is waited for, as a Go duration.
    type: str
    default: 10m
  resource_timeout:
    description:
      - How long a new custom resource definition may take until its objects can be made, and a claim until its volume
        is made from a snapshot, as a Go duration.
      - A claim whose storage class waits for a pod is not waited for while there is none. The VolumeSnapshot that its
        volume will be made from stays in the cluster then, and goes when the restore is run again with the same
        O(name).
    type: str
    default: 10m
  hook_wait_limit:
    description:
      - How long a command of O(hooks) or of an annotation waits for its container when it has no wait timeout of its
        own, as a Go duration. Velero waits for ever.
    type: str
    default: 1h
  wait:
    description:
      - Whether to wait, once all objects are written, until the workloads are ready that this restore created or
        changed; with the same O(name) again, those of the earlier run as well. Hooks run meanwhile.
      - These are Deployments, StatefulSets, DaemonSets, and ReplicaSets, ReplicationControllers and Pods that nobody
        controls. They are ready as C(kubectl rollout status) has it; a Pod is when it is C(Ready) or has succeeded, and
        a Deployment that is paused is not waited for. Jobs are not either.
      - What is not ready in time, or has failed for good, is an error of the object that says why, and the restore is
        C(PartiallyFailed).
    type: bool
    default: false
  wait_timeout:
    description:
      - How long O(wait) waits, as a Go duration. Without O(wait) it does nothing, which a warning says.
    type: str
    default: 10m
  workers:
    description:
      - How many objects are written at the same time.
    type: int
    default: 16
  force:
    description:
      - Restore even into namespaces that another restore works in. Without it, the task is refused before anything
        changes. A C(Lease) object named C(arkive-restore) in each namespace tells of the restore; it is removed at the
        end, and one whose restore has died counts no more after a minute.
      - Where the caller may not write C(leases.coordination.k8s.io), other restores are not noticed, and a warning
        says so.
    type: bool
    default: false
"""


__all__ = ("ModuleDocFragment",)
