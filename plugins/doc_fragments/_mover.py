# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How pods move the data of volumes between a cluster and the storage location."""

# Private: not for use outside of this collection.

from __future__ import annotations


class ModuleDocFragment:
    """The mover."""

    DOCUMENTATION = r"""
options:
  repository_password:
    description:
      - The password of the repositories in the storage location. Who loses it loses all data that was moved, and who
        has it and may read the bucket can read all of it.
      - If not set, it is that of the Velero in the cluster, from the Secret C(velero-repo-credentials) in its
        namespace. Where there is none, it has to be given. Velero makes that Secret with a password that everybody
        knows, unless it was there before.
      - In check mode it is tried on a repository that is there.
      - No repository is made with one that opens none of those that are in the location already, unless
        O(arkive.k8s.k8s_backup_repository#module:force) says so.
      - A Velero restores what was moved only if it has the same password.
    type: str
  mover:
    description:
      - How the pods work that move data. Each is one Job with the program kopia, in the namespace of its volume, and is
        gone when it is done.
    type: dict
    suboptions:
      image:
        description:
          - The image with kopia and a shell.
          - If not set, it is V(docker.io/kopia/kopia:0.22.3). Name it by its digest where it must not change.
        type: str
      image_pull_secrets:
        description:
          - The names of Secrets with which it is pulled. They must be in the namespaces of the volumes.
          - They are of Jobs. A container in a pod of the application is pulled with what that pod has.
        type: list
        elements: str
      s3_url:
        description:
          - The URL by which pods reach the storage, where it is not that of the storage location.
        type: str
      concurrency:
        description:
          - How many Jobs run at the same time.
          - If not set, there are 2.
        type: int
      per_node:
        description:
          - How many of them on one node.
          - If not set, there is 1.
        type: int
      bandwidth:
        description:
          - The most bytes a second that each of them moves, such as V(50M).
          - With small values a restore, and whatever else reads from a repository, takes longer than that makes it.
            Before each object whose length it does not know, such as an index of a few KB, kopia waits until 20 MB
            would have come, so that a restore of little takes minutes with V(1M). Give at least V(20M) there.
          - If not set, there is no limit.
        type: str
      resources:
        description:
          - The C(requests) and C(limits) of their containers.
          - If not set, 50 thousandths of a CPU and 256 MiB are requested, and nothing is limited. A volume with
            millions of files takes some GiB.
        type: dict
      node_selector:
        description:
          - Labels of the nodes on which they may run.
        type: dict
      tolerations:
        description:
          - Taints that they tolerate.
        type: list
        elements: dict
      priority_class:
        description:
          - The name of their PriorityClass.
        type: str
      security_context:
        description:
          - As whom they run. As V(root), with as few capabilities as it takes, all files are read, and owners and modes
            come back. A namespace of the Pod Security level C(restricted) refuses that.
          - As V(workload), they run as the pods that use the volume do, and owners do not come back. A backup reads
            what the pod's user may read (C(runAsUser), which the pod has to say, and its groups). Where that is not
            everything, the volume has failed, with an error that names a file. The folder C(lost+found) is left out.
            An C(emptyDir) is filled as one user for all volumes of the pod. A warning names those that other users
            mount.
          - If not set, it is V(root).
        type: str
        choices: [root, workload]
      credentials:
        description:
          - With which keys they reach the storage. Whoever may read Secrets in the namespace can read them while a Job
            runs. V(sts) asks the storage for keys that end soon and are for the namespace's repository alone, and fails
            where it gives none. V(static) takes those of the storage location.
          - V(auto), which is what holds if not set, tries V(sts) and falls back to V(static) with a warning.
        type: str
        choices: [auto, sts, static]
      pod_start_timeout:
        description:
          - How long it may take until such a pod runs, as a Go duration.
          - As long is room in a quota waited for that other backups take by their temporary claims.
          - If not set, it is V(10m).
        type: str
      keep_failed:
        description:
          - Whether a Job that failed is left for a look at it. It goes by itself after an hour.
          - If not set, it is not.
        type: bool
      ephemeral_containers:
        description:
          - Whether a backup may read what no second pod can mount by an ephemeral container that it adds to the running
            pod. That is what volumes without a claim, such as C(emptyDir), and claims that are C(ReadWriteOncePod)
            take where their files are copied. A restore does not ask for it. It fills C(emptyDir) from an init
            container of the pods that it makes.
          - Kubernetes keeps such a container listed in the pod until the pod is gone, and a Velero cannot make a pod
            again that it has stored with one. Hence the consent. It has no keys, no password and no address in it;
            these are handed over to its running program.
          - If not set, such volumes are an error where an annotation or a policy wants them, and otherwise a warning.
        type: bool
      namespace:
        description:
          - The namespace of the Jobs of deletions and of M(arkive.k8s.k8s_backup_repository), which mount no volume. A
            backup of a namespace that is no more is deleted from here.
          - If not set, it is that of the volumes, which must be there then.
        type: str
"""

    #: Of modules that move no data.
    UNUSED = r"""
options:
  repository_password:
    description:
      - Not used. It is accepted so that C(module_defaults) for the action group may hold it.
    type: str
  mover:
    description:
      - Not used. It is accepted so that C(module_defaults) for the action group may hold it.
    type: dict
"""


__all__ = ("ModuleDocFragment",)
