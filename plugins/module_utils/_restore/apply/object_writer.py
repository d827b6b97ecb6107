# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write one object as it was planned, and return what became of it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CRDS, PODS
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import (
    create_encoded,
    create_object,
    delete_object,
    get_object,
    patch_object,
    replace_object,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.object_waits import ObjectWaits
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.status import write_status
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.existing_judge import ExistingJudge
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.applied import Applied
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.existing import ExistingObjects
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.metadata import made_by
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.overwrite import replacement
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.refusal_hints import TAKEN, refusal_hint
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import DataSource

#: How often an object is tried again while the server is going down or coming up, and the first pause, in seconds.
_ATTEMPTS = 4
_PAUSE = 0.5
_PASSING = frozenset({429, 502, 503, 504})
#: What a server says that has just started.
_NOT_READY = "not yet ready to handle request"
#: Types whose objects are looked at once they are created.
_FOLLOWED = frozenset({CRDS, PODS})

#: Called with each pod or definition that this restore created, as the server returned it.
OnCreated: t.TypeAlias = "t.Callable[[PlanItem, Object], None]"


class ObjectWriter:
    """Safe to use from any thread. ``gone`` is why no more requests are worth a try."""

    def __init__(
        self,
        run: RestoreRun,
        findings: Findings,
        existing: ExistingObjects,
        judge: ExistingJudge,
        waits: ObjectWaits,
        on_created: OnCreated,
    ) -> None:
        self._run = run
        self._client = run.client
        self._objects = findings.objects
        self._volumes = findings.volumes
        self._existing = existing
        self._judge = judge
        self._waits = waits
        self._on_created = on_created
        self.gone: KubeError | None = None

    def attempt(self, item: PlanItem, act: t.Callable[[PlanItem], Applied]) -> Applied:
        """What ``act`` does; whatever it raises becomes the failure of the item."""
        try:
            return act(item)
        except Cancelled:
            return Applied(item, "failed")
        except KubeError as exc:
            known = self.gone is not None
            if exc.unauthorized:
                self.gone = exc
            if exc.unauthorized and known:
                return Applied(item, "failed")
            return self._failed(item, exc, reason=exc.reason)
        except ArkiveError as exc:
            return self._failed(item, exc)

    def leave(self, item: PlanItem) -> Applied:
        """Velero's words: ``failed`` for what differs and was left as it is; what rules left out is not recorded."""
        if item.action == "conflict":
            self.report(item, f"error restoring {item.title}: {item.why}", reason=item.cause, hint=item.hint)
            return Applied(item, "failed")
        if item.action == "unchanged":
            return Applied(item, "created" if item.made_before else "skipped")
        return Applied(item, "")

    def report(self, item: PlanItem, message: str, **more: str) -> None:
        """An error of the item."""
        self._run.issues.error(message, **_where(item), **more)

    # -- create -------------------------------------------------------------------------------------------------------

    def create(self, item: PlanItem) -> Applied:
        resource, source = _served(item), item.facts.remade_from
        if source is not None:
            return self._create_from_snapshot(item, resource, source)
        try:
            if item.group_resource not in _FOLLOWED and item.facts.afterwards is None and item.body is not None:
                create_encoded(
                    self._run.client_for(item), resource, self._objects.read(item.body), namespace=item.namespace
                )
                return Applied(item, "created")
            created = self._post(item, resource)
        except KubeError as exc:
            return self._after_refusal(item, resource, exc)
        return self._finish_created(item, resource, created)

    def _post(self, item: PlanItem, resource: ApiResource) -> Object:
        """Create; a pod whose service account is on its way (its namespace is new) is tried once more."""
        body, client = self._objects.load(item.body), self._run.client_for(item)
        try:
            return create_object(client, resource, body, namespace=item.namespace)
        except KubeError as exc:
            if not (exc.forbidden and "error looking up service account" in exc.message):
                raise
        self._waits.await_account(item.namespace or "", body["spec"].get("serviceAccountName") or "default")
        return create_object(client, resource, body, namespace=item.namespace)

    def _create_from_snapshot(self, item: PlanItem, resource: ApiResource, source: DataSource) -> Applied:
        """A PersistentVolume with a new volume behind it, unless there is a healthy one of its name."""
        request = self._run.request
        made = self._volumes.provider_of(source).make(
            resource,
            self._objects.load(item.body),
            source,
            terminating_timeout=request.terminating_timeout,
            volume_timeout=request.resource_timeout,
            progress=self._run.progress,
            cancel=self._run.cancel,
        )
        if made.existing is not None:
            return self._beside(item, resource, made.existing)
        if made.created is not None:
            return self._finish_created(item, resource, made.created)
        return Applied(item, "")

    def _after_refusal(self, item: PlanItem, resource: ApiResource, exc: KubeError) -> Applied:
        if is_passing(exc):
            return self._create_again(item, resource)
        there = self._find_existing(item, resource, exc)
        if there is None:
            raise exc
        return self._beside(item, resource, there)

    def _create_again(self, item: PlanItem, resource: ApiResource) -> Applied:
        """Nobody knows whether the object was created before the server went away: look, and create what is not there.

        Reading waits for the server, for as long as the retry policy says.
        """
        body, attempt, client = self._objects.load(item.body), 1, self._run.client_for(item)
        while True:
            if self._run.cancel.wait(attempt * _PAUSE):
                self._run.cancel.check()
            try:
                there = get_object(self._client, resource, item.name, item.namespace)
                created = there or create_object(client, resource, body, namespace=item.namespace)
                break
            except KubeError as exc:
                if attempt == _ATTEMPTS or not (exc.already_exists or is_passing(exc)):
                    self._note_gone(exc)
                    raise
            attempt += 1
        if there is not None and not made_by(there, self._run.name):
            return self._beside(item, resource, there)
        return self._finish_created(item, resource, created)

    def _note_gone(self, exc: KubeError) -> None:
        """After the last attempt: a server that gives no answer gives none to the other objects either.

        One that is only late may wait for somebody whom it asks about this one.
        """
        if exc.unreachable and not (isinstance(exc, KubeTimeout) and self._is_there()):
            self.gone = exc

    def _is_there(self) -> bool:
        try:
            self._client.version()
        except ArkiveError:
            return False
        return True

    def _find_existing(self, item: PlanItem, resource: ApiResource, exc: KubeError) -> Object | None:
        """What stands in the way of a create; node ports that are taken may be its own (Velero 1.18)."""
        taken = item.group_resource.resource == "services" and TAKEN in exc.message
        if exc.already_exists or taken:
            return get_object(self._client, resource, item.name, item.namespace)
        return None

    def _beside(self, item: PlanItem, resource: ApiResource, there: Object) -> Applied:
        """The object came after the plan was made (the ``default`` account), or it is on its way out."""
        if there["metadata"].get("deletionTimestamp"):
            self._waits.await_gone(item, resource)
            if item.facts.remade_from is not None:
                return self._create_from_snapshot(item, resource, item.facts.remade_from)
            return self._create_anew(item, resource)
        stored = item.facts.stored_claim
        decided = self._existing.decide(
            item,
            there,
            self._objects.load(item.body),
            stored_claim=self._objects.load(stored) if stored is not None else None,
        )
        if decided.method == "roll_back":
            raise RestoreError(
                "a claim of its name came after the restore was planned, and made no room for it",
                hint=self._run.resume_hint,
            )
        return self.attempt(self._judge.judge(decided), self._follow)

    def _follow(self, item: PlanItem) -> Applied:
        """Carry out what was decided about an object that came after the plan was made."""
        if item.intent == "create" and item.facts.remade_from is not None:
            return self._create_from_snapshot(item, _served(item), item.facts.remade_from)
        if item.intent == "update":
            return self.update(item)
        return Applied(item, "failed") if item.action == "skip" else self.leave(item)

    def _finish_created(self, item: PlanItem, resource: ApiResource, created: Object) -> Applied:
        afterwards = self._objects.load(item.facts.afterwards)
        if "managedFields" in afterwards:
            patch = {"metadata": {"managedFields": afterwards["managedFields"]}}
            patch_object(self._client, resource, item.name, patch, namespace=item.namespace)
        if "status" in afterwards:
            self._restore_status(item, resource, created, afterwards["status"])
        if item.group_resource == CRDS:
            self._waits.await_established(item, resource)
        self._on_created(item, created)
        return Applied(item, "created")

    def _restore_status(self, item: PlanItem, resource: ApiResource, created: Object, status: t.Any) -> None:
        try:
            write_status(self._client, resource, created, status)
        except KubeError as exc:
            self._run.issues.warning(
                f"The status of {item.title} could not be restored: {_first_line(exc)}",
                **_where(item),
                reason=exc.reason,
            )

    # -- update -------------------------------------------------------------------------------------------------------

    def update(self, item: PlanItem) -> Applied:
        resource = _served(item)
        if item.method == "recreate":
            return self._recreate(item, resource)
        try:
            if item.method == "replace":
                self._replace(item, resource)
            else:
                self._patch(item, resource)
        except KubeError as exc:
            if exc.unreachable:
                raise
            return self._not_updated(item, exc)
        return Applied(item, "updated")

    def _not_updated(self, item: PlanItem, exc: KubeError) -> Applied:
        """An error, as the plan foresees it: what was asked for is not there."""
        why, hint = _first_line(exc), refusal_hint(item, exc, self._run.request.spec)
        self.report(item, f"{item.title} could not be updated: {why}", reason=exc.reason, hint=hint)
        return Applied(item.decided("conflict", why, hint=hint, cause=exc.reason), "failed", why)

    def _patch(self, item: PlanItem, resource: ApiResource) -> None:
        """A merge patch may be sent twice."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                patch_object(
                    self._run.client_for(item), resource, item.name, item.patch or {}, namespace=item.namespace
                )
            except KubeError as exc:
                if attempt == _ATTEMPTS or not is_passing(exc):
                    self._note_gone(exc)
                    raise
            else:
                return
            if self._run.cancel.wait(attempt * _PAUSE):
                self._run.cancel.check()

    def _recreate(self, item: PlanItem, resource: ApiResource) -> Applied:
        """From the deletion on the object is missing until the new one is there: whatever comes between says so."""
        delete_object(self._client, resource, item.name, item.namespace)
        try:
            self._waits.await_gone(item, resource)
            made = self._create_anew(item, resource)
        except ArkiveError as exc:
            why = f"the old one was deleted, and the new one is not there: {_first_line(exc)}"
            hint = f"Run the restore again with name: {self._run.name} to have it made. {exc.hint or ''}".rstrip()
            error = RestoreError(why, hint=hint)
            if isinstance(exc, Cancelled):
                return self._failed(item, error)
            raise error from exc
        return made if made.state == "failed" else Applied(item, "updated")

    def _create_anew(self, item: PlanItem, resource: ApiResource) -> Applied:
        """In the place of one that is gone."""
        body = self._objects.load(item.body)
        try:
            created = create_object(self._run.client_for(item), resource, body, namespace=item.namespace)
        except KubeError as exc:
            if not is_passing(exc):
                raise
            return self._create_again(item, resource)
        return self._finish_created(item, resource, created)

    def _replace(self, item: PlanItem, resource: ApiResource) -> None:
        """Put the whole object in the place of the other; one that cannot be is an error."""
        body = self._objects.load(item.body)
        live = get_object(self._client, resource, item.name, item.namespace)
        if live is None:
            raise KubeError("It was deleted by someone else meanwhile.", status=404)
        body = replacement(item.group_resource, live, body)
        replace_object(self._run.client_for(item), resource, item.name, body, namespace=item.namespace)

    def _failed(self, item: PlanItem, exc: ArkiveError, *, reason: str = "") -> Applied:
        """What could not be written is a conflict, as a plan that foresees it says."""
        failure = _first_line(exc)
        hint = refusal_hint(item, exc, self._run.request.spec)
        self.report(item, f"error restoring {item.title}: {failure}", reason=reason, hint=hint)
        return Applied(item.decided("conflict", failure, hint=hint, cause=reason), "failed", failure)


def _served(item: PlanItem) -> ApiResource:
    if item.resource is None:
        raise KubeError(f"The API server does not serve {item.api_version} {item.kind}.", status=404)
    return item.resource


def _where(item: PlanItem) -> dict[str, str]:
    return {"resource": str(item.group_resource), "namespace": item.namespace or "", "name": item.name}


def _first_line(exc: ArkiveError) -> str:
    """Without the dump of the whole spec that the API server adds to some refusals."""
    return exc.message.partition("\n")[0]


def is_passing(exc: KubeError) -> bool:
    """True for a failure that says nothing about the object: no answer, or one of a server that is not itself."""
    if exc.status == 500:
        return "etcdserver: " in exc.message
    return exc.unreachable or exc.status in _PASSING or (exc.forbidden and _NOT_READY in exc.message)


__all__ = ("ObjectWriter", "OnCreated", "is_passing")
