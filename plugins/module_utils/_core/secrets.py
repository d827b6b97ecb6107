# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must not be shown: every text that leaves the process is to be passed through ``mask``."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import threading
import typing as t
import urllib.parse

MASK = "********"

#: Shorter texts are parts of ordinary words: masking them would only make messages unreadable.
_SHORTEST = 4
_USERINFO = re.compile(r"(?<=://)[^/?#\s@]*(?:@[^/?#\s@]*)*@")

_lock = threading.Lock()
_known: set[str] = set()


def remember_secrets(values: t.Iterable[str]) -> None:
    """Mask ``values`` from now on, for the rest of the process."""
    with _lock:
        _known.update(value for value in values if len(value) >= _SHORTEST)


def known_secrets() -> frozenset[str]:
    with _lock:
        return frozenset(_known)


def mask(text: str, more: t.Iterable[str] = ()) -> str:
    """``text`` without any known secret, without ``more``, and without user names and passwords in URLs."""
    secrets = known_secrets() | {value for value in more if len(value) >= _SHORTEST}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return mask_urls(text)


def mask_urls(text: str) -> str:
    """``text`` with what is before the ``@`` of a URL masked."""
    return _USERINFO.sub(f"{MASK}@", text)


def url_secrets(text: str) -> set[str]:
    """The password in a URL, as it is written and as it is meant."""
    try:
        password = urllib.parse.urlsplit(text).password if "://" in text else None
    except ValueError:
        return set()
    return {password, urllib.parse.unquote(password)} if password else set()


__all__ = ("MASK", "known_secrets", "mask", "mask_urls", "remember_secrets", "url_secrets")
