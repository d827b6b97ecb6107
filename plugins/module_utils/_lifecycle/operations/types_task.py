# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Velero's types in a cluster: made where they are missing, and taken away again."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import (
    create_object,
    delete_object,
    get_object,
    patch_object,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import OperationsError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.restore_finalizer import FINALIZER
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.type_definitions import (
    MANAGED_LABEL,
    MANAGER,
    VELERO_TYPES,
    VeleroType,
    build_definition,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import VELERO

_DEFINITIONS = ApiResource(
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "customresourcedefinition",
    "CustomResourceDefinition",
    False,
    frozenset(),
)
_SERVED_SECONDS = 60.0
_PAUSE = 0.2


@dataclasses.dataclass(frozen=True, slots=True)
class TypesOutcome:
    """Names of definitions that were, or would be, made or taken away; ``kept``: those that others have made."""

    created: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(self.created or self.removed)

    def to_return(self) -> dict[str, t.Any]:
        return {name: list(value) for name, value in dataclasses.asdict(self).items()}


def install_types(client: KubeClient, *, check_mode: bool, cancel: CancelToken) -> TypesOutcome:
    """Those that are missing, until all are served. What is there stays as it is, whoever has made it."""
    there = {of: get_object(client, _DEFINITIONS, of.definition_name) for of in VELERO_TYPES}
    missing = [of for of, definition in there.items() if definition is None]
    for of in missing:
        _create(client, of, dry_run=check_mode)
    if not check_mode:
        for of in missing:
            _await_served(client, of, cancel)
    kept = [
        of.definition_name for of, definition in there.items() if definition is not None and not is_ours(definition)
    ]
    return TypesOutcome(created=tuple(of.definition_name for of in missing), kept=tuple(kept))


def remove_types(client: KubeClient, *, force: bool, check_mode: bool) -> TypesOutcome:
    """Those that we have made. Their objects go with them, so that some are refused unless ``force`` is said.

    Nothing goes in a storage location. Raises ``OperationsError``.
    """
    there = {of: get_object(client, _DEFINITIONS, of.definition_name) for of in VELERO_TYPES}
    ours = [of for of, definition in there.items() if definition is not None and is_ours(definition)]
    kept = [of.definition_name for of, definition in there.items() if definition is not None and of not in ours]
    if not force:
        _refuse_objects(client, ours)
    if not check_mode:
        for of in ours:
            _let_go(client, of)
    for of in ours:
        delete_object(client, _DEFINITIONS, of.definition_name, dry_run=check_mode)
    return TypesOutcome(removed=tuple(of.definition_name for of in ours), kept=tuple(kept))


def is_ours(definition: ObjectView) -> bool:
    return (definition["metadata"].get("labels") or {}).get(MANAGED_LABEL) == MANAGER


def _create(client: KubeClient, of: VeleroType, *, dry_run: bool) -> None:
    try:
        create_object(client, _DEFINITIONS, build_definition(of), dry_run=dry_run)
    except KubeError as exc:
        if not exc.already_exists:
            raise


def _await_served(client: KubeClient, of: VeleroType, cancel: CancelToken) -> None:
    end = time.monotonic() + _SERVED_SECONDS
    while not _is_served(get_object(client, _DEFINITIONS, of.definition_name)):
        if time.monotonic() > end:
            raise OperationsError(
                f"The cluster does not serve the type {of.definition_name} after {_SERVED_SECONDS:.0f} seconds.",
                hint=f"Look at the conditions of the CustomResourceDefinition {of.definition_name}.",
            )
        if cancel.wait(_PAUSE):
            cancel.check()


def _is_served(definition: Object | None) -> bool:
    conditions = ((definition or {}).get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Established" and one.get("status") == "True" for one in conditions)


def _refuse_objects(client: KubeClient, types: t.Iterable[VeleroType]) -> None:
    found = {of.kind: len(_objects(client, of)) for of in types if of.listed}
    there = [counted(count, kind) for kind, count in found.items() if count]
    if there:
        raise OperationsError(
            f"Velero's types are not taken away, because there are objects of them: {', '.join(there)}.",
            hint="Their objects would go with them, and Schedules are nowhere else. With force: true they go; backups "
            "in storage locations stay.",
        )


def _let_go(client: KubeClient, of: VeleroType) -> None:
    """A finalizer that nobody sees to any more would keep the type for ever."""
    if of.kind != "Restore":
        return
    resource = VELERO.resource(of.plural, of.kind)
    for obj in _objects(client, of):
        metadata = obj["metadata"]
        left = [each for each in metadata.get("finalizers") or () if each != FINALIZER]
        if left != (metadata.get("finalizers") or []):
            patch = {"metadata": {"finalizers": left}}
            patch_object(client, resource, metadata["name"], patch, namespace=metadata["namespace"])


def _objects(client: KubeClient, of: VeleroType) -> list[Object]:
    resource = dataclasses.replace(VELERO.resource(of.plural, of.kind), version=of.version)
    try:
        return [item for page in list_pages(client, resource) for item in page.items]
    except KubeError as exc:
        if exc.not_found:
            return []
        raise


__all__ = ("TypesOutcome", "install_types", "is_ours", "remove_types")
