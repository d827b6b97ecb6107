# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The channels of a remote command (Kubernetes' ``v4.channel.k8s.io`` and ``v5.channel.k8s.io``).

The first byte of each message is the channel: 0 stdin, 1 stdout, 2 stderr, 3 the status, once, at the end; 255 (v5
only) closes the channel that its second byte names.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import typing as t

V4 = "v4.channel.k8s.io"
V5 = "v5.channel.k8s.io"

STDIN = 0
STDOUT = 1
STDERR = 2
STATUS = 3
CLOSE = 255

#: A status is a few hundred bytes.
_LONGEST_STATUS = 1 << 20
#: No command's last words are longer.
_LONGEST_WORDS = 512


class LimitedOutput:
    """Keeps the first ``limit`` bytes and counts on.

    ``said``: the line that begins with ``last_words``, once it has come.
    """

    def __init__(self, limit: int, last_words: bytes = b"") -> None:
        self._limit = limit
        self._kept = bytearray()
        self._last_words = last_words
        self._tail = b""
        self.said = b""
        self.truncated = False

    def add(self, data: bytes) -> None:
        room = self._limit - len(self._kept)
        self._kept += data[:room] if room > 0 else b""
        self.truncated = self.truncated or len(data) > max(room, 0)
        if self._last_words:
            self._listen(self._tail + data)

    def _listen(self, text: bytes) -> None:
        before, words, rest = text.partition(self._last_words)
        line, ends, _more = rest.partition(b"\n")
        if words and ends:
            self.said = words + line + ends
        self._tail = text[len(before) if words else -_LONGEST_WORDS :][:_LONGEST_WORDS]

    def __bytes__(self) -> bytes:
        return bytes(self._kept)

    def take(self, size: int) -> bytes:
        """Its first ``size`` bytes, which make room for as many others."""
        taken = bytes(self._kept[:size])
        del self._kept[:size]
        return taken


class ExecChannels:
    """Sorts messages into stdout, stderr and the status. ``limit`` bytes of each output are kept, the rest dropped."""

    def __init__(self, limit: int, last_words: bytes = b"") -> None:
        self.stdout = LimitedOutput(limit, last_words)
        self.stderr = LimitedOutput(limit, last_words)
        self._status = LimitedOutput(_LONGEST_STATUS)
        self._channel: int | None = None

    def add(self, payload: bytes, *, continues: bool = False) -> None:
        """Take a message, or with ``continues`` a further piece of the one before."""
        if not continues:
            # Servers open each channel with an empty message.
            self._channel = payload[0] if payload else None
            payload = payload[1:]
        target = {STDOUT: self.stdout, STDERR: self.stderr, STATUS: self._status}.get(
            -1 if self._channel is None else self._channel
        )
        if target is not None and payload:
            target.add(payload)

    @property
    def said_code(self) -> int | None:
        """The exit code by the command's last words, once both outputs have come to them; None before."""
        codes = [word[3:] for word in self.stderr.said.split() if word.startswith(b"rc=")]
        return int(codes[0]) if self.stdout.said and codes and codes[0].isdigit() else None

    @property
    def ended(self) -> bool:
        """There is an exit code, or another status."""
        return self.said_code is not None or self.status is not None

    @property
    def status(self) -> dict[str, t.Any] | None:
        """The status object, None until it has come whole."""
        try:
            document = json.loads(bytes(self._status))
        except (ValueError, RecursionError):
            return None
        return document if isinstance(document, dict) else None


def exit_code(status: t.Mapping[str, t.Any]) -> int | None:
    """The command's exit code in its status; None when the status is about something else than an exit."""
    if status.get("status") == "Success":
        return 0
    if status.get("reason") != "NonZeroExitCode":
        return None
    details = status.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    for cause in causes if isinstance(causes, list) else ():
        if isinstance(cause, dict) and cause.get("reason") == "ExitCode":
            try:
                return int(str(cause.get("message")))
            except ValueError:
                return None
    return None


def stdin_messages(data: bytes, *, size: int = 32768) -> t.Iterator[bytes]:
    """``data`` as messages of the stdin channel, and the one that closes it (v5)."""
    for start in range(0, len(data), size):
        yield bytes([STDIN]) + data[start : start + size]
    yield bytes([CLOSE, STDIN])


__all__ = ("V4", "V5", "ExecChannels", "LimitedOutput", "exit_code", "stdin_messages")
