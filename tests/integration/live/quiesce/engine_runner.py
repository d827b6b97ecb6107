# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run an engine in a process of its own, so that a test can send it signals. JSON comes in and goes out.

stdin: ``{"do": "backup|hook|hold|freeze|thaw|sweep", "kubeconfig": path or dict, ...}``. stdout: the result, with
``failed`` and ``msg`` when the engine raised. stderr: the progress lines.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
import signal
import sys
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.between_tasks import (
    FreezeTaskRequest,
    freeze_path,
    sweep_namespace,
    thaw_path,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import ApiObjectReader
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hook_task import (
    HookTaskOutcome,
    HookTaskRequest,
    run_hook_task,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy, HelperPod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pods import select_pods
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import Preflight
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_block import (
    CriticalSection,
    QuiescedPod,
    SectionSettings,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.kinds import make_location
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec

Result = dict[str, t.Any]


def policy_of(asked: Result) -> FreezePolicy:
    given = dict(asked.get("policy", {}))
    helper = given.pop("helper_pod", None)
    return FreezePolicy(helper_pod=HelperPod(**helper) if helper else None, **given)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def backup(asked: Result, **common: t.Any) -> Result:
    request = BackupRequest(
        name=asked["name"],
        spec=BackupSpec.from_options({"included_namespaces": [asked["namespace"]], **asked.get("spec", {})}),
        freeze_policy=policy_of(asked),
        **asked.get("options", {}),
    )
    store = open_store(make_location(asked["location"]))
    outcome = run_backup(request, store=store, **common)
    return {"changed": outcome.changed, **outcome.to_return(default_on_error=request.hook_on_error_default)}


def task_request(asked: Result) -> HookTaskRequest:
    given: Result = {"run_id": secrets.token_hex(8), "container": "fsfreeze", "label_selector": "app=nginx"}
    given |= asked.get("task", {})
    given["argv"] = tuple(given.get("argv", ()))
    return HookTaskRequest(namespace=asked["namespace"], freeze_policy=policy_of(asked), **given)


def told(outcome: HookTaskOutcome) -> Result:
    return {
        "changed": outcome.changed,
        "hooks": [hook.to_return(default_on_error="Fail") for hook in outcome.hooks],
        "freezes": [record.to_return() for record in outcome.freezes],
        "lease_ids": outcome.lease_ids,
        "swept": outcome.swept,
        "warnings": outcome.warnings,
        "errors": outcome.errors,
    }


def hook(asked: Result, *, client: t.Any, **common: t.Any) -> Result:
    return told(run_hook_task(task_request(asked), client=client, **common))


def hold(asked: Result, *, client: t.Any, cancel: CancelToken, **_common: t.Any) -> Result:
    """Freeze as a section does, hold it for ``seconds``, and release it."""
    request = task_request(asked)
    policy = request.freeze_policy
    (pod,) = select_pods(client, request.namespace, pod="", label_selector=request.label_selector)
    hook = Hook(source="task", name="hold", phase="pre", argv=("fsfreeze", "--freeze", asked["path"]))
    plan = Preflight(client, ApiObjectReader(client), policy=policy).examine(
        pod, dataclasses.replace(hook, container=request.container)
    )
    run = ClusterRun(client=client, run_id=request.run_id, cancel=cancel)
    settings = SectionSettings(run=run, policy=policy)
    section = CriticalSection([QuiescedPod(pod=pod, pre=[plan], post=[])], settings)
    with section:
        time.sleep(asked["seconds"])
    return told(
        HookTaskOutcome(
            hooks=section.results,
            freezes=section.freezes,
            issues=Issues.of(warnings=section.warnings, errors=section.errors),
        )
    )


def freeze(asked: Result, *, client: t.Any, **common: t.Any) -> Result:
    request = FreezeTaskRequest(task=task_request(asked), path=asked["path"], lease_id=asked.get("lease_id", ""))
    return told(freeze_path(request, client=client, **common))


def thaw(asked: Result, *, client: t.Any, cancel: CancelToken, **common: t.Any) -> Result:
    request = FreezeTaskRequest(task=task_request(asked), path=asked["path"], lease_id=asked.get("lease_id", ""))
    return told(thaw_path(request, client=client, **common))


def sweep(asked: Result, *, client: t.Any, **_common: t.Any) -> Result:
    selected = {"pod": "", "label_selector": "", **asked.get("task", {})}
    return told(sweep_namespace(task_request(asked | {"task": selected}), client=client, path=asked.get("path", "")))


def answer(asked: Result, cancel: CancelToken) -> Result:
    """What the engine says; its error is an answer too."""
    work = {"backup": backup, "hook": hook, "hold": hold, "freeze": freeze, "thaw": thaw, "sweep": sweep}[asked["do"]]
    try:
        client = connect(KubeAuth(kubeconfig=asked["kubeconfig"]), cancel=cancel)
        return work(asked, client=client, progress=say, cancel=cancel)
    except ArkiveError as exc:
        return {**exc.details, "failed": True, "msg": exc.sentence}


def main() -> None:
    cancel = CancelToken()
    signal.signal(signal.SIGTERM, lambda *_: cancel.cancel("SIGTERM was received"))
    json.dump(answer(json.load(sys.stdin), cancel), sys.stdout)


if __name__ == "__main__":
    main()
