# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets by a command of the user's, such as sops, age or kubeseal: a manifest goes in, an encrypted one comes out."""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import binascii
import contextlib
import subprocess
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.yaml_documents import read_yaml
from ansible_collections.arkive.k8s.plugins.module_utils._report.errors import TreeError
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.stable_yaml import to_yaml

_SECONDS = 60.0
#: Shorter values may be in anything by chance.
_TELLING = 6
_MEMBERS = ("data", "stringData")


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
    if _repeats(sealed, secret):
        raise TreeError(
            f"What {program} made of {title} has a value of it in plain text: it is not written.",
            hint="Check the option seal_command: it has to encrypt data and stringData.",
        )


def _repeats(sealed: bytes, secret: ObjectView) -> bool:
    # What the manifest says beside the values, such as its name, may stand there.
    public = to_yaml({name: value for name, value in secret.items() if name not in _MEMBERS})
    values = set(_values(secret)) - {b""}
    if any(len(each) >= _TELLING and each in sealed and each not in public for each in map(_longest_line, values)):
        return True
    # Short ones, and such as are in the name as well, by their place.
    return not values.isdisjoint(_values(_as_manifest(sealed)))


def _longest_line(value: bytes) -> bytes:
    """In YAML each line of a text is indented."""
    return max((line.strip() for line in value.splitlines()), key=len, default=b"")


def _as_manifest(sealed: bytes) -> ObjectView:
    """Empty where it is none, such as what age writes."""
    try:
        documents = read_yaml(sealed.decode("utf-8"), source="the sealed Secret")
    except (UnicodeDecodeError, ValidationError):
        return {}
    first = documents[0] if len(documents) == 1 else None
    return first if isinstance(first, dict) else {}


def _values(manifest: ObjectView) -> t.Iterator[bytes]:
    """As they are, and as the manifest has them."""
    data, texts = (_texts(manifest.get(member)) for member in _MEMBERS)
    for encoded in data:
        yield encoded
        with contextlib.suppress(binascii.Error, ValueError):
            yield base64.b64decode(encoded, validate=True).strip()
    yield from texts


def _texts(values: t.Any) -> list[bytes]:
    found = values.values() if isinstance(values, dict) else ()
    return [text for value in found if (text := str(value).encode("utf-8", "replace").strip())]


__all__ = ("seal",)
