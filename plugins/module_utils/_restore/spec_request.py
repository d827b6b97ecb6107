# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a Velero Restore, whoever has it, to the request: a task's options, or a custom resource of a cluster."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.manifest import Manifest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import parse_modifiers
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec


def request_of(
    manifest: Manifest,
    *,
    fields: t.Mapping[str, t.Any] | None = None,
    name: str = "",
    namespace: str = "",
    modifiers: t.Any = None,
) -> RestoreRequest:
    """The request for the restore of ``manifest``, with the defaults for what Velero has no field for.

    What is given beside it wins: ``fields`` of the spec (by their names in snake_case), ``name``, ``namespace``, and
    ``modifiers``: rules themselves, in the place of a ConfigMap's. Raises ``ValidationError``; ``validate`` is for the
    caller, who may add to it.
    """
    given = dict(fields or {})
    if given.get("existing_resource_policy") == "none" and "existing_resource_policy" not in manifest.options:
        # Velero stores nothing for its default.
        given["existing_resource_policy"] = None
    if modifiers:
        given["resource_modifier"] = None
    request = RestoreRequest(
        spec=RestoreSpec.from_options({**manifest.options, **given}),
        from_manifest=frozenset(manifest.options) - given.keys(),
        name=name or manifest.name,
        modifiers=parse_modifiers(modifiers) if modifiers else None,
    )
    namespace = namespace or manifest.namespace
    return dataclasses.replace(request, velero_namespace=namespace) if namespace else request


__all__ = ("request_of",)
