# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pod to run commands in, and what has to wait for a command that runs there."""

from __future__ import annotations

import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import exec_command


class Target(t.NamedTuple):
    """What ``exec_command`` wants to know."""

    namespace: str
    pod: str
    container: str


def once_running(client: KubeClient, target: Target, command: str, act: t.Callable[[], object]) -> threading.Thread:
    """Act as soon as a process has exactly the words of ``command``; a script that has them in it is not meant."""

    def wait_and_act() -> None:
        words = b"\0" + b"\0".join(command.encode().split()) + b"\0"
        end = time.monotonic() + 60
        while words not in b"\0" + _command_lines(client, target) and time.monotonic() < end:
            time.sleep(0.05)
        act()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def _command_lines(client: KubeClient, target: Target) -> bytes:
    return exec_command(client, **target._asdict(), argv=["sh", "-c", "cat /proc/[0-9]*/cmdline; :"]).stdout
