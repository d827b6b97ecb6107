# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Limits of the machine that several clusters side by side come up against."""

from __future__ import annotations

from pathlib import Path

from kubelab.commands import say

#: How many watchers of files a user may have. A cluster has twenty and some for its pods, and Debian's limit is 128 for
#: all clusters together: beyond it a kubelet ends with "too many open files".
INOTIFY_INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
_ENOUGH = 1024


def raise_limits(file: Path = INOTIFY_INSTANCES) -> None:
    """Raise what is too low, for all of the machine; it stays so until that starts again."""
    found = int(file.read_text())
    if found >= _ENOUGH:
        return
    try:
        file.write_text(f"{_ENOUGH}\n")
    except OSError as exc:
        say(f"{file} is {found}, which is too low for many clusters, and cannot be raised: {exc.strerror}.")
    else:
        say(f"{file}: raised from {found} to {_ENOUGH}")


__all__ = ["raise_limits"]
