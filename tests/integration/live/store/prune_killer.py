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
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.killed_prune import (
    Killer,
    finish,
    furnish,
    killed,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.prune_lab import PruneLab


def main() -> None:
    asked = json.load(sys.stdin)
    # One client for all processes, which has asked nothing yet: to make one takes a second.
    store = open_store(make_location(asked["location"]))
    step = 1
    while kill_and_finish(store, Path(asked["folder"]) / str(step), step):
        step += 1
    print(step)


def kill_and_finish(store: Store, folder: Path, step: int) -> bool:
    """Whether it was killed."""
    folder.mkdir()

    def finish_and_clear() -> None:
        finish(PruneLab(folder, store))
        store.delete_many([info.key for info in store.list().objects])

    in_process(lambda: furnish(PruneLab(folder, store)))
    died = killed(PruneLab(folder, store), Killer(step, after=False))
    in_process(finish_and_clear)
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
