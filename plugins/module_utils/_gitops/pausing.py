# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Owners are paused, and resumed exactly as they were."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import time
import types
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.errors import GitOpsError
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner import (
    Owner,
    pause_patch,
    renewal_patch,
    resume_patch,
)
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import OwnerRef
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.pause_mark import PauseMark
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object, patch_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_for_object

#: How often a change by somebody else is made room for.
_ATTEMPTS = 5
#: What began just before the pause shows itself within this time, in seconds.
_SETTLE_SECONDS = 2.0


class Resumption(t.NamedTuple):
    """``failed``: why owners could not be resumed. One in neither is not paused by the run any more."""

    resumed: tuple[Owner, ...] = ()
    failed: t.Mapping[OwnerRef, ArkiveError] = types.MappingProxyType({})


class Pausing:
    """For one run, ``run.run_id``. ``limit``: for how many seconds others respect a pause."""

    def __init__(self, run: ClusterRun, *, limit: float) -> None:
        self._run = run
        self._limit = dt.timedelta(seconds=limit)

    def pause(self, owners: t.Iterable[Owner], *, timeout: float) -> list[Owner]:
        """Pause them in their order, and wait until none is at work any more; those that were paused here.

        One that a person has suspended stays as it is. Raises ``GitOpsError`` or ``KubeError``, and has resumed all
        of them then; those that could not be are named in it.
        """
        tried: list[Owner] = []
        paused: list[Owner] = []
        try:
            for owner in owners:
                # One whose answer is lost may be paused as well.
                tried.append(owner)
                found = self._pause(owner)
                if found is not None:
                    paused.append(found)
            return self._await_idle(paused, timeout)
        except BaseException as exc:
            known = {owner.ref: owner for owner in (*tried, *paused)}
            failed = self.resume(tried).failed
            if not failed or not isinstance(exc, ArkiveError):
                raise
            raise _with_left(exc, self._run.run_id, [known[ref] for ref in failed]) from exc

    def check(self, owner: Owner) -> None:
        """Raises ``GitOpsError`` where another run holds it paused that is taken to be alive."""
        mark = owner.mark
        if mark is None or mark.until is None or self.may_take_over(owner):
            return
        raise GitOpsError(
            f"{owner.ref} is paused by run '{mark.run}' until {rfc3339(mark.until)}.",
            hint=(
                "Wait for that run, or run it again under its name. If it is this play that has paused it, set "
                f"on_gitops_owned: report. If it is dead, resume what it left: {owner.resume_command}"
            ),
        )

    def may_take_over(self, owner: Owner) -> bool:
        """Whether it carries the mark of this run, which was killed before, or of one that is taken to be dead."""
        mark = owner.mark
        return mark is not None and (mark.run == self._run.run_id or mark.is_over(self._run.client.server_now()))

    def find_lost(self, owners: t.Iterable[Owner]) -> list[Owner]:
        """Those that somebody has resumed in the meantime. Raises ``KubeError``."""
        client = self._run.uncancelled().client
        found = [_read(client, owner) for owner in owners]
        return [owner for owner in found if owner is not None and not owner.now.suspended]

    def resume(self, owners: t.Sequence[Owner]) -> Resumption:
        """Resume those that this run has paused, the last one first; they go on although the run is cancelled."""
        client = self._run.uncancelled().client
        resumed: list[Owner] = []
        failed: dict[OwnerRef, ArkiveError] = {}
        for owner in reversed(owners):
            try:
                found = _resume(client, owner, self._run.run_id)
            except ArkiveError as exc:
                failed[owner.ref] = exc
                continue
            if found is not None:
                resumed.append(found)
        return Resumption(tuple(resumed), failed)

    def renew(self, client: KubeClient, owner: Owner) -> PauseMark | None:
        """Have others respect the pause for as long as they did at first. The mark that is there then.

        None where it is not paused any more, or by somebody else: then it stays as it is. Raises ``ArkiveError``.
        """
        for attempt in range(_ATTEMPTS):
            again = _read(client, owner)
            mark = again.mark if again is not None and again.now.suspended else None
            if again is None or mark is None or mark.run != self._run.run_id or mark.until is None:
                return None
            longer = dataclasses.replace(mark, until=client.server_now() + self._limit)
            try:
                _patch(client, again, renewal_patch(again, longer))
                return longer
            except KubeError as exc:
                if attempt == _ATTEMPTS - 1 or not (exc.conflict or exc.may_pass):
                    raise
        return None

    def _pause(self, owner: Owner) -> Owner | None:
        client = self._run.client
        failure = KubeError(f"{owner.ref} was not paused.")
        for _attempt in range(_ATTEMPTS):
            if owner.now.suspended and (owner.mark is None or owner.mark.until is None):
                return None
            self.check(owner)
            mark = PauseMark(run=self._run.run_id, until=client.server_now() + self._limit, was=owner.was)
            try:
                found = Owner.of(owner.kind, owner.resource, _patch(client, owner, pause_patch(owner, mark)))
            except KubeError as exc:
                if not (exc.conflict or exc.may_pass):
                    raise
                failure = exc
                again = _read(client, owner)
                if again is None:
                    return None
                owner = again
                continue
            if not found.now.suspended:
                raise GitOpsError(f"{owner.ref} was told to pause, and the API server did not keep that.")
            self._run.issues.info(f"paused {owner.ref}")
            return found
        if not failure.conflict:
            raise failure
        raise GitOpsError(
            f"{owner.ref} is changed by somebody else again and again, and could not be paused.",
            hint="Find out who writes it, such as an ApplicationSet or a Kustomization above it.",
        )

    def _await_idle(self, paused: t.Sequence[Owner], timeout: float) -> list[Owner]:
        """A run that began before the pause goes on to its end.

        That of an owner above may write the field of one below back, which is paused again then.
        """
        end = time.monotonic() + timeout
        idle = list(paused)
        for attempt in range(_ATTEMPTS if idle else 0):
            idle = [self._wait(owner, max(1.0, end - time.monotonic())) for owner in idle]
            active = {owner.ref for owner in idle if not owner.now.suspended}
            if attempt and not active:
                break
            if attempt == _ATTEMPTS - 1:
                owner = next(owner for owner in idle if owner.ref in active)
                raise GitOpsError(
                    f"{owner.ref} was paused, and is not any more: somebody writes its "
                    f"{'.'.join(owner.kind.field)} back.",
                    hint="Pause what owns it, or whoever writes it, and run this again.",
                )
            idle = [(self._pause(owner) if owner.ref in active else owner) or owner for owner in idle]
            if self._run.cancel.wait(_SETTLE_SECONDS):
                self._run.cancel.check()
        return idle

    def _wait(self, owner: Owner, timeout: float) -> Owner:
        def is_idle(obj: Object | None) -> bool:
            return obj is None or not owner.kind.is_running(obj)

        name, namespace = owner.ref.name, owner.ref.namespace
        try:
            obj = wait_for_object(self._run.client, owner.resource, name, namespace, is_idle, timeout=timeout)
        except KubeTimeout as exc:
            raise GitOpsError(
                f"{owner.ref} is paused, and still at work after {timeout:g} s.",
                hint="Look at what it waits for, end its operation, and run this again.",
            ) from exc
        if obj is None:
            raise GitOpsError(f"{owner.ref} was deleted while it was paused.")
        return Owner.of(owner.kind, owner.resource, obj)


