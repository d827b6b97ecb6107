# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""The old ``auth-provider`` of a kubeconfig (oidc, gcp), whose tokens the ``kubernetes`` library refreshes."""

from __future__ import annotations

import contextlib
import datetime as dt
import types
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.abandonable import call_abandonable
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access import library_error
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.files import capital
from ansible_collections.arkive.k8s.plugins.module_utils._kube.kubeconfig_fields import Fields

_SECONDS = 60.0


class ProviderToken(t.NamedTuple):
    """``authorization`` is the whole header, empty when the provider gave none."""

    authorization: str
    expires_at: dt.datetime | None


def provider_token(user: Fields, *, cancel: CancelToken) -> ProviderToken:
    """Ask the provider. The library is shown nothing but its settings: of certificates it would write files."""
    provider = user.fields("auth-provider")
    name = provider.text("name")
    settings = provider.fields("config")
    values = {key: settings.text(key) for key in settings.names() if settings.text(key)}
    try:
        from kubernetes.config import kube_config
    except ImportError as exc:
        raise library_error("kubernetes", exc) from exc
    library: t.Any = kube_config
    document = {
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "clusters": [{"name": "it", "cluster": {"server": "http://127.0.0.1"}}],
        "users": [{"name": "it", "user": {"auth-provider": {"name": name, "config": values}}}],
    }

    def load() -> ProviderToken:
        loader = library.KubeConfigLoader(config_dict=document, active_context="it", config_base_path=None)
        target = types.SimpleNamespace(api_key={})
        loader.load_and_set(target)
        # 'BearerToken' since kubernetes 36, 'authorization' before it.
        token = target.api_key.get("BearerToken") or target.api_key.get("authorization") or ""
        return ProviderToken(token.strip(), loader.__dict__.get("expiry"))

    try:
        return call_abandonable(load, seconds=_SECONDS, cancel=cancel)
    except TimeoutError as exc:
        raise KubeError(
            f"The auth-provider '{name}' of {user.where} gave no token within {_SECONDS:g} s.", hint=_HINT
        ) from exc
    except _failures() as exc:
        # Its words may hold tokens, and the command line of a provider.
        raise KubeError(
            f"{capital(user.where)} cannot be used: its auth-provider '{name}' failed ({type(exc).__name__}).",
            hint=_HINT,
        ) from exc


_HINT = "Run kubectl with the same kubeconfig, or use a token or a credential plugin."


def _failures() -> tuple[type[Exception], ...]:
    """What asking a provider may raise."""
    from kubernetes.config.config_exception import ConfigException

    found: list[type[Exception]] = [ConfigException, ValueError, LookupError, TypeError, AttributeError, OSError]
    with contextlib.suppress(ImportError):
        from urllib3.exceptions import HTTPError

        found.append(HTTPError)
    with contextlib.suppress(ImportError):
        from oauthlib.oauth2 import OAuth2Error

        found.append(OAuth2Error)
    with contextlib.suppress(ImportError):
        from google.auth.exceptions import GoogleAuthError

        found.append(GoogleAuthError)
    return tuple(found)


__all__ = ("ProviderToken", "provider_token")
