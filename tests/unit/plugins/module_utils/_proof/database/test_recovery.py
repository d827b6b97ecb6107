# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that never serves is told with its last words, and the time is bounded."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.recovery import NeverServed, Recovery
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._proof.database.stub_shell import StubShell


class Server:
    """Serves when it was asked ``after`` times."""

    def __init__(self, after: int = 10**6) -> None:
        self.started = False
        self._after = after

    def start(self) -> None:
        self.started = True

    def serves(self) -> bool:
        self._after -= 1
        return self._after < 0


def recover(server: Server, shell: StubShell, *, seconds: float = 0.6, cancel: CancelToken | None = None) -> float:
    recovery = Recovery(seconds, "postgresql of pod shop/db", tell=lambda _line: None, cancel=cancel or CancelToken())
    return recovery.await_end(t.cast("t.Any", server), shell)


def test_how_long_it_took() -> None:
    server = Server(after=1)
    assert 0.4 < recover(server, StubShell(), seconds=20) < 10
    assert server.started


@pytest.mark.parametrize(
    ("ended", "why"),
    [
        ("", r"did not recover within 0.6 s \(recovery_timeout\)"),
        ("1", "ended with exit code 1"),
    ],
)
def test_its_last_words(ended: str, why: str) -> None:
    log = "one\ntwo\nPANIC:  could not locate a valid checkpoint record\nLOG:  aborting startup\nLOG:  shut down\n"
    with pytest.raises(NeverServed, match=why) as raised:
        recover(Server(), StubShell(log=log, ended=ended))
    words = "PANIC:  could not locate a valid checkpoint record | LOG:  aborting startup | LOG:  shut down"
    assert raised.value.message.endswith(f"Its last words: {words}")


def test_who_cancels_is_heard() -> None:
    cancel = CancelToken()
    cancel.cancel("somebody pressed a key")
    with pytest.raises(Cancelled):
        recover(Server(), StubShell(), seconds=60, cancel=cancel)
