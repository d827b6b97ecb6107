# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How data is moved between volumes and repositories, as a task says it: what the engines hand on to the mover."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

#: ``root`` keeps owners and modes; ``workload`` runs as the pod that uses the claim, and does not.
SecurityContext: t.TypeAlias = t.Literal["root", "workload"]
#: ``auto``: short-lived keys bound to the prefix where the server gives such, else the given ones with one warning.
CredentialsKind: t.TypeAlias = t.Literal["auto", "sts", "static"]
DEFAULT_IMAGE = "docker.io/kopia/kopia:0.22.3"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MoverSettings:
    """How pods move data: the option ``mover``.

    ``s3_url``: the endpoint as pods reach it, empty where it is the location's own. ``concurrency``: Jobs at once,
    ``per_node`` of them on one node. ``bandwidth``: bytes a second for each pod, 0 for no limit. ``timeout``: of one
    Job, in seconds; ``pod_start_timeout``: until its pod runs. ``keep_failed``: a Job that failed stays for a look at
    it, until its time to live is over. ``ephemeral_containers``: what no other pod can mount is read by a container
    that is added to the pod, and stays listed in it. ``namespace``: of pods that mount no volume; empty for that of
    the volumes whose repository is meant.
    """

    image: str = DEFAULT_IMAGE
    image_pull_secrets: tuple[str, ...] = ()
    s3_url: str = ""
    concurrency: int = 2
    per_node: int = 1
    bandwidth: int = 0
    resources: ObjectView = dataclasses.field(default_factory=lambda: {"requests": {"cpu": "50m", "memory": "256Mi"}})
    node_selector: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    tolerations: tuple[ObjectView, ...] = ()
    priority_class: str = ""
    security_context: SecurityContext = "root"
    credentials: CredentialsKind = "auto"
    pod_start_timeout: float = 600.0
    keep_failed: bool = False
    ephemeral_containers: bool = False
    timeout: float = 14400.0
    namespace: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Moving:
    """How, and where from and to.

    ``store``: the location whose repositories are meant. ``password``: of all of them; empty for that of the Velero of
    ``velero_namespace``. ``run``: where progress goes, and the run's id, which one that has none gets.
    """

    settings: MoverSettings
    store: Store
    password: str = dataclasses.field(default="", repr=False)
    velero_namespace: str = "velero"
    run: RunContext = dataclasses.field(default_factory=RunContext)


__all__ = ("DEFAULT_IMAGE", "CredentialsKind", "MoverSettings", "Moving", "SecurityContext")
