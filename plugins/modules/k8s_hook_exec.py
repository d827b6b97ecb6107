# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_hook_exec
short_description: Run hooks in pods, and freeze and thaw file systems
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Runs a command in pods, or the hooks that the pods themselves declare by annotations, without making a backup.
  - Freezes a file system in one task and thaws it in a later one. A timer in the container thaws it when no later
    task does, and the task that thaws fails when the timer was first, as what was done in between was not protected.
  - A command that is recognised as a freeze, such as C(fsfreeze --freeze), is guarded like O(state=frozen).
  - Databases of the pods (O(databases)) are held from before the first command until after the last, whatever becomes
    of them. Where the task leaves a file system frozen, they are let go when that has begun, so that only modes that
    need no write for it are possible. A task that thaws holds none.
  - With O(state=linted), looks at the hooks of pods and of manifests without running any, and says which of them do not
    do what they seem to do, and what to write instead.
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._auth
  - arkive.k8s._databases
  - arkive.k8s._hooks
  - arkive.k8s._hooks.freeze
  - arkive.k8s._mover.unused
  - arkive.k8s._progress
  - arkive.k8s._requirements
  - arkive.k8s._requirements.kubernetes
  - arkive.k8s._results.without_store
  - arkive.k8s._selection.pods
  - arkive.k8s._storage
attributes:
  check_mode:
    support: full
    details:
      - No command is run. The result tells which would be, in which container, and which databases would be held. These
        are asked, by reading alone, whether they could be, in a session of the database's own client.
      - With O(state=linted), containers are not asked for programs, and no report is written.
  diff_mode:
    support: none
    details:
      - What a command changes is not known.
  idempotent:
    support: partial
    details:
      - O(state=thawed) and O(state=swept) change nothing where nothing is frozen, and O(state=frozen) with the
        O(lease_id) of a freeze that holds only renews it.
      - Commands are run each time.
options:
  argv:
    description:
      - The command and its arguments, as a list. No shell is used.
      - Exactly one of O(argv), O(command), O(phase) and O(state) must be set.
    type: list
    elements: str
  command:
    description:
      - The command as a hook annotation has it. A JSON array such as V(["/usr/bin/uname", "-a"]) is a command with
        arguments, and any other text is one command without arguments.
      - Exactly one of O(argv), O(command), O(phase) and O(state) must be set.
    type: str
  phase:
    description:
      - Runs the hooks of this phase that the pods declare by their annotations.
      - Exactly one of O(argv), O(command), O(phase) and O(state) must be set.
    type: str
    choices: [pre, post]
  state:
    description:
      - With V(frozen), the file system at O(freeze_path) is frozen until a later task thaws it, or O(lease_seconds)
        are over.
      - With V(thawed), it is thawed, and it is proven that it is. A file system that someone else has frozen is left
        alone.
      - With V(swept), what runs that are dead now have left frozen in the pods is thawed. The freezes of live runs
        are listed in RV(swept), and left alone.
      - A pod that is gone does not keep its file system from being thawed by V(thawed) and V(swept), as the claim is
        marked too. It is thawed through any container that mounts the claim on that node, else by O(helper_pod).
      - With V(linted), nothing is run but C(command -v) in the containers of running pods. The hooks are in the pods of
        O(namespace), in the manifests of O(src), or in both; RV(findings) has what is wrong with them.
      - Exactly one of O(argv), O(command), O(phase) and O(state) must be set.
    type: str
    choices: [frozen, thawed, swept, linted]
  src:
    description:
      - With O(state=linted), a file with manifests, or a folder with files that end in C(.yml), C(.yaml) or C(.json);
        folders below it are gone through as well.
      - Read are pods, the pods of workloads such as a StatefulSet, and the hooks of Backup, Schedule and Restore
        objects of Velero. The rules of Backups and Schedules are tried on all pods that are looked at.
      - Templates of Helm and the like have to be rendered before.
    type: path
  fail_on:
    description:
      - With O(state=linted), of which severity a finding fails the task. With V(warning), errors do so too.
    type: str
    choices: [error, warning, never]
    default: error
  junit_path:
    description:
      - With O(state=linted), a file for a JUnit report with a test case for each object, which fails with its findings.
    type: path
  sarif_path:
    description:
      - With O(state=linted), a file for the findings as SARIF 2.1.0. Code hosts show them beside the lines of a change.
    type: path
  freeze_path:
    description:
      - Where the file system is mounted in the container.
      - Required when O(state=frozen) or O(state=thawed). With O(state=swept), only freezes of this path are swept.
    type: path
  container:
    description:
      - The container to run the command in; the first one of the pod if not set.
      - Mutually exclusive with O(phase), where the annotations tell it.
    type: str
  on_error:
    description:
      - What a command that fails does. With V(Fail), the task fails. With V(Continue), it is in RV(warnings_list).
      - With O(phase), it holds for hooks that do not say so themselves.
    type: str
    choices: [Fail, Continue]
    default: Fail
  timeout:
    description:
      - How long the command may take, as a Go duration. With a negative one, there is no limit.
      - With O(phase), the annotations tell it.
    type: str
    default: 30s
  lease_seconds:
    description:
      - How long a freeze lasts that no later task ends or renews.
    type: int
    default: 60
  lease_id:
    description:
      - The RV(lease_id) of the task that froze the file system, for a selection of one pod.
      - With O(state=thawed), the task fails unless the freeze has held until now. With O(state=frozen), the freeze is
        renewed if it still holds.
    type: str
  storage_location:
    description:
      - Not used. It is accepted so that C(module_defaults) for the action group may hold it.
    required: false
