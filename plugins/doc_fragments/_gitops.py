# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options about Argo CD and Flux."""

# Private: not for use outside of this collection.

from __future__ import annotations


class ModuleDocFragment:
    """What is shared; ``RESTORE`` is what a restore has beside it."""

    DOCUMENTATION = r"""
options:
  gitops_argocd_namespace:
    description:
      - Where Argo CD runs. An Application that names no namespace is looked for there, and then everywhere.
    type: str
    default: argocd
  gitops_instance_label:
    description:
      - A label by which Argo CD tracks its objects, such as the C(application.instanceLabelKey) of its ConfigMap
        C(argocd-cm). If not set, that ConfigMap is read.
    type: str
  gitops_pause_limit:
    description:
      - How long a pause is respected by other runs, as a Go duration. After that its run is taken to be dead, and
        another one may take the pause over.
      - A restore that works renews it, four times within that time, however long it takes. A pause by
        M(arkive.k8s.k8s_gitops) is renewed by pausing again under the same C(run) only.
    type: str
    default: 4h
"""

    RESTORE = r"""
options:
  on_gitops_owned:
    description:
      - What is done when Argo CD or Flux owns objects that would change, and would undo that. Flux always would, unless
        it is suspended; Argo CD where the Application syncs by itself and has C(selfHeal) or C(prune); a HelmRelease
        where its drift detection is V(enabled).
      - With V(refuse), the restore is not begun.
      - With V(pause), exactly the owners that would undo it are paused before anything is written, and what would
        write their pause back with them. An Application of an ApplicationSet cannot be paused, and ends the task
        before anything is written. O(gitops_resume) says what comes afterwards.
      - With V(report), they are named, in a warning and in RV(gitops), and the restore goes on.
      - With V(ignore), nobody looks for owners, and objects that come back in another namespace keep the marks of
        theirs. These are taken off else, so that a copy is not pruned.
    type: str
    choices: [refuse, pause, report, ignore]
    default: refuse
  gitops_resume:
    description:
      - Which of the owners that were paused are resumed after the restore, exactly as they were.
      - With V(when_clean), those that will not undo anything of it. An Application is compared by Argo CD itself. Of
        Flux, a field counts as git's unless somebody else has had it since before the last reconciliation, and an
        object of its inventory that is made anew does. The others stay paused, and so do all when the restore is not
        complete. RV(gitops.left_paused) has the commands that resume them.
      - With V(always), all of them, also after a restore that failed. With V(never), none.
    type: str
    choices: [when_clean, always, never]
    default: when_clean
  gitops_compare_timeout:
    description:
      - How long Argo CD may take to compare an Application before it is resumed, as a Go duration.
      - It is asked at least twice, three seconds apart, as the first answer may be of the cluster before the restore.
        For half of this time it is asked again while it does not list an object that was made anew.
    type: str
    default: 1m
"""
