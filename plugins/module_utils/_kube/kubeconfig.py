# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who a kubeconfig, or the pod that we run in, says that we are. Certificates and keys stay in memory."""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import datetime as dt
import os
import types
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import remember_secrets, url_secrets
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, library_error
from ansible_collections.arkive.k8s.plugins.module_utils._kube.files import capital, read_named
from ansible_collections.arkive.k8s.plugins.module_utils._kube.found_config import FoundConfig
from ansible_collections.arkive.k8s.plugins.module_utils._kube.impersonation import kubeconfig_impersonation
from ansible_collections.arkive.k8s.plugins.module_utils._kube.kube_auth import KubeAuth
from ansible_collections.arkive.k8s.plugins.module_utils._kube.kubeconfig_document import (
    Entry,
    Kubeconfig,
    read_kubeconfig,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.kubeconfig_fields import Fields
from ansible_collections.arkive.k8s.plugins.module_utils._kube.kubeconfig_secrets import secrets_of_kubeconfig
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pem import Pem

_RENEWABLE_USERS = ("exec", "auth-provider", "tokenFile")
#: Kubelet and token controllers replace token files well before they expire; client-go reads them every minute too.
_TOKEN_FILE_SECONDS = 60.0


class _Credential(t.NamedTuple):
    authorization: str | None = None
    expires_at: dt.datetime | None = None
    client_cert: Pem | None = None
    client_key: Pem | None = None


def find_config(auth: KubeAuth, *, cancel: CancelToken) -> FoundConfig:
    """The kubeconfig or context that was named; else the pod's service account; else the default kubeconfig."""
    if not auth.kubeconfig and not auth.context:
        in_cluster = _service_account()
        if in_cluster:
            return in_cluster
    return _from_kubeconfig(read_kubeconfig(auth.kubeconfig or None), auth.context, cancel)


def _service_account() -> FoundConfig | None:
    """The service account of the pod that this process runs in, None outside of pods."""
    if not os.environ.get("KUBERNETES_SERVICE_HOST"):
        return None
    try:
        from kubernetes.config import incluster_config
        from kubernetes.config.config_exception import ConfigException
    except ImportError as exc:
        raise library_error("kubernetes", exc) from exc
    target = types.SimpleNamespace(api_key={}, ssl_ca_cert=None, host=None)
    library: t.Any = incluster_config
    loader = library.InClusterConfigLoader(
        token_filename=library.SERVICE_TOKEN_FILENAME, cert_filename=library.SERVICE_CERT_FILENAME
    )
    try:
        loader.load_and_set(target)
    except ConfigException:
        return None
    except (OSError, ValueError) as exc:
        raise KubeError("The service account of this pod cannot be read.", hint="Set kubeconfig, or host.") from exc
    what = "the CA certificate of this pod's service account"
    # 'BearerToken' since kubernetes 36, 'authorization' before it; the value is the whole header either way.
    token = target.api_key.get("BearerToken") or target.api_key.get("authorization")
    return FoundConfig(
        source="the service account of this pod",
        server=target.host,
        authorization=token.strip() if token else None,
        ca_cert=Pem(what, read_named(target.ssl_ca_cert, what=what)) if target.ssl_ca_cert else None,
        renewable=True,
        reload_seconds=_TOKEN_FILE_SECONDS,
    )


def _from_kubeconfig(config: Kubeconfig, wanted: str | None, cancel: CancelToken) -> FoundConfig:
    name, context = _choose_context(config, wanted)
    cluster = _referred(config, context.fields, "cluster", name)
    user = _referred(config, context.fields, "user", name) if context.fields.text("user") else None
    settings = cluster.fields
    remember_secrets(secrets_of_kubeconfig(user.fields.as_dict() if user else {}))
    remember_secrets(url_secrets(settings.text("proxy-url")))
    credential = _credential(user, cluster, cancel) if user else _Credential()
    token_file = user is not None and "tokenFile" in user.fields and "token" not in user.fields
    return FoundConfig(
        source=config.source,
        server=settings.text("server"),
        authorization=credential.authorization,
        verify=not settings.flag("insecure-skip-tls-verify"),
        ca_cert=_pem(cluster, "certificate-authority"),
        client_cert=credential.client_cert,
        client_key=credential.client_key,
        tls_server_name=settings.text("tls-server-name") or None,
        proxy=settings.text("proxy-url") or None,
        compress=not settings.flag("disable-compression"),
        expires_at=credential.expires_at,
        renewable=user is not None and any(kind in user.fields for kind in _RENEWABLE_USERS),
        reload_seconds=_TOKEN_FILE_SECONDS if token_file else None,
        impersonation=kubeconfig_impersonation(user.fields) if user is not None else (),
    )


def _choose_context(config: Kubeconfig, wanted: str | None) -> tuple[str, Entry]:
    names = config.names("contexts")
    name = wanted or config.current_context
    known = f"It has: {', '.join(names)}." if names else "It has none."
    if not name and not names:
        raise KubeError(
            f"{capital(config.source)} has no contexts: it is no kubeconfig, or one that is not finished.",
            hint="Give the kubeconfig that kubectl uses, or host with a credential in its place.",
        )
    if not name:
        raise KubeError(f"{capital(config.source)} names no current context.", hint=f"Set context. {known}")
    found = config.entry("contexts", name)
    if found is None:
        raise KubeError(f"{capital(config.source)} has no context '{name}'.", hint=known)
    return name, found


def _referred(config: Kubeconfig, context: Fields, kind: str, context_name: str) -> Entry:
    """The cluster or the user that a context names."""
    name = context.text(kind)
    if not name:
        raise context.wrong(f"names no {kind}")
    found = config.entry(f"{kind}s", name)
    if found is None:
        raise KubeError(
            f"{capital(config.source)} has no {kind} '{name}', which its context '{context_name}' names.",
            hint="Correct the kubeconfig, or set context to another one.",
        )
    return found


def _credential(user: Entry, cluster: Entry, cancel: CancelToken) -> _Credential:
    """The first of auth-provider, token, plugin, user name and password, and the client certificate beside it."""
    fields = user.fields
    own = _Credential(client_cert=_pem(user, "client-certificate"), client_key=_pem(user, "client-key"))
    if own.client_cert and not own.client_key:
        raise fields.wrong("has a client certificate without a client-key")
    if "auth-provider" in fields:
        from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth_provider import provider_token

        given = provider_token(fields, cancel=cancel)
        if given.authorization:
            remember_secrets(given.authorization.split(" "))
            return own._replace(authorization=given.authorization, expires_at=given.expires_at)
    token = fields.text("token") or _token_of_file(user)
    if token:
        return own._replace(authorization=f"Bearer {token}")
    if "exec" in fields:
        from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_credential import run_plugin

        answer = run_plugin(user, cluster, cancel=cancel)
        return _Credential(
            authorization=f"Bearer {answer.token}" if answer.token else None,
            expires_at=answer.expires_at,
            client_cert=answer.client_cert or own.client_cert,
            client_key=answer.client_key or own.client_key,
        )
    if fields.text("username") and "password" in fields:
        pair = base64.b64encode(f"{fields.text('username')}:{fields.text('password')}".encode()).decode()
        remember_secrets([pair])
        return own._replace(authorization=f"Basic {pair}")
    return own


def _token_of_file(user: Entry) -> str:
    path = user.fields.text("tokenFile")
    if not path:
        return ""
    full = os.path.join(user.folder, path)
    what = f"the token file {full} of {user.fields.where}"
    try:
        token = read_named(full, what=what, largest=1 << 20).decode("ascii").strip()
    except UnicodeDecodeError as exc:
        raise KubeError(f"{capital(what)} holds no token.") from exc
    if not token:
        raise KubeError(f"{capital(what)} is empty.")
    remember_secrets([token])
    return token


def _pem(entry: Entry, key: str) -> Pem | None:
    """A certificate or key that is in the kubeconfig itself, or in a file that it names."""
    data = f"{key}-data"
    if entry.fields.text(data):
        return Pem(f"the {data} of {entry.fields.where}", entry.fields.decoded(data))
    path = entry.fields.text(key)
    if not path:
        return None
    full = os.path.join(entry.folder, path)
    what = f"the {key} {full} of {entry.fields.where}"
    return Pem(what, read_named(full, what=what))


__all__ = ("find_config",)
