# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module that shows its options, in results and in the system's log, without the secrets in them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import os
import re
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import MASK, known_secrets, url_secrets
from ansible_collections.arkive.k8s.plugins.module_utils._kube.files import path_of
from ansible_collections.arkive.k8s.plugins.module_utils._kube.kubeconfig_document import kubeconfig_mapping
from ansible_collections.arkive.k8s.plugins.module_utils._kube.kubeconfig_secrets import (
    secrets_of_kubeconfig,
    shown_kubeconfig,
)

_PATHS = ("kubeconfig", "ca_cert", "client_cert", "client_key", "ssl_ca_cert", "cert_file", "key_file")
#: ``declared`` and the like; a longer text may have been meant for a list.
_HARMLESS = re.compile(r"\w{0,20}")
_CREDENTIALS = ("access_key", "secret_key", "session_token")


class DiscreetModule(AnsibleModule):
    """Masks what ``no_log`` cannot: one value within an option, or what was read or made from it."""

    def exit_json(self, **kwargs: t.Any) -> t.NoReturn:
        super().exit_json(**self._masked(kwargs))
        raise SystemExit(0)

    def fail_json(self, msg: str, **kwargs: t.Any) -> t.NoReturn:
        super().fail_json(msg, **self._masked(kwargs))
        raise SystemExit(1)

    def _log_invocation(self) -> None:
        """Called while the options are taken, before anybody else can say what is secret in them."""
        given = self.params
        self.no_log_values.update(secrets_of_params(given))
        self.params = shown_params(given)
        try:
            super()._log_invocation()  # type: ignore[no-untyped-call]
        finally:
            self.params = given

    def learn_secrets(self) -> None:
        """What is to be masked from now on: what the options hold, and what was read or made since."""
        self.no_log_values.update(secrets_of_params(getattr(self, "params", None) or {}), known_secrets())

    def _masked(self, kwargs: dict[str, t.Any]) -> dict[str, t.Any]:
        self.learn_secrets()
        params = getattr(self, "params", None) or {}
        return {"invocation": {"module_args": shown_params(params)}, **kwargs}


def secrets_of_params(params: t.Mapping[str, t.Any]) -> set[str]:
    """The values in a task's options that must not be shown, beside those of options that are secret as a whole."""
    given = params.get("kubeconfig")
    mapping = kubeconfig_mapping(given) if isinstance(given, str) else given
    found = secrets_of_kubeconfig(mapping)
    if isinstance(given, str) and mapping is not None:
        found.add(given)
    for name, value in params.items():
        if name != "kubeconfig":
            found |= _secrets_of_value(value)
    found |= _secrets_of_locations(params.get("locations"))
    # Of these the second belongs into the first: a module that has neither may be given it by mistake.
    for terms in (params.get("databases"), params.get("credentials")):
        if not isinstance(terms, str):
            found |= _secrets_of_databases(terms)
        elif not _HARMLESS.fullmatch(terms):  # a list that is not well formed comes as a text, with what is in it
            found.add(terms)
    return found


def _secrets_of_databases(databases: t.Any) -> set[str]:
    """The passwords of databases that are given in a list, also in a wrong place of it."""
    if isinstance(databases, list):
        return set().union(*(_secrets_of_databases(entry) for entry in databases))
    if not isinstance(databases, dict):
        return set()
    said = {
        str(value)
        for name, value in databases.items()
        if value and ("pass" in str(name).lower() or (name == "credentials" and isinstance(value, str)))
    }
    return said.union(*(_secrets_of_databases(value) for value in databases.values()))


def _secrets_of_locations(locations: t.Any) -> set[str]:
    """The credentials of storage locations that are given by their names."""
    given = locations.values() if isinstance(locations, dict) else ()
    return {
        str(location[name])
        for location in given
        if isinstance(location, dict)
        for name in _CREDENTIALS
        if location.get(name)
    }


def shown_params(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The options as a result and a log may show them: of a kubeconfig names and paths, of other files the path."""
    masked = {name: MASK for name in _PATHS if params.get(name) and not _is_path(params[name])}
    given = params.get("kubeconfig")
    mapping = kubeconfig_mapping(given) if isinstance(given, str) else given
    if mapping is not None:
        masked["kubeconfig"] = shown_kubeconfig(mapping)
    return {**params, **masked}


def _is_path(value: t.Any) -> bool:
    """Whether ``value`` surely is a path, or several joined ones."""
    parts = [part for part in value.split(os.pathsep) if part] if isinstance(value, str) else []
    return bool(parts) and all("\0" not in part and (path_of(part) or os.path.exists(part)) for part in parts)


def _secrets_of_value(value: t.Any) -> set[str]:
    """Passwords in URLs, and private keys that were given in the place of a path."""
    if isinstance(value, str):
        return url_secrets(value) | ({value} if "PRIVATE KEY-----" in value else set())
    if isinstance(value, t.Mapping):
        value = list(value.values())
    return set().union(*(_secrets_of_value(inner) for inner in value)) if isinstance(value, (list, tuple)) else set()


__all__ = ("DiscreetModule", "secrets_of_params", "shown_params")
