# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_blueprint
short_description: Run an action of a Kanister blueprint, or check blueprints
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Runs one action of a Kanister blueprint on a namespace, a workload, or any other object, without Kanister in the
    cluster.
  - The blueprint is a file, is written in the task, or is an object of the cluster.
  - Its phases run in their order, the deferred phase runs whatever became of them, and the pods that they need are gone
    afterwards. Pods that a killed run has left are removed by the next one.
  - Functions that need a location profile or an account of a cloud are refused before anything runs.
  - With O(state=validated), blueprints are checked without a cluster.
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._auth
  - arkive.k8s._blueprints
  - arkive.k8s._mover.unused
  - arkive.k8s._progress
  - arkive.k8s._requirements
  - arkive.k8s._requirements.kubernetes
  - arkive.k8s._results.without_store
  - arkive.k8s._storage
attributes:
  check_mode:
    support: full
    details:
      - The subject and the Secrets are read, and what can be rendered is. No pod is made, no command is run.
        RV(planned) tells which phases would run where.
  diff_mode:
    support: partial
    details:
      - In check mode, the arguments of each phase are shown, with secrets masked. What commands change is not known.
  idempotent:
    support: none
    details:
      - An action runs each time. O(state=validated) changes nothing.
options:
  state:
    description:
      - With V(completed), the action is run to its end.
      - With V(validated), nothing is run, and no cluster is needed. The task fails where Kanister or this module would
        refuse the blueprint; what may not do what is meant is a warning.
    type: str
    choices: [completed, validated]
    default: completed
  blueprint:
    description:
      - The name of the blueprint.
      - Without O(definition) and O(src), it is looked up in the O(blueprint_namespace) of the cluster. With them it
        says which one, where there are several.
    type: str
  definition:
    description:
      - The blueprint itself. Mark it V(!unsafe), as it has templates of its own, or read it with O(src).
      - Mutually exclusive with O(src).
    type: dict
  src:
    description:
      - A file with blueprints. With O(state=validated), it may be a folder.
      - Mutually exclusive with O(definition).
    type: path
  action_name:
    description:
      - The action of the blueprint that is run.
      - Required when O(state=completed).
    type: str
    aliases: [actionName]
  subject:
    description:
      - What the action works on.
      - Required when O(state=completed).
    type: dict
    suboptions:
      kind:
        description:
          - One of V(namespace), V(statefulset), V(deployment), V(deploymentconfig) and V(pvc).
          - For any other object, O(subject.resource) and O(subject.api_version) say what it is.
        type: str
        aliases: [type]
      name:
        description: The name of the object.
        type: str
        required: true
      namespace:
        description: The namespace of the object, unless it has none.
        type: str
      api_version:
        description: The version of the object's type, without the group.
        type: str
        aliases: [apiVersion]
      group:
        description: The group of the object's type; empty for the core of Kubernetes.
        type: str
      resource:
        description: The plural of the object's type, such as V(configmaps).
        type: str
  options:
    description:
      - Texts that the blueprint reads as C(.Options).
    type: dict
    default: {}
  artifacts_in:
    description:
      - The artifacts that the blueprint reads as C(.ArtifactsIn), as RV(artifacts) returned them.
      - Secrets in RV(artifacts) are masked. For those register the task with C(no_log) and O(show_secrets=true).
    type: dict
    default: {}
  secrets:
    description:
      - Secrets that the blueprint reads as C(.Secrets), by the alias that it has for each, with C(name) and
        C(namespace). Those that it names in C(secretNames).
    type: dict
    default: {}
  config_maps:
    description:
      - ConfigMaps that the blueprint reads as C(.ConfigMaps), in the form of O(secrets). Those that it names in
        C(configMapNames).
    type: dict
    default: {}
  show_secrets:
    description:
      - Whether RV(artifacts) and the outputs in RV(phases) hold secrets as they are. Use C(no_log) with it.
    type: bool
    default: false
  profile:
    description:
      - There are no location profiles here, and the task fails where one is given. Let the backup keep the data, or let
        the blueprint write into a volume that is backed up.
    type: raw
  storage_location:
    description:
      - Not used. It is accepted so that C(module_defaults) for the action group may hold it.
    required: false
seealso:
  - module: arkive.k8s.k8s_backup
  - module: arkive.k8s.k8s_hook_exec
"""

EXAMPLES = r"""
- name: Check the blueprints of a repository
  arkive.k8s.k8s_blueprint:
    state: validated
    src: blueprints

- name: Run an action of a blueprint that is a file
  arkive.k8s.k8s_blueprint:
    src: blueprints/database.yml
    action_name: dump
    subject:
      kind: statefulset
      namespace: shop
      name: db
  register: dumped

- name: Hand its artifacts over to another action
  arkive.k8s.k8s_blueprint:
    src: blueprints/database.yml
    action_name: check
    subject:
      kind: statefulset
      namespace: shop
      name: db
    artifacts_in: "{{ dumped.artifacts }}"

- name: Run an action that reads a Secret under the name that the blueprint has for it
  arkive.k8s.k8s_blueprint:
    src: blueprints/database.yml
    action_name: dump
    subject:
      kind: statefulset
      namespace: shop
      name: db
    secrets:
      login: {name: db-login, namespace: shop}

