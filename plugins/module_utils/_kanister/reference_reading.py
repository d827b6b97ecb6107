# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Secrets and ConfigMaps that an action refers to."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError, NotThere
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import ObjectReference
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.parameters import PhaseParameters
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.secret_mask import SecretMask
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import namespaced_path

_PLURALS = {"secret": "secrets", "configmap": "configmaps"}

References: t.TypeAlias = t.Mapping[str, ObjectReference]


class ReferenceReader:
    """What it reads of Secrets ``mask`` knows from then on."""

    def __init__(self, run: ClusterRun, mask: SecretMask) -> None:
        self._client = run.client.with_cancel(run.cancel)
        self._mask = mask

    def phase_objects(self, references: References, where: str) -> PhaseParameters:
        """Those of a phase. As in Kanister, a reference to another kind is passed over. Raises ``BlueprintError``."""
        secrets = {alias: each for alias, each in references.items() if each.kind.lower() == "secret"}
        config_maps = {alias: each for alias, each in references.items() if each.kind.lower() == "configmap"}
        return PhaseParameters(secrets=self.secrets(secrets, where), config_maps=self.config_maps(config_maps, where))

    def secrets(self, references: References, where: str) -> dict[str, Object]:
        found = {alias: self._read("secret", alias, each, where) for alias, each in references.items()}
        for secret in found.values():
            self._mask.learn(secret)
        return found

    def config_maps(self, references: References, where: str) -> dict[str, Object]:
        return {alias: self._read("configmap", alias, each, where) for alias, each in references.items()}

    def _read(self, kind: str, alias: str, reference: ObjectReference, where: str) -> Object:
        if not (reference.name and reference.namespace):
            raise BlueprintError(f"The {kind} {alias} of {where} is referred to without name or namespace.")
        what = f"the {kind} {reference.namespace}/{reference.name}, which {where} refers to as {alias},"
        try:
            found: Object = self._client.get(namespaced_path("v1", reference.namespace, _PLURALS[kind], reference.name))
        except KubeError as exc:
            what = f"{what[:1].upper()}{what[1:]}"
            if exc.not_found:
                raise NotThere(f"{what} is not there.", name=reference.name, hint=exc.hint) from exc
            raise BlueprintError(f"{what} cannot be read: {exc.message.rstrip('.')}.", hint=exc.hint) from exc
        return found


__all__ = ("ReferenceReader", "References")
