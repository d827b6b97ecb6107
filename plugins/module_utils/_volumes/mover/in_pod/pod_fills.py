# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many pods that wait: each is filled once it has come to wait, whatever becomes of the others."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.commands import pause
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.pod_fill import PodFill, PodFilled

#: Pods that are worked on at once; so many as the settings say are filled then.
_PODS_AT_ONCE = 16

Done: t.TypeAlias = t.Callable[[int, PodFilled], None]


def fill_each(fills: t.Mapping[int, PodFill], cancel: CancelToken, *, done: Done) -> None:
    """``done`` is given the number of each that has ended, from any thread. Raises ``Cancelled``.

    One that does not start is looked at by this thread, and keeps none of those that work from the others.
    """
    waiting = dict(fills)
    workers = max(1, min(len(waiting), _PODS_AT_ONCE))

    def work(number: int, fill: PodFill) -> None:
        done(number, fill.run())

    with concurrent.futures.ThreadPoolExecutor(workers, thread_name_prefix="arkive-fill") as pool:
        works = []
        while waiting:
            for number, fill in list(waiting.items()):
                if fill.is_due():
                    works.append(pool.submit(work, number, waiting.pop(number)))
            if waiting:
                pause(cancel, looks=len(waiting))
        for each in works:
            each.result()


__all__ = ("fill_each",)