- name: Run an action of a blueprint of the cluster
  arkive.k8s.k8s_blueprint:
    blueprint: hook-blueprint
    blueprint_namespace: kasten-io
    action_name: post-export
    subject:
      kind: namespace
      name: shop
    hook_service_account: labeller
"""

RETURN = r"""
blueprint:
  description: The name of the blueprint.
  returned: always
  type: str
  sample: database
action_name:
  description: The action that was run, or would be.
  returned: always
  type: str
  sample: dump
subject:
  description: What it worked on.
  returned: always
  type: str
  sample: StatefulSet shop/db
action_state:
  description: How it ended, one of V(complete), V(failed) and V(cancelled). Empty where nothing was run.
  returned: always
  type: str
  sample: complete
phases:
  description:
    - Each phase, with C(name), C(function), C(state), one of C(complete), C(failed), C(cancelled) and C(pending) for
      one that did not begin, C(output), C(error) and C(duration_seconds).
    - Secrets in C(output) are masked, unless O(show_secrets=true).
  returned: always
  type: list
  elements: dict
  sample: [{name: dump, function: KubeExec, state: complete, output: {rows: "42"}, error: "", duration_seconds: 1.2}]
defer_phase:
  description: The deferred phase, in the form of RV(phases); null where there is none.
  returned: always
  type: dict
  sample: {name: cleanup, function: KubeExec, state: complete, output: null, error: "", duration_seconds: 0.4}
artifacts:
  description:
    - The output artifacts by their names, each with C(keyValue). There are some only when all phases are complete.
    - Secrets are masked, unless O(show_secrets=true).
  returned: always
  type: dict
  sample: {dump: {keyValue: {path: /backup/dump.sql}}}
planned:
  description:
    - In check mode, what each phase would do, with C(name), C(function), C(does), C(namespace), C(image), C(pods) and
      C(arguments), in which secrets are masked.
  returned: always
  type: list
  elements: dict
  sample: [{name: label, function: KubeTask, does: run /bin/sh -c ..., namespace: shop, image: bitnami/kubectl}]
findings:
  description:
    - What was found in the blueprints, each with C(level), one of C(error), C(refused) and C(warning), C(blueprint),
      C(place), C(action), C(phase), C(argument), C(message) and C(hint).
  returned: always
  type: list
  elements: dict
  sample: [{level: warning, blueprint: database, place: action dump, message: The member type is not known.}]
swept:
  description: Pods that runs which are dead have left, and that were removed, as C(namespace/name).
  returned: always
  type: list
  elements: str
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

import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH, kube_auth
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.blueprint_options import (
    BLUEPRINT_RUN,
    SUBJECT,
    action_request,
    chosen_blueprint,
    given_blueprints,
    refuse_profile,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.group_options import MOVER_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_BLUEPRINT
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import failed_by, text_diff
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import PROGRESS, RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.blueprint_task import (
    plan_blueprint,
    run_blueprint,
    validate_blueprints,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.cluster_blueprints import fetch_blueprint
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun

SPEC = ArgumentSpec(
    options={
        "state": {"type": "str", "choices": ["completed", "validated"], "default": "completed"},
        "blueprint": {"type": "str"},
        "definition": {"type": "dict"},
        "src": {"type": "path"},
        "action_name": {"type": "str", "aliases": ["actionName"]},
        "subject": SUBJECT.to_option(),
        "options": {"type": "dict", "default": {}},
        "artifacts_in": {"type": "dict", "default": {}},
        "secrets": {"type": "dict", "default": {}, "no_log": False},
        "config_maps": {"type": "dict", "default": {}},
        "show_secrets": {"type": "bool", "default": False, "no_log": False},
        "profile": {"type": "raw"},
    },
    mutually_exclusive=(("definition", "src"),),
    required_one_of=(("blueprint", "definition", "src"),),
    required_if=(("state", "completed", ("action_name", "subject")),),
).merge(AUTH, BLUEPRINT_RUN, PROGRESS, RESULT, STORAGE_UNUSED, MOVER_UNUSED)


def validate(task: Task) -> Result:
    outcome = validate_blueprints(given_blueprints(task.params, folder=True))
    result = outcome.to_return()
    return result | (failed_by("", result["errors_list"]) if outcome.is_refused else {})


def complete(task: Task) -> Result:
    params = task.params
    given = given_blueprints(params)
    require_library("kubernetes")
    client = connect(kube_auth(params), cancel=task.cancel)
    name = params["blueprint"]
    read = chosen_blueprint(given, name) if given else fetch_blueprint(client, name, params["blueprint_namespace"])
    run = ClusterRun(client=client, progress=task.progress, cancel=task.cancel, run_id=secrets.token_hex(8))
    request = action_request(params, read.blueprint)
    outcome = (plan_blueprint if task.check_mode else run_blueprint)(run, request, read.findings)
    result = outcome.to_return(show_secrets=params["show_secrets"])
    if task.check_mode and task.diff_mode:
        after = {entry["name"]: entry["arguments"] for entry in result["planned"]}
        result["diff"] = text_diff(None, after, title=f"{request.blueprint.name} {request.action_name}")
    return result | (failed_by("", result["errors_list"]) if result["errors_list"] else {})


def work(task: Task) -> Result:
    refuse_profile(task.params)
    return validate(task) if task.params["state"] == "validated" else complete(task)


def main() -> t.NoReturn:
    run_task(SPEC, K8S_BLUEPRINT, work)


if __name__ == "__main__":
    main()
