# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths of the API out of names that come from somewhere else: no name may lead to another path."""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import re
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import quoted
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

#: What Kubernetes allows in no name of an object. An API server decodes ``%2F`` before it looks at a path.
_NO_NAME = re.compile(r"\.{0,2}|.*[/%\x00-\x1f\x7f].*", re.DOTALL)
_NOT_IN_PATHS = re.compile(r"[?#\x00-\x20\x7f]")
_DOTS = re.compile(r"/\.{1,2}(/|$)")


def api_path(*segments: str) -> str:
    """``/api/v1/namespaces/x/pods/y`` out of its parts. Raises ``KubeError`` for one that cannot be a part of it."""
    return "/" + "/".join(map(_segment, segments))


@functools.lru_cache(maxsize=4096)
def _segment(name: str) -> str:
    """A part of a path, as it is written there. Most parts are types and namespaces, which come again and again."""
    if _NO_NAME.fullmatch(name):
        raise KubeError(
            f"{quoted(name)} is no name that an object can have.",
            status=400,
            reason="Invalid",
            hint="Names have no slash and no percent sign, and are neither empty nor dots.",
        )
    return urllib.parse.quote(name, safe=":")


def namespaced_path(version: str, namespace: str, plural: str, *names: str) -> str:
    """``version``: ``v1`` for the core group, else with the group in front: ``apps/v1``."""
    base = ("apis", *version.split("/")) if "/" in version else ("api", version)
    return api_path(*base, "namespaces", namespace, plural, *names)


def require_path(path: str) -> None:
    """Raise ``KubeError`` for a path that would be read as another one."""
    if _NOT_IN_PATHS.search(path) or ("/." in path and _DOTS.search(path)):
        raise KubeError(f"{quoted(path)} is no path of the API.", status=400, reason="Invalid")


__all__ = ("api_path", "namespaced_path", "require_path")
