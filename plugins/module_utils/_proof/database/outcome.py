# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What came out of the proof of a database: its certificate, and what the task returns beside it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.network import NetworkFinding
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.server_proof import Check, ServerFacts
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.subject import Subject

#: Under which names holds have noted it.
_POSITIONS = ("start_position", "gtid_binlog_pos", "gtid_executed")


@dataclasses.dataclass(slots=True, kw_only=True)
class ProofAccount:
    """What is known by now; it is the same account however the proof ends."""

    subject: Subject
    started: dt.datetime
    namespace: str
    network: NetworkFinding | None = None
    server: ServerFacts = dataclasses.field(default_factory=ServerFacts)
    checks: list[Check] = dataclasses.field(default_factory=list)
    problems: list[str] = dataclasses.field(default_factory=list)
    recovery_seconds: float | None = None
    lost: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    log: list[str] = dataclasses.field(default_factory=list)
    brought: list[str] = dataclasses.field(default_factory=list)
    swept: list[str] = dataclasses.field(default_factory=list)
    planned: list[str] = dataclasses.field(default_factory=list)
    timings: dict[str, float] = dataclasses.field(default_factory=dict)
    #: All was looked at that can be.
    complete: bool = False

    @property
    def sound(self) -> bool:
        return self.complete and not self.problems

    def require_checks(self) -> None:
        """Raises ``ProofError`` where nothing has looked at the data: that a server starts proves too little."""
        if not any(check.state != "unavailable" for check in self.checks):
            reasons = "; ".join(f"{check.tool}: {', '.join(check.found)}" for check in self.checks)
            raise ProofError(
                f"The server of {self.subject.where} serves, and nothing could check its data: {reasons}.",
                hint="Prove it with an image that has one of these tools.",
            )

    def certificate(self) -> dict[str, t.Any]:
        """What is kept: all that somebody may ask later."""
        subject, quiesce = self.subject, self.subject.quiesce
        return {
            "version": 1,
            "proven": rfc3339(self.started),
            "sound": self.sound,
            "source": subject.source,
            "taken": subject.taken,
            "namespace": subject.namespace,
            "pod": subject.pod_name,
            "container": subject.container["name"],
            "image": subject.container["image"],
            "kind": subject.kind,
            "server_version": self.server.version,
            "snapshots": [
                {"claim": each.name, "handle": each.handle, "driver": each.driver} for each in subject.snapshots
            ],
            "held": quiesce.get("consistent") is True,
            "recovery_seconds": None if self.recovery_seconds is None else round(self.recovery_seconds, 2),
            "position": self.server.position,
            "recorded_position": next((str(subject.facts[key]) for key in _POSITIONS if subject.facts.get(key)), ""),
            "facts": dict(self.server.facts),
            "network": self.network.to_return() if self.network else {},
            "checks": [check.to_return() for check in self.checks],
            "problems": list(self.problems),
            "lost": dict(self.lost),
        }


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProofOutcome:
    """``recorded``: the certificate stands beside the backup."""

    account: ProofAccount
    issues: Issues
    changed: bool = False
    recorded: bool = False

    def to_return(self) -> dict[str, t.Any]:
        account = self.account
        return {
            "changed": self.changed,
            "sound": account.sound,
            "problems": list(account.problems),
            "certificate": {} if account.planned else account.certificate(),
            "scratch_namespace": account.namespace,
            "brought": list(account.brought),
            "planned": list(account.planned),
            "server_log": list(account.log),
            "swept": list(account.swept),
            "recorded": self.recorded,
            "timings": {name: round(spent, 3) for name, spent in account.timings.items()},
            "warnings_list": to_return(self.issues.warnings),
            "errors_list": to_return(self.issues.errors),
        }


__all__ = ("ProofAccount", "ProofOutcome")
