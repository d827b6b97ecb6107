# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a thaw that did not run in the container of its freeze has found."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

_DEVICE = re.compile(r"device=([0-9]+:[0-9]+)")
_OTHER_DEVICE = 3


@dataclasses.dataclass(frozen=True, slots=True)
class ThawElsewhere:
    """``state``: ``thawed``, ``not frozen``, or ``failed`` with every try in ``tries`` and what ends it in ``remedy``.

    ``note``: why nothing is frozen, where that was not asked of the file system itself. ``may_return``: the node is not
    in the cluster, and may come back with what is frozen there; so the mark has to stay.
    """

    state: t.Literal["thawed", "not frozen", "failed"]
    where: str = ""
    tries: tuple[str, ...] = ()
    note: str = ""
    remedy: str = ""
    may_return: bool = False


def read_answer(rc: int, text: str, *, where: str, device: str) -> ThawElsewhere:
    """What ``scripts.THAW_MOUNT`` said: its exit code and its standard error."""
    if rc == 0:
        return ThawElsewhere("thawed", where=where)
    if "nvalid arg" in text:
        return ThawElsewhere("not frozen", where=where)
    other = _DEVICE.search(text) if rc == _OTHER_DEVICE else None
    if other is not None:
        note = f"{where} is device {other[1]} now, what was frozen is {device}: it is not mounted there any more."
        return ThawElsewhere("not frozen", where=where, note=note)
    return ThawElsewhere("failed", tries=(f"{where}: exit code {rc} {text[:160]}".rstrip(),))


__all__ = ("ThawElsewhere", "read_answer")
