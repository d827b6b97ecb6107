# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets that an action has read, taken out of what is shown of it (docs/compatibility 15.14)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import binascii
import json
import shlex
import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import MASK

#: A shorter value is part of ordinary words. What it went into is masked whole, for it cannot be found.
SHORTEST = 6
#: The digits of a line of ``base64``.
_LINE = 76


class SecretMask:
    """Grows with each Secret that is read. Knows each value as it is, and as base64, URLs, JSON and shells write it.

    What a command makes of a secret beyond that (encrypts, reverses, prints byte by byte) cannot be known.
    """

    def __init__(self) -> None:
        self._forms: set[str] = set()
        #: Whether a value was among them that is too short to be found.
        self.has_short = False

    def learn(self, secret: ObjectView) -> None:
        """All values of a Secret."""
        for value in (secret.get("data") or {}).values():
            self.learn_value(_decoded(str(value)))
        for value in (secret.get("stringData") or {}).values():
            self.learn_value(str(value).encode())

    def learn_value(self, value: bytes) -> None:
        text = value.decode("utf-8", "surrogateescape")
        for part in {text, text.strip(), *text.splitlines()}:
            if len(part) >= SHORTEST:
                self._forms |= _forms(part)
        if 0 < len(text.strip()) < SHORTEST:
            self.has_short = True
        if len(value) >= SHORTEST:
            self._forms |= _base64_forms(value)

    def __call__(self, text: str) -> str:
        """``text`` without them."""
        for form in sorted(self._forms, key=len, reverse=True):
            if form in text:
                text = text.replace(form, MASK)
        return text

    def hides(self, value: t.Any) -> bool:
        """Whether a secret is in any text of ``value``, of JSON types."""
        if isinstance(value, str):
            return self(value) != value
        if isinstance(value, t.Mapping):
            return any(self.hides(part) for item in value.items() for part in item)
        return isinstance(value, (list, tuple)) and any(self.hides(part) for part in value)

    def tree(self, value: t.Any) -> t.Any:
        """``value``, of JSON types, with all of its texts masked."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, t.Mapping):
            return {self(str(key)): self.tree(part) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.tree(part) for part in value]
        return value


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return text.encode()


def _forms(text: str) -> set[str]:
    quoted = json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]
    safe = text.encode("utf-8", "surrogateescape")
    urls = urllib.parse.quote(safe), urllib.parse.quote(safe, safe=""), urllib.parse.quote_plus(safe)
    shells = (
        shlex.quote(text),
        text.replace("'", "'\\''"),
        text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$"),
    )
    return {form for form in (text, *quoted, *urls, *shells) if form}


def _base64_forms(value: bytes) -> set[str]:
    """What is the same wherever the value stands in a longer text that is encoded, in both alphabets, also wrapped."""
    forms: set[str] = set()
    for before in range(3):
        # The first digits depend on what stands before the value, the last ones on what stands behind it.
        first = -(-before * 8 // 6)
        last = (before + len(value)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            core = encode(bytes(before) + value).decode()[first:last]
            forms |= (
                {core, *(core[at : at + _LINE] for at in range(0, len(core), _LINE))} if len(core) > _LINE else {core}
            )
    return {form for form in forms if len(form) >= SHORTEST}


__all__ = ("SHORTEST", "SecretMask")
