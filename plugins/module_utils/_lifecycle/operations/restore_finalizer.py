# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The finalizer by which Velero keeps a Restore until its files are gone."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import OperationObjects
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import ARK

FINALIZER = "restores.velero.io/external-resources-finalizer"


def has_finalizer(restore: ObjectView) -> bool:
    return FINALIZER in (restore["metadata"].get("finalizers") or ())


def add_finalizer(objects: OperationObjects, restore: Object) -> Object:
    """The Restore with it; nobody else may have changed it meanwhile. No server of Ark would take it off."""
    if has_finalizer(restore) or objects.family is ARK:
        return restore
    return _with(objects, restore, [*(restore["metadata"].get("finalizers") or ()), FINALIZER])


def remove_finalizer(objects: OperationObjects, restore: Object) -> None:
    if has_finalizer(restore):
        _with(objects, restore, [each for each in restore["metadata"]["finalizers"] if each != FINALIZER])


def _with(objects: OperationObjects, restore: Object, finalizers: list[str]) -> Object:
    return objects.patch(restore, {"metadata": {"finalizers": finalizers}}, unchanged=True)


__all__ = ("add_finalizer", "has_finalizer", "remove_finalizer")
