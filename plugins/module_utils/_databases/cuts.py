# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When the claims of one database are cut: all at one moment, in an order that is right, or not at all.

At one moment are those of one group, and those that are all frozen. Of others, those of a lower rank are cut before
those of a higher one; what lies on one claim, or in one group, is cut together, by the lowest of its ranks unless the
highest is among it.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import Waves

_FREEZE = "Freeze all of them around the snapshots: by mode freeze, by hooks of the pod, or with freeze_path."
_DANGER = "snapshots of them at different moments may come back with wrong data that nobody notices"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VolumeCuts:
    """What a task snapshots: claims as namespace/name. ``groups``: those that are cut as one.

    ``taken`` None: others snapshot them, so that no order of them can be kept.
    """

    taken: frozenset[str] | None = None
    groups: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ContainerClaims:
    """``mounted``: those of the container. ``frozen``: those of them that are frozen while the database is held."""

    mounted: frozenset[str]
    frozen: frozenset[str]
    cuts: VolumeCuts = dataclasses.field(default_factory=VolumeCuts)

    def waves(
        self,
        places: t.Mapping[str, str],
        *,
        unknown: t.Sequence[str] = (),
        unwritten: str = "",
        ranks: t.Mapping[str, int] | None = None,
    ) -> Waves:
        """The claims of ``places``, by what is cut first. Raises ``DatabaseError`` where no order is right.

        ``unknown``: places of which nobody knows where they are, so that they may be on any claim of the container.
        """
        claims = set(places.values()) | (self.mounted if unknown else set())
        if not claims:
            raise DatabaseError(
                "The container mounts no PersistentVolumeClaim, so that no snapshot has what the database keeps.",
                hint="Name the container of the server, or leave the database out.",
            )
        names = ", ".join(sorted(claims))
        self._check_taken(places)
        if claims <= self.frozen:
            return (tuple(sorted(claims)),)
        if unwritten:
            raise DatabaseError(
                f"A snapshot of {names} may not have what the server has written, because {unwritten}.",
                hint="Freeze the file system around the snapshot: by mode freeze, by hooks of the pod, or with "
                "freeze_path.",
            )
        if ranks is not None and not ranks:
            return (tuple(sorted(claims)),)
        moments = {claim: self.cuts.groups.get(claim) or f"claim {claim}" for claim in claims}
        if len(set(moments.values())) < 2:
            return (tuple(sorted(claims)),)
        if unknown:
            raise DatabaseError(
                f"Where {' and '.join(unknown)} lies cannot be found out, and the container mounts several claims "
                f"({names}): {_DANGER}.",
                hint="Grant pg_read_all_settings to the user, or freeze all of them around the snapshots.",
            )
        if claims & self.frozen:
            raise DatabaseError(
                f"Its files are on several claims, of which only {', '.join(sorted(claims & self.frozen))} is frozen, "
                f"of {names}: {_DANGER}.",
                hint=_FREEZE,
            )
        if ranks is None or self.cuts.taken is None:
            raise DatabaseError(f"Its files are on several claims ({names}): {_DANGER}.", hint=_FREEZE)
        return _in_order(places, moments, ranks)

    def _check_taken(self, places: t.Mapping[str, str]) -> None:
        """All of it, or nothing."""
        taken = self.cuts.taken
        if taken is None or taken.isdisjoint(places.values()):
            return
        for name, claim in places.items():
            if claim not in taken:
                raise DatabaseError(
                    f"No snapshot is taken of {claim}, where {name} lies: those of its other claims alone are of no "
                    "use.",
                    hint="Let all claims of the database be snapshotted together, or none.",
                )


def _in_order(places: t.Mapping[str, str], moments: t.Mapping[str, str], ranks: t.Mapping[str, int]) -> Waves:
    """Raises ``DatabaseError`` where the first and the last are cut together, and others at another moment."""
    first, last = min(ranks[name] for name in places), max(ranks[name] for name in places)
    by_moment: dict[str, set[int]] = {}
    for name, claim in places.items():
        by_moment.setdefault(moments[claim], set()).add(ranks[name])
    both = next((found for found in by_moment.values() if {first, last} <= found), None)
    if both is not None:
        others = sorted({claim for claim in places.values() if not {first, last} <= by_moment[moments[claim]]})
        last_name = max(places, key=lambda name: ranks[name])
        raise DatabaseError(
            f"{last_name[:1].upper()}{last_name[1:]} is cut together with its other files, but without "
            f"{', '.join(others)}: {_DANGER}, as what is there is cut neither before nor after.",
            hint=f"{_FREEZE} Or give the WAL a claim of its own.",
        )
    at = {moment: max(found) if last in found else min(found) for moment, found in by_moment.items()}
    claims = sorted(set(places.values()))
    found = [tuple(claim for claim in claims if at[moments[claim]] == rank) for rank in sorted(set(at.values()))]
    return tuple(found)


__all__ = ("ContainerClaims", "VolumeCuts")
