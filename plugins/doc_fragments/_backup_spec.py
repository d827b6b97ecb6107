# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a backup is to be: the fields of Velero's Backup that a Restore does not have, and what goes beyond them."""

# Private: not for use outside of this collection.

from __future__ import annotations


class ModuleDocFragment:
    """The spec of a backup."""

    DOCUMENTATION = r"""
options:
  definition:
    description:
      - A C(Backup) as Velero (C(velero.io/v1)) or Heptio Ark (C(ark.heptio.com/v1)) takes it, as a mapping.
      - Options that are set beside it win over its fields. Its C(status) is left aside.
      - An unknown field, or a value of another type than Velero takes, fails the task.
      - Mutually exclusive with O(src).
    type: dict
  src:
    description:
      - The path of a file with such a C(Backup), in YAML or JSON, on the machine where the module runs.
      - There may be documents of other kinds in it, but exactly one C(Backup).
      - On the controller it may be encrypted with Ansible Vault, but not in a task with C(async), nor with C(become) to
        another user than root, who could not read it.
      - Mutually exclusive with O(definition).
    type: path
  included_cluster_scoped_resources:
    description:
      - The resources outside of namespaces to take. V(*) stands for all.
      - If neither this nor O(excluded_cluster_scoped_resources) is set, all of them are taken when every namespace and
        every resource in namespaces is, and otherwise those that the taken objects need.
      - This and the other three options for scoped resources cannot be used with O(included_resources),
        O(excluded_resources) and O(include_cluster_resources).
    type: list
    elements: str
  excluded_cluster_scoped_resources:
    description:
      - The resources outside of namespaces to leave out, even where other objects need them. V(*) stands for all.
    type: list
    elements: str
  included_namespace_scoped_resources:
    description:
      - The resources in namespaces to take; all of them if not set.
    type: list
    elements: str
  excluded_namespace_scoped_resources:
    description:
      - The resources in namespaces to leave out. V(*) stands for all.
    type: list
    elements: str
  ordered_resources:
    description:
      - Objects that are taken before all others, in this order, and with hooks strictly one after the other.
      - For each plural of a resource, a list of C(namespace/name), or of names for objects outside of namespaces. A
        text with commas, as in Velero, is taken as well.
    type: dict
  hooks:
    description:
      - Rules for commands that run in pods, beside those that pods declare by annotations.
      - A list of rules, or a mapping with the list C(resources), as C(spec.hooks) of Velero. The members of a rule are
        C(name), C(includedNamespaces), C(excludedNamespaces), C(includedResources), C(excludedResources),
        C(labelSelector), C(pre) and C(post). Each entry of C(pre) and C(post) has a mapping C(exec) with C(container),
        C(command), C(onError) and C(timeout).
      - Beyond Velero, a rule may have C(runOn). With V(one), it runs in one pod of each namespace, the first by name
        that is running and ready; with V(ordered), in the pods of a namespace strictly one after the other, by name;
        with V(all), the default, in all of them side by side.
      - Beyond Velero, C(exec) may have C(retries), how often a command that failed is run again; C(retryBackoff), the
        pause before that, which doubles; C(killOnTimeout), whether a command that takes too long is killed; and
        C(freezes), a list of the mounts that the command freezes, where its text does not show them.
      - The names may be written in snake case.
      - An annotation of a pod for the same phase wins over the rules.
    type: raw
  backup_hooks:
    description:
      - Commands that run once for the whole backup, as lists C(pre), C(post), C(on_success) and C(on_failure).
      - An entry names its pod by C(namespace) and either C(pod) or C(label_selector), and has the members of C(exec) in
        O(hooks), without C(freezes).
    type: dict
  labels:
    description:
      - Labels of the C(Backup) object.
    type: dict
  ttl:
    description:
      - How long the backup is to be kept, as a Go duration such as V(72h). It is written into the backup, for whoever
        removes expired ones.
      - With V(never), it does not expire.
      - If not set, Velero's default of 720 hours holds.
    type: str
  resource_policies:
    description:
      - Rules for volumes, and more filters, as a resource policy document of Velero with C(version), C(volumePolicies)
        and C(includeExcludePolicy). A mapping, or its text in YAML.
      - The action V(fs-backup) copies the files of volumes, as O(default_volumes_to_fs_backup=true) does for all.
      - Mutually exclusive with O(resource_policy).
    type: raw
  resource_policy:
    description:
      - Where such a document is kept in the cluster, as C(spec.resourcePolicy) of Velero. It is read from
        O(velero_namespace).
      - Mutually exclusive with O(resource_policies).
    type: dict
    suboptions:
      kind:
        description:
          - The kind of the object. Velero knows one.
        type: str
        default: configmap
      name:
        description:
          - The name of the object, which must have exactly one key.
        type: str
        required: true
  velero_namespace:
    description:
      - The namespace of the C(Backup) object, which is the one of a Velero server, if there is one.
      - If not set, it is that of the manifest, else V(velero).
    type: str
  volume_snapshot_locations:
    description:
      - The names of volume snapshot locations, which are stored for a Velero server. What is used here for snapshots of
        EBS volumes is O(snapshot_location).
    type: list
    elements: str
  volume_group_snapshot_label_key:
    description:
      - The label of claims that groups volumes, which is stored for a Velero server.
      - If not set, it is V(velero.io/volume-group).
    type: str
  csi_snapshot_timeout:
    description:
      - How long the storage may take to cut a CSI snapshot, as a Go duration. While something is frozen, it has no
        longer than O(freeze_max).
      - If not set, Velero's default of 10 minutes holds.
    type: str
  item_operation_timeout:
    description:
      - How long it may take until volumes can be made from the CSI snapshots, and, with O(snapshot_move_data=true), how
        long the Job of one volume may take to move its data, or to copy its files, as a Go duration.
      - If not set, Velero's default of 4 hours holds.
    type: str
  snapshot_volumes:
    description:
      - Whether the volumes of stored claims are snapshotted, V(true) and unset meaning wherever that can be done.
      - Volumes of CSI drivers are snapshotted through the cluster, those of EBS without such a driver through
        O(snapshot_location). The snapshots stay with the storage, and go with the backup.
      - Volumes of pods with hooks are snapshotted between their pre and post hooks.
      - With V(true), a cluster without C(VolumeSnapshots) is an error; else it is a warning for each volume.
      - A rule of a resource policy wins over this option.
    type: bool
  snapshot_move_data:
    description:
      - Whether the data of CSI snapshots is moved to the storage location, which must be one of S3. There it is kept in
        Velero's own form, encrypted, and each run adds what has changed.
      - The snapshots are taken as without it. When the last hook has run, a Job for each volume reads it and writes
        into the location, as O(mover) says, and the snapshot is removed. Nothing is installed.
      - Before anything is frozen, pods try to reach the location. A volume that could not be moved makes the backup
        C(PartiallyFailed), and a restore does not bring its claim back without its data.
      - All CSI snapshots of a backup are moved or none is. Raw block volumes are an error; a resource policy leaves
        them out.
    type: bool
  datamover:
    description:
      - What moves the data of snapshots. V(velero), or V(velero-fs) as later versions name it, is what is done if it is
        not set. Any other is refused unless O(ignore_unsupported=true).
    type: str
  default_volumes_to_fs_backup:
    description:
      - Whether the files of volumes are copied to the storage location, which must be one of S3, as Velero's file
        system backup does it. It is how volumes without snapshots, such as NFS and local ones, are kept at all.
      - A Job on the node of the pod mounts the same claim, to read only, as O(mover) says. It runs between the pre and
        post hooks of the pod. Where these freeze something, or a database is held, the copy is taken after its release
        with a warning, as nothing stays frozen for a whole copy.
      - With V(true), all volumes of running pods are copied, except those that the pod names in its annotation
        C(backup.velero.io/backup-volumes-excludes). Else those that it names in C(backup.velero.io/backup-volumes). A
        rule of a resource policy wins over both. A volume whose files are copied is not snapshotted.
      - Volumes of the kinds hostPath, Secret, ConfigMap, projected and downwardAPI, block devices, those that no
        container mounts, and those of pods that do not run are not copied.
      - A claim that is C(ReadWriteOncePod), and a volume without a claim such as C(emptyDir), are read by a container
        that is added to their pod, which takes consent by C(mover.ephemeral_containers=true). Without it, the first is
        an error. So is an C(emptyDir) that an annotation or a rule names; any other is a warning.
      - Where only annotations of pods want copies, and none can be made, as there is no password or no right to make
        Jobs, that is a warning, and the volume is left to snapshots.
    type: bool
  default_volumes_to_restic:
    description:
      - The older name of O(default_volumes_to_fs_backup).
    type: bool
  uploader_config:
    description:
      - How the files of volumes are stored with O(snapshot_move_data=true) or O(default_volumes_to_fs_backup=true), or
        where a pod or a rule of a resource policy wants them copied.
    type: dict
    suboptions:
      parallel_files_upload:
        description:
          - How many files are uploaded at the same time. If not set, as many as there are CPUs.
        type: int
        aliases: [parallelFilesUpload]
  all_api_versions:
    description:
      - Stores each object in every version in which the API server serves it, not only in the preferred one.
      - A Velero server with the feature C(EnableAPIGroupVersions) can then choose one when it restores.
    type: bool
    default: false
  skip_forbidden:
    description:
      - Leaves out, with a warning each, what may not be read or where no command may be run.
      - With V(false), the task fails before anything is done, and names what is forbidden.
    type: bool
    default: false
  ignore_unsupported:
    description:
      - Makes a backup that asks for what cannot be done here, as the data of volumes, without it and with a warning.
      - With V(false), the task fails, and says what to use instead.
    type: bool
    default: false
"""


__all__ = ("ModuleDocFragment",)
