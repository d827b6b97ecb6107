# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One check by a tool in the image, timed."""

# Private: not for use outside of this collection.

from __future__ import annotations

import time

from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.server_proof import Check
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.shell import Said, Shell

#: What a shell answers for a program that is not there.
NOT_THERE = 127
_SHOWN_LINES = 20


def run_check(shell: Shell, name: str, script: str, *arguments: str, tool: str, seconds: float) -> tuple[Check, Said]:
    """``script`` ends with 0 where all is well, and with 127 where its tool is not there."""
    started = time.monotonic()
    said = shell.run(script, *arguments, seconds=seconds)
    spent = time.monotonic() - started
    if said.code == NOT_THERE:
        return unavailable(name, tool, "the image does not have it"), said
    found = () if said.code == 0 else tuple(said.lines[:_SHOWN_LINES]) or (f"exit code {said.code}",)
    return Check(name=name, tool=tool, state="failed" if found else "passed", seconds=spent, found=found), said


def unavailable(name: str, tool: str, why: str) -> Check:
    return Check(name=name, tool=tool, state="unavailable", found=(why,))


__all__ = ("NOT_THERE", "run_check", "unavailable")
