# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file that says which process a task is, for whoever can stop it in time.

A job of AWX that is cancelled is killed, and its modules get no signal. Before that, Kubernetes runs the preStop hook
of the pod, if it has one: that finds here whom to ask to stop.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import os
import typing as t

#: Names a folder, in the environment of whoever starts Ansible. Without it, there is no file.
FOLDER_VARIABLE = "ARKIVE_PID_DIR"


@contextlib.contextmanager
def pid_file(folder: str, *, warn: t.Callable[[str], None]) -> t.Iterator[None]:
    """While it is open, ``folder`` has a file ``PID.pid``. To be opened when signals are heeded already."""
    path = _write(folder, warn) if folder else ""
    try:
        yield
    finally:
        if path:
            with contextlib.suppress(OSError):
                os.unlink(path)


def _write(folder: str, warn: t.Callable[[str], None]) -> str:
    path = os.path.join(folder, f"{os.getpid()}.pid")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        # A folder in /tmp may be somebody else's: what a link of that name leads to is not written to.
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with open(os.open(path, flags, 0o600), "w", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")
    except OSError as exc:
        warn(
            f"The folder that {FOLDER_VARIABLE} names cannot be used ({exc.strerror}: {folder}). A hook that is to stop"
            " this task before its pod ends does not find it."
        )
        return ""
    return path


__all__ = ("FOLDER_VARIABLE", "pid_file")
