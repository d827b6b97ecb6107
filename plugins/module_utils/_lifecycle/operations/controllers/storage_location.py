# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""BackupStorageLocations: whether each can be used, as its server says it once a minute (docs/compatibility 7.6)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import (
    name_of,
    phase_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.pass_context import PassContext
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.periods import is_due

_KIND = "BackupStorageLocation"
#: Velero's default of ``--store-validation-frequency``.
_FREQUENCY = 60.0


class StorageLocationController:
    """Writes phase, time and message of those whose validation is due."""

    def __init__(self, context: PassContext) -> None:
        self._context = context

    def look(self) -> None:
        found = self._context.objects.all(_KIND)
        self._tell_of_unknown_names(found)
        self._keep_one_default(found)
        self._context.for_each(filter(self._is_due, found), self._validate)

    def _tell_of_unknown_names(self, found: list[Object]) -> None:
        """Options for a name that is misspelt would change nothing. Without any location, all else says so."""
        known = {name_of(bsl) for bsl in found}
        for name in self._context.request.locations if known else ():
            if name not in known:
                self._context.warn_once(
                    f"The option locations says where '{name}' is, and there is no BackupStorageLocation of that name.",
                    hint=f"There is {', '.join(sorted(known))}.",
                )

    def _validate(self, bsl: Object) -> None:
        problem = self._find_problem(bsl)
        phase = "Unavailable" if problem else "Available"
        status: dict[str, t.Any] = {
            "phase": phase,
            "lastValidationTime": self._context.now_text(),
            "message": problem or None,
        }
        changed = self._context.objects.patch(bsl, {"status": status})
        # A Config has no phase, so that a good one has nothing to tell.
        if phase_of(bsl) != phase and (problem or bsl["kind"] == _KIND):
            self._context.note(changed, problem)
            reason = f"Location{phase}"
            said = problem or f"The storage location '{name_of(bsl)}' can be used."
            self._context.events.record(changed, reason, said, kind="Warning" if problem else "Normal")

    def _find_problem(self, bsl: Object) -> str:
        try:
            opened = self._context.book.open_object(bsl)
            opened.store.check(write=False)
            Catalog(opened.store).validate(writable=False)
        except (Cancelled, KubeError):
            raise
        except ArkiveError as exc:
            return f'BackupStorageLocation "{name_of(bsl)}" is unavailable: {exc.sentence}'
        return ""

    def _is_due(self, bsl: ObjectView) -> bool:
        frequency, last = (bsl.get("spec") or {}).get("validationFrequency"), (bsl.get("status") or {})
        now = self._context.run.client.server_now()
        return is_due(frequency, last.get("lastValidationTime"), now, default=_FREQUENCY)

    def _keep_one_default(self, found: list[Object]) -> None:
        """Of several defaults the newest stays one, as with Velero's server."""
        marked = [bsl for bsl in found if (bsl.get("spec") or {}).get("default")]
        for bsl in marked[:-1]:
            self._context.objects.patch(bsl, {"spec": {"default": False}})
            bsl["spec"]["default"] = False


__all__ = ("StorageLocationController",)
