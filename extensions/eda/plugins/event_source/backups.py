# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An event source for ansible-rulebook: what happens in a storage location, without a cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
short_description: Events of the backups in a storage location
description:
  - Looks at a storage location again and again, and tells what has changed. No cluster is asked, and nothing is
    written.
  - A backup is told of once, when it is at its end. A state, as that of a schedule that is late, is told of when it
    begins and when it ends; one that is there at the first look is told of at once.
  - Each event has C(arkive), with C(event), C(location), C(seen), C(message), and C(backup), C(schedule) or C(failure).
    No event has keys or passwords.
  - The machine that runs it, or the decision environment, needs ansible-core, and boto3 for S3.
options:
  storage_location:
    description:
      - Where the backups are, as O(arkive.k8s.k8s_backup#module:storage_location) says it. For S3, keys come best from
        the environment (E(AWS_ACCESS_KEY_ID), E(AWS_SECRET_ACCESS_KEY)), so that no rulebook has them.
    type: dict
    required: true
  interval:
    description:
      - The pause between two looks, as a duration such as V(5m), or as a number of seconds.
    type: str
    default: 60s
  schedules:
    description:
      - The schedules that are watched. If none is named, they are those that the location knows. Events of backups are
        about all backups.
    type: list
    elements: str
    default: []
  max_age:
    description:
      - How old the newest good backup of a schedule may be, as a duration such as V(26h). If not set, there are no
        events V(rpo_breached) and V(rpo_recovered).
    type: str
  lookback:
    description:
      - How long before the first look a backup may have been made that is told of, for what ended while nobody looked.
    type: str
    default: 0s
  failed_looks:
    description:
      - After how many looks in a row that fail the location counts as unavailable.
    type: int
    default: 2
  events:
    description:
      - The events that are told. If not set, they are all.
      - V(backup_completed), V(backup_failed), and V(backup_died) for one whose run ended without storing it.
      - V(schedule_missed) when two times of a schedule have passed since its newest good backup, and
        V(schedule_recovered).
      - V(rpo_breached) when that backup is older than O(max_age), and V(rpo_recovered).
      - V(location_unavailable) and V(location_available).
    type: list
    elements: str
    choices:
      - backup_completed
      - backup_failed
      - backup_died
      - schedule_missed
      - schedule_recovered
      - rpo_breached
      - rpo_recovered
      - location_unavailable
      - location_available
"""

EXAMPLES = r"""
- name: Backups of production
  hosts: all
  sources:
    - name: Look at the backups
      arkive.k8s.backups:
        storage_location: {bucket: backups, prefix: production}
        interval: 5m
        max_age: 26h
  rules:
    - name: Tell that the recovery point is breached
      condition: event.arkive.event == "rpo_breached"
      action:
        print_event:
          pretty: true
"""

import asyncio
import pathlib
import sys
import traceback
import typing as t


def _find_collection() -> None:
    """A source is loaded by its path, and knows the collection that it is a part of by that path alone."""
    for folder in pathlib.Path(__file__).absolute().parents:
        if folder.name == "ansible_collections":
            # Each source of a rulebook comes by here, and so does one that is started again.
            if str(folder.parent) not in sys.path:
                sys.path.insert(0, str(folder.parent))
            return
    raise ImportError(
        f"{__file__} is not below a folder ansible_collections: install the collection arkive.k8s, and name the source "
        "arkive.k8s.backups."
    )


async def main(queue: asyncio.Queue[t.Any], args: dict[str, t.Any]) -> None:
    """Look until the rulebook ends. Reading is done by a thread, so that other sources and rules go on."""
    _find_collection()
    from ansible_collections.arkive.k8s.plugins.module_utils._ansible.watch_options import open_watch
    from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
    from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
    from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line

    cancel = CancelToken()
    try:
        watch, interval = await asyncio.to_thread(open_watch, args, cancel)
        while True:
            for event in await asyncio.to_thread(watch.look):
                await queue.put(event.to_dict())
            await asyncio.sleep(interval)
    except ArkiveError as exc:
        # What ansible-rulebook shows of an error is its text.
        raise ValueError(one_line(exc.sentence)) from None
    except Exception as exc:  # pylint: disable=broad-exception-caught
        # Its text may repeat anything, such as what a file of the location holds.
        *_callers, last = traceback.extract_tb(exc.__traceback__)
        raise ValueError(
            f"The event source arkive.k8s.backups met something that it was not made for "
            f"({type(exc).__name__} in {pathlib.Path(last.filename).name}, line {last.lineno}). This is a defect of "
            "arkive.k8s: please report it."
        ) from None
    finally:
        cancel.cancel("the event source has ended")
