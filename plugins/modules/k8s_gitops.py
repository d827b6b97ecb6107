# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_gitops
short_description: Pause what Argo CD and Flux do to an application, and resume it
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Pauses Applications of Argo CD, and Kustomizations and HelmReleases of Flux, so that they do not undo what is done
    to their objects meanwhile; resumes them exactly as they were; and lists those that are paused.
  - M(arkive.k8s.k8s_restore) does this by itself around a restore, with
    O(arkive.k8s.k8s_restore#module:on_gitops_owned). The role P(arkive.k8s.gitops_pause#role) does it around tasks, and
    resumes whatever happens.
  - An Application is paused by taking away C(spec.syncPolicy.automated), what Flux has by C(spec.suspend). The
    annotation C(arkive.k8s/paused) says who has paused it, until when others respect that, and what was there before.
  - What owns an owner, and would write its pause back, is paused with it, up to the root. An Application of an
    ApplicationSet cannot be paused by editing it, and ends the task before anything is paused.
  - One that is suspended already, by a person, is left as it is, and never resumed.
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._auth
  - arkive.k8s._gitops
  - arkive.k8s._mover.unused
  - arkive.k8s._progress
  - arkive.k8s._requirements
  - arkive.k8s._requirements.kubernetes
  - arkive.k8s._results.without_store
  - arkive.k8s._storage
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
    details:
      - A pause under the same O(run) is one. It is respected for longer then.
options:
  state:
    description:
      - With V(paused), the owners are paused, and those that are at work are waited for.
      - With V(resumed), those that are paused by this collection are resumed, all of them if none is named. One that
        came back paused by a restore is resumed when it, or its O(run), is named.
      - With V(listed), nothing is changed.
    type: str
    choices: [paused, resumed, listed]
    default: listed
  owners:
    description:
      - Owners by name.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description: What it is.
        type: str
        choices: [Application, Kustomization, HelmRelease]
        required: true
      namespace:
        description: Its namespace. For an Application, O(gitops_argocd_namespace) if not set.
        type: str
      name:
        description: Its name.
        type: str
        required: true
  namespaces:
    description:
      - All owners that say they have objects in these namespaces.
    type: list
    elements: str
    default: []
  run:
    description:
      - The name under which they are paused, and by which they are resumed. A pause of another name is respected until
        it is over.
      - If not set, a pause gets a name of its own, which is returned, and V(resumed) resumes whoever has paused them.
    type: str
  only_overdue:
    description:
      - With O(state=resumed), resumes those only whose pause is over, as what killed runs have left is.
    type: bool
    default: false
  wait_timeout:
    description:
      - How long an owner that is at work may take to its end, as a Go duration.
    type: str
    default: 10m
  storage_location:
    description:
      - Not used. It is accepted so that C(module_defaults) for the action group may hold it.
    required: false
seealso:
  - module: arkive.k8s.k8s_restore
"""

EXAMPLES = r"""
- name: Pause the application while its database is repaired
  arkive.k8s.k8s_gitops:
    state: paused
    owners:
      - {kind: Kustomization, namespace: flux-system, name: shop}
    run: repair

- name: Resume it as it was
  arkive.k8s.k8s_gitops:
    state: resumed
    run: repair

- name: Pause whatever manages a namespace
  arkive.k8s.k8s_gitops:
    state: paused
    namespaces: [shop]

- name: List what is paused, with the commands that resume it
  arkive.k8s.k8s_gitops:
    state: listed

- name: Resume what killed runs have left
  arkive.k8s.k8s_gitops:
    state: resumed
    only_overdue: true
"""

RETURN = r"""
run:
  description: The name under which they are paused. Empty with O(state=resumed) or O(state=listed) without O(run).
  returned: always
  type: str
  sample: repair
owners:
  description:
    - The owners as they are after the task. With O(state=resumed), and with O(state=listed) if none is named, those
      that are, or were, paused by this collection.
  returned: always
  type: list
  elements: dict
  contains:
    kind: {description: What it is., type: str, returned: always, sample: Kustomization}
    namespace: {description: Its namespace., type: str, returned: always, sample: flux-system}
    name: {description: Its name., type: str, returned: always, sample: shop}
    auto_sync: {description: Whether it applies what is new in git., type: bool, returned: always, sample: true}
    self_heal: {description: Whether it undoes changes in the cluster., type: bool, returned: always, sample: true}
    prune: {description: Whether it deletes what git has no more., type: bool, returned: always, sample: true}
    suspended: {description: Whether it does nothing by itself now., type: bool, returned: always, sample: true}
    paused_by: {description: The run that has paused it., type: str, returned: always, sample: repair}
    paused_until:
      description: Until when others respect that. Null for one that came back paused by a restore.
      type: str
      returned: always
      sample: "2026-06-01T06:00:00Z"
    resume_command:
      description: What resumes it exactly as it was. Null for one that is not paused by this collection.
      type: str
      returned: always
      sample: kubectl -n flux-system patch kustomizations.kustomize.toolkit.fluxcd.io shop --type merge -p '...'
paused:
  description: What was paused, or in check mode would be.
  returned: always
  type: list
  elements: str
  sample: [Kustomization flux-system/shop]
resumed:
  description: What was resumed, or in check mode would be.
  returned: always
  type: list
  elements: str
  sample: []
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
    - What went wrong, in the form of RV(warnings_list), such as an owner that could not be resumed; the others are
      resumed all the same. The first of them are in C(msg), too.
  returned: always
  type: list
  elements: dict
  sample: []
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
error_details:
  description:
    - What is known about the error that ended the task beside its sentence, such as C(status), C(reason) and C(request)
      of a request to the API server. Empty when the task did not end by an error, or nothing more is known.
  returned: always
  type: dict
  sample: {}
"""

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH, kube_auth
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.gitops_options import (
    GITOPS_TASK,
    gitops_request,
    make_book,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.group_options import MOVER_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_GITOPS
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import failed_by
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import PROGRESS, RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import compact_stamp, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return

SPEC = ArgumentSpec().merge(GITOPS_TASK, AUTH, STORAGE_UNUSED, PROGRESS, RESULT, MOVER_UNUSED)


def work(task: Task) -> Result:
    request = gitops_request(task.params)
    require_library("kubernetes")
    from ansible_collections.arkive.k8s.plugins.module_utils._gitops.task import change_owners
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun

    client = connect(kube_auth(task.params), cancel=task.cancel)
    issues = Issues()
    run_id = request.run or f"gitops-{compact_stamp(utc_now())}"
    run = ClusterRun(client=client, issues=issues, progress=task.progress, cancel=task.cancel, run_id=run_id)
    outcome = change_owners(request, run, make_book(task.params, client), check_mode=task.check_mode)
    errors = to_return(issues.errors)
    return {
        **outcome.to_return(),
        "changed": bool(outcome.paused or outcome.resumed),
        "warnings_list": to_return(issues.warnings),
        "errors_list": errors,
        **(failed_by("", errors) if errors else {}),
    }


def main() -> t.NoReturn:
    run_task(SPEC, K8S_GITOPS, work)


if __name__ == "__main__":
    main()
