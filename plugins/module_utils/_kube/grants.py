# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that a task takes: each room has a table of its own in its ``rights.py``, in these words."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need

#: Every type, as a rule of RBAC says it.
ALL_TYPES = GroupResource("*", "*")

OnExisting: t.TypeAlias = t.Literal["none", "update", "replace", "recreate"]

_CHANGE_VERBS: t.Mapping[OnExisting, str] = {"none": "", "update": "patch", "replace": "update", "recreate": "delete"}
_WHOLE_CLUSTER = ("",)


class Grant(t.NamedTuple):
    """Rights that belong together, for a reason (``why``, a sentence or two).

    ``otherwise``: what the task does without them, a sentence; empty when it fails.
    """

    why: str
    needs: tuple[Need, ...]
    otherwise: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RightsScope:
    """What somebody is to be able to do, as far as the rights depend on it.

    ``namespaces``: empty for the whole cluster. ``types`` are those in namespaces that are stored or restored,
    ``cluster_types`` those outside of namespaces; with ``ALL_TYPES`` among ``types``, the latter are beside what
    the objects in the namespaces need. ``hooks``: commands are run in pods; ``freezes``: they freeze file systems.
    ``databases``: sessions of their clients hold them; ``database_secrets``: with passwords that Secrets have.
    ``providers``: who keeps the data of volumes, or brings it back, by name. ``retain``: snapshots outlive their
    objects. ``scratch_namespace``: where databases are proven; empty for a new one each time. ``functions``: of
    blueprints, by name; empty for all of them. ``api_group``: whose custom resources are meant by tasks that work with
    those; empty for those of Velero. ``on_gitops_owned``: what a restore does about owners, which are in
    ``gitops_namespaces``, empty for anywhere. ``rolls_back``: a restore replaces the volumes of claims that exist.
    ``adds_containers``: a backup reads volumes by containers that it adds to pods. ``velero_namespace``: where a Velero
    keeps the password of its repositories.
    """

    namespaces: tuple[str, ...] = ()
    types: tuple[GroupResource, ...] = (ALL_TYPES,)
    cluster_types: tuple[GroupResource, ...] = ()
    hooks: bool = True
    freezes: bool = True
    databases: bool = False
    database_secrets: bool = False
    providers: tuple[str, ...] = ()
    retain: bool = False
    on_existing: OnExisting = "none"
    scratch_namespace: str = ""
    functions: tuple[str, ...] = ()
    api_group: str = ""
    on_gitops_owned: str = "ignore"
    gitops_namespaces: tuple[str, ...] = ()
    rolls_back: bool = False
    adds_containers: bool = False
    velero_namespace: str = "velero"

    @property
    def places(self) -> tuple[str, ...]:
        """Where what is in namespaces is granted, as ``Need`` has it."""
        return self.namespaces or _WHOLE_CLUSTER

    @property
    def change_verb(self) -> str:
        """That by which a restore changes objects that are there and differ; empty where it leaves them as they are."""
        return _CHANGE_VERBS[self.on_existing]

    def has(self, group_resource: GroupResource) -> bool:
        """Whether objects of this type take part."""
        return not {ALL_TYPES, group_resource}.isdisjoint((*self.types, *self.cluster_types))


def needs_on(
    verbs: str, *types: GroupResource, places: t.Iterable[str] = _WHOLE_CLUSTER, subresource: str = ""
) -> tuple[Need, ...]:
    """Each of ``verbs`` (words) on each of ``types`` in each of ``places``."""
    return tuple(
        Need(verb, found.group, found.resource, subresource, place)
        for place in dict.fromkeys(places)
        for found in types
        for verb in verbs.split()
    )


__all__ = ("ALL_TYPES", "Grant", "OnExisting", "RightsScope", "needs_on")
