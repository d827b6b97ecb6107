# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A campaign: ``python -m campaigns NAME SEED COUNT [FIRST]`` in this folder's parent, as ``make soak`` calls it.

A campaign is COUNT cases. Case number N is made from SEED and N alone, so that ``FIRST=N COUNT=1`` runs it again. Where
cases build on one another, all up to N are run again.
"""

from __future__ import annotations

import random
import sys
import time

from campaigns.case import Campaign, LongCampaign
from campaigns.table import CAMPAIGNS

#: A campaign says how far it is this often.
_PROGRESS_SECONDS = 60.0


def main() -> int:
    """The exit code: 1 when a case failed."""
    name, *numbers = sys.argv[1:]
    if name not in CAMPAIGNS or len(numbers) not in (2, 3) or not all(number.isdigit() for number in numbers):
        print(f"SOAK is one of: {', '.join(sorted(CAMPAIGNS))}. SEED, COUNT and FIRST are numbers.", file=sys.stderr)
        return 2
    seed, count, first = (int(number) for number in (*numbers, "0")[:3])
    return 1 if run(CAMPAIGNS[name](), name, seed, range(first, first + count)) else 0


def run(campaign: Campaign, name: str, seed: int, cases: range) -> list[str]:
    """What failed, a line each, which is printed as well."""
    failures: list[str] = []
    told = began = time.monotonic()
    long = isinstance(campaign, LongCampaign)
    with campaign:
        for done, number in enumerate(cases):
            if time.monotonic() - told > _PROGRESS_SECONDS:
                told = time.monotonic()
                print(f"{name}: {done} of {len(cases)} cases, {len(failures)} failed, {told - began:.0f} s", flush=True)
            said = campaign.run_case(random.Random(f"{name}-{seed}-{number}"))
            if said:
                again = range(cases.start if long else number, number + 1)
                failures.append(f"{said}  ({_command(name, seed, again)})")
                print(f"case {number}: {failures[-1]}", flush=True)
                if long:
                    break
        if (
            isinstance(campaign, LongCampaign)
            and not failures
            and (said := campaign.conclude(random.Random(f"{name}-{seed}-end")))
        ):
            failures.append(f"{said}  ({_command(name, seed, cases)})")
            print(failures[-1], flush=True)
    print(f"{name}: {len(cases)} cases, {len(failures)} failed, {time.monotonic() - began:.0f} s", flush=True)
    return failures


def _command(name: str, seed: int, cases: range) -> str:
    return f"make soak SOAK={name} SEED={seed} FIRST={cases.start} COUNT={len(cases)}"


if __name__ == "__main__":
    sys.exit(main())
