# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it takes to look at a bucket with many backups: to list them, to check a schedule, and to plan a prune.

Requests are counted on their way to the server. Each look is a process of its own, once with a tenth of the backups and
once with all of them: what its memory grows by is what it keeps of each.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import typing as t

from benches.steps import BenchError, Result, note, run, say

LOOKS = ("list", "check", "plan")
#: Requests for each 1,000 keys, beside one for each backup that must be read.
REQUESTS = 3
#: KiB by which a look may grow for each backup that it lists.
KIB_EACH = 9


class CatalogBench:
    """One run: ``measure`` fills a bucket of its own, and leaves it."""

    def __init__(self, _kubeconfig: str, wanted: int) -> None:
        self._wanted = max(wanted, 10)
        self._bucket = f"arkive-bench-{secrets.token_hex(6)}"

    def measure(self) -> Result:
        few = self._wanted // 10
        say(f"Storing {few} backups")
        self._run("fill", str(few))
        before = {look: self._look(look) for look in LOOKS}
        say(f"Storing {self._wanted} backups")
        self._run("fill", str(self._wanted))
        after = {look: self._look(look) for look in LOOKS}
        return self._summary(few, before, after)

    def remove(self) -> None:
        say("Removing the bucket")
        self._run("remove")

    def _run(self, *words: str) -> str:
        return run([sys.executable, "-m", "benches.catalog_run", self._bucket, *words])

    def _look(self, look: str) -> dict[str, t.Any]:
        found: dict[str, t.Any] = json.loads(self._run(look).splitlines()[-1])
        note(f"{look}: {found['requests']} requests, {found['reads']} of them reads, {found['seconds']} s")
        return found

    def _summary(self, few: int, before: dict[str, t.Any], after: dict[str, t.Any]) -> Result:
        pages = -(-after["list"]["keys"] // 1000)
        result: Result = {"backups": self._wanted, "keys": after["list"]["keys"], "processors": os.cpu_count()}
        broken = []
        for look in LOOKS:
            found, must = after[look], self._wanted if look != "check" else 1
            each = round((found["peak_kib"] - before[look]["peak_kib"]) / (self._wanted - few), 2)
            most = REQUESTS * pages + must
            result[look] = {**found, "most_requests": most, "kib_each": each}
            if found["requests"] > most:
                broken.append(f"{look} took {found['requests']} requests, more than {most}")
            if each > KIB_EACH:
                broken.append(f"{look} keeps {each} KiB of each backup, more than {KIB_EACH}")
        if broken:
            raise BenchError(f"{'; '.join(broken)}.\n{json.dumps(result)}")
        return result


__all__ = ("KIB_EACH", "LOOKS", "REQUESTS", "CatalogBench")
