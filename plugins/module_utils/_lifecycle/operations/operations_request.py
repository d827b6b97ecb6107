# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run over Velero's custom resources is asked to do, and what it answers."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import OnError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import TypeFamily
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import MissingVolumeData
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation


class OperationsError(ArkiveError):
    """A pass that may not begin."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OperationsRequest:
    """``family``: None for the one that the cluster has; ``namespace``: empty for that of its server.

    ``locations``: options of storage locations by their names, which win over what is in the cluster.

    ``duration`` in seconds: how long passes are made, 0 for one pass; ``interval``: seconds between two.
    ``restore_only``: nothing is backed up, deleted or written to a location. ``periods``: seconds between two looks of
    a controller, by its name; without one, it looks in each pass. ``mover``: how the data of volumes is moved, into and
    out of repositories with ``repository_password``; empty for that of the Secret in the namespace.
    """

    family: TypeFamily | None = None
    namespace: str = ""
    locations: t.Mapping[str, t.Mapping[str, t.Any]] = dataclasses.field(default_factory=dict)
    duration: float = 0.0
    interval: float = 2.0
    restore_only: bool = False
    snapshot_location: SnapshotLocation | None = None
    mover: MoverSettings = dataclasses.field(default_factory=MoverSettings)
    repository_password: str = dataclasses.field(default="", repr=False)
    hook_on_error_default: OnError = "Fail"
    on_missing_volume_data: MissingVolumeData = "fail"
    ignore_unsupported: bool = False
    dialect: str = "velero-1.18.3"
    periods: t.Mapping[str, float] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Operation:
    """An object that a pass has seen to, and the phase that it is in now. ``is_change``: not for what only stays."""

    kind: str
    name: str
    phase: str
    message: str = ""
    is_change: bool = True

    def to_return(self) -> dict[str, str]:
        return {"kind": self.kind, "name": self.name, "phase": self.phase, "message": self.message}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OperationsOutcome:
    """``busy``: who works there already, in whose way this run did not get; empty when it worked."""

    namespace: str
    passes: int = 0
    busy: str = ""
    operations: tuple[Operation, ...] = ()
    issues: Issues = dataclasses.field(default_factory=Issues)

    @property
    def changed(self) -> bool:
        return any(operation.is_change for operation in self.operations)

    def to_return(self) -> dict[str, t.Any]:
        return {
            "namespace": self.namespace,
            "passes": self.passes,
            "busy": self.busy,
            "operations": [operation.to_return() for operation in self.operations],
            "warnings_list": to_return(self.issues.warnings),
            "errors_list": to_return(self.issues.errors),
        }


def busy_outcome(namespace: str, holder: str) -> OperationsOutcome:
    """Of a run that found another one at work."""
    issues = Issues()
    issues.warning(
        f"Another run sees to the objects of namespace '{namespace}': {holder}.",
        hint="There is nothing to do: this one leaves them to it.",
    )
    return OperationsOutcome(namespace=namespace, busy=holder, issues=issues)


__all__ = ("Operation", "OperationsError", "OperationsOutcome", "OperationsRequest", "busy_outcome")
