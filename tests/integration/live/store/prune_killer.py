# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retention in an S3 bucket, killed at every step of it, in a process without threads, so that it can fork.

stdin: the location and a folder. stdout: how many steps there are.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
import typing as t
from pathlib import Path

from ansible_collections.arkive.k8s.plugins.module_utils._store.kinds import make_location
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.killed_prune import (
    Killer,
    finish,
    furnish,
    killed,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.prune_lab import PruneLab


def main() -> None:
    asked = json.load(sys.stdin)
    step = 1
    while kill_and_finish(asked, step):
        step += 1
    print(step)


def kill_and_finish(asked: t.Mapping[str, t.Any], step: int) -> bool:
    """Whether it was killed. Each step has a prefix of its own, and a client of S3 in no process but the last ones."""
    location = make_location({**asked["location"], "prefix": f"{asked['location']['prefix']}/{step}"})
    folder = Path(asked["folder"]) / str(step)
    folder.mkdir()
    in_process(lambda: furnish(PruneLab(folder, open_store(location))))
    died = killed(PruneLab(folder, open_store(location)), Killer(step, after=False))
    in_process(lambda: finish(PruneLab(folder, open_store(location))))
    return died


def in_process(act: t.Callable[[], None]) -> None:
    child = os.fork()
    if not child:
        status = 1
        try:
            act()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    if os.waitpid(child, 0)[1]:
        sys.exit("It did not come to the right end.")


if __name__ == "__main__":
    main()