seealso:
  - module: arkive.k8s.k8s_backup
"""

EXAMPLES = r"""
- name: Write the buffers of a file system to its disk
  arkive.k8s.k8s_hook_exec:
    namespace: shop
    label_selector: app=web
    container: web
    argv: [/bin/sync]
    timeout: 1m

- name: Ask one pod, and use what it answers
  arkive.k8s.k8s_hook_exec:
    namespace: shop
    pod: db-0
    argv: [cat, /var/lib/data/VERSION]
  register: version
  failed_when: version.rc != 0 or version.stdout is not match('16')

- name: Copy a volume to another place while its database is in backup mode
  arkive.k8s.k8s_hook_exec:
    namespace: shop
    pod: db-0
    container: copier
    argv: [/usr/local/bin/copy-snapshot, /var/lib/postgresql/data]
    timeout: 5m
    databases:
      - selector: app=db
        kind: postgresql
        mode: backup
        container: postgres

- name: Run the pre hooks that the pods declare
  arkive.k8s.k8s_hook_exec:
    namespace: shop
    phase: pre
  register: quiesced

- name: Run their post hooks
  arkive.k8s.k8s_hook_exec:
    namespace: shop
    phase: post

- name: Freeze a file system
  arkive.k8s.k8s_hook_exec:
    namespace: shop
    pod: db-0
    container: fsfreeze
    freeze_path: /var/lib/data
    state: frozen
    lease_seconds: 120
  register: frozen

- name: Thaw it, and fail when it was not frozen all the time
  arkive.k8s.k8s_hook_exec:
    namespace: shop
    pod: db-0
    container: fsfreeze
    freeze_path: /var/lib/data
    state: thawed
    lease_id: "{{ frozen.lease_id }}"

- name: Thaw what dead runs have left
  arkive.k8s.k8s_hook_exec:
    namespace: shop
    state: swept

- name: Fail when the hooks of the running pods do not do what they seem to do
  arkive.k8s.k8s_hook_exec:
    namespace: shop
    state: linted
    fail_on: warning

- name: Look at the hooks in a repository, without a cluster, for a pipeline
  arkive.k8s.k8s_hook_exec:
    src: manifests
    state: linted
    junit_path: hooks.xml
    sarif_path: hooks.sarif
"""

RETURN = r"""
hooks:
  description: The commands that were run, or would be, as M(arkive.k8s.k8s_backup) returns them.
  returned: always
  type: list
  elements: dict
  sample: [{pod: web-0, container: web, argv: [/bin/sync], rc: 0, state: ok, stdout: ""}]
rc:
  description: The exit code of the command, where one was run and no more. Null for several pods, and where none ran.
  returned: always
  type: int
  sample: 0
stdout:
  description: What the only command wrote, as RV(rc). Null with O(no_log_output=true).
  returned: always
  type: str
  sample: ""
stderr:
  description: What the only command wrote to standard error, as RV(rc). Null with O(no_log_output=true).
  returned: always
  type: str
  sample: ""
freezes:
  description:
    - The file systems that were frozen or thawed, as M(arkive.k8s.k8s_backup) returns them. One that is frozen now has
      no C(ended), and C(thawed_by) is C(not proven).
  returned: always
  type: list
  elements: dict
  sample: [{pod: db-0, path: /var/lib/data, seconds: 4.2, thawed_by: release}]
quiesces:
  description:
    - The databases that were held around all of it, or in check mode would be, as M(arkive.k8s.k8s_backup) returns
      them.
  returned: always
  type: list
  elements: dict
  sample: [{pod: db-0, kind: postgresql, mode: light, seconds: 0.35, ended_by: release, consistent: true}]
lease_ids:
  description: The names of the leases that hold now.
  returned: always
  type: list
  elements: str
  sample: [5f0d2c6b9a1e4c73]
lease_id:
  description: The name of the lease, when exactly one holds; null else.
  returned: always
  type: str
  sample: 5f0d2c6b9a1e4c73
swept:
  description:
    - What runs have left frozen, each with C(state), one of C(thawed), C(not frozen), C(live) and C(failed), with
      its C(claim), C(node) and C(pod), and with C(error), which for C(failed) has the command that ends it.
  returned: always
  type: list
  elements: dict
  sample: [{pod: db-0, path: /var/lib/data, state: thawed}]
