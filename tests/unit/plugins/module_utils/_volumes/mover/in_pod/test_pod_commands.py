# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands in containers of pods: what stands in the URL, what comes by the input, and when it is left.

The command runs here as it is, in the shell of this machine.
"""

from __future__ import annotations

import subprocess
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_channels import V4, V5
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_errors import ExecRefused, ExecStreamLost
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_handshake import ExecRequest
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod import commands
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.commands import (
    COMMAND,
    OutOfTimeError,
    Place,
    program_line,
    run_program,
    stay,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.ephemeral_scripts import (
    hand_over_script,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.wait_scripts import (
    fill_script,
    let_go_script,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi

#: As long as Kubernetes lets them be: namespaces and containers are DNS labels, pods DNS subdomains.
LONGEST = Place("n" * 63, "p" * 253, "c" * 63)
PROGRAMS = {"hands over": hand_over_script(), "fills": fill_script(11), "lets go": let_go_script()}


class Stream:
    """``turns``: what ``go_on`` does: go on, end, or an error."""

    def __init__(self, *turns: bool | Exception) -> None:
        self.turns = list(turns)
        self.sent: list[str] = []
        self.request: ExecRequest | None = None

    def open(self, _client: t.Any, *, argv: t.Sequence[str], **where: t.Any) -> Stream:
        self.request = ExecRequest(argv=tuple(argv), with_stdin=True, protocols=(V5, V4), **where)
        return self

    def send(self, text: str) -> None:
        self.sent.append(text)

    def go_on(self, _seconds: float, *, cancel: CancelToken) -> bool:
        cancel.check()
        turn = self.turns.pop(0)
        if isinstance(turn, Exception):
            raise turn
        return turn


def run_of(cancel: CancelToken | None = None) -> ClusterRun:
    token = cancel or CancelToken()
    return ClusterRun(client=MemoryApi([]).client.with_cancel(token), run_id="r", cancel=token, issues=Issues())


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_what_the_url_has_is_short_and_tells_nothing(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of what nginx and Apache take of a request line."""
    stream = Stream()
    monkeypatch.setattr(commands, "ExecStream", stream.open)
    run_program(run_of(), LONGEST, program, "KOPIA_PASSWORD=czNzYW1l\n.\n", refused="No")
    assert stream.request is not None
    assert len(stream.request.path) < 2048
    assert (stream.request.argv, "czNzYW1l" in stream.request.path) == (COMMAND, False)
    assert stream.sent == [f"{program_line(program)}KOPIA_PASSWORD=czNzYW1l\n.\n"]


def shell(given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(COMMAND, input=given, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("program", "given", "printed"),
    [
        pytest.param("cat", "a\n b\\c\n", "a\n b\\c\n", id="all that follows is the program's input"),
        pytest.param("cat", "", "", id="nothing follows"),
        pytest.param('IFS= read -r x\nprintf %s "<$x>"\n\n', "a  b\n", "<a  b>", id="lines and quotes"),
        pytest.param("printf '%s' 'a\\b $x \"`'", "", 'a\\b $x "`', id="what a shell would change"),
        pytest.param("printf %s " + "x" * 40000, "", "x" * 40000, id="longer than any program of ours"),
        pytest.param("printf %s 'naïve'", "", "naïve", id="not ASCII"),
    ],
)
def test_a_program_is_run_as_it_is(program: str, given: str, printed: str) -> None:
    found = shell(program_line(program) + given)
    assert (found.returncode, found.stdout, found.stderr) == (0, printed, "")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="nothing came"),
        pytest.param(program_line("echo ran\necho on").rstrip("\n"), id="no end of the line"),
        pytest.param(program_line("echo ran\necho on")[:-6] + "?\n", id="no base64"),
    ],
)
def test_what_did_not_come_whole_is_not_run(line: str) -> None:
    found = shell(line)
    assert (found.returncode != 0, found.stdout) == (True, "")


