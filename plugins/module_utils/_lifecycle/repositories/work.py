# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task asks of a repository, carried out: the catalog says which snapshots are named, pods do the rest.

In check mode pods only read. What is written is written by one run at a time, of whatever cluster.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import some_of
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.copy_work import copy_repository
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.named_snapshots import NamedSnapshots
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.request import (
    CopyTo,
    ListedSnapshot,
    RepositoryError,
    RepositoryOutcome,
    RepositoryRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.velero_owner import who_maintains
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.verify_work import verify_repository
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store, refuse_write
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import (
    WriteLock,
    WriteLockHeld,
    require_free,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.dry_run import require_namespace
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import Probe, RepositoryState
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.moving import make_upkeep
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.place import lock_key
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.repository import Repository
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.held_snapshots import HeldSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.state import UpkeepState
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.upkeep import CopyTarget, Upkeep
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import Moving

#: Who owns the maintenance of all of Velero's repositories, and as whom pods work.
_OWNER = "default@default"
_SHOWN = 3
#: A claim that will end is looked at so often, in seconds.
_LOOK_SECONDS = 1.0
_NO_STATES: tuple[RepositoryState, ...] = ("absent", "foreign")


def look_after(
    request: RepositoryRequest, moving: Moving, client: KubeClient, *, copy_to: CopyTo | None, check_mode: bool
) -> RepositoryOutcome:
    """Do what is asked. ``copy_to``: for the state ``copied``. Raises ``ArkiveError``, ``Cancelled`` once it is."""
    upkeep = make_upkeep(
        moving,
        client,
        cancel=moving.run.cancel,
        repository=request.namespace,
        namespace=request.mover_namespace,
    )
    copy = None
    if copy_to is not None:
        store = open_store(copy_to.location, cancel=moving.run.cancel)
        copy = upkeep.copy_target(store, s3_url=copy_to.s3_url, delete=copy_to.delete)
    work = RepositoryWork(
        request, store=moving.store, upkeep=upkeep, client=client, run=moving.run, check_mode=check_mode
    )
    return work.carry_out(copy)


class RepositoryWork:
    """One task. Raises ``ArkiveError``, ``Cancelled`` once it is."""

    def __init__(
        self,
        request: RepositoryRequest,
        *,
        store: Store,
        upkeep: Upkeep,
        client: KubeClient,
        run: RunContext,
        check_mode: bool,
    ) -> None:
        self._request = request
        self._store = store
        self._upkeep = upkeep
        self._client = client
        self._run = run
        self._check_mode = check_mode
        self._repository = Repository(store, request.namespace)

    def carry_out(self, copy: CopyTarget | None) -> RepositoryOutcome:
        """``copy``: where to, for the state ``copied``."""
        if self._request.state in ("present", "maintained", "pruned"):
            refuse_write(self._store.location)
        if copy is not None:
            refuse_write(copy.target.location)
        if not self._check_mode:
            self._upkeep.sweep()
        state = self._repository.state()
        if self._request.state == "listed" and state in _NO_STATES:
            return self._nothing(state)
        require_namespace(
            self._client,
            self._request.mover_namespace,
            doing="work on the repository",
            option="mover_namespace",
        )
        if self._request.state == "present":
            return self._present(state)
        if refusal := self._repository.refusal(state, write=False):
            raise RepositoryError(refusal, hint=None if state != "absent" else "Make it with state: present.")
        if self._request.state == "listed":
            return self._listed(state)
        if self._request.state == "maintained":
            return self._maintained()
        if self._request.state == "pruned":
            return self._pruned()
        if self._request.state == "verified":
            found = verify_repository(self._request, self._upkeep, self._named(), size=self._repository.size())
            return self._outcome(state, **found)
        if copy is None:
            raise RepositoryError("Nothing says where the repository is to be copied to.", hint="Set 'copy_to'.")
        if self._check_mode:
            self._require_admitted()
        with self._alone(copy.target.store):
            copied = copy_repository(self._upkeep, copy, check_mode=self._check_mode)
        return self._outcome(state, **copied)

    def _outcome(self, state: str = "", **more: t.Any) -> RepositoryOutcome:
        return RepositoryOutcome(
            where=self._repository.where,
            namespace=self._request.namespace,
            repository_state=state or self._repository.state(),
            **({"size": self._repository.size()} | more),
        )

    def _present(self, before: RepositoryState) -> RepositoryOutcome:
        request = self._request
        probe = Probe(
            namespace=request.mover_namespace,
            source_namespace=request.namespace,
            action="create",
            any_password=request.force,
        )
        mover = self._upkeep.mover
        [probed] = mover.preview([probe]) if self._check_mode else mover.probe([probe])
        if probed.error:
            raise RepositoryError(probed.error)
        if self._check_mode and before not in _NO_STATES:
            self._upkeep.look()
        return self._outcome(changed=probed.created or before in ("new", *(_NO_STATES if self._check_mode else ())))

    def _require_admitted(self) -> None:
        """For what asks no pod in check mode: whether the namespace would let one in."""
        namespace = self._request.mover_namespace
        probe = Probe(namespace=namespace, source_namespace=self._request.namespace, action="copy")
        [probed] = self._upkeep.mover.preview([probe])
        if probed.error:
            raise RepositoryError(probed.error)

    def _nothing(self, state: RepositoryState) -> RepositoryOutcome:
        """There is no repository; backups may say that there should be one."""
        return self._outcome(state, **self._missing(self._named(), ()))

    def _listed(self, state: RepositoryState) -> RepositoryOutcome:
        seen = self._upkeep.look()
        named = self._named()
        listed = _listed(seen.snapshots, named)
        more = self._missing(named, seen.snapshots)
        return self._outcome(state, snapshots=listed, upkeep=seen.state, **more)

    def _missing(self, named: NamedSnapshots, held: t.Sequence[HeldSnapshot]) -> dict[str, t.Any]:
        """What backups name and the repository does not have."""
        there = {each.id for each in held}
        missing = [found for found in named.of_namespace(self._request.namespace) if found.id not in there]
        unreadable = [f"Backup '{name}' cannot be read: {why}" for name, why in named.unreadable.items()]
        return {
            "missing": tuple({"id": found.id, "backup": found.backup, "volume": found.volume} for found in missing),
            "warnings": (
                *unreadable,
                *(
                    f"Backup '{found.backup}' names snapshot {found.id}"
                    f"{f' of volume {found.volume}' if found.volume else ''}, which {self._repository.where} does not "
                    "have: it cannot be restored."
                    for found in missing
                ),
            ),
        }

    def _maintained(self) -> RepositoryOutcome:
        request = self._request
        owner = who_maintains(
            self._client, self._store.location, request.namespace, velero_namespace=request.velero_namespace
        )
        if owner and not request.force:
            raise RepositoryError(
                f"The repository {self._repository.where} is not maintained here. {owner}",
                hint="Two that maintain one at once may destroy it. Leave it to that Velero; if it does so no more, "
                "delete that object or set force: true.",
            )
        warnings = (f"It was maintained all the same (force): {owner}",) if owner else ()
        with self._alone(self._store) as lock:
            before = self._upkeep.look().state
            if before.owner not in ("", _OWNER):
                raise RepositoryError(
                    f"The maintenance of the repository {self._repository.where} belongs to {before.owner}, not to "
                    f"{_OWNER}.",
                    hint="Let that one maintain it, or give it to Velero's by 'kopia maintenance set --owner'.",
                )
            mode = "full" if request.full else before.due(self._client.server_now())
            if not mode or self._check_mode:
                return self._outcome(changed=bool(mode), upkeep=before, ran=mode, warnings=warnings)
            size = self._repository.size()
            if lock is not None:
                lock.require_held()
            after = self._upkeep.maintain(full=mode == "full")
            left = self._repository.size()
        return self._outcome(
            changed=True,
            upkeep=after,
            ran=mode,
            size=left,
            freed=max(0, size - left),
            warnings=warnings,
            problems=_not_maintained(before, after, full=mode == "full"),
        )

    def _pruned(self) -> RepositoryOutcome:
        """Snapshots first, then the backups: one that is stored in between is seen."""
        with self._alone(self._store) as lock:
            seen = self._upkeep.look()
            named = self._named()
            listed = _listed(seen.snapshots, named)
            going = [each for each in listed if not each.backups and self._is_old(each.held)]
            more = self._missing(named, seen.snapshots)
            if going and named.busy:
                said = (
                    f"{named.busy[0]} Nothing is forgotten meanwhile: a snapshot that no backup names may be one of it."
                )
                return self._outcome(
                    snapshots=listed, upkeep=seen.state, **more | {"warnings": (said, *more["warnings"])}
                )
            if going and named.unreadable:
                [(name, why), *_others] = named.unreadable.items()
                raise RepositoryError(
                    f"Nobody can say which snapshots of {self._repository.where} are named by no backup: backup "
                    f"'{name}' cannot be read. {why}",
                    hint="Mend or delete that backup first.",
                )
            problems: tuple[str, ...] = ()
            left: t.Mapping[str, str] = {}
            if going and not self._check_mode:
                if lock is not None:
                    lock.require_held()
                ids = [each.held.id for each in going]
                namespace = self._request.mover_namespace
                left = self._upkeep.mover.forget(self._request.namespace, ids, namespace=namespace)
                problems = tuple(f"Snapshot {each} could not be forgotten: {why}" for each, why in left.items())
        gone = {each.held.id for each in going} - set(left)
        marked = tuple(
            ListedSnapshot(held=each.held, backups=each.backups, goes=each.held.id in gone) for each in listed
        )
        return self._outcome(changed=bool(gone), snapshots=marked, upkeep=seen.state, problems=problems, **more)

    def _is_old(self, held: HeldSnapshot) -> bool:
        made = held.ended or held.started
        age = dt.timedelta(seconds=self._request.older_than)
        return made is not None and self._client.server_now() - made >= age

    def _named(self) -> NamedSnapshots:
        return NamedSnapshots(Catalog(self._store))

    def _acquire(self, store: Store, key: str) -> WriteLock:
        """The lock, also where it is of a run that is dead: what its pod had begun has ended when its claim ends."""
        waits = False
        while True:
            try:
                return WriteLock.acquire(store, key, run_id=self._run.run_id)
            except WriteLockHeld as exc:
                if not exc.holder.is_gone:
                    raise
                if not waits:
                    waits = True
                    self._run.progress(
                        f"{exc.holder.who} has died over the repository: its claim ends at {exc.holder.expires_text}"
                    )
            if self._run.cancel.wait(_LOOK_SECONDS):
                self._run.cancel.check()

    @contextlib.contextmanager
    def _alone(self, store: Store) -> t.Iterator[WriteLock | None]:
        """One run at a time writes to a repository; in check mode it is only asked whether another one does."""
        key = lock_key(self._request.namespace)
        try:
            if self._check_mode:
                require_free(store, key)
                yield None
                return
            lock = self._acquire(store, key)
        except WriteLockHeld as exc:
            where = Repository(store, self._request.namespace).where
            raise RepositoryError(
                f"The repository {where} is being worked on by {exc.holder.who}.", hint=exc.hint, details=exc.details
            ) from exc
        with lock:
            yield lock


def _listed(held: t.Sequence[HeldSnapshot], named: NamedSnapshots) -> tuple[ListedSnapshot, ...]:
    """With the backups that name each. Objects are read where a snapshot seems to have none."""
    if any(not named.backups(each.id) for each in held):
        named.read_objects()
    return tuple(ListedSnapshot(held=each, backups=named.backups(each.id)) for each in held)


def _not_maintained(before: UpkeepState, after: UpkeepState, *, full: bool) -> tuple[str, ...]:
    """An exit code of 0 proves nothing: kopia has to say that it has done it."""
    if after.failed:
        return (f"Maintenance ended with errors: {some_of(list(after.failed), most=_SHOWN, separator='; ')}.",)
    done = after.collected if full else after.next_quick
    was = before.collected if full else before.next_quick
    if done is None or (was is not None and done <= was):
        return ("kopia does not say that it has maintained the repository.",)
    return ()


__all__ = ("RepositoryWork", "look_after")
