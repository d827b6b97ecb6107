# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a comparison of a backup answers: a row for each object."""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.metadata import OUR_LABELS

DiffState: t.TypeAlias = t.Literal["equal", "changed", "missing", "extra", "not_compared"]
STATES: tuple[DiffState, ...] = t.get_args(DiffState)
DRIFT: tuple[DiffState, ...] = ("changed", "missing", "extra")

_MOST_FIELDS = 50


class ComparedObject(t.NamedTuple):
    """``missing``: in the backup only; ``extra``: not in the backup.

    ``fields``: the paths that differ, of one that is changed. ``reason``: why it is not compared. ``is_unknown``: it is
    not compared, and should have been.
    """

    group_resource: GroupResource
    namespace: str
    name: str
    state: DiffState
    reason: str = ""
    fields: tuple[str, ...] = ()
    is_unknown: bool = False

    @property
    def title(self) -> str:
        """``deployments.apps demo/web``."""
        return f"{self.group_resource} {'/'.join(filter(None, (self.namespace, self.name)))}"

    def to_return(self) -> dict[str, t.Any]:
        return {
            "resource": str(self.group_resource),
            "namespace": self.namespace,
            "name": self.name,
            "state": self.state,
            "reason": self.reason,
            "fields": list(self.fields),
        }


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DiffOutcome:
    """``other``: with what the backup was compared, for people. ``unknown``: what nobody could look for, sentences."""

    backup: str
    other: str
    location: str
    objects: tuple[ComparedObject, ...] = ()
    diffs: t.Sequence[dict[str, str]] = ()
    diffs_left_out: int = 0
    warnings: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def drift(self) -> list[ComparedObject]:
        return [each for each in self.objects if each.state in DRIFT]

    @property
    def not_known(self) -> list[ComparedObject]:
        return [each for each in self.objects if each.is_unknown]

    @property
    def counts(self) -> dict[str, int]:
        found = collections.Counter(each.state for each in self.objects)
        return {state: found.get(state, 0) for state in STATES}

    def to_return(self) -> dict[str, t.Any]:
        return {
            "backup": self.backup,
            "compared_with": self.other,
            "location": self.location,
            "differs": bool(self.drift),
            "counts": self.counts,
            "objects": [each.to_return() for each in self.objects if each.state != "equal"],
        }


class Owned(t.NamedTuple):
    """A row with the kind of its object, and the controller that owns it: kind and name, None without one."""

    row: ComparedObject
    kind: str
    owner: tuple[str, str] | None


def without_owned(found: t.Sequence[Owned]) -> list[ComparedObject]:
    """The rows; what differs because its owner does, which is compared itself, is not compared."""
    known = {(each.kind, each.row.namespace, each.row.name) for each in found}
    rows = []
    for each in found:
        row = each.row
        if row.state in DRIFT and each.owner and (each.owner[0], row.namespace, each.owner[1]) in known:
            row = row._replace(state="not_compared", reason=f"{each.owner[0]} '{each.owner[1]}' makes it.", fields=())
        rows.append(row)
    return rows


def controller_of(owners: t.Any) -> tuple[str, str] | None:
    """Kind and name of the controller among the owners of an object."""
    for owner in owners if isinstance(owners, list) else ():
        if isinstance(owner, dict) and owner.get("controller"):
            return str(owner.get("kind")), str(owner.get("name"))
    return None


def patched_fields(patch: t.Mapping[str, t.Any] | None) -> tuple[str, ...]:
    """The paths that a merge patch changes: ``spec.replicas``, ``metadata.labels["app.kubernetes.io/name"]``."""
    found = sorted(_paths(patch or {}, ""))
    more = len(found) - _MOST_FIELDS
    return (*found[:_MOST_FIELDS], f"and {more} more") if more > 0 else tuple(found)


def _paths(patch: t.Mapping[str, t.Any], above: str) -> t.Iterator[str]:
    for name, value in patch.items():
        if above == "metadata.labels" and name in OUR_LABELS:
            continue
        path = f"{above}.{name}".lstrip(".") if name.isidentifier() else f'{above}["{name}"]'
        if isinstance(value, dict) and value:
            yield from _paths(value, path)
        elif value != {}:
            yield path


__all__ = (
    "DRIFT",
    "STATES",
    "ComparedObject",
    "DiffOutcome",
    "DiffState",
    "Owned",
    "controller_of",
    "patched_fields",
    "without_owned",
)
