# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Progress lines for the action plugin, which shows them while the module still runs."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import os
import re
import threading

from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import mask

#: What ends lines, and whatever is a blank but a space: the spaces of a table stay.
_BREAKS = re.compile(r"[^\S ]\s*")
#: A line is shortened to this: it is for a terminal.
_LONGEST_LINE = 300


def progress_to(path: str | None) -> ProgressSink:
    """A sink that appends to the file at ``path``; one that does nothing without a path.

    The file must exist: it belongs to the action plugin. A line that cannot be written is lost, and nothing else is.
    """
    if not path:
        return no_progress
    lock = threading.Lock()

    def write(line: str) -> None:
        text = one_line(_BREAKS.sub(" ", mask(line)).strip())
        text = f"{text}\n" if len(text) <= _LONGEST_LINE else f"{text[: _LONGEST_LINE - 3]}...\n"
        with lock, contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
            try:
                os.write(descriptor, text.encode("utf-8", "replace"))
            finally:
                os.close(descriptor)

    return write


__all__ = ("progress_to",)
