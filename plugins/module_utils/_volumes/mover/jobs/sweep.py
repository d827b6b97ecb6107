# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs that dead runs have left go, and with them all that they own: Secrets, claims, snapshots.

A run that lives gives a sign each minute; by those of this machine it is known at once. Whatever nobody sweeps ends by
its own deadline, and goes an hour later.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.marks import MOVER, is_left
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.objects import remove_job
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.resources import JOBS


class Swept(t.NamedTuple):
    """``removed``: namespace and name of each Job. ``warnings``: what did not work, sentences."""

    removed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def sweep_jobs(client: KubeClient, namespaces: t.Iterable[str]) -> Swept:
    """Remove what is left in ``namespaces``. What may not be looked at is a warning."""
    removed: list[str] = []
    warnings: list[str] = []
    for namespace in dict.fromkeys(filter(None, namespaces)):
        try:
            for page in list_pages(client, JOBS, namespace=namespace, label_selector=MOVER):
                left = [job for job in page.items if is_left(job, client.server_now())]
                removed += [f"{namespace}/{job['metadata']['name']}" for job in left if remove_job(client, job)]
        except KubeError as exc:
            warnings.append(
                f"What earlier runs left of moving data in namespace {namespace} was not swept: {exc.message}"
            )
    return Swept(tuple(removed), tuple(warnings))


__all__ = ("Swept", "sweep_jobs")
