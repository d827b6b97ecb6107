# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of one Job: made for certain and owned by it, so that all of them go when it goes.

First the Job: its pod waits for the others. Whoever dies in between leaves a Job that ends by its own deadline.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import (
    delete_object,
    get_object,
    patch_object,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.sure_creates import CreateUnknown, create_surely
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_for_object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import JobTakenError, MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.manifest import (
    JobPlan,
    job_manifest,
    owner_reference,
    secret_manifest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.marks import (
    RUN_ID,
    WORKS_ON,
    is_left,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobTask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import MoverSettings, OwnedObject
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.resources import CLAIMS, JOBS, SECRETS

#: How long a Job of a dead run may take to go, in seconds.
_GONE_SECONDS = 90.0
_OWNER_ATTEMPTS = 5


def make_job(client: KubeClient, plan: JobPlan, settings: MoverSettings, task: JobTask) -> Object:
    """Make the Job and what it owns. Raises ``JobTakenError``, and leaves none, where another run works on the same."""
    _clear_the_way(client, task, plan)
    job = _create(client, plan, settings, task)
    try:
        _require_alone(client, task, job)
        create_surely(
            client,
            SECRETS,
            secret_manifest(plan, task.secret_data(), job),
            namespace=plan.namespace,
            is_ours=lambda found: _is_owned_by(found, job),
        )
        if task.temporary_claim is not None:
            _make_claim(client, task.temporary_claim, plan, job)
        for owned in task.owned:
            _own(client, owned, plan.namespace, job)
    except BaseException:
        with contextlib.suppress(KubeError):
            remove_job(_uncancelled(client), job)
        raise
    return job


def remove_job(client: KubeClient, job: ObjectView) -> bool:
    """Ask for it to go with all that it owns; its pod gets the time to end in order. False where it was gone."""
    metadata = job["metadata"]
    return delete_object(client, JOBS, metadata["name"], metadata["namespace"], uid=str(metadata.get("uid") or ""))


def _uncancelled(client: KubeClient) -> KubeClient:
    """For what has to go although the run is cancelled."""
    return client.with_cancel(CancelToken())


def is_finished(job: ObjectView) -> bool:
    """Whether a Job has ended, well or badly."""
    conditions = (job.get("status") or {}).get("conditions") or ()
    return any(each.get("type") in ("Complete", "Failed") and each.get("status") == "True" for each in conditions)


def _create(client: KubeClient, plan: JobPlan, settings: MoverSettings, task: JobTask) -> Object:
    run_id = plan.labels.get(RUN_ID)
    manifest = job_manifest(plan, settings)

    def is_ours(found: Object) -> bool:
        return bool(run_id) and (found["metadata"].get("labels") or {}).get(RUN_ID) == run_id

    try:
        return create_surely(client, JOBS, manifest, namespace=plan.namespace, is_ours=is_ours)
    except CreateUnknown:
        with contextlib.suppress(KubeError):
            delete_object(_uncancelled(client), JOBS, plan.name, plan.namespace)
        raise
    except KubeError as exc:
        if not exc.already_exists:
            raise
        raise _taken(task, "another run") from exc


def _clear_the_way(client: KubeClient, task: JobTask, plan: JobPlan) -> None:
    """Jobs of dead runs that work on the same go first: two at once would be two writers."""
    for job in _others(client, task):
        if job["metadata"]["labels"].get(RUN_ID) == plan.labels.get(RUN_ID):
            continue
        if not (is_finished(job) or is_left(job, client.server_now())):
            raise _taken(task, f"Job {job['metadata']['name']}")
        remove_job(client, job)
        _await_gone(client, job)


def _await_gone(client: KubeClient, job: ObjectView) -> None:
    metadata = job["metadata"]

    def is_gone(found: Object | None) -> bool:
        return found is None or found["metadata"].get("uid") != metadata.get("uid")

    wait_for_object(client, JOBS, metadata["name"], metadata["namespace"], is_gone, timeout=_GONE_SECONDS)


def _require_alone(client: KubeClient, task: JobTask, own: ObjectView) -> None:
    """Two runs may have made theirs at once, by different names: the older one stays."""
    mine = _age(own)
    for job in _others(client, task):
        same_run = job["metadata"]["labels"].get(RUN_ID) == own["metadata"]["labels"].get(RUN_ID)
        if not same_run and not is_finished(job) and _age(job) < mine:
            raise _taken(task, f"Job {job['metadata']['name']}")


def _age(job: ObjectView) -> tuple[str, str]:
    return str(job["metadata"].get("creationTimestamp") or ""), str(job["metadata"].get("uid") or "")


def _others(client: KubeClient, task: JobTask) -> list[Object]:
    pages = list_pages(client, JOBS, namespace=task.namespace, label_selector=f"{WORKS_ON}={task.works_on}")
    return [job for page in pages for job in page.items]


def _taken(task: JobTask, by: str) -> JobTakenError:
    return JobTakenError(
        f"Cannot {task.doing}: {by} in namespace {task.namespace} is doing it.",
        hint="Wait until it has ended; if it is of a run that died, this goes on a few minutes after its death.",
    )


def _make_claim(client: KubeClient, manifest: ObjectView, plan: JobPlan, job: ObjectView) -> None:
    """The temporary claim; that of an earlier attempt gets this Job as one more owner."""
    metadata = dict(manifest.get("metadata") or {})
    name = str(metadata["name"])
    if get_object(client, CLAIMS, name, plan.namespace) is not None:
        _own(client, OwnedObject(resource=CLAIMS, name=name), plan.namespace, job)
        return
    metadata |= {
        "namespace": plan.namespace,
        "labels": {**(metadata.get("labels") or {}), **plan.labels},
        "ownerReferences": [owner_reference(job)],
    }
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **manifest, "metadata": metadata}
    create_surely(client, CLAIMS, claim, namespace=plan.namespace, is_ours=lambda found: _is_owned_by(found, job))


def _own(client: KubeClient, owned: OwnedObject, namespace: str, job: ObjectView) -> None:
    """Add the Job to the owners of an object: it goes when the last of them has gone."""
    for last in (False,) * (_OWNER_ATTEMPTS - 1) + (True,):
        found = get_object(client, owned.resource, owned.name, namespace)
        if found is None:
            raise MoverError(f"{owned.resource.kind} {namespace}/{owned.name} is gone, which was to be moved.")
        if _is_owned_by(found, job):
            return
        owners = [*(found["metadata"].get("ownerReferences") or ()), owner_reference(job)]
        # By its version, as another run, or the cluster itself, may change the list as well.
        version = found["metadata"].get("resourceVersion")
        patch = {"metadata": {"ownerReferences": owners, "resourceVersion": version}}
        try:
            patch_object(client, owned.resource, owned.name, patch, namespace=namespace)
        except KubeError as exc:
            if not exc.conflict or last:
                raise
        else:
            return


def _is_owned_by(found: ObjectView, job: ObjectView) -> bool:
    owners: t.Iterable[ObjectView] = found["metadata"].get("ownerReferences") or ()
    return any(each.get("uid") == job["metadata"].get("uid") for each in owners)


__all__ = ("is_finished", "make_job", "remove_job")
