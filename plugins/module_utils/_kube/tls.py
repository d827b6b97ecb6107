# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""TLS settings: one set of files, one or two contexts of ``ssl``."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import ssl
from pathlib import Path

from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """verify: check certificate and name of the server. The rest are paths; no ``ca_cert``: the system's CAs."""

    verify: bool
    ca_cert: str | None
    client_cert: str | None
    client_key: str | None

    def context(self, *, check_name: bool = True) -> ssl.SSLContext:
        """A context for connections; without ``check_name`` the caller compares the server's name itself."""
        try:
            context = ssl.create_default_context(cafile=self.ca_cert)
        except (OSError, ValueError) as exc:
            raise KubeError(
                f"The CA certificate {self.ca_cert} cannot be used: {exc}.", hint="It must be a PEM file."
            ) from exc
        # Default since Python 3.13; but many clusters' CAs have no authority key identifier, and kubectl takes them.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.check_hostname = self.verify and check_name
        if not self.verify:
            context.verify_mode = ssl.CERT_NONE
        self._load_client_certificate(context)
        return context

    def digest(self) -> str:
        """Changes with the settings and with the content of the files."""
        digest = hashlib.sha256(f"{self.verify}".encode())
        for path in (self.ca_cert, self.client_cert, self.client_key):
            digest.update(Path(path).read_bytes() if path else b"\0")
        return digest.hexdigest()

    def _load_client_certificate(self, context: ssl.SSLContext) -> None:
        if not self.client_cert:
            return
        try:
            context.load_cert_chain(self.client_cert, self.client_key)
        except (OSError, ValueError) as exc:
            raise KubeError(
                f"The client certificate {self.client_cert} and its key cannot be used: {exc}.",
                hint="Both must be PEM files and belong together.",
            ) from exc


def existing_file(option: str, path: str | None) -> str | None:
    """``path`` with ``~`` resolved; refused when there is no such file."""
    if not path:
        return None
    full = os.path.expanduser(path)
    if not os.path.isfile(full):
        raise KubeError(f"The file {full}, given as {option}, does not exist.")
    return full


__all__ = ("TlsSettings", "existing_file")
