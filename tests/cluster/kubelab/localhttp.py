# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP to servers on this machine, whatever proxy the environment names."""

from __future__ import annotations

import ssl
import urllib.request


def fetch(url: str, *, timeout: float, context: ssl.SSLContext | None = None) -> bytes:
    """GET; the body.  Raises OSError, of which urllib's errors are a kind, when there is no good answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    with opener.open(url, timeout=timeout) as answer:
        body: bytes = answer.read()
    return body


__all__ = ["fetch"]
