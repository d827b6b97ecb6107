# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands in a container of a pod, which work as long as this process holds their input.

A command stands in the URL of a request, of which a proxy before the API server takes 8 KiB by default (nginx:
``large_client_header_buffers``; Apache: ``LimitRequestLine``). So the command only reads its program: the first line of
its input, in base64. What the program reads comes behind it.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_errors import ExecRefused, ExecStreamLost
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_stream import ExecStream
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError

#: How often it is looked again whether something has come, in seconds.
_LOOK_SECONDS = 0.5
#: Each look is a request.
_LOOKS_AT_ONCE = 10
#: Until a stream is open, or a short command has ended, in seconds.
OPEN_SECONDS = 30.0
#: A container that has just started may not be known yet to who runs commands in it, in seconds.
_REFUSED_SECONDS = 15.0
#: How often a sign of life is sent, in seconds: a connection on which nothing moves is cut by what is between.
_LIFE_SECONDS = 10.0
_SIGN_OF_LIFE = "\n"

#: ``read`` takes no more than the line from what comes by a pipe, and ``-e`` ends what did not come whole.
_COMMAND = r"""IFS= read -r program
program=$(printf %s "$program" | base64 -d)
eval "$program"
"""
COMMAND = ("/bin/sh", "-euc", _COMMAND)

Look: t.TypeAlias = "t.Callable[[float], bool]"


class Place(t.NamedTuple):
    """A container of a pod."""

    namespace: str
    pod: str
    container: str


class OutOfTimeError(Exception):
    """A command has run as long as it may."""


def program_line(program: str) -> str:
    """What the command reads first."""
    return base64.b64encode(program.encode()).decode() + "\n"


def run_program(run: ClusterRun, place: Place, program: str, given: str = "", *, refused: str) -> ExecStream:
    """Begin a program, which reads ``given`` from its input. The caller ends the stream.

    Raises ``MoverError``, whose sentence begins with ``refused``, where nothing can be run there, ``KubeError``, and
    ``Cancelled``.
    """
    end = time.monotonic() + _REFUSED_SECONDS
    while True:
        try:
            stream = ExecStream(
                run.client,
                namespace=place.namespace,
                pod=place.pod,
                container=place.container,
                argv=COMMAND,
                timeout=OPEN_SECONDS,
            )
        except ExecRefused as exc:
            if exc.forbidden or time.monotonic() >= end:
                raise MoverError(f"{refused}: {exc.sentence}") from exc
            pause(run.cancel)
        else:
            stream.send(program_line(program) + given)
            return stream


def stay(stream: ExecStream, cancel: CancelToken, *, seconds: float, every: float, look: Look) -> str:
    """Until a program has ended, with signs of life; why it was left before, a phrase.

    ``look`` is called every ``every`` seconds, with the time of the monotonic clock; True: that is enough. Raises
    ``OutOfTimeError`` after ``seconds``, and ``Cancelled``.
    """
    began = life = time.monotonic()
    try:
        while stream.go_on(every, cancel=cancel):
            now = time.monotonic()
            if now - began > seconds:
                raise OutOfTimeError
            if look(now):
                return ""
            if now - life >= _LIFE_SECONDS:
                stream.send(_SIGN_OF_LIFE)
                life = now
    except ExecStreamLost as exc:
        return f"the connection to its container was lost: {exc.message.rstrip('.')}"
    return ""


def pause(cancel: CancelToken, *, looks: int = 1) -> None:
    """Wait for the next look, ever longer where many are ``looks`` at once. Raises ``Cancelled``."""
    if cancel.wait(_LOOK_SECONDS * max(1.0, looks / _LOOKS_AT_ONCE)):
        cancel.check()


__all__ = (
    "COMMAND",
    "OPEN_SECONDS",
    "OutOfTimeError",
    "Place",
    "pause",
    "program_line",
    "run_program",
    "stay",
)