def test_an_error_of_the_program_ends_it() -> None:
    found = shell(program_line("echo one\nfalse\necho two"))
    assert (found.returncode, found.stdout) == (1, "one\n")
    found = shell(program_line("echo $nothing"))
    assert (found.returncode != 0, found.stdout) == (True, "")


@pytest.mark.parametrize(
    ("refusals", "tries", "error"),
    [
        pytest.param([None], 1, "", id="at once"),
        pytest.param([ExecRefused("Not yet.", status=500)] * 2 + [None], 3, "", id="not known yet"),
        pytest.param([ExecRefused("You may not.", status=403)] * 9, 1, "No: You may not", id="may not"),
        pytest.param([ExecRefused("Not there.", status=500)] * 999, 0, "No: Not there", id="never"),
    ],
)
def test_who_refuses_is_asked_again(
    refusals: list[ExecRefused | None], tries: int, error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container that has just started may not be known yet."""
    asked: list[ExecRefused | None] = []

    def open_stream(*_args: t.Any, **_where: t.Any) -> Stream:
        asked.append(refusals[len(asked)])
        refusal = asked[-1]
        if refusal is not None:
            raise refusal
        return Stream()

    monkeypatch.setattr(commands, "ExecStream", open_stream)
    monkeypatch.setattr(commands, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(commands, "_REFUSED_SECONDS", 0.2)
    if error:
        with pytest.raises(MoverError, match=error):
            run_program(run_of(), LONGEST, "true", refused="No")
    else:
        run_program(run_of(), LONGEST, "true", refused="No")
    assert not tries or len(asked) == tries


def test_nobody_is_asked_again_for_a_run_that_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    cancel = CancelToken()

    def refuse(*_args: t.Any, **_where: t.Any) -> Stream:
        cancel.cancel("SIGTERM")
        raise ExecRefused("Not yet.", status=500)

    monkeypatch.setattr(commands, "ExecStream", refuse)
    with pytest.raises(Cancelled):
        run_program(run_of(cancel), LONGEST, "true", refused="No")


@pytest.mark.parametrize(
    ("turns", "enough_at", "phrase", "signs"),
    [
        pytest.param([True, True, False], 9, "", 2, id="it ends"),
        pytest.param([True, True, True], 2, "", 1, id="that is enough"),
        pytest.param(
            [True, ExecStreamLost("The API server is gone.")],
            9,
            "the connection to its container was lost: The API server is gone",
            1,
            id="lost",
        ),
    ],
)
def test_a_program_is_stayed_with(
    turns: list[bool | Exception], enough_at: int, phrase: str, signs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "_LIFE_SECONDS", 0.0)
    stream, looks = Stream(*turns), []

    def look(now: float) -> bool:
        looks.append(now)
        return len(looks) >= enough_at

    found = stay(t.cast("t.Any", stream), CancelToken(), seconds=600.0, every=1.0, look=look)
    assert (found, stream.sent) == (phrase, ["\n"] * signs)


def test_signs_of_life_are_sent_now_and_then() -> None:
    """Not with each look: what nobody reads fills the pipe."""
    stream = Stream(*[True] * 50, False)
    assert stay(t.cast("t.Any", stream), CancelToken(), seconds=600.0, every=1.0, look=lambda _now: False) == ""
    assert stream.sent == []


def test_its_time_ends() -> None:
    with pytest.raises(OutOfTimeError):
        stay(t.cast("t.Any", Stream(True)), CancelToken(), seconds=0.0, every=1.0, look=lambda _now: False)


@pytest.mark.parametrize(("looks", "wanted"), [(1, 0.5), (10, 0.5), (200, 10.0)])
def test_many_that_are_looked_at_are_looked_at_more_rarely(looks: int, wanted: float) -> None:
    """Each look is a request: 20 in a second at most."""

    class Noted(CancelToken):
        def wait(self, seconds: float) -> bool:
            waited.append(seconds)
            return False

    waited: list[float] = []
    commands.pause(Noted(), looks=looks)
    assert waited == [wanted]
