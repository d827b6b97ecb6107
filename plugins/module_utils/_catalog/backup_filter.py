# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of the stored backups are asked for."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import BackupEntry
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.patterns import matches_glob
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import is_of_schedule, phase_of

#: How far the clocks of a store and of the machine that made a backup may lie apart.
_CLOCK_SKEW = dt.timedelta(days=1)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BackupFilter:
    """What is empty or None admits everything.

    ``namespace``: the spec of the backup includes it. ``started_after`` and ``started_before`` are no part of what
    they admit.
    """

    name: str = ""
    schedule: str = ""
    phases: frozenset[str] = frozenset()
    label_selector: LabelSelector | None = None
    namespace: str = ""
    started_after: dt.datetime | None = None
    started_before: dt.datetime | None = None

    @property
    def reads_objects(self) -> bool:
        """True when the Backup object must be known; one that cannot be read is not admitted then."""
        return self != BackupFilter(name=self.name)

    def admits_entry(self, entry: BackupEntry) -> bool:
        """What the listing alone can show: a backup is not started after its files were stored."""
        if self.name and entry.name != self.name:
            return False
        return not (self.started_after and entry.written and entry.written + _CLOCK_SKEW < self.started_after)

    def admits(self, backup: t.Mapping[str, t.Any]) -> bool:
        """Whether the Backup object fits everything but the name."""
        metadata = _object(backup.get("metadata"))
        if self.phases and phase_of(backup) not in self.phases:
            return False
        if self.schedule and not is_of_schedule(backup, self.schedule):
            return False
        if self.label_selector and not self.label_selector.matches(_object(metadata.get("labels"))):
            return False
        if self.namespace and not _includes(_object(backup.get("spec")), self.namespace):
            return False
        return self._admits_start(
            _object(backup.get("status")).get("startTimestamp") or metadata.get("creationTimestamp")
        )

    def _admits_start(self, text: t.Any) -> bool:
        if self.started_after is None and self.started_before is None:
            return True
        try:
            started = parse_rfc3339(str(text or ""))
        except ValidationError:
            return False
        return (self.started_after is None or started > self.started_after) and (
            self.started_before is None or started < self.started_before
        )


def _includes(spec: t.Mapping[str, t.Any], namespace: str) -> bool:
    """As Velero reads the lists: no include means all, and an exclude wins."""
    includes, excludes = (_strings(spec.get(f"{word}Namespaces")) for word in ("included", "excluded"))
    if any(matches_glob(pattern, namespace) for pattern in excludes):
        return False
    return not includes or any(matches_glob(pattern, namespace) for pattern in includes)


def _object(value: t.Any) -> t.Mapping[str, t.Any]:
    return value if isinstance(value, dict) else {}


def _strings(value: t.Any) -> list[str]:
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


__all__ = ("BackupFilter",)
