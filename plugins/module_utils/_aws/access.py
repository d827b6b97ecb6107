# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How AWS, or a server that speaks like it, is reached."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

#: How signed requests and presigned URLs write what nobody else may see, and how Amazon's access keys look.
_SIGNED = re.compile(r"(?i)(credential|signature|security-token|accesskeyid)(\s*[=:]\s*)[^\s&,;<>\"']+")
_AMAZON_KEY = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b")
_USER_IN_URL = re.compile(r"(?<=://)[^\s/@]+@")
_MASK = "********"
#: A shorter one may be any word.
_SHORTEST_SECRET = 8


@dataclass(frozen=True, kw_only=True)
class AwsAccess:
    """Credentials that are None are looked up by boto3's own chain."""

    region: str | None = None
    endpoint_url: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    profile: str | None = None
    ca_bundle: str | None = None
    validate_certs: bool = True

    @property
    def endpoint_text(self) -> str:
        """``endpoint_url`` for people: without a user and a password, and what follows the path."""
        return _USER_IN_URL.sub("", (self.endpoint_url or "").partition("?")[0])

    def masked(self, text: str) -> str:
        """``text``, which may be a server's, without what must not be shown."""
        for secret in (self.secret_key, self.session_token, self.access_key):
            if secret and len(secret) >= _SHORTEST_SECRET:
                text = text.replace(secret, _MASK)
        text = _SIGNED.sub(rf"\1\2{_MASK}", text)
        return _USER_IN_URL.sub(f"{_MASK}@", _AMAZON_KEY.sub(_MASK, text))

    def check_credentials(self, what: str) -> None:
        """Raise ``ValidationError`` when they contradict each other. ``what``: ``storage location 'x'``."""
        if bool(self.access_key) != bool(self.secret_key):
            raise ValidationError(
                f"The {what} has only one of 'access_key' and 'secret_key'.",
                hint="Give both, or neither to use boto3's own credential chain.",
            )
        if self.access_key and self.profile:
            raise ValidationError(f"The {what} has both 'access_key' and 'profile'.")


__all__ = ("AwsAccess",)
