# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets by a command of the user's, such as sops, age or kubeseal: a manifest goes in, an encrypted one comes out."""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import binascii
import subprocess
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._report.errors import TreeError

_SECONDS = 60.0
#: Shorter values may be in anything by chance.
_TELLING = 6


def seal(command: t.Sequence[str], manifest: bytes, secret: ObjectView, title: str) -> bytes:
    """What the command makes of ``manifest``. Raises ``TreeError``, which repeats nothing that was given to it.

    A command that gives a value back as it was is refused: one that only passes on would put it into the repository.
    """
    try:
        done = subprocess.run(list(command), input=manifest, capture_output=True, timeout=_SECONDS, check=False)
    except OSError as exc:
        raise TreeError(
            f"The command {command[0]} cannot be started: {exc.strerror}.", hint="Check the option seal_command."
        ) from exc
    except subprocess.TimeoutExpired as exc:
        raise TreeError(f"The command {command[0]} did not end within {_SECONDS:.0f} seconds for {title}.") from exc
    if done.returncode:
        raise TreeError(
            f"The command {command[0]} ended with exit code {done.returncode} for {title}.",
            hint="Run it by hand with a manifest as its input. What it said may quote a value, and is not shown.",
        )
    if not done.stdout.strip():
        raise TreeError(
            f"The command {command[0]} wrote nothing for {title}.", hint="It has to write to standard output."
        )
    _check(done.stdout, secret, command[0], title)
    return done.stdout


def _check(sealed: bytes, secret: ObjectView, program: str, title: str) -> None:
    if any(value in sealed for value in _values(secret)):
        raise TreeError(
            f"What {program} made of {title} has a value of it in plain text: it is not written.",
            hint="Check the option seal_command: it has to encrypt data and stringData.",
        )


def _values(secret: ObjectView) -> t.Iterator[bytes]:
    """As they are, and as the manifest has them."""
    for encoded in (secret.get("data") or {}).values():
        text = str(encoded).encode("utf-8", "replace")
        try:
            plain = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            plain = b""
        yield from (value for value in (text, plain.strip()) if len(value) >= _TELLING)
    for value in (secret.get("stringData") or {}).values():
        text = str(value).encode("utf-8", "replace").strip()
        if len(text) >= _TELLING:
            yield text


__all__ = ("seal",)
