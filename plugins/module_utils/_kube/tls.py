# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS settings: one set of certificates, one or two contexts of ``ssl``."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import hashlib
import ssl
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pem import Pem, as_path


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """verify: check certificate and name of the server. Without ``ca_cert``: the system's CAs."""

    verify: bool
    ca_cert: Pem | None
    client_cert: Pem | None
    client_key: Pem | None

    def context(self, *, check_name: bool = True) -> ssl.SSLContext:
        """A context for connections; without ``check_name`` the caller compares the server's name itself."""
        context = self._context_with_ca()
        # Default since Python 3.13; but many clusters' CAs have no authority key identifier, and kubectl takes them.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.check_hostname = self.verify and check_name
        if not self.verify:
            context.verify_mode = ssl.CERT_NONE
        self._load_client_certificate(context)
        return context

    def digest(self) -> str:
        """Changes with the settings and with the content of the certificates."""
        digest = hashlib.sha256(f"{self.verify}".encode())
        for pem in (self.ca_cert, self.client_cert, self.client_key):
            digest.update(hashlib.sha256(pem.data).digest() if pem else b"\0")
        return digest.hexdigest()

    def _context_with_ca(self) -> ssl.SSLContext:
        if self.ca_cert is None:
            return ssl.create_default_context()
        try:
            return ssl.create_default_context(cadata=self.ca_cert.blocks.decode("ascii"))
        except (OSError, ValueError) as exc:
            raise KubeError(
                f"The CA certificate cannot be used: {self.ca_cert.what} holds no certificate that can be read.",
                hint="It must be PEM, as in '-----BEGIN CERTIFICATE-----'.",
            ) from exc

    def _load_client_certificate(self, context: ssl.SSLContext) -> None:
        cert, key = self.client_cert, self.client_key or self.client_cert
        if cert is None or key is None:
            return
        try:
            with as_path(cert) as cert_path, as_path(key) as key_path:
                context.load_cert_chain(cert_path, key_path, password=_no_passphrase)
        except (OSError, ValueError) as exc:
            raise KubeError(
                f"The client certificate and its key cannot be used: {_why_not(cert, key, exc)}.",
                hint="Both must be PEM and belong together, the key without a passphrase.",
            ) from exc


class _PassphraseWanted(ValueError):
    """The key is encrypted."""


def _no_passphrase() -> t.NoReturn:
    # Without this, OpenSSL asks on the terminal, and waits forever.
    raise _PassphraseWanted


def _why_not(cert: Pem, key: Pem, exc: Exception) -> str:
    """In words of ours: those of OpenSSL name a line of its source."""
    if isinstance(exc, _PassphraseWanted):
        return f"{key.what} is protected by a passphrase"
    for pem, kind in ((cert, "certificate"), (key, "key")):
        if pem.is_empty:
            return f"{pem.what} holds no {kind} that can be read"
    if getattr(exc, "reason", "") in {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH"}:
        return f"{key.what} does not belong to {cert.what}"
    return f"{cert.what} or {key.what} cannot be read"


__all__ = ("TlsSettings",)
