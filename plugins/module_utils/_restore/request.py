# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore is asked to do."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.terms import GitOpsTerms
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_settings import HookSettings
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.kasten_objects import ReadHooks
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.choice import Expression, ObjectChoice
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.expected_plan import ExpectedPlan
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import Spelling, spelling_of
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import ResourceModifiers
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec, validate_restore_name
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation

MissingVolumeData: t.TypeAlias = t.Literal["fail", "warn"]
BadMember: t.TypeAlias = t.Literal["fail", "skip"]
ExistingVolumePolicy: t.TypeAlias = t.Literal["keep", "roll_back"]

#: Versions of a group-resource, the best one first.
Priorities: t.TypeAlias = "t.Mapping[str, t.Sequence[str]]"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRequest:
    """Velero's spec, and what Velero has flags or no word for. Timeouts in seconds.

    ``name`` empty means ``<backup>-<YYYYMMDDhhmmss>``; the same name again resumes. ``uid``: the object's own, where a
    cluster has it. ``terminating_timeout`` is how
    long a namespace that is being deleted is waited for, ``resource_timeout`` how long a new CRD may take.
    ``hook_wait_limit`` is how long a hook waits for its container that does not say so itself.
    ``wait_timeout`` is how long the workloads are waited for that it made, None for not at all.
    ``log_output`` False keeps what hooks print out of the log and the records.
    ``restore_failed_jobs`` runs Jobs again that had failed.
    ``modifiers`` and the mappings change objects on their way: storage classes by name, images by what they begin with.
    ``names`` (``kind/namespace/name``) and ``select`` choose single objects, beside the filters of ``spec``.
    ``resource_priorities`` are the types to restore first and last, None for Velero's. ``all_api_versions`` reads each
    type in the stored version that fits best, ``api_version_priorities`` names versions of a group-resource.
    ``on_bad_member``: whether a member of the archive that is not the object of its path refuses all, or is left out.
    ``merge_subjects`` adds the subjects of bindings to those that are in the cluster, whatever the policy.
    ``convert_api_versions`` brings objects of versions that the cluster has given up into those that it serves.
    ``snapshot_location``: where native snapshots of volumes are; without it none is used. ``mover``: how moved data is
    brought back, from repositories with ``repository_password``; empty: as the cluster's Velero has it.
    ``execution_hooks``: blueprints around all of it, by ``hook_settings``.
    ``gitops``: what is done where Argo CD or Flux owns what is restored.
    ``want_diff`` keeps YAML of what changes, ``max_diffs`` objects of it. ``force`` restores into namespaces that
    another restore works in. ``from_manifest``: the fields of ``spec`` that are in a manifest; all others are the
    task's own. ``fail_on_empty``: whether a selection that fits nothing is refused; None is for one of the task's own.
    ``strict_selection``: names that fit nothing are refused in a manifest as well. ``expected_plan``: the plan that was
    approved; nothing is written where this one is another. ``existing_volume_policy``: whether claims that exist get
    the backup's data in place, ``keep_old_volumes`` whether what they had stays under another claim's name after that.
    """

    spec: RestoreSpec
    name: str = ""
    uid: str = ""
    velero_namespace: str = "velero"
    on_missing_volume_data: MissingVolumeData = "fail"
    on_bad_member: BadMember = "fail"
    restore_managed_fields: bool = False
    legacy_labels: bool = False
    keep_wait_containers: bool = False
    restore_failed_jobs: bool = False
    modifiers: ResourceModifiers | None = None
    storage_class_mapping: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    image_mapping: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    names: tuple[str, ...] = ()
    select: Expression | None = None
    resource_priorities: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    all_api_versions: bool = False
    api_version_priorities: Priorities = dataclasses.field(default_factory=dict)
    convert_api_versions: bool = False
    merge_subjects: bool = False
    terminating_timeout: float = 600.0
    resource_timeout: float = 600.0
    hook_wait_limit: float = 3600.0
    wait_timeout: float | None = None
    log_output: bool = True
    workers: int = 16
    want_diff: bool = False
    max_diffs: int = 500
    write_records: bool = True
    snapshot_location: SnapshotLocation | None = None
    mover: MoverSettings = dataclasses.field(default_factory=MoverSettings)
    repository_password: str = dataclasses.field(default="", repr=False)
    execution_hooks: ReadHooks = dataclasses.field(default_factory=ReadHooks)
    hook_settings: HookSettings = dataclasses.field(default_factory=HookSettings)
    gitops: GitOpsTerms = dataclasses.field(default_factory=GitOpsTerms)
    force: bool = False
    from_manifest: frozenset[str] = frozenset()
    fail_on_empty: bool | None = None
    strict_selection: bool = False
    expected_plan: ExpectedPlan | None = None
    existing_volume_policy: ExistingVolumePolicy = "keep"
    keep_old_volumes: bool = True

    @property
    def spell(self) -> Spelling:
        """Names fields of the spec as the user has written them."""
        return spelling_of(self.from_manifest)

    def validate(self) -> None:
        """Raise ``ValidationError``; needs neither a cluster nor a store."""
        self.spec.validate(self.spell)
        if self.name:
            validate_restore_name(self.name)
        if self.on_missing_volume_data not in ("fail", "warn"):
            raise ValidationError(
                f"on_missing_volume_data is '{self.on_missing_volume_data}'; it must be fail or warn."
            )
        if self.on_bad_member not in ("fail", "skip"):
            raise ValidationError(f"on_bad_member is '{self.on_bad_member}'; it must be fail or skip.")
        if self.existing_volume_policy not in ("keep", "roll_back"):
            raise ValidationError(
                f"existing_volume_policy is '{self.existing_volume_policy}'; it must be keep or roll_back."
            )
        ObjectChoice(self.names, self.select)
        if self.modifiers is not None and self.spec.resource_modifier is not None:
            raise ValidationError(
                "Both resource_modifiers and resource_modifier are given.",
                hint="Give the rules in one place: in the task, or in a ConfigMap of the cluster.",
            )
        if self.api_version_priorities and not self.all_api_versions:
            raise ValidationError(
                "api_version_priorities has no effect without all_api_versions.", hint="Set all_api_versions: true."
            )
        for what, mapping in (("storage_class", self.storage_class_mapping), ("image", self.image_mapping)):
            if not all(mapping) or not all(mapping.values()):
                raise ValidationError(f"{what}_mapping has an empty name.", hint="Write the old name and the new one.")
        if self.workers < 1:
            raise ValidationError(f"workers is {self.workers}; it must be at least 1.")


__all__ = ("BadMember", "ExistingVolumePolicy", "MissingVolumeData", "Priorities", "RestoreRequest")
