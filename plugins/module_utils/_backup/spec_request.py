# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a Velero Backup, whoever has it, to the request: a task's options, or a custom resource of a cluster."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import (
    DEFAULT_NAMESPACE,
    POLICY_ANNOTATION,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.manifest import Manifest

_POLICIES = "resource_policies"


def request_of(
    manifest: Manifest,
    *,
    fields: t.Mapping[str, t.Any] | None = None,
    name: str = "",
    namespace: str = "",
    policies: t.Any = None,
) -> BackupRequest:
    """The request for the backup of ``manifest``, with the defaults for what Velero has no field for.

    What is given beside it wins: ``fields`` of the spec (by their names in snake_case), ``name``, ``namespace``, and
    ``policies``: a resource policy itself, in the place of a ConfigMap's. Raises ``ValidationError``.
    """
    name = name or manifest.name
    if not name:
        raise ValidationError("The backup has no name.", hint="Set the option name, or metadata.name in the manifest.")
    options = {**manifest.options, **(fields or {})}
    annotations = {key: text for key, text in manifest.annotations.items() if key != POLICY_ANNOTATION}
    policy = None
    if policies is not None:
        from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_policy import (
            parse_policy,
            policy_text,
        )

        policy = parse_policy(policies, source=_POLICIES)
        if fields is None or "resource_policy" not in fields:
            options["resource_policy"] = None
        # A policy that is in no ConfigMap is said nowhere else in a Backup.
        annotations[POLICY_ANNOTATION] = policy_text(policies, source=_POLICIES)
    return BackupRequest(
        name=name,
        spec=BackupSpec.from_options(options),
        namespace=namespace or manifest.namespace or DEFAULT_NAMESPACE,
        labels=manifest.labels,
        annotations=annotations,
        policy=policy,
        from_manifest=frozenset(manifest.options) - (fields or {}).keys(),
    )


__all__ = ("request_of",)
