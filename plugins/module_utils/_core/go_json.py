# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON as Go's encoder writes it, so that our files compare byte for byte with Velero's."""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import typing as t

_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def encode_compact(value: t.Any) -> bytes:
    """Keys sorted, no blanks, ``<``, ``>``, ``&``, U+2028 and U+2029 escaped, no newline at the end."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return _escape(text).encode("utf-8", "replace")


def encode_pretty(value: t.Any) -> bytes:
    """Indented by two, with a newline at the end, as the Kubernetes serializer writes ``velero-backup.json``."""
    text = json.dumps(value, sort_keys=False, indent=2, ensure_ascii=False)
    return (_escape(text) + "\n").encode("utf-8", "replace")


def _escape(text: str) -> str:
    for char, escaped in _ESCAPES.items():
        if char in text:
            text = text.replace(char, escaped)
    return text


__all__ = ("encode_compact", "encode_pretty")
