# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a member's path says about the object in it, in every layout that Velero and Ark have used."""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import sys
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable

PREFERRED_SUFFIX = "-preferredversion"


class ItemRef(t.NamedTuple):
    """One object in an archive.

    ``version_dir`` is empty for the plain copy that a restore reads, else ``v1`` or ``v1-preferredversion``;
    ``namespace`` is None for cluster-scoped objects.
    """

    group_resource: GroupResource
    version_dir: str
    namespace: str | None
    name: str

    @property
    def path(self) -> str:
        """The member's path in the layout of Ark 0.5 and later."""
        version = f"{self.version_dir}/" if self.version_dir else ""
        place = f"namespaces/{self.namespace}" if self.namespace is not None else "cluster"
        return f"resources/{self.group_resource}/{version}{place}/{self.name}.json"

    @property
    def shown(self) -> str:
        """The path, for a sentence."""
        return readable(self.path)


def parse_path(path: str) -> ItemRef | None:
    """The object at ``path``, None when the path is none of an object's.

    ``resources/<gr>[/<version>]/{namespaces/<ns>,cluster}/<name>.json`` (Ark 0.5 and later), or
    ``namespaces/<ns>/<gr>/<name>.json`` and ``cluster/<gr>/<name>.json`` (Ark 0.3 and 0.4).
    """
    if not path.endswith(".json"):
        return None
    parts = path.removesuffix(".json").split("/")
    match parts:
        case ["resources", gr, "namespaces", namespace, name]:
            return _ref(gr, "", namespace, name)
        case ["resources", gr, "cluster", name]:
            return _ref(gr, "", None, name)
        case ["resources", gr, version, "namespaces", namespace, name]:
            return _ref(gr, version, namespace, name)
        case ["resources", gr, version, "cluster", name]:
            return _ref(gr, version, None, name)
        case ["namespaces", namespace, gr, name]:
            return _ref(gr, "", namespace, name)
        case ["cluster", gr, name]:
            return _ref(gr, "", None, name)
    return None


def _ref(resource: str, version: str, namespace: str | None, name: str) -> ItemRef:
    """Hundreds of thousands of members share few types, versions and namespaces: each text is kept once."""
    shared = namespace if namespace is None else sys.intern(namespace)
    return ItemRef(_group_resource(resource), sys.intern(version), shared, name)


@functools.lru_cache(maxsize=4096)
def _group_resource(text: str) -> GroupResource:
    return GroupResource.parse(text)


__all__ = ("PREFERRED_SUFFIX", "ItemRef", "parse_path")
