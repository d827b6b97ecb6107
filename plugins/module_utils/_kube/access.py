# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that is needed to open a connection to one API server, from the options and the configuration found."""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import contextlib
import dataclasses
import datetime as dt
import ipaddress
import json
import ssl
import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import mask_urls, remember_secrets, url_secrets
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, library_error
from ansible_collections.arkive.k8s.plugins.module_utils._kube.found_config import FoundConfig
from ansible_collections.arkive.k8s.plugins.module_utils._kube.impersonation import Headers, option_impersonation
from ansible_collections.arkive.k8s.plugins.module_utils._kube.kube_auth import KubeAuth
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pem import pem_from_option
from ansible_collections.arkive.k8s.plugins.module_utils._kube.tls import TlsSettings


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ApiAccess:
    """Immutable: a reloaded credential is a new ``ApiAccess``, equal to the old one when nothing changed.

    server: ``https://127.0.0.1:6443``, a path may follow, no slash at the end.
    headers: sent with every request and every exec handshake (Authorization, Impersonate-*), in order.
    tls: for streams, None for plain HTTP; made from ``tls_settings``, whose files had the content ``tls_digest``.
    reload_seconds: read the credential again when it is older than this (token files); None when only expiry counts.
    compress: whether answers are worth compressing on their way.
    """

    source: str
    server: str
    headers: tuple[tuple[str, str], ...] = dataclasses.field(repr=False)
    tls: ssl.SSLContext | None = dataclasses.field(compare=False)
    tls_settings: TlsSettings | None
    tls_digest: str
    tls_server_name: str | None
    proxy: str | None = dataclasses.field(repr=False)
    proxy_headers: t.Mapping[str, str] = dataclasses.field(repr=False)
    expires_at: dt.datetime | None
    renewable: bool
    reload_seconds: float | None
    compress: bool = True

    @property
    def host(self) -> str:
        return urllib.parse.urlsplit(self.server).hostname or ""

    @property
    def port(self) -> int:
        return urllib.parse.urlsplit(self.server).port or (443 if self.tls else 80)


def load_access(auth: KubeAuth, *, cancel: CancelToken | None = None) -> ApiAccess:
    """Find the configuration in the order that ``KubeAuth`` describes and put the options over it.

    A credential plugin that runs for it is ended when ``cancel`` is set.
    """
    # Imported here, because the kubernetes library takes a second to load and is needed for few of them.
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.kubeconfig import find_config

    found = FoundConfig() if _options_are_enough(auth) else find_config(auth, cancel=cancel or CancelToken())
    server = _server_url(auth.host or found.server, found.source)
    proxy, proxy_headers = _proxy(auth, found, server)
    own_credential = _own_authorization(auth)
    authorization = own_credential or found.authorization
    tls = _tls_settings(auth, found) if server.startswith("https:") else None
    return ApiAccess(
        source=found.source,
        server=server,
        headers=_headers(auth, authorization, found.impersonation),
        tls=tls.context() if tls else None,
        tls_settings=tls,
        tls_digest=tls.digest() if tls else "",
        tls_server_name=found.tls_server_name,
        proxy=proxy,
        proxy_headers=proxy_headers,
        expires_at=jwt_expiry(own_credential) if own_credential else found.expires_at or jwt_expiry(authorization),
        renewable=found.renewable and not own_credential,
        reload_seconds=None if own_credential else found.reload_seconds,
        compress=found.compress and not _is_loopback(server),
    )


def jwt_expiry(authorization: str | None) -> dt.datetime | None:
    """When a bearer token ends that is a JWT with ``exp``; None for any other credential."""
    parts = (authorization or "").split(" ")[-1].split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return dt.datetime.fromtimestamp(float(claims["exp"]), tz=dt.UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError):
        return None


def bypasses_proxy(url: str, no_proxy: str) -> bool:
    """Whether ``no_proxy`` (hosts, domains, addresses or CIDRs, comma-separated) names the host of ``url``."""
    parts = urllib.parse.urlsplit(url)
    host = (parts.hostname or "").lower()
    entries = [entry.strip().lower() for entry in no_proxy.split(",") if entry.strip()]
    if "*" in entries or host in entries or parts.netloc.lower() in entries:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return any(f".{host}".endswith("." + entry.lstrip("*").lstrip(".")) for entry in entries)
    return any(address in network for network in _networks(entries))


