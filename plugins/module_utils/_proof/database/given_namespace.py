# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A namespace that somebody has prepared for proofs: used by one of them at a time, and left as empty as it was.

A ConfigMap says whose it is meanwhile. Only what carries our label is removed.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.marks import (
    EXPIRES,
    RUN_ID,
    annotations_of,
    is_left,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import api_path, namespaced_path
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.scratch_namespace import PROOF_LABEL
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.scratch_volumes import ScratchVolumes

#: Of the namespace, with the value ``true``: whoever may write it has said that proofs may use it.
GIVEN_LABEL = "arkive.k8s/database-proofs"
_HOLDER = "arkive-proof-holder"
_POLICIES = ("networking.k8s.io/v1", "networkpolicies")
_EMPTY: tuple[tuple[str, str], ...] = (("v1", "pods"), ("v1", "persistentvolumeclaims"), _POLICIES)
#: What is made beside pod and volumes, removed once these are gone.
_COPIES: tuple[tuple[str, str], ...] = (("v1", "secrets"), ("v1", "configmaps"), _POLICIES)


class GivenNamespace:
    """One that is there: see ``ProofPlace``."""

    def __init__(self, client: KubeClient, volumes: ScratchVolumes, name: str, *, source: str, run_id: str) -> None:
        self._client = client
        self._volumes = volumes
        self.name = name
        self._source = source
        self._run_id = run_id

    @property
    def planned(self) -> str:
        return f"in namespace {self.name}, which stays"

    def foresee(self, _expires: dt.datetime) -> None:
        """Raises ``ProofError`` where it cannot be used."""
        self._check_namespace()
        holder = self._holder()
        if holder is None:
            self._check_empty()
        elif not is_left(holder, self._client.server_now()):
            raise self._taken(holder)

    def make(self, expires: dt.datetime) -> tuple[list[str], list[str]]:
        """Have it for ourselves, emptied of what a dead run has left there. Raises ``ProofError``, ``KubeError``."""
        self._check_namespace()
        swept = self._take(expires)
        problems: list[str] = []
        if swept:
            problems = self._sweep()
        try:
            self._check_empty()
        except ProofError:
            if not problems:
                self._let_go()
            raise
        return [self.name] if swept else [], problems

    def remove(self) -> str:
        """What is left there of this proof, once its pod and its claims are gone. A sentence where that failed."""
        try:
            left = [name for group, kind in _EMPTY[:2] for name in self._names(group, kind, ours=True)]
            if left:
                # Without the policy it would not be cut off any more.
                return (
                    f"The namespace {self.name} still has {', '.join(left)} of the proof. The next proof there removes "
                    "it once its time is over."
                )
            self._clear()
            self._let_go()
        except KubeError as exc:
            return (
                f"Not all of the proof in namespace {self.name} could be removed: {exc.sentence} The next proof there "
                "removes it once its time is over."
            )
        return ""

    def _check_namespace(self) -> None:
        hint = f"Run: kubectl create namespace {self.name}; kubectl label namespace {self.name} {GIVEN_LABEL}=true"
        try:
            found = self._client.get(api_path("api", "v1", "namespaces", self.name))
        except KubeError as exc:
            if exc.not_found:
                raise ProofError(f"The namespace {self.name} for the proof does not exist.", hint=hint) from exc
            raise
        metadata = found["metadata"]
        if metadata.get("deletionTimestamp"):
            raise ProofError(f"The namespace {self.name} for the proof is being deleted.", hint="Name another one.")
        if (metadata.get("labels") or {}).get(GIVEN_LABEL) != "true":
            raise ProofError(
                f"Nobody has said that proofs may use the namespace {self.name}: it has no label {GIVEN_LABEL}=true.",
                hint=f"If it is meant for that alone, run: kubectl label namespace {self.name} {GIVEN_LABEL}=true",
            )

    def _check_empty(self) -> None:
        """Whose claim it is, what else a policy lets out: nobody has to ask where there is nothing."""
        there = [f"{kind}/{name}" for group, kind in _EMPTY for name in self._names(group, kind)]
        if there:
            raise ProofError(
                f"The namespace {self.name} for the proof is not empty: it has {', '.join(there[:5])}.",
                hint="Keep pods, claims and network policies out of it, or name another one.",
            )

    def _take(self, expires: dt.datetime) -> bool:
        """True where a dead run has had it. Of several that take it from that one, one succeeds."""
        body = self._holder_body(expires)
        try:
            self._client.post(namespaced_path("v1", self.name, "configmaps"), body)
        except KubeError as exc:
            if not exc.already_exists:
                raise
        else:
            return False
        found = self._holder()
        if found is None or not is_left(found, self._client.server_now()):
            raise self._taken(found or {})
        body["metadata"]["resourceVersion"] = found["metadata"]["resourceVersion"]
        try:
            self._client.put(self._holder_path, body)
        except KubeError as exc:
            if exc.conflict or exc.not_found:
                raise self._taken({}) from exc
            raise
        return True

    def _sweep(self) -> list[str]:
        problems = self._volumes.remove_claims(self.name, self._names("v1", "pods", ours=True))
        problems += self._volumes.take_out(self.name)
        said = "" if problems else self._cleared()
        return [*problems, said] if said else problems

    def _cleared(self) -> str:
        try:
            self._clear()
        except KubeError as exc:
            return f"What an earlier proof has left in namespace {self.name} could not be removed: {exc.sentence}"
        return ""

    def _clear(self) -> None:
        client = self._client.with_cancel(CancelToken())
        for group, kind in _COPIES:
            if self._names(group, kind, ours=True):
                client.delete(namespaced_path(group, self.name, kind), query=self._ours)

    def _let_go(self) -> None:
        client = self._client.with_cancel(CancelToken())
        try:
            client.delete(self._holder_path)
        except KubeError as exc:
            if not exc.not_found:
                raise

    @property
    def _ours(self) -> dict[str, str]:
        return {"labelSelector": f"{PROOF_LABEL}={self.name}"}

    @property
    def _holder_path(self) -> str:
        return namespaced_path("v1", self.name, "configmaps", _HOLDER)

    def _holder(self) -> Object | None:
        try:
            return self._client.get(self._holder_path)
        except KubeError as exc:
            if exc.not_found:
                return None
            raise

    def _holder_body(self, expires: dt.datetime) -> Object:
        labels = {
            "app.kubernetes.io/managed-by": "arkive.k8s",
            "velero.io/exclude-from-backup": "true",
            **({RUN_ID: label_value(self._run_id)} if self._run_id else {}),
        }
        annotations = {**annotations_of(expires), "arkive.k8s/proof-of": self._source}
        metadata = {"name": _HOLDER, "namespace": self.name, "labels": labels, "annotations": annotations}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}

    def _names(self, group: str, kind: str, *, ours: bool = False) -> list[str]:
        client = self._client.with_cancel(CancelToken())
        found = client.get(namespaced_path(group, self.name, kind), query=self._ours if ours else None)
        return [str(item["metadata"]["name"]) for item in found.get("items") or ()]

    def _taken(self, holder: t.Mapping[str, t.Any]) -> ProofError:
        until = str(((holder.get("metadata") or {}).get("annotations") or {}).get(EXPIRES) or "")
        limit = f", until {until} at the latest" if until else ""
        return ProofError(
            f"Another proof works in namespace {self.name}{limit}.", hint="Wait for it, or name another namespace."
        )


__all__ = ("GIVEN_LABEL", "GivenNamespace")
