# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task wants snapshots of, and how the pods are quiesced around them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import DatabaseChoice
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import HookPolicy, OnError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_settings import HookSettings
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.kasten_objects import ReadHooks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import HookRule
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_names import SET_LABEL

WorkloadKind: t.TypeAlias = t.Literal["Deployment", "StatefulSet"]

#: On every object of a set: the set's name.
#: How many pods are quiesced at the same time, and how many snapshots are begun.
DEFAULT_WORKERS = 32
_LABEL_KEY = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


@dataclasses.dataclass(frozen=True, slots=True)
class Workload:
    """The Deployment or StatefulSet whose claims are chosen."""

    kind: WorkloadKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ClaimChoice:
    """Which PersistentVolumeClaims: exactly one of these says something."""

    claims: tuple[str, ...] = ()
    selectors: tuple[LabelSelector, ...] = ()
    workload: Workload | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Quiescing:
    """What is done in the pods that mount the claims.

    ``rules`` and, with ``pod_hooks``, the pods' annotations give hooks; ``freeze_paths`` are frozen after those, in
    ``container`` (empty: the first one). ``databases`` are held before anything is frozen.
    """

    rules: tuple[HookRule, ...] = ()
    pod_hooks: bool = True
    freeze_paths: tuple[str, ...] = ()
    container: str = ""
    databases: DatabaseChoice = dataclasses.field(default_factory=DatabaseChoice)
    policy: FreezePolicy = dataclasses.field(default_factory=FreezePolicy)
    on_error: OnError = "Fail"

    def __post_init__(self) -> None:
        for path in self.freeze_paths:
            if not path.startswith("/"):
                raise ValidationError(f"freeze_path: '{path}' is not absolute.", hint="Write where it is mounted.")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRequest:
    """One set of snapshots, ``name``, in ``namespace``. Seconds are seconds; ``ready_seconds`` None waits for nothing.

    ``execution_hooks``: blueprints around all of it, by ``hook_settings``.
    ``group_label``: claims with this label are snapshotted as one group for each of its values.
    """

    name: str
    namespace: str
    choice: ClaimChoice = dataclasses.field(default_factory=ClaimChoice)
    quiescing: Quiescing = dataclasses.field(default_factory=Quiescing)
    snapshot_class: str = ""
    labels: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    group_label: str = ""
    retain: bool = False
    take_seconds: float = 600.0
    ready_seconds: float | None = 600.0
    workers: int = DEFAULT_WORKERS
    log_output: bool = True
    run_id: str = ""
    execution_hooks: ReadHooks = dataclasses.field(default_factory=ReadHooks)
    hook_settings: HookSettings = dataclasses.field(default_factory=HookSettings)

    def __post_init__(self) -> None:
        check_set_name(self.name)
        if self.workers < 1:
            raise ValidationError(f"workers is {self.workers}; it must be at least 1.")
        if self.group_label and not _LABEL_KEY.fullmatch(self.group_label):
            raise ValidationError(f"group_label: '{self.group_label}' is not the key of a label.")
        if SET_LABEL in self.labels:
            raise ValidationError(f"labels: {SET_LABEL} is set by the name.", hint="Leave it out.")

    @property
    def hook_policy(self) -> HookPolicy:
        return HookPolicy(default_on_error=self.quiescing.on_error, log_output=self.log_output)

    @property
    def where(self) -> str:
        return f"{self.namespace}/{self.name}"


def check_set_name(name: str) -> None:
    """Raise ``ValidationError`` unless objects can be named after it."""
    if not is_subdomain_name(name) or len(name) > 200:
        raise ValidationError(
            f"The name '{name}' cannot begin the names of Kubernetes objects.",
            hint="Use at most 200 lower-case letters, digits, '-' and '.', with a letter or digit at both ends.",
        )


__all__ = (
    "DEFAULT_WORKERS",
    "ClaimChoice",
    "Quiescing",
    "SnapshotRequest",
    "Workload",
    "WorkloadKind",
    "check_set_name",
)
