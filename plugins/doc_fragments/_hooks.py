# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How commands in pods run, and what keeps a frozen file system from staying frozen."""

# Private: not for use outside of this collection.

from __future__ import annotations


class ModuleDocFragment:
    """Hooks, and the lease that goes with a freeze."""

    DOCUMENTATION = r"""
options:
  no_log_output:
    description:
      - Leaves the standard output and standard error of the commands out of the result and of the log.
    type: bool
    default: false
"""

    BACKUP = r"""
options:
  hook_on_error_default:
    description:
      - What happens when a hook fails that does not say so itself.
      - With V(Fail), the pod is not stored, its volumes are not snapshotted, and the backup is C(PartiallyFailed).
        This is what the documentation of Velero promises.
      - With V(Continue), the failure is a warning of the log only. This is what the Velero server does.
    type: str
    choices: [Fail, Continue]
    default: Fail
"""

    #: Freezes that end with the task.
    LEASE = r"""
options:
  freeze_lease:
    description:
      - How long a file system stays frozen when nothing more is heard from the module, as a Go duration.
      - A timer inside the container thaws it then. The lease is renewed while the module lives.
    type: str
    default: 60s
  freeze_max:
    description:
      - How long a file system may stay frozen at most, as a Go duration. The lease is not renewed beyond it.
    type: str
    default: 5m
"""

    FREEZE = r"""
options:
  require_lease:
    description:
      - Refuses to freeze where the container cannot keep a lease, for example because it has no shell, or where the
        pod and its claim may not be marked, which takes C(get) and C(patch) on C(pods) and C(persistentvolumeclaims).
      - With V(false), such a freeze is a warning.
    type: bool
    default: false
  allow_shared_freeze:
    description:
      - Freezes a path even where it was not proven to be a file system of the pod's own.
      - A path on the disk of the node, such as an C(emptyDir) or C(hostPath) volume, stops the whole node when it
        is frozen. Do not set this unless the volume is known.
    type: bool
    default: false
  helper_pod:
    description:
      - A pod that is started to thaw a file system which no container can thaw, for example because the pod that was
        frozen is gone and nothing else mounts its claim. If not set, no pod is started, and what is still frozen is an
        error with the command that ends it.
      - It is privileged, runs on the node of the freeze, thaws the file system of that claim and no other one, ends by
        itself after 90 seconds, and is removed. One that a killed run has left is removed by the next run.
      - The caller needs C(create), C(get), C(list) and C(delete) on C(pods) in its namespace.
    type: dict
    suboptions:
      image:
        description:
          - An image with a shell and C(fsfreeze) or C(xfs_freeze), such as V(busybox).
        type: str
        required: true
      namespace:
        description:
          - The namespace of the pod; that of the claim if not set.
          - In another namespace it cannot mount the claim. It then looks for the claim's volume among the mounts of
            the node, where a pod must still mount it. So is it done for a claim that is C(ReadWriteOncePod) and in use.
        type: str
      service_account:
        description:
          - The service account of the pod, where admission rules need one.
        type: str
"""


__all__ = ("ModuleDocFragment",)
