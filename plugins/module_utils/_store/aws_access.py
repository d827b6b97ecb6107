# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""How AWS, or a server that speaks like it, is reached."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError


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
