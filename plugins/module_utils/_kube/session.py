# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all threads of a client share: the credential of the moment, the connection pool, the request counter."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import datetime as dt
import threading
import time
import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access import ApiAccess
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, library_error
from ansible_collections.arkive.k8s.plugins.module_utils._kube.guards import Guards, guard_connections
from ansible_collections.arkive.k8s.plugins.module_utils._kube.retries import RetryPolicy
from ansible_collections.arkive.k8s.plugins.module_utils._kube.server_clock import ServerClock

#: A renewable credential is renewed this long before it ends, but not more often than every ``_RENEW_PAUSE`` seconds.
_RENEW_LEAD = 60.0
_RENEW_PAUSE = 30.0
_TICK = 0.2


class Load(t.Protocol):
    """Finds the configuration and credential again each time that it is called, until ``cancel`` is set."""

    def __call__(self, *, cancel: CancelToken) -> ApiAccess:
        """Fails with a sentence when there is none."""


class Lane(t.NamedTuple):
    """One generation of the credential with its pool: a request uses one lane from start to end."""

    generation: int
    access: ApiAccess
    #: What has ``request``: the server's own connections, which take a path, or a proxy manager, which takes a URL.
    pool: t.Any

    def url(self, target: str) -> str:
        """``target`` (path and query) as the pool wants it."""
        if self.access.proxy is not None:
            return self.access.server + target
        return urllib.parse.urlsplit(self.access.server).path + target


class Session:
    """Thread-safe. ``cancel`` is for the first load only: each later one obeys the token of the call that needs it."""

    def __init__(
        self, load: Load, *, timeout: float, pool_size: int, retry: RetryPolicy, cancel: CancelToken | None = None
    ) -> None:
        self._load = load
        self._pool_size = pool_size
        self.timeout = timeout
        self.retry = retry
        self._lock = threading.Lock()
        self._reload_lock = threading.Lock()
        self._requests_made = 0
        self.ever_answered = False
        self._loaded_at = time.monotonic()
        self.guards = Guards()
        self.clock = ServerClock()
        access = load(cancel=cancel or CancelToken())
        self._lane = Lane(1, access, _open_pool(access, pool_size))

    @property
    def lane(self) -> Lane:
        """The lane for the next request of someone who cannot be cancelled."""
        return self.lane_for(CancelToken())

    def lane_for(self, cancel: CancelToken) -> Lane:
        """The lane for the next request; a credential that is about to end is renewed first."""
        if self._renewal_is_due(self._lane.access):
            # A plugin that fails just now does not spoil a credential that still works; if it does not, a 401 says so.
            with contextlib.suppress(KubeError):
                self.reload(self._lane.generation, cancel=cancel)
        return self._lane

    @property
    def access(self) -> ApiAccess:
        return self._lane.access

    @property
    def requests_made(self) -> int:
        return self._requests_made

    def count_request(self) -> None:
        with self._lock:
            self._requests_made += 1

    def reload(self, generation: int, *, cancel: CancelToken | None = None) -> None:
        """Read configuration and credential again, unless another thread did so since ``generation``."""
        cancel = cancel or CancelToken()
        with self._turn(cancel):
            if self._lane.generation != generation:
                return
            self._loaded_at = time.monotonic()
            access = self._load(cancel=cancel)
            # An old pool is left to the requests that still run on it.
            unchanged = access == self._lane.access
            pool = self._lane.pool if unchanged else _open_pool(access, self._pool_size)
            self._lane = Lane(generation + 1, access, pool)

    @contextlib.contextmanager
    def _turn(self, cancel: CancelToken) -> t.Iterator[None]:
        """One thread at a time; a plugin may take long, and whoever waits for it can be cancelled."""
        while not self._reload_lock.acquire(timeout=_TICK):
            cancel.check()
        try:
            yield
        finally:
            self._reload_lock.release()

    def _renewal_is_due(self, access: ApiAccess) -> bool:
        age = time.monotonic() - self._loaded_at
        if access.reload_seconds is not None and age > access.reload_seconds:
            return True
        if not access.renewable or access.expires_at is None or age < _RENEW_PAUSE:
            return False
        return (access.expires_at - dt.datetime.now(tz=dt.UTC)).total_seconds() < _RENEW_LEAD


def _open_pool(access: ApiAccess, size: int) -> t.Any:
    """urllib3's connections with the same TLS settings, proxy and credential as the exec streams."""
    try:
        import urllib3
    except ImportError as exc:
        raise library_error("urllib3", exc) from exc
    options: dict[str, t.Any] = {"num_pools": 4, "maxsize": size, "retries": False}
    if access.tls_settings is not None:
        # urllib3 1 gives ssl no name for a host that is an address; it compares the names itself then.
        own_check = getattr(urllib3, "__version__", "").startswith("1.")
        options["ssl_context"] = access.tls_settings.context(check_name=False) if own_check else access.tls
        if not access.tls_settings.verify:
            options["assert_hostname"] = False
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        if access.tls_server_name:
            options["server_hostname"] = access.tls_server_name
    if access.proxy is None:
        # Not the manager: it looks for the right pool again with each request.
        return guard_connections(urllib3.PoolManager(**options)).connection_from_url(access.server)
    if access.proxy.lower().startswith("socks"):
        return _open_socks_pool(access.proxy, options)
    try:
        manager = urllib3.ProxyManager(access.proxy, proxy_headers=dict(access.proxy_headers), **options)
    except (ValueError, AssertionError, urllib3.exceptions.HTTPError) as exc:
        # What urllib3 says quotes the URL, and a password that may be in it.
        raise KubeError(
            "The URL of the proxy cannot be used.", hint="Write it as http://name:3128 or socks5://name:1080."
        ) from exc
    return guard_connections(manager)


def _open_socks_pool(proxy: str, options: dict[str, t.Any]) -> t.Any:
    try:
        from urllib3.contrib.socks import SOCKSProxyManager
    except ImportError as exc:
        raise library_error("PySocks", exc) from exc
    try:
        return guard_connections(SOCKSProxyManager(proxy, **options))
    except ValueError as exc:
        raise KubeError("The URL of the SOCKS proxy cannot be used.", hint="Write it as socks5://name:1080.") from exc


__all__ = ("Lane", "Session")
