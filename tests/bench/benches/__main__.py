# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A benchmark: ``python -m benches NAME OBJECTS RESULT [keep]`` in this folder's parent, as ``make bench`` calls it.

The cluster is that of ARKIVE_TEST_KUBECONFIG. RESULT is a file for one JSON object. What was put into the cluster is
removed at the end, unless it is to be kept for the next run.
"""

from __future__ import annotations

import json
import os
import pathlib
import sys
import typing as t

from benches.backup import BackupBench
from benches.catalog import CatalogBench
from benches.databases import DatabasesBench
from benches.freeze import FreezeBench
from benches.mover import MoverBench
from benches.restore import RestoreBench
from benches.small import SmallBench
from benches.steps import BenchError

Bench: t.TypeAlias = BackupBench | RestoreBench | FreezeBench | SmallBench | CatalogBench | DatabasesBench | MoverBench
BENCHES: dict[str, type[Bench]] = {
    "backup": BackupBench,
    "catalog": CatalogBench,
    "databases": DatabasesBench,
    "restore": RestoreBench,
    "freeze": FreezeBench,
    "mover": MoverBench,
    "small": SmallBench,
}


def main() -> int:
    """The exit code."""
    name, objects, result, *options = sys.argv[1:]
    if name not in BENCHES or not objects.isdigit() or int(objects) == 0 or options not in ([], ["keep"]):
        print(f"BENCH is one of: {', '.join(BENCHES)}. OBJECTS (PVCS) is a number above 0.", file=sys.stderr)
        return 2
    bench = BENCHES[name](os.environ["ARKIVE_TEST_KUBECONFIG"], int(objects))
    try:
        measured = bench.measure()
        pathlib.Path(result).write_text(json.dumps(measured) + "\n")
    except BenchError as exc:
        print(f"{exc}", file=sys.stderr)
        return 1
    finally:
        if not options:
            bench.remove()
    return 0


if __name__ == "__main__":
    sys.exit(main())
