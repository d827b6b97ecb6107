# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a proof of a database is asked for."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView

_TARGET = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProofLimits:
    """Seconds: until volumes and pod are there, the network is known to be cut, the server serves; for each check."""

    volumes: float = 600.0
    network: float = 30.0
    recovery: float = 1800.0
    check: float = 7200.0

    @property
    def whole(self) -> float:
        """After which nobody works with the namespace any more: a few checks, and what is around them."""
        return self.volumes + self.network + self.recovery + 4 * self.check + 600.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProofRequest:
    """Bring up the database of a backup ``name``, or of a set of snapshots if ``from_set``: is it whole?

    ``namespace``, ``pod``, ``kind``, ``container`` and ``user`` empty: those that the record of the backup, or
    annotations of its pods, name. ``quiesce``: of a set, an entry of the result of who took the snapshots. ``secrets``
    and ``config_maps`` of the namespace are brought along, no others. ``scratch``: a namespace that is there for it;
    empty for a new one. ``targets``: addresses that the pod must not reach, as ``host:port``.
    ``record``: the certificate is written beside the backup.
    """

    name: str
    from_set: bool = False
    namespace: str = ""
    pod: str = ""
    kind: str = ""
    container: str = ""
    user: str = ""
    quiesce: ObjectView = dataclasses.field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    config_maps: tuple[str, ...] = ()
    server_arguments: tuple[str, ...] = ()
    storage_classes: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    scratch: str = ""
    targets: tuple[str, ...] = ()
    allow_unenforced_network: bool = False
    compare_live: bool = False
    record: bool = True
    limits: ProofLimits = ProofLimits()

    def validate(self) -> None:
        """Raises ``ValidationError``."""
        if self.from_set and not self.namespace:
            raise ValidationError(
                f"The namespace of the snapshot set '{self.name}' is missing.", hint="Give it as namespace."
            )
        if self.quiesce and not self.from_set:
            raise ValidationError(
                f"quiesce is of a set of snapshots, and '{self.name}' is a backup, which says itself what was held.",
                hint="Leave it out.",
            )
        if self.scratch and self.scratch == self.namespace:
            raise ValidationError(
                f"scratch_namespace is {self.scratch}, where the database itself is.", hint="Name another one."
            )
        for target in self.targets:
            if not _TARGET.fullmatch(target):
                raise ValidationError(
                    f"network_targets has '{target}', which is no address.", hint="Write host:port, as in db.shop:5432."
                )


__all__ = ("ProofLimits", "ProofRequest")
