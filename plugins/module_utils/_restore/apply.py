# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Carry out a plan, wave by wave, with workers side by side inside a wave."""

from __future__ import annotations

import collections
import concurrent.futures
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
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
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_for_object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.bodies import EncodedBodies
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.metadata import made_by
from ansible_collections.arkive.k8s.plugins.module_utils._restore.namespaces import NamespaceMaker
from ansible_collections.arkive.k8s.plugins.module_utils._restore.overwrite import replacement, write_status
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan import PlanItem, Wave
from ansible_collections.arkive.k8s.plugins.module_utils._restore.planner import Planner
from ansible_collections.arkive.k8s.plugins.module_utils._restore.prepare import Prepared, Preparer
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._restore.results import RestoreIssues
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import CRDS, NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.native_records import NativeSnapshot

#: How often an object is tried again while the server is going down or coming up, and the first pause, in seconds.
_ATTEMPTS = 4
_PAUSE = 0.5
_PASSING = frozenset({429, 502, 503, 504})
#: What a server says that has just started.
_NOT_READY = "not yet ready to handle request"

#: Called with each object that this restore created, as the server returned it.
OnCreated: t.TypeAlias = "t.Callable[[PlanItem, dict[str, t.Any]], None]"


class Applier:
    """Executes waves. The failure of one item never stops another; only a cancel does."""

    def __init__(
        self,
        client: KubeClient,
        request: RestoreRequest,
        *,
        restore_name: str,
        preparer: Preparer,
        bodies: EncodedBodies,
        planner: Planner,
        namespaces: NamespaceMaker,
        issues: RestoreIssues,
        progress: ProgressSink,
        cancel: CancelToken,
        on_created: OnCreated,
    ) -> None:
        self._client = client
        self._request = request
        self._restore_name = restore_name
        self._preparer = preparer
        self._bodies = bodies
        self._planner = planner
        self._namespaces = namespaces
        self._issues = issues
        self._progress = progress
        self._cancel = cancel
        self._on_created = on_created
        #: Why no more requests are worth a try.
        self._gone: KubeError | None = None

    def apply(self, waves: t.Iterable[Wave]) -> None:
        """Raises ``Cancelled`` between two items when the run was told to stop; what is under way is finished.

        Raises ``KubeError`` once the API server cannot be reached any more.
        """
        with concurrent.futures.ThreadPoolExecutor(max_workers=self._request.workers) as pool:
            for wave in waves:
                self._apply_wave(wave, pool)

    def _apply_wave(self, wave: Wave, pool: concurrent.futures.ThreadPoolExecutor) -> None:
        waiting = collections.deque(wave.items)
        threads = min(self._request.workers, len(waiting))
        for done in [pool.submit(self._apply_items, waiting) for _thread in range(threads)]:
            done.result()
        self._cancel.check()
        if self._gone is not None:
            raise self._gone
        for group_resource in wave.group_resources:
            states = collections.Counter(
                item.state for item in wave.items if item.group_resource == group_resource and item.intent
            )
            if states:
                self._progress(
                    f"{group_resource}: " + ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
                )

    def _apply_items(self, waiting: collections.deque[PlanItem]) -> None:
        """Several threads take items until none is left."""
        while waiting and self._gone is None:
            try:
                item = waiting.popleft()
            except IndexError:
                return
            self._apply_item(item)

    def _apply_item(self, item: PlanItem) -> None:
        if self._cancel.is_cancelled:
            return
        try:
            self._execute(item)
        except Cancelled:
            item.state = "failed"
        except KubeError as exc:
            self._record_error(item, exc, reason=exc.reason)
        except ArkiveError as exc:
            self._record_error(item, exc)

    def _execute(self, item: PlanItem) -> None:
        if not item.intent:
            self._record_untouched(item)
        elif item.group_resource == NAMESPACES:
            self._namespaces.make(item)
        elif item.namespace and (why := self._namespaces.why_missing(item.namespace)):
            item.state = "failed"
            self._report(item, f"error restoring {item.title}: {why}")
        elif item.intent == "update":
            self._update(item)
        else:
            self._create(item)

    def _record_untouched(self, item: PlanItem) -> None:
        """Velero's words: ``failed`` for what differs and was left as it is; what rules left out is not recorded."""
        if item.action == "conflict":
            item.state = "failed"
            self._report(item, f"error restoring {item.title}: {item.why}", reason=item.cause, hint=item.hint)
        elif item.action == "unchanged":
            item.state = "created" if item.made_before else "skipped"

    def _create(self, item: PlanItem) -> None:
        if item.body_place is not None and item.resource is not None:
            body = self._bodies.read(item.body_place)
            try:
                create_encoded(self._client, item.resource, body, namespace=item.namespace)
            except KubeError as exc:
                self._settle_refused(item, item.resource, exc)
            else:
                item.state = "created"
            return
        resource, prepared = self._ready(item)
        if prepared.native is not None:
            self._create_from_snapshot(item, resource, prepared, prepared.native)
            return
        try:
            created = self._post(item, resource, prepared)
        except KubeError as exc:
            self._settle_refused(item, resource, exc)
        else:
            self._finish_created(item, resource, prepared, created)

    def _create_from_snapshot(
        self, item: PlanItem, resource: ApiResource, prepared: Prepared, snapshot: NativeSnapshot
    ) -> None:
        """A PersistentVolume with a new volume behind it, unless there is a healthy one of its name."""
        native = self._preparer.volumes.native
        if native is None:
            raise RestoreError(f"{item.title} cannot be made from {snapshot.snapshot_id}.")
        made = native.make(
            resource,
            prepared.body,
            snapshot,
            terminating_timeout=self._request.terminating_timeout,
            volume_timeout=self._request.resource_timeout,
            progress=self._progress,
            cancel=self._cancel,
        )
        if made.existing is not None:
            self._settle_race(item, resource, made.existing)
        elif made.created is not None:
            self._finish_created(item, resource, prepared, made.created)

    def _settle_refused(self, item: PlanItem, resource: ApiResource, exc: KubeError) -> None:
        if is_passing(exc):
            self._create_again(item, resource)
            return
        existing = self._find_existing(item, resource, exc)
        if existing is None:
            raise exc
        self._settle_race(item, resource, existing)

    def _create_again(self, item: PlanItem, resource: ApiResource) -> None:
        """Nobody knows whether the object was created before the server went away: look, and create what is not there.

        Reading waits for the server, for as long as the retry policy says.
        """
        prepared = self._preparer.prepare(t.cast(ItemRef, item.ref))
        for attempt in range(1, _ATTEMPTS + 1):
            if self._cancel.wait(attempt * _PAUSE):
                self._cancel.check()
            try:
                existing = get_object(self._client, resource, item.name, item.namespace)
                created = existing or create_object(self._client, resource, prepared.body, namespace=item.namespace)
            except KubeError as exc:
                if attempt < _ATTEMPTS and (exc.already_exists or is_passing(exc)):
                    continue
                self._note_gone(exc)
                raise
            if existing is not None and not made_by(existing, self._restore_name):
                self._settle_race(item, resource, existing)
            else:
                self._finish_created(item, resource, prepared, created)
            return

    def _note_gone(self, exc: KubeError) -> None:
        """After the last attempt: a server that gives no answer gives none to the other objects either.

        One that is only late may wait for somebody whom it asks about this one.
        """
        if exc.unreachable and not (isinstance(exc, KubeTimeout) and self._is_there()):
            self._gone = exc

    def _is_there(self) -> bool:
        try:
            self._client.version()
        except ArkiveError:
            return False
        return True

    def _post(self, item: PlanItem, resource: ApiResource, prepared: Prepared) -> dict[str, t.Any]:
        """Create; a pod whose service account is on its way (its namespace is new) is tried once more."""
        try:
            return create_object(self._client, resource, prepared.body, namespace=item.namespace)
        except KubeError as exc:
            if not (exc.forbidden and "error looking up service account" in exc.message):
                raise
        self._namespaces.wait_for_account(
            item.namespace or "", prepared.body["spec"].get("serviceAccountName") or "default"
        )
        return create_object(self._client, resource, prepared.body, namespace=item.namespace)

    def _ready(self, item: PlanItem) -> tuple[ApiResource, Prepared]:
        if item.resource is None:
            raise KubeError(f"The API server does not serve {item.api_version} {item.kind}.", status=404)
        return item.resource, self._preparer.prepare(t.cast(ItemRef, item.ref))

    def _finish_created(
        self, item: PlanItem, resource: ApiResource, prepared: Prepared, created: dict[str, t.Any]
    ) -> None:
        item.state = "created"
        if self._request.restore_managed_fields and prepared.managed_fields:
            patch = {"metadata": {"managedFields": list(prepared.managed_fields)}}
            patch_object(self._client, resource, item.name, patch, namespace=item.namespace)
        if prepared.status:
            self._restore_status(item, resource, created, prepared.status)
        if item.group_resource == CRDS:
            self._wait_established(item, resource)
        self._on_created(item, created)

    def _restore_status(self, item: PlanItem, resource: ApiResource, created: dict[str, t.Any], status: t.Any) -> None:
        try:
            write_status(self._client, resource, created, status)
        except KubeError as exc:
            self._issues.warning(
                f"The status of {item.title} could not be restored: {_first_line(exc)}",
                **self._where(item),
                reason=exc.reason,
            )

    def _find_existing(self, item: PlanItem, resource: ApiResource, exc: KubeError) -> dict[str, t.Any] | None:
        """What stands in the way of a create; node ports that are taken may be its own (Velero 1.18)."""
        taken = item.group_resource.resource == "services" and "provided port is already allocated" in exc.message
        if exc.already_exists or taken:
            return get_object(self._client, resource, item.name, item.namespace)
        return None

    def _settle_race(self, item: PlanItem, resource: ApiResource, existing: dict[str, t.Any]) -> None:
        """The object came after the plan was made (the ``default`` account), or it is on its way out."""
        prepared = self._preparer.prepare(t.cast(ItemRef, item.ref))
        if existing["metadata"].get("deletionTimestamp"):
            self._wait_gone(item, resource)
            if prepared.native is not None:
                self._create_from_snapshot(item, resource, prepared, prepared.native)
                return
            self._create_anew(item, resource, prepared)
            return
        self._planner.settle_existing(item, existing, prepared.body)
        if item.intent == "create" and prepared.native is not None:
            self._create_from_snapshot(item, resource, prepared, prepared.native)
        elif item.intent == "update":
            self._update(item)
        elif item.action == "skip":
            item.state = "failed"
        else:
            self._record_untouched(item)

    def _update(self, item: PlanItem) -> None:
        if item.resource is None:
            raise KubeError(f"The API server does not serve {item.api_version} {item.kind}.", status=404)
        if item.method != "patch":
            self._overwrite(item)
            return
        try:
            self._patch(item, item.resource)
        except KubeError as exc:
            if exc.unreachable:
                raise
            self._issues.warning(
                f"{item.title} could not be updated: {_first_line(exc)}",
                **self._where(item),
                reason=exc.reason,
                hint=exc.hint or "",
            )
            item.state = "failed"
            return
        item.state = "updated"

    def _patch(self, item: PlanItem, resource: ApiResource) -> None:
        """A merge patch may be sent twice."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                patch_object(self._client, resource, item.name, item.patch or {}, namespace=item.namespace)
            except KubeError as exc:
                if attempt == _ATTEMPTS or not is_passing(exc):
                    self._note_gone(exc)
                    raise
            else:
                return
            if self._cancel.wait(attempt * _PAUSE):
                self._cancel.check()

    def _overwrite(self, item: PlanItem) -> None:
        """Put the whole object in the place of the other; one that cannot be is an error."""
        resource, prepared = self._ready(item)
        if item.method == "recreate":
            self._recreate(item, resource, prepared)
        else:
            live = get_object(self._client, resource, item.name, item.namespace)
            if live is None:
                raise KubeError("It was deleted by someone else meanwhile.", status=404)
            body = replacement(item.group_resource, live, prepared.body)
            replace_object(self._client, resource, item.name, body, namespace=item.namespace)
        item.state = "updated"

    def _recreate(self, item: PlanItem, resource: ApiResource, prepared: Prepared) -> None:
        """From the deletion on the object is missing until the new one is there: whatever comes between is told so."""
        delete_object(self._client, resource, item.name, item.namespace)
        try:
            self._wait_gone(item, resource)
            self._create_anew(item, resource, prepared)
        except ArkiveError as exc:
            why = f"the old one was deleted, and the new one is not there: {_first_line(exc)}"
            hint = f"Run the restore again with name: {self._restore_name} to have it made. {exc.hint or ''}".rstrip()
            if isinstance(exc, Cancelled):
                self._record_error(item, RestoreError(why, hint=hint))
                raise
            raise RestoreError(why, hint=hint) from exc

    def _create_anew(self, item: PlanItem, resource: ApiResource, prepared: Prepared) -> None:
        """In the place of one that is gone."""
        try:
            created = create_object(self._client, resource, prepared.body, namespace=item.namespace)
        except KubeError as exc:
            if not is_passing(exc):
                raise
            self._create_again(item, resource)
        else:
            self._finish_created(item, resource, prepared, created)

    def _wait_established(self, item: PlanItem, resource: ApiResource) -> None:
        self._progress(f"waiting for CustomResourceDefinition {item.name} to be established")
        try:
            wait_for_object(
                self._client,
                resource,
                item.name,
                None,
                is_established,
                timeout=self._request.resource_timeout,
                cancel=self._cancel,
            )
        except KubeTimeout as exc:
            raise KubeTimeout(
                f"{item.title} was not established within {self._request.resource_timeout:g} s.",
                hint="Look at the conditions in its status; another definition may hold its names.",
            ) from exc

    def _wait_gone(self, item: PlanItem, resource: ApiResource) -> None:
        self._progress(f"waiting for the old {item.title} to be gone")
        seconds = self._request.terminating_timeout
        try:
            wait_for_object(
                self._client,
                resource,
                item.name,
                item.namespace,
                lambda obj: obj is None,
                timeout=seconds,
                cancel=self._cancel,
            )
        except KubeTimeout as exc:
            old = get_object(self._client, resource, item.name, item.namespace) or {}
            held = ", ".join((old.get("metadata") or {}).get("finalizers") or ())
            raise KubeTimeout(
                f"the old one is still being deleted after {seconds:g} s"
                + (f", held by its finalizers ({held})" if held else ""),
                hint="See to it that it can go, or give a longer terminating_timeout.",
            ) from exc

    def _record_error(self, item: PlanItem, exc: ArkiveError, *, reason: str = "") -> None:
        item.state, item.failure = "failed", _first_line(exc)
        self._report(item, f"error restoring {item.title}: {item.failure}", reason=reason, hint=exc.hint or "")

    def _report(self, item: PlanItem, message: str, **more: str) -> None:
        self._issues.error(message, **self._where(item), **more)

    @staticmethod
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


def is_established(definition: t.Mapping[str, t.Any] | None) -> bool:
    """True once a CustomResourceDefinition is Established and its names are accepted."""
    conditions = ((definition or {}).get("status") or {}).get("conditions") or []
    states = {condition.get("type"): condition.get("status") for condition in conditions}
    return states.get("Established") == "True" and states.get("NamesAccepted") == "True"


__all__ = ("Applier", "OnCreated", "is_established", "is_passing")
