# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of several stored API versions of a type is restored (Velero 1.18, docs/compatibility 2.5)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import PREFERRED_SUFFIX
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.contents import BackupContents
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import Priorities


def choose_versions(contents: BackupContents, discovery: Discovery, priorities: Priorities) -> None:
    """Let ``contents`` read each type in the version that suits source and target best.

    ``priorities``: versions of a group-resource, the best one first. Types without versioned copies stay as they are.
    """
    for group_resource in sorted(contents.types, key=str):
        dirs = list(contents.version_dirs(group_resource))
        if dirs:
            target = [res.version for res in discovery.resources if res.group_resource == group_resource]
            preferred = discovery.find(group_resource)
            chosen = choose_version(
                dirs,
                target=target,
                preferred=preferred.version if preferred else "",
                wanted=priorities.get(str(group_resource), ()),
            )
            contents.choose_version(group_resource, chosen)


def choose_version(
    dirs: t.Sequence[str], *, target: t.Sequence[str], preferred: str = "", wanted: t.Sequence[str] = ()
) -> str:
    """The directory to read from.

    ``dirs`` are those of the backup (``v1-preferredversion``, ``v1beta1``); ``target`` the versions that the cluster
    serves, in its order, ``preferred`` the one it prefers; ``wanted`` the user's, the best one first.
    """
    by_version = {name.removesuffix(PREFERRED_SUFFIX): name for name in sorted(dirs)}
    source = next((name.removesuffix(PREFERRED_SUFFIX) for name in dirs if name.endswith(PREFERRED_SUFFIX)), "")
    candidates = [*(version for version in wanted if version in target), preferred, source, *target]
    served = [version for version in candidates if version in by_version and version in target]
    return by_version[served[0] if served else source or next(iter(by_version))]


def parse_version_priorities(text: str, *, source: str) -> dict[str, tuple[str, ...]]:
    """From the lines ``<group-resource>=<version>,<version>`` of Velero's ConfigMap ``enableapigroupversions``."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        bare = "".join(line.split())
        if not bare:
            continue
        name, equals, versions = bare.partition("=")
        if not (name and equals and versions) or "=" in versions:
            raise ValidationError(
                f"In {source}, the line '{line.strip()}' is no priority of versions.",
                hint="Write lines such as rockbands.music.example.io=v2beta1,v2beta2.",
            )
        found[name] = tuple(version for version in versions.split(",") if version)
    return found


__all__ = ("choose_version", "choose_versions", "parse_version_priorities")
