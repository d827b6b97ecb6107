# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom a kubeconfig's user acts as, as kubectl passes it to the API server. The ``kubernetes`` library ignores it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.kubeconfig_fields import Fields

#: Names and values, in order.
Headers: t.TypeAlias = tuple[tuple[str, str], ...]

#: What no name of a header may hold; client-go writes it in hexadecimal, the percent sign as well.
_NOT_IN_NAMES = re.compile(rb"[^!#$&'*+.^_`|~0-9A-Za-z-]")


def kubeconfig_impersonation(user: Fields) -> Headers:
    """The headers for ``as``, ``as-uid``, ``as-groups`` and ``as-user-extra``; none where the user acts as itself."""
    name, uid, groups = user.text("as"), user.text("as-uid"), user.texts("as-groups")
    extra = user.fields("as-user-extra")
    if not name:
        if uid or groups or extra.names():
            raise user.wrong("impersonates a uid, groups or other attributes without a user (as)")
        return ()
    found = [("Impersonate-User", name)]
    found += [("Impersonate-Uid", uid)] if uid else []
    found += [("Impersonate-Group", group) for group in groups]
    for key in extra.names():
        found += [(f"Impersonate-Extra-{_header_name(key)}", value) for value in extra.texts(key)]
    return tuple(found)


def option_impersonation(user: str | None, groups: t.Iterable[str]) -> Headers:
    """The same for the options of a task."""
    named = (("Impersonate-User", user),) if user else ()
    return (*named, *(("Impersonate-Group", group) for group in groups))


def _header_name(key: str) -> str:
    return _NOT_IN_NAMES.sub(lambda found: b"%%%02X" % found[0][0], key.encode("utf-8", "replace")).decode("ascii")


__all__ = ("Headers", "kubeconfig_impersonation", "option_impersonation")
