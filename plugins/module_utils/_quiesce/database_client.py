# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client of a pod's database: as whom it connects, by which password, and what its server has to be."""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import binascii
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import remember_secrets
from ansible_collections.arkive.k8s.plugins.module_utils._databases.checked_kind import CheckedKind
from ansible_collections.arkive.k8s.plugins.module_utils._databases.credentials import SecretKey
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declaration import DatabaseDeclaration
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.held import Container
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import DatabaseKind
from ansible_collections.arkive.k8s.plugins.module_utils._databases.password_client import (
    PasswordContainer,
    PasswordKind,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.role import ROLE_QUESTIONS, RoleRule
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import pod_identity

#: By which the owner of a Secret allows annotations of pods to name it.
SECRET_LABEL = "arkive.k8s/database-credentials"


class DatabaseClient(t.NamedTuple):
    """``kind`` and ``container`` belong together: the one reads what the other sends."""

    kind: DatabaseKind
    container: Container


def make_client(
    client: KubeClient, pod: ObjectView, declared: DatabaseDeclaration, kind: DatabaseKind, container: Container
) -> DatabaseClient:
    """Reads the Secret that is named. Raises ``ArkiveError``."""
    found = with_password(client, pod, declared, kind, container)
    question = ROLE_QUESTIONS.get(declared.kind)
    if question is None or not (declared.expected or declared.max_lag_seconds is not None):
        return found
    rule = RoleRule(expected=declared.expected, max_lag_seconds=declared.max_lag_seconds)
    return found._replace(kind=CheckedKind(found.kind, question, rule))


def with_password(
    client: KubeClient, pod: ObjectView, declared: DatabaseDeclaration, kind: DatabaseKind, container: Container
) -> DatabaseClient:
    """Without a look at what the server is. Raises ``ArkiveError``."""
    credentials = declared.credentials
    password = read_password(client, pod, credentials.secret) if credentials.secret else credentials.password
    if not password:
        return DatabaseClient(kind, container)
    remember_secrets([password])
    return DatabaseClient(PasswordKind(kind, declared.kind), PasswordContainer(container, password))


def read_password(client: KubeClient, pod: ObjectView, wanted: SecretKey) -> str:
    """Raises ``ArkiveError``, with what to do."""
    namespace = pod_identity(pod)[0]
    where = f"Secret {namespace}/{wanted.name}"
    try:
        secret = client.get(f"/api/v1/namespaces/{namespace}/secrets/{wanted.name}")
    except KubeError as exc:
        if exc.not_found:
            raise DatabaseError(
                f"{where}, which is to have the password, does not exist.", hint="Make it, or name the right one."
            ) from exc
        raise
    labels = (secret.get("metadata") or {}).get("labels") or {}
    if wanted.only_of_pod and labels.get(SECRET_LABEL) != "true" and wanted.name not in _secrets_of(pod):
        raise DatabaseError(
            f"{where} is named by an annotation of the pod, which does not use it itself.",
            hint="Who may annotate pods may not be allowed to read each Secret. If it is meant, run: kubectl label "
            f"secret -n {namespace} {wanted.name} {SECRET_LABEL}=true",
        )
    encoded = (secret.get("data") or {}).get(wanted.key)
    if encoded is None:
        keys = ", ".join(sorted(secret.get("data") or {})) or "none"
        how = "by the annotation, as name/key" if wanted.only_of_pod else "with key"
        raise DatabaseError(f"{where} has no key {wanted.key}.", hint=f"Its keys are {keys}: name one {how}.")
    try:
        found = base64.b64decode(str(encoded)).decode()
    except (binascii.Error, UnicodeDecodeError) as exc:
        raise DatabaseError(f"The key {wanted.key} of {where} is no text.") from exc
    if not found:
        raise DatabaseError(f"The key {wanted.key} of {where} is empty.")
    return found


def _secrets_of(pod: ObjectView) -> set[str]:
    """Those that the pod has in its containers."""
    spec = pod.get("spec") or {}
    found: set[str] = set()
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        for entry in container.get("env") or ():
            found.add(str(((entry.get("valueFrom") or {}).get("secretKeyRef") or {}).get("name", "")))
        for entry in container.get("envFrom") or ():
            found.add(str((entry.get("secretRef") or {}).get("name", "")))
    for volume in spec.get("volumes") or ():
        found.add(str((volume.get("secret") or {}).get("secretName", "")))
        for source in (volume.get("projected") or {}).get("sources") or ():
            found.add(str((source.get("secret") or {}).get("name", "")))
    return found - {""}


__all__ = ("SECRET_LABEL", "DatabaseClient", "make_client", "read_password", "with_password")