findings:
  description:
    - With O(state=linted), what is wrong with the hooks, errors first. Passwords are never repeated.
    - C(rule) is the kind of mistake and C(severity) one of C(error), C(warning) and C(note). C(file), C(line), C(kind),
      C(namespace), C(name), C(container) and C(key) tell where, C(message) what happens, and C(hint) what to write
      instead.
  returned: always
  type: list
  elements: dict
  sample:
    - rule: lock-ends-with-command
      severity: error
      file: ""
      line: null
      kind: Pod
      namespace: shop
      name: db-0
      container: ""
      key: pre.hook.backup.velero.io/command
      message: "'FLUSH TABLES WITH READ LOCK' holds as long as its session. ..."
      hint: "Annotate the pod with arkive.k8s/database: mysql, ..."
finding_counts:
  description: With O(state=linted), the number of findings by their severity; empty else.
  returned: always
  type: dict
  sample: {error: 1, warning: 0, note: 0}
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
    - What is known about the error that ended the task beside its sentence, such as C(status), C(reason) and C(request)
      of a request to the API server, C(forbidden) with the rights that are missing, C(holder) of a claim, or
      C(validation_errors). Empty when the task did not end by an error, or nothing more is known.
  returned: always
  type: dict
  sample: {status: 403, reason: Forbidden, forbidden: [{verb: list, group: "", resource: secrets, namespace: shop}]}
"""

import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH, kube_auth
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.database_options import DATABASES, task_databases
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.group_options import MOVER_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.hook_options import (
    FREEZE,
    HOOKS,
    hook_argv,
    hook_timeout,
    task_freeze_policy,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.lint_options import (
    LINT,
    check_lint_options,
    lint_hooks,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_HOOK_EXEC
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import failed_by, only_output
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.selection_options import PODS, selector_text
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import PROGRESS, RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.between_tasks import (
    FreezeTaskRequest,
    freeze_path,
    sweep_namespace,
    thaw_path,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hook_task import (
    HookTaskOutcome,
    HookTaskRequest,
    run_hook_task,
)

_WHAT = ("argv", "command", "phase", "state")

SPEC = ArgumentSpec(
    options={
        "argv": {"type": "list", "elements": "str"},
        "command": {"type": "str"},
        "phase": {"type": "str", "choices": ["pre", "post"]},
        "state": {"type": "str", "choices": ["frozen", "thawed", "swept", "linted"]},
        "freeze_path": {"type": "path"},
        "container": {"type": "str"},
        "on_error": {"type": "str", "choices": ["Fail", "Continue"], "default": "Fail"},
        "timeout": {"type": "str", "default": "30s"},
        "lease_seconds": {"type": "int", "default": 60},
        "lease_id": {"type": "str"},
    },
    mutually_exclusive=(_WHAT, ("phase", "container")),
    required_one_of=(_WHAT,),
    required_if=(("state", "frozen", ("freeze_path",)), ("state", "thawed", ("freeze_path",))),
    required_by={"freeze_path": ("state",), "lease_id": ("freeze_path",)},
).merge(AUTH, PODS, HOOKS, FREEZE, DATABASES, LINT, PROGRESS, RESULT, STORAGE_UNUSED, MOVER_UNUSED)


def hook_request(params: t.Mapping[str, t.Any]) -> HookTaskRequest:
    """The options as the engine takes them; raises ``ValidationError``."""
    return HookTaskRequest(
        namespace=params["namespace"],
        pod=params["pod"] or "",
        label_selector=selector_text(params),
        container=params["container"] or "",
        argv=hook_argv(params),
        phase=params["phase"],
        on_error=params["on_error"],
        timeout_seconds=hook_timeout(params),
        freeze_policy=task_freeze_policy(params),
        run_id=secrets.token_hex(8),
        log_output=not params["no_log_output"],
        databases=task_databases(params),
    )


def run(task: Task, client: KubeClient, request: HookTaskRequest) -> HookTaskOutcome:
    """Whatever the options ask for."""
    params, state = task.params, task.params["state"]
    common: dict[str, t.Any] = {"client": client, "check_mode": task.check_mode}
    if state is None:
        return run_hook_task(request, progress=task.progress, cancel=task.cancel, **common)
    if state == "swept":
        return sweep_namespace(request, path=params["freeze_path"] or "", **common)
    freeze = FreezeTaskRequest(task=request, path=params["freeze_path"], lease_id=params["lease_id"] or "")
    if state == "thawed":
        return thaw_path(freeze, progress=task.progress, **common)
    return freeze_path(freeze, progress=task.progress, cancel=task.cancel, **common)


def work(task: Task) -> Result:
    check_lint_options(task.params)
    if task.params["state"] == "linted":
        return lint_hooks(task)
    request = hook_request(task.params)
    require_library("kubernetes")
    outcome = run(task, connect(kube_auth(task.params), cancel=task.cancel), request)
    result = outcome.to_return(default_on_error=request.on_error)
    result |= only_output(result["hooks"], with_output=request.log_output)
    if outcome.errors:
        result |= failed_by("", result["errors_list"])
    return result


def main() -> t.NoReturn:
    run_task(SPEC, K8S_HOOK_EXEC, work)


if __name__ == "__main__":
    main()
