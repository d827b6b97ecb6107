# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a kubeconfig must not be shown."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import MASK, mask_urls, url_secrets

#: The fields that hold secrets, wherever they stand.
_SECRET_FIELDS = frozenset(
    (
        "token",
        "password",
        "client-key-data",
        "access-token",
        "id-token",
        "refresh-token",
        "client-secret",
    )
)
#: What of a user may be shown: names and paths. All else is masked, whatever it is.
_SHOWN_OF_USERS = frozenset(
    ("client-certificate", "client-key", "tokenFile", "username", "as", "command", "apiVersion", "interactiveMode")
)
_SHOWN_LISTS = frozenset(("as-groups",))
_SHOWN_MAPPINGS = frozenset(("exec", "auth-provider"))
#: Variables of a plugin whose value is a secret, and not a region or a profile whose name may be anywhere.
_SECRET_VARIABLE = re.compile(r"KEY|TOKEN|SECRET|PASS|PWD|CREDENTIAL|AUTH|COOKIE|SESSION", re.IGNORECASE)
_LONG = 16
_DEEPEST = 12


def secrets_of_kubeconfig(kubeconfig: t.Any, *, depth: int = 0) -> set[str]:
    """The values that must not be shown anywhere, not even as part of another text."""
    found: set[str] = set()
    if depth > _DEEPEST:
        return found
    if isinstance(kubeconfig, str):
        return url_secrets(kubeconfig)
    if isinstance(kubeconfig, t.Mapping):
        for name, value in kubeconfig.items():
            if name in _SECRET_FIELDS and isinstance(value, str) and value:
                found |= {value, value.strip()}
            elif name == "env" and isinstance(value, list):
                found |= _secret_variables(value)
            else:
                found |= secrets_of_kubeconfig(value, depth=depth + 1)
    elif isinstance(kubeconfig, list):
        for value in kubeconfig:
            found |= secrets_of_kubeconfig(value, depth=depth + 1)
    return found


def _secret_variables(entries: list[t.Any]) -> set[str]:
    pairs = [(str(entry.get("name")), entry.get("value")) for entry in entries if isinstance(entry, dict)]
    return {
        value
        for name, value in pairs
        if isinstance(value, str) and value and (_SECRET_VARIABLE.search(name) or len(value) >= _LONG)
    }


def shown_kubeconfig(kubeconfig: t.Any) -> t.Any:
    """A copy of a kubeconfig that may be shown: of its users only names and paths are left."""
    if not isinstance(kubeconfig, t.Mapping):
        return MASK
    return {name: _shown_users(value) if name == "users" else _shown(value, 0) for name, value in kubeconfig.items()}


def _shown_users(entries: t.Any) -> t.Any:
    if not isinstance(entries, list):
        return MASK
    return [
        {"name": entry.get("name"), "user": _shown_user(entry.get("user"))} if isinstance(entry, t.Mapping) else MASK
        for entry in entries
    ]


def _shown_user(user: t.Any) -> t.Any:
    if not isinstance(user, t.Mapping):
        return MASK
    return {name: _shown_of_user(name, value) for name, value in user.items()}


def _shown_of_user(name: t.Any, value: t.Any) -> t.Any:
    if name in _SHOWN_MAPPINGS:
        return _shown_user(value)
    if (name in _SHOWN_OF_USERS and isinstance(value, str)) or name in _SHOWN_LISTS:
        return value
    return MASK


def _shown(value: t.Any, depth: int) -> t.Any:
    if depth > _DEEPEST:
        return MASK
    if isinstance(value, str):
        return mask_urls(value)
    if isinstance(value, t.Mapping):
        return {name: MASK if name in _SECRET_FIELDS else _shown(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [_shown(inner, depth + 1) for inner in value]
    return value


__all__ = ("secrets_of_kubeconfig", "shown_kubeconfig")
