# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ssl
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout, unreachable_error
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce import patience
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.patience import Patience


class Server:
    """Answers each question by the next of ``answers``; the clock goes on by a second with each wait."""

    def __init__(self, *answers: t.Any) -> None:
        self.answers = list(answers)
        self.asked = 0
        self.now = 100.0
        self.cancel = CancelToken()

    def question(self) -> str:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    def ask(self, given: Patience) -> str:
        return given.ask(t.cast("t.Any", self), self.question)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> t.Callable[..., Server]:
    def make(*answers: t.Any) -> Server:
        server = Server(*answers)
        monkeypatch.setattr(patience.time, "monotonic", lambda: server.now)

        def wait(seconds: float) -> bool:
            server.now += seconds
            return server.cancel.is_cancelled

        monkeypatch.setattr(server.cancel, "wait", wait)
        return server

    return make


_AWAY = unreachable_error(ConnectionRefusedError(111, "refused"), server="https://k:6443", doing="GET /api")


@pytest.mark.parametrize(
    "error",
    [
        _AWAY,
        unreachable_error(ConnectionResetError(104, "reset"), server="https://k:6443", doing="GET /api"),
        unreachable_error(ssl.SSLEOFError(8, "eof"), server="https://k:6443", doing="GET /api"),
        KubeTimeout("The API server https://k:6443 did not answer."),
        KubeError("busy", status=429),
        KubeError("etcd", status=500),
        KubeError("starting", status=503),
    ],
    ids=["refused", "reset", "closed early", "silent", "429", "500", "503"],
)
def test_what_may_pass_is_waited_for(serve: t.Callable[..., Server], error: KubeError) -> None:
    server = serve(error, error, "pods")
    said: list[str] = []
    assert server.ask(Patience(10, progress=said.append)) == "pods"
    assert (server.asked, said) == (3, [f"asking again for up to 10 s: {error.message}"])


@pytest.mark.parametrize(
    "error",
    [
        unreachable_error(ssl.SSLError(1, "wrong version number"), server="https://k:6443", doing="GET /api"),
        KubeError("forbidden", status=403),
        KubeError("not there", status=404),
        KubeError("no credential", status=401),
        KubeError("not implemented", status=501),
    ],
    ids=["no TLS", "403", "404", "401", "501"],
)
def test_what_people_must_mend_is_told_at_once(serve: t.Callable[..., Server], error: KubeError) -> None:
    server = serve(error)
    with pytest.raises(KubeError) as caught:
        server.ask(Patience(10))
    assert (caught.value, server.asked) == (error, 1)


def test_it_ends_with_a_sentence(serve: t.Callable[..., Server]) -> None:
    """The time counts from the first question without an answer, for all questions together."""
    server = serve(_AWAY, "pods", _AWAY)
    given = Patience(10)
    server.ask(given)
    with pytest.raises(KubeError) as caught:
        server.ask(given)
    assert caught.value.message == (
        "No API server answers at https://k:6443: connection refused. It was asked for 10 s. "
        "What is frozen is thawed by its lease alone."
    )
    assert (server.now, server.asked) == (110.0, 12)


def test_without_patience_nothing_is_asked_twice(serve: t.Callable[..., Server]) -> None:
    server = serve(_AWAY)
    with pytest.raises(KubeError) as caught:
        server.ask(Patience())
    assert (caught.value, server.asked) == (_AWAY, 1)


def test_a_cancelled_run_does_not_wait(serve: t.Callable[..., Server]) -> None:
    server = serve(_AWAY)
    server.cancel.cancel("SIGTERM was received")
    with pytest.raises(Cancelled):
        server.ask(Patience(10))
    assert server.asked == 1


def test_a_run_that_is_told_to_stop_waits_for_nobody(serve: t.Callable[..., Server]) -> None:
    """A client that is not cancelled, asked for one that is."""
    server, told = serve(_AWAY), CancelToken()
    told.cancel("SIGTERM was received")
    with pytest.raises(Cancelled, match="SIGTERM"):
        server.ask(Patience(10, cancel=told))
    assert server.asked == 1
