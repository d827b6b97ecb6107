# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The servers of databases are asked who is primary and who lags, before any of them is held."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._databases.choice import Member, choose
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declaration import DatabaseDeclaration
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import resolve_container
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.database_client import read_password
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hooked_pods import (
    HookedPod,
    claims_at,
    frozen_claims,
    without_freeze,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pod_database import ask_role

_SIDE_BY_SIDE = 8


def choose_databases(run: ClusterRun, pods: t.Sequence[HookedPod]) -> list[HookedPod]:
    """``pods`` with the databases that are held: of those with ``standby``, the ones that their roles allow.

    Read-only: nothing is locked. Without any of these, no server is asked. A Secret that cannot be read is a refusal.
    """
    pods = [_with_secret(run, hooked) for hooked in pods]
    wanted = [at for at, hooked in enumerate(pods) if hooked.database is not None and hooked.database.standby]
    if not wanted:
        return list(pods)
    run.progress("asking databases for their roles")
    with concurrent.futures.ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="arkive-role") as pool:
        members = list(pool.map(lambda at: _member(run, pods[at]), wanted))
    chosen = dict(zip(wanted, choose(members), strict=True))
    return [_with(hooked, chosen[at]) if at in chosen else hooked for at, hooked in enumerate(pods)]


def _with_secret(run: ClusterRun, hooked: HookedPod) -> HookedPod:
    database = hooked.database
    if database is None or database.refusal or database.credentials.secret is None:
        return hooked
    try:
        read_password(run.client, hooked.pod, database.credentials.secret)
    except Cancelled:
        raise
    except ArkiveError as exc:
        return dataclasses.replace(hooked, database=dataclasses.replace(database, refusal=exc.sentence))
    return hooked


def _with(hooked: HookedPod, database: DatabaseDeclaration) -> HookedPod:
    found = dataclasses.replace(hooked, database=database)
    return without_freeze(found) if database.passed_over else found


def _member(run: ClusterRun, hooked: HookedPod) -> Member:
    pod, declared = hooked.pod, hooked.database
    namespace, name = hooked.key
    if declared is None:
        raise ValueError("a pod without a database")
    member = Member(
        namespace=namespace, pod=name, declared=declared, group=_group_of(pod), several=_has_several(hooked)
    )
    run.cancel.check()
    try:
        return dataclasses.replace(member, found=ask_role(run, pod, declared))
    except Cancelled:
        raise
    except ArkiveError as exc:
        return dataclasses.replace(member, error=exc.sentence)


def _has_several(hooked: HookedPod) -> bool:
    """Whether the database's container has several claims that are not frozen together."""
    database = hooked.database
    try:
        container = resolve_container(hooked.pod, database.container if database is not None else "")
    except HookError:
        return False
    claims = set(claims_at(hooked.pod, container))
    return len(claims) > 1 and not claims <= frozen_claims(hooked.pod, hooked.pre)


#: By which the pods of one database belong together.
_GROUP_LABELS = (
    "cnpg.io/cluster",
    "postgres-operator.crunchydata.com/cluster",
    "cluster-name",
    "app.kubernetes.io/instance",
)


def _group_of(pod: ObjectView) -> str:
    metadata = pod.get("metadata") or {}
    labels = metadata.get("labels") or {}
    for name in _GROUP_LABELS:
        if labels.get(name):
            return f"{name}={labels[name]}"
    owners = [owner for owner in metadata.get("ownerReferences") or () if owner.get("controller")]
    return str(owners[0].get("uid", "")) if owners else ""


__all__ = ("choose_databases",)
