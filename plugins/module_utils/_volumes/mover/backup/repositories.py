# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The repositories of one backup: opened before anything is begun, and rid of its copies when it is not stored."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import Probe, Probed
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import Key

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import Moving


def probes_of(keys: t.Iterable[Key]) -> list[Probe]:
    """One for each namespace that has a claim among ``keys``."""
    places = sorted({key[0] for key in keys})
    return [Probe(namespace=place, source_namespace=place) for place in places]


def require_opened(found: t.Sequence[Probed], *, hint: str) -> None:
    """Raises ``MoverError``, with ``hint``, for the namespaces whose data cannot be moved."""
    failed: dict[str, list[str]] = {}
    for probed in found:
        if probed.error:
            failed.setdefault(probed.error, []).append(probed.probe.namespace)
    if failed:
        said = " ".join(f"In {', '.join(places)}: {error}" for error, places in failed.items())
        raise MoverError(f"The data of volumes cannot be moved, and nothing was begun. {said}", hint=hint)


def take_back(snapshots: t.Iterable[tuple[str, str]], moving: Moving, client: KubeClient) -> list[str]:
    """Take ``snapshots`` (namespace, id) out of their repositories; a sentence for each that is left.

    Whether the run is cancelled or not.
    """
    ids: dict[str, list[str]] = {}
    for namespace, snapshot in snapshots:
        ids.setdefault(namespace, []).append(snapshot)
    if not ids:
        return []
    left: list[str] = []
    try:
        # Many backups take nothing back.
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.moving import make_mover

        mover = make_mover(moving, client, cancel=CancelToken())
        for namespace, found in ids.items():
            failed = mover.forget(namespace, found, namespace=namespace)
            left += [f"The snapshot {each} is left in the repository: {why}" for each, why in failed.items()]
    except ArkiveError as exc:
        left.append(f"Snapshots of this run are left in the repository: {exc.sentence}")
    return left


__all__ = ("probes_of", "require_opened", "take_back")
