# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Kubeconfigs and service accounts, read by the ``kubernetes`` library, which runs plugins and refreshes tokens."""

from __future__ import annotations

import contextlib
import logging
import os
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.access import FoundConfig, library_error
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth

_RENEWABLE_USERS = ("exec", "auth-provider", "tokenFile")
#: Kubelet and token controllers replace token files well before they expire; client-go reads them every minute too.
_TOKEN_FILE_SECONDS = 60.0
#: What the library raises on malformed input, beside its own ConfigException.
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError, OSError)


def find_config(auth: KubeAuth) -> FoundConfig:
    """The kubeconfig or context that was named; else the pod's service account; else the default kubeconfig."""
    if not auth.kubeconfig and not auth.context:
        in_cluster = _service_account()
        if in_cluster:
            return in_cluster
    return _from_kubeconfig(auth)


def _service_account() -> FoundConfig | None:
    """The service account of the pod that this process runs in, None outside of pods."""
    try:
        from kubernetes.config import incluster_config
        from kubernetes.config.config_exception import ConfigException
    except ImportError as exc:
        raise library_error("kubernetes", exc) from exc
    target = _Target()
    library: t.Any = incluster_config
    loader = library.InClusterConfigLoader(
        token_filename=library.SERVICE_TOKEN_FILENAME, cert_filename=library.SERVICE_CERT_FILENAME
    )
    try:
        loader.load_and_set(target)
    except ConfigException:
        return None
    return FoundConfig(
        source="the service account of this pod",
        server=target.host,
        authorization=target.authorization,
        ca_cert=target.ssl_ca_cert,
        renewable=True,
        reload_seconds=_TOKEN_FILE_SECONDS,
    )


def _from_kubeconfig(auth: KubeAuth) -> FoundConfig:
    try:
        from kubernetes.config import kube_config
    except ImportError as exc:
        raise library_error("kubernetes", exc) from exc
    library: t.Any = kube_config
    failures = _failures()
    document, source, persister = _read_kubeconfig(auth, library, failures)
    context = _choose_context(document, auth.context, source, failures)
    target = _Target()
    with _captured_log() as complaints:
        try:
            loader = library.KubeConfigLoader(
                config_dict=document, active_context=context, config_base_path=None, config_persister=persister
            )
            loader.load_and_set(target)
        except failures as exc:
            raise KubeError(f"{_capital(source)} cannot be used: {_tidy(exc)}.") from exc
    user = _user_of(document, context)
    if "exec" in user and not target.authorization and not target.cert_file:
        why = "; ".join(complaints) or "it gave no credential"
        command = user["exec"].get("command") if isinstance(user["exec"], dict) else ""
        raise KubeError(
            f"The credential plugin '{command}' of {source} failed: {why.rstrip('.')}.",
            hint="Run it by hand, or kubectl with the same kubeconfig.",
        )
    cluster = _cluster_of(document, context)
    token_file = "tokenFile" in user and "token" not in user
    return FoundConfig(
        source=source,
        server=target.host,
        authorization=target.authorization,
        verify=target.verify_ssl,
        ca_cert=target.ssl_ca_cert,
        client_cert=target.cert_file,
        client_key=target.key_file,
        tls_server_name=target.tls_server_name,
        proxy=cluster.get("proxy-url") or None,
        compress=not cluster.get("disable-compression"),
        expires_at=loader.__dict__.get("expiry"),
        renewable=any(kind in user for kind in _RENEWABLE_USERS),
        reload_seconds=_TOKEN_FILE_SECONDS if token_file else None,
    )


class _Target:
    """What the library's loaders write to: the attributes of its ``Configuration``, without its environment magic."""

    def __init__(self) -> None:
        self.host: str | None = None
        self.api_key: dict[str, str] = {}
        self.verify_ssl = True
        self.ssl_ca_cert: str | None = None
        self.cert_file: str | None = None
        self.key_file: str | None = None
        self.tls_server_name: str | None = None
        self.proxy: str | None = None
        self.refresh_api_key_hook: t.Any = None

    @property
    def authorization(self) -> str | None:
        # 'BearerToken' since kubernetes 36, 'authorization' before it; the value is the whole header either way.
        value = self.api_key.get("BearerToken") or self.api_key.get("authorization")
        return value.strip() if value else None


