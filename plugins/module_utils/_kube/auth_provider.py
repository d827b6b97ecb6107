# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The old ``auth-provider`` of a kubeconfig (oidc, gcp), whose tokens the ``kubernetes`` library refreshes."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import re
import types
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.abandonable import call_abandonable
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import mask, remember_secrets
from ansible_collections.arkive.k8s.plugins.module_utils._kube.bounded_process import run_bounded
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, library_error
from ansible_collections.arkive.k8s.plugins.module_utils._kube.files import capital
from ansible_collections.arkive.k8s.plugins.module_utils._kube.kubeconfig_fields import Fields

_SECONDS = 60.0
_LARGEST_ANSWER = 1 << 20
_SHOWN_CHARACTERS = 300
#: What JSONPath is used for in kubeconfigs, such as ``{.credential.access_token}``.
_KEY_PATH = re.compile(r"\{\.[\w.-]+\}")


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

    command = _Command(name, values, user, cancel) if name == "gcp" and "cmd-path" in values else None

    def load() -> ProviderToken:
        own = {} if command is None else {"get_google_credentials": command.run}
        loader = library.KubeConfigLoader(config_dict=document, active_context="it", config_base_path=None, **own)
        target = types.SimpleNamespace(api_key={})
        loader.load_and_set(target)
        # 'BearerToken' since kubernetes 36, 'authorization' before it.
        token = target.api_key.get("BearerToken") or target.api_key.get("authorization") or ""
        return ProviderToken(token.strip(), loader.__dict__.get("expiry"))

    try:
        # A command is ended with its time, and asks nobody over the network by the library.
        return load() if command is not None else call_abandonable(load, seconds=_SECONDS, cancel=cancel)
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


class _GoogleToken(t.NamedTuple):
    """What the library takes from a source of Google's tokens."""

    token: str
    expiry: dt.datetime


class _Command:
    """The program that a ``gcp`` provider names for its tokens. The library's own way would wait for it forever."""

    def __init__(self, name: str, values: t.Mapping[str, str], user: Fields, cancel: CancelToken) -> None:
        self._named = f"the cmd-path of the auth-provider '{name}' of {user.where}"
        words = values["cmd-path"].split()
        self._argv = [values["cmd-path"], *values["cmd-args"].split()] if "cmd-args" in values else words
        self._values = values
        self._cancel = cancel

    def run(self) -> _GoogleToken:
        """Raises ``KubeError`` and ``Cancelled``."""
        try:
            ended = run_bounded(self._argv, os.environ, seconds=_SECONDS, limit=_LARGEST_ANSWER, cancel=self._cancel)
        except (OSError, ValueError, IndexError) as exc:
            why = "it was not found" if isinstance(exc, FileNotFoundError) else "it could not be started"
            raise self._failed(why) from exc
        if ended.flooded:
            raise self._failed(f"it wrote more than {_LARGEST_ANSWER >> 20} MiB and was ended")
        if ended.rc is None:
            raise self._failed(f"it gave no token within {_SECONDS:g} s and was ended")
        if ended.rc != 0:
            said = " ".join(mask(ended.stderr.decode("utf-8", "replace"), self._argv[1:]).split())[:_SHOWN_CHARACTERS]
            raise self._failed(f"it ended with code {ended.rc}{': ' * bool(said)}{said.rstrip('.')}")
        try:
            answer = json.loads(ended.stdout)
        except (ValueError, RecursionError) as exc:
            raise self._failed("its answer is not JSON") from exc
        token = self._find(answer, "token-key", ("{.credential.access_token}", "{.access_token}"))
        remember_secrets([token])
        return _GoogleToken(token, self._time(answer))

    def _find(self, answer: t.Any, option: str, usual: tuple[str, ...]) -> str:
        given = self._values.get(option)
        for path in (given,) if given else usual:
            found = answer
            for part in path[2:-1].split(".") if _KEY_PATH.fullmatch(path) else ("",):
                found = found.get(part) if isinstance(found, dict) else None
            if isinstance(found, str) and found:
                return found
        raise self._failed(f"its answer has no text where {option} looks for it")

    def _time(self, answer: t.Any) -> dt.datetime:
        try:
            found = parse_rfc3339(self._find(answer, "expiry-key", ("{.credential.token_expiry}", "{.token_expiry}")))
        except ValidationError as exc:
            raise self._failed("the end of its token is no time") from exc
        return found

    def _failed(self, why: str) -> KubeError:
        return KubeError(f"T{self._named[1:]} failed: {why}.", hint=_HINT)


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
