# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A container that answers by a table: the first entry of which the words are in a script is what it says."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.server_proof import ProofOrder
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.shell import Said, Shell

Answer = tuple[str, t.Any]


class StubShell(Shell):
    """``answers``: words of the script or of its arguments, and what is printed, or an exit code with that."""

    def __init__(self, *answers: Answer, log: str = "", ended: str = "") -> None:
        self.answers = answers
        self.asked: list[tuple[str, ...]] = []
        self.log = log
        self.ended = ended

    def run(self, script: str, *arguments: str, seconds: float = 0.0) -> Said:
        self.asked.append((script, *arguments))
        whole = "\n".join((script, *arguments))
        for words, answer in self.answers:
            if words in whole:
                return Said(0, answer, "") if isinstance(answer, str) else Said(answer[0], "", answer[1])
        return Said(0, "", "")

    def server_log(self) -> str:
        return self.log

    def server_ended(self) -> str:
        return self.ended


def order(shell: Shell, **options: t.Any) -> ProofOrder:
    return ProofOrder(shell=shell, mounts=("/data",), **options)


__all__ = ("StubShell", "order")