def _failures() -> tuple[type[Exception], ...]:
    """What reading a kubeconfig and running its credential provider may raise."""
    from kubernetes.config.config_exception import ConfigException

    found: list[type[Exception]] = [ConfigException, *_MALFORMED]
    with contextlib.suppress(ImportError):
        from oauthlib.oauth2 import OAuth2Error

        found.append(OAuth2Error)
    with contextlib.suppress(ImportError):
        from google.auth.exceptions import GoogleAuthError

        found.append(GoogleAuthError)
    return tuple(found)


def _read_kubeconfig(
    auth: KubeAuth, library: t.Any, failures: tuple[type[Exception], ...]
) -> tuple[t.Any, str, t.Callable[[], None] | None]:
    """The (merged) document, what to call it in sentences, and how changes are saved."""
    import yaml

    if isinstance(auth.kubeconfig, dict):
        return auth.kubeconfig, "the kubeconfig given as a dictionary", None
    paths = auth.kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"
    source = f"the kubeconfig {os.path.expanduser(paths)}"
    _require_file(paths, named=bool(auth.kubeconfig))
    try:
        merger = library.KubeConfigMerger(paths)
    except yaml.YAMLError as exc:
        raise KubeError(f"{_capital(source)} is not valid YAML: {_tidy(exc)}.") from exc
    except PermissionError as exc:
        raise KubeError(f"{_capital(source)} cannot be read: {exc.strerror}.") from exc
    except failures as exc:
        why = "it is not a YAML mapping" if isinstance(exc, (TypeError, AttributeError)) else _tidy(exc)
        raise KubeError(f"{_capital(source)} is not a kubeconfig: {why}.") from exc
    return merger.config, source, merger.save_changes if auth.persist_config else None


def _require_file(paths: str, *, named: bool) -> None:
    if any(os.path.exists(os.path.expanduser(path)) for path in paths.split(os.pathsep) if path):
        return
    full = os.path.expanduser(paths)
    if named:
        raise KubeError(f"The kubeconfig {full} does not exist.")
    raise KubeError(
        f"No Kubernetes credential was given, and the default kubeconfig {full} does not exist.",
        hint="Set kubeconfig (or K8S_AUTH_KUBECONFIG), or host with api_key.",
    )


def _choose_context(document: t.Any, wanted: str | None, source: str, failures: tuple[type[Exception], ...]) -> str:
    try:
        names = [str(entry["name"]) for entry in document["contexts"]]
        current = _plain(document).get("current-context")
    except failures as exc:
        raise KubeError(f"{_capital(source)} is not a kubeconfig: it has no list of contexts.") from exc
    context = wanted or current
    known = f"It has: {', '.join(sorted(names))}." if names else "It has none."
    if not context:
        raise KubeError(f"{_capital(source)} names no current context.", hint=f"Set context. {known}")
    if context not in names:
        raise KubeError(f"{_capital(source)} has no context '{context}'.", hint=known)
    return str(context)


def _plain(node: t.Any) -> t.Any:
    """The data of one of the library's ``ConfigNode`` objects, or of what is plain already."""
    return getattr(node, "value", node)


def _named_entry(document: t.Any, section: str, name: str) -> dict[str, t.Any]:
    """``{"name": ..., "user": {...}}`` of a section as a plain dict; empty when it is not there."""
    for entry in document[section] if document.get(section) else ():
        plain = _plain(entry)
        if isinstance(plain, dict) and plain.get("name") == name:
            return plain
    return {}


def _user_of(document: t.Any, context: str) -> dict[str, t.Any]:
    plain = _plain(document)
    chosen = _named_entry(plain, "contexts", context).get("context") or {}
    return dict(_named_entry(plain, "users", str(chosen.get("user"))).get("user") or {})


def _cluster_of(document: t.Any, context: str) -> dict[str, t.Any]:
    """The cluster itself, for ``disable-compression`` and ``proxy-url`` (kubernetes 30 does not read it)."""
    plain = _plain(document)
    chosen = _named_entry(plain, "contexts", context).get("context") or {}
    return dict(_named_entry(plain, "clusters", str(chosen.get("cluster"))).get("cluster") or {})


@contextlib.contextmanager
def _captured_log() -> t.Iterator[list[str]]:
    """What the library logs while it loads: it reports a failing credential plugin in no other way."""
    lines: list[str] = []
    handler = logging.Handler(level=logging.WARNING)
    handler.emit = lambda record: lines.append(" ".join(record.getMessage().split()))  # type: ignore[method-assign]
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield lines
    finally:
        root.removeHandler(handler)


def _tidy(exc: BaseException) -> str:
    text = " ".join(str(exc).split()) or type(exc).__name__
    return text.removeprefix("Invalid kube-config file. ").rstrip(".")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


__all__ = ("find_config",)