def _with_left(exc: ArkiveError, run_id: str, left: t.Sequence[Owner]) -> GitOpsError:
    """The same error, with what stays paused because of another one. ``left``: as they were read last."""
    names = ", ".join(str(owner.ref) for owner in left)
    return GitOpsError(
        f"{exc.message.rstrip('.')}; and these stay paused, as they could not be resumed: {names}.",
        hint=f"Resume them by k8s_gitops with state: resumed and run: {run_id}. {exc.hint or ''}".strip(),
        details=exc.details,
    )


def resume_marked(run: ClusterRun, owner: Owner) -> Owner | None:
    """Resume ``owner`` whoever has paused it; None when it is not paused any more. Raises ``ArkiveError``."""
    return _resume(run.client, owner, owner.mark.run if owner.mark else "")


def _resume(client: KubeClient, owner: Owner, run_id: str) -> Owner | None:
    was_sent = False
    for _attempt in range(_ATTEMPTS):
        again = _read(client, owner)
        if again is None:
            return None
        if again.mark_problem:
            raise GitOpsError(f"its annotation arkive.k8s/paused cannot be used: {again.mark_problem}")
        if again.mark is None or again.mark.run != run_id:
            # It was ours where only the answer was lost.
            return again if was_sent and again.mark is None else None
        try:
            return Owner.of(again.kind, again.resource, _patch(client, again, resume_patch(again, guarded=True)))
        except KubeError as exc:
            if not (exc.conflict or exc.may_pass):
                raise
            was_sent = was_sent or exc.may_pass
            last = exc
    raise last


def _read(client: KubeClient, owner: Owner) -> Owner | None:
    obj = get_object(client, owner.resource, owner.ref.name, owner.ref.namespace)
    return None if obj is None else Owner.of(owner.kind, owner.resource, obj)


def _patch(client: KubeClient, owner: Owner, patch: Object) -> Object:
    return patch_object(client, owner.resource, owner.ref.name, patch, namespace=owner.ref.namespace)


__all__ = ("Pausing", "Resumption", "resume_marked")