def _networks(entries: t.Iterable[str]) -> t.Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    for entry in entries:
        with contextlib.suppress(ValueError):
            yield ipaddress.ip_network(entry, strict=False)


def _options_are_enough(auth: KubeAuth) -> bool:
    credential = auth.api_key or (auth.username and auth.password) or (auth.client_cert and auth.client_key)
    return bool(auth.host and credential)


def _server_url(text: str | None, source: str) -> str:
    if not text:
        raise KubeError(f"No API server is named by {source}.", hint="Set host to its URL, or use another kubeconfig.")
    try:
        parts = urllib.parse.urlsplit(text)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        is_good = is_good and text.isprintable() and " " not in text
    except ValueError:
        is_good = False
    if not is_good:
        what = f"'{mask_urls(text)}'" if len(text) < 300 and text.isprintable() else f"A text of {len(text)} characters"
        raise KubeError(f"{what} is not the URL of an API server.", hint="Write it as https://name:6443.")
    if "@" in parts.netloc:
        remember_secrets(url_secrets(text))
        raise KubeError(
            f"The URL of the API server that {source} names holds a user name or a password.",
            hint="Take them out of the URL, and set username and password.",
        )
    return text.rstrip("/")


def _is_loopback(url: str) -> bool:
    """Whether the server is this very machine, where compressing costs more than it saves."""
    host = urllib.parse.urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _own_authorization(auth: KubeAuth) -> str | None:
    """The Authorization header that the options themselves give."""
    if auth.api_key:
        return f"Bearer {auth.api_key}"
    if auth.username and auth.password is not None:
        pair = base64.b64encode(f"{auth.username}:{auth.password}".encode()).decode()
        remember_secrets([pair])
        return f"Basic {pair}"
    return None


def _headers(auth: KubeAuth, authorization: str | None, of_kubeconfig: Headers) -> Headers:
    if auth.impersonate_groups and not auth.impersonate_user:
        raise KubeError(
            "Groups are to be impersonated without a user.", hint="Set impersonate_user too: Kubernetes demands it."
        )
    own = option_impersonation(auth.impersonate_user, auth.impersonate_groups)
    headers = [("Authorization", authorization)] if authorization else []
    headers += own or of_kubeconfig
    for name, value in headers:
        if any(char in value for char in "\r\n\0"):
            raise KubeError(f"The value for {name} has a line break in it.", hint="Check the token or the name.")
    return tuple((name, _as_sent(value)) for name, value in headers)


def _as_sent(value: str) -> str:
    """UTF-8, as Go's clients send it, in the characters that Python's write as single bytes."""
    return value.encode("utf-8", "surrogateescape").decode("latin-1")


def _proxy(auth: KubeAuth, found: FoundConfig, server: str) -> tuple[str | None, dict[str, str]]:
    proxy = auth.proxy or found.proxy
    if not proxy or bypasses_proxy(server, auth.no_proxy or ""):
        return None, {}
    try:
        from urllib3.util import make_headers

        given = dict(auth.proxy_headers or {})
        remember_secrets(url_secrets(proxy))
        parts = urllib.parse.urlsplit(proxy)
        if parts.username and not given.get("proxy_basic_auth"):
            user, password = urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or "")
            given["proxy_basic_auth"] = f"{user}:{password}"
        return proxy, make_headers(**given)
    except ImportError as exc:
        raise library_error("urllib3", exc) from exc
    except (TypeError, ValueError, AttributeError) as exc:
        raise KubeError(
            "The proxy and its proxy_headers cannot be used.",
            hint="The keys of proxy_headers are proxy_basic_auth, basic_auth and user_agent.",
        ) from exc


def _tls_settings(auth: KubeAuth, found: FoundConfig) -> TlsSettings:
    if _own_authorization(auth):
        # The API server prefers a certificate to a token: it would take us for the kubeconfig's user.
        found = dataclasses.replace(found, client_cert=None, client_key=None)
    return TlsSettings(
        verify=found.verify if auth.validate_certs is None else auth.validate_certs,
        ca_cert=pem_from_option("ca_cert", auth.ca_cert) or found.ca_cert,
        client_cert=pem_from_option("client_cert", auth.client_cert) or found.client_cert,
        client_key=pem_from_option("client_key", auth.client_key) or found.client_key,
    )


__all__ = ("ApiAccess", "bypasses_proxy", "jwt_expiry", "load_access")
