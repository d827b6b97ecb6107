# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A command in a container that is spoken with: lines in, lines out, for as long as the stream is open.

Whatever becomes of the stream, the command's stdin ends with it: who dies lets go of what the command holds.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_channels import V4, V5, ExecChannels
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_handshake import ExecRequest, open_stream
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_run import ExecRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.wire import Deadline

#: More than any answer of those that are waited for, and than what comes between two looks at what has come.
_LONGEST_ANSWER = 8 << 20
#: How often somebody else's cancel token is looked at, in seconds.
_TICK = 0.2


class ExecStream:
    """Open until ``finish`` or ``abort``. One thread at a time."""

    def __init__(
        self, client: KubeClient, *, namespace: str, pod: str, container: str, argv: t.Sequence[str], timeout: float
    ) -> None:
        """``timeout``: seconds until the stream is open. Raises what ``exec_command`` raises."""
        request = ExecRequest(
            namespace=namespace,
            pod=pod,
            container=container,
            argv=tuple(argv),
            with_stdin=True,
            protocols=(V5, V4),
            timeout=timeout,
        )
        stream = open_stream(client, request, Deadline(timeout))
        self._closes_stdin = stream.protocol == V5
        self._channels = ExecChannels(_LONGEST_ANSWER)
        self._run = ExecRun(stream, request, self._channels)

    def send(self, text: str) -> None:
        """Have ``text`` go to the command. It goes out while an answer is waited for."""
        self._run.send(text.encode())

    def read_line(self, holding: str, *, deadline: Deadline, cancel: CancelToken) -> tuple[list[str], str]:
        """The lines of stdout before the first one that begins with ``holding``, and that one.

        Raises ``EOFError`` where the command ends before, ``TimeoutError`` after the deadline, ``ExecStreamLost``, and
        ``Cancelled``.
        """
        begins = holding.encode()
        while True:
            found = self._find(begins)
            if found is not None:
                return found
            if self._run.is_over:
                raise EOFError
            if deadline.has_passed:
                raise TimeoutError
            cancel.check()
            self._run.step(longest=min(_TICK, deadline.remaining))

    def go_on(self, seconds: float, *, cancel: CancelToken) -> bool:
        """Have what was sent go out, for ``seconds``; False where the command ends before.

        Raises ``ExecStreamLost``, and ``Cancelled``.
        """
        deadline = Deadline(seconds)
        while not self._run.is_over:
            if deadline.has_passed:
                return True
            cancel.check()
            self._run.step(longest=min(_TICK, deadline.remaining))
        return False

    def take_lines(self) -> list[str]:
        """The whole lines of stdout that have come since they were last taken."""
        stdout = self._channels.stdout
        end = bytes(stdout).rfind(b"\n") + 1
        return stdout.take(end).decode("utf-8", "replace").split("\n")[:-1]

    def take_said(self) -> str:
        """What the command has written to stderr since it was last asked, and what is left of stdout."""
        outputs = (self._channels.stderr, self._channels.stdout)
        found = (output.take(len(bytes(output))).decode("utf-8", "replace").strip() for output in outputs)
        return "\n".join(filter(None, found))

    def finish(self, seconds: float) -> None:
        """End the command's stdin, and wait until it has ended, or for ``seconds``."""
        try:
            if self._closes_stdin:
                self._run.close_stdin()
                self._run.until_end(Deadline(seconds))
        except KubeError:
            return
        finally:
            self._run.close()

    def abort(self) -> None:
        """Close the stream, at once: the command's stdin ends with it."""
        self._run.close()

    def _find(self, begins: bytes) -> tuple[list[str], str] | None:
        stdout = self._channels.stdout
        text = bytes(stdout)
        at = 0 if text.startswith(begins) else text.find(b"\n" + begins) + 1
        if not at and not text.startswith(begins):
            return None
        end = text.find(b"\n", at)
        if end < 0:
            return None
        taken = stdout.take(end + 1).decode("utf-8", "replace")
        *lines, last = taken.rstrip("\n").split("\n")
        return lines, last


__all__ = ("ExecStream",)
