# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a backup run is asked to do, and what it answers."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import DatabaseChoice
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import HookPolicy, HookResult, OnError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_settings import HookSettings
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.kasten_objects import ReadHooks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy, FreezeRecord
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import DEFAULT_NAMESPACE
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import BackupHooks
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import Spelling, spelling_of
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_policy import ResourcePolicy

DEFAULT_WORKERS = 8
#: No phase of Velero: the store did not say whether the backup is there.
UNKNOWN_PHASE = "unknown: may be stored"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BackupRequest:
    """One backup. ``workers``: lists, and blocks of pods, at the same time.

    ``namespace``, ``labels`` and ``annotations`` are the stored Backup object's own; a policy that the spec names is
    read from that namespace, unless ``policy`` is given. ``backup_hooks`` run once each for the whole backup,
    ``execution_hooks`` (blueprints, by ``hook_settings``) once for each namespace.
    ``uid``: the object's own, where a cluster has it; empty for a new one.
    ``databases``: which are held while their volumes are snapshotted.
    ``snapshot_location``: where native snapshots are made, None for nowhere. ``mover``: how data is moved, where that
    is wanted; None where nobody has said. ``repository_password``: empty for that of the cluster's Velero.
    ``all_api_versions``: objects are stored in every version that is served. ``skip_forbidden``: what may not be
    listed is left out. ``ignore_unsupported``: fields that need an agent are warnings. ``log_output``: the hooks'
    output goes into the log. ``from_manifest``: the fields of ``spec`` that are in a manifest; all others are the
    task's own. ``strict_selection``: names of types that the cluster does not have are refused in a manifest as well.
    ``fail_on_empty``: a selection that fits nothing is an error. ``objects_only``: nothing but objects is read: no
    command is run in a pod, no database held, nothing thawed. ``beside``: a digest for each of the options that are not
    in the spec and say what is done to applications, by its name.
    """

    name: str
    spec: BackupSpec
    namespace: str = DEFAULT_NAMESPACE
    uid: str = ""
    labels: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    annotations: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    policy: ResourcePolicy | None = None
    snapshot_location: SnapshotLocation | None = None
    mover: MoverSettings | None = None
    repository_password: str = dataclasses.field(default="", repr=False)
    backup_hooks: BackupHooks = dataclasses.field(default_factory=BackupHooks)
    execution_hooks: ReadHooks = dataclasses.field(default_factory=ReadHooks)
    hook_settings: HookSettings = dataclasses.field(default_factory=HookSettings)
    all_api_versions: bool = False
    skip_forbidden: bool = False
    ignore_unsupported: bool = False
    databases: DatabaseChoice = dataclasses.field(default_factory=DatabaseChoice)
    freeze_policy: FreezePolicy = dataclasses.field(default_factory=FreezePolicy)
    hook_on_error_default: OnError = "Fail"
    replace_failed: bool = False
    log_output: bool = True
    workers: int = DEFAULT_WORKERS
    from_manifest: frozenset[str] = frozenset()
    strict_selection: bool = False
    fail_on_empty: bool = False
    objects_only: bool = False
    beside: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def hook_policy(self) -> HookPolicy:
        return HookPolicy(default_on_error=self.hook_on_error_default, log_output=self.log_output)

    @property
    def spell(self) -> Spelling:
        """Names fields of the spec as the user has written them."""
        return spelling_of(self.from_manifest)

    @property
    def moves(self) -> bool:
        """Whether the data of snapshots goes into the repositories of the storage location."""
        return bool(self.spec.snapshot_move_data) and self.mover is not None and not self.spec.why_no_mover

    @property
    def copies(self) -> bool:
        """Whether files of volumes may be copied into the repositories of the storage location, as they are."""
        return self.mover is not None

    @property
    def done_spec(self) -> BackupSpec:
        """The spec as it is carried out: what is stored says of the data of volumes what is true."""
        return dataclasses.replace(
            self.spec,
            snapshot_move_data=self.spec.snapshot_move_data if self.moves else None,
            default_volumes_to_fs_backup=self.copies and self.spec.wants_files,
            default_volumes_to_restic=None,
        )

    def validate(self) -> None:
        """Raise ``ValidationError`` for what Velero would answer with FailedValidation, and for what cannot be done."""
        self.spec.validate(self.name, self.spell)
        self.refuse(self.unsupported())

    def refuse(self, unsupported: list[str]) -> None:
        """Raise ``ValidationError`` for what cannot be had, unless that is to be ignored."""
        if unsupported and not self.ignore_unsupported:
            raise ValidationError(
                f"Backup '{self.name}' cannot be made as asked. {' '.join(unsupported)}",
                hint="With ignore_unsupported: true it is made without, and each of these is a warning.",
                details={"validation_errors": unsupported},
            )

    def unsupported(self) -> list[str]:
        """What this request wants that cannot be had without an agent in the cluster: a sentence each."""
        return [
            *self.spec.unsupported_fields(self.spell, moves=self.moves, copies=self.copies),
            *self.unsupported_actions(self.policy),
        ]

    def unsupported_actions(self, policy: ResourcePolicy | None) -> list[str]:
        """What ``policy`` wants that cannot be had: a sentence each."""
        return policy.unsupported_actions() if policy is not None and not self.copies else []


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BackupOutcome:
    """The answer, the same members whatever happened.

    ``backup``: the Velero object as stored (None when nothing was); with ``commit_unknown`` as it may be.
    ``items``: stored objects for each group-resource.
    ``hooks`` and ``freezes`` are of this run; the planned ones of check mode, the recorded ones of a stored backup.
    """

    changed: bool = False
    #: Whether the backup is stored could not be found out.
    commit_unknown: bool = False
    #: Where to look then: ``location``, ``key`` and ``uid``.
    commit_point: dict[str, str] = dataclasses.field(default_factory=dict)
    #: The failed backup of that name was, or may have been, removed to make room.
    replaced: bool = False
    backup: dict[str, t.Any] | None = None
    items: dict[str, int] = dataclasses.field(default_factory=dict)
    hooks: list[HookResult] = dataclasses.field(default_factory=list)
    #: The backup's own hooks, once each, which Velero's ``hookStatus`` does not count.
    backup_hooks: list[HookResult] = dataclasses.field(default_factory=list)
    #: Hooks of blueprints that ran around it, or would.
    execution_hooks: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    #: What failed of those that run after it: the backup is what it is, and the task fails.
    failed_afterwards: list[str] = dataclasses.field(default_factory=list)
    freezes: list[FreezeRecord] = dataclasses.field(default_factory=list)
    planned_hooks: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    #: Databases as the result has them: held, planned, or recorded.
    quiesces: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    recorded_hooks: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    recorded_freezes: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    swept: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    volumes: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    issues: Issues = dataclasses.field(default_factory=Issues)
    timings: dict[str, float] = dataclasses.field(default_factory=dict)
    location: str = ""
    #: Of a plan: the phase in which the run would end by what is known already, ``New`` where nothing is.
    foreseen_phase: str = ""

    @property
    def phase(self) -> str:
        if self.commit_unknown:
            return UNKNOWN_PHASE
        return str(((self.backup or {}).get("status") or {}).get("phase", "")) or self.foreseen_phase

    @property
    def is_stored(self) -> bool:
        """True once this run has made the backup visible: whatever fails after that is a warning."""
        return self.changed and self.backup is not None and not self.commit_unknown

    @property
    def may_be_stored(self) -> bool:
        """True when nothing that the backup names may be taken back."""
        return self.is_stored or self.commit_unknown

    @property
    def warnings_list(self) -> list[dict[str, str]]:
        return to_return(self.issues.warnings)

    @property
    def errors_list(self) -> list[dict[str, str]]:
        return to_return(self.issues.errors)

    @property
    def all_hooks(self) -> list[HookResult]:
        """The hooks of this run in the order in which they were started."""
        return in_order([*self.backup_hooks, *self.hooks])

    def to_return(self, *, default_on_error: OnError, with_output: bool = True) -> dict[str, t.Any]:
        """The keys of the task result."""
        return {
            "backup": self.backup or {},
            "phase": self.phase,
            "commit_point": self.commit_point,
            "items": dict(sorted(self.items.items())),
            "hooks": [
                *(h.to_return(default_on_error=default_on_error, with_output=with_output) for h in self.all_hooks),
                *self.planned_hooks,
                *self.recorded_hooks,
            ],
            "execution_hooks": self.execution_hooks,
            "freezes": [*(record.to_return() for record in self.freezes), *self.recorded_freezes],
            "quiesces": self.quiesces,
            "swept": self.swept,
            "volumes": self.volumes,
            "warnings_list": self.warnings_list,
            "errors_list": self.errors_list,
            "timings": {name: round(seconds, 3) for name, seconds in self.timings.items()},
            "location": self.location,
        }


def in_order(hooks: t.Iterable[HookResult]) -> list[HookResult]:
    """As they were started."""
    return sorted(hooks, key=lambda result: result.started)


__all__ = ("DEFAULT_WORKERS", "UNKNOWN_PHASE", "BackupOutcome", "BackupRequest", "in_order")
