# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The password of the repositories: Velero's, unless another one is given.

Velero (``pkg/repository/keys/keys.go``) keeps one for all repositories in the Secret ``velero-repo-credentials`` of its
namespace, and makes it with a text that everybody knows. Nobody gets that one here without having asked for it.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import binascii

from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import remember_secrets
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.resources import SECRETS

SECRET_NAME = "velero-repo-credentials"
SECRET_KEY = "repository-password"
VELERO_NAMESPACE = "velero"
_HINT = (
    "Give 'repository_password': the one that the repository was made with, by a Velero that is gone as well (guide "
    "'Moved data'). Who loses it loses all that the repository holds."
)


def find_password(client: KubeClient, given: str, *, velero_namespace: str = VELERO_NAMESPACE) -> str:
    """``given``, else that of the Velero of this cluster. It is masked in all output from now on.

    Raises ``MoverError`` where there is none.
    """
    password = given or _of_velero(client, velero_namespace)
    remember_secrets([password])
    return password


def _of_velero(client: KubeClient, namespace: str) -> str:
    where = f"Secret {namespace}/{SECRET_NAME}"
    try:
        secret = get_object(client, SECRETS, SECRET_NAME, namespace)
    except KubeError as exc:
        raise MoverError(f"The password of the repository could not be read: {exc.message}", hint=_HINT) from exc
    if secret is None:
        raise MoverError(f"There is no password for the repository: none is given, and no {where}.", hint=_HINT)
    try:
        encoded = str((secret.get("data") or {}).get(SECRET_KEY) or "")
        # As Velero reads it.
        password = base64.b64decode(encoded, validate=True).decode().strip()
    except (binascii.Error, UnicodeDecodeError):
        password = ""
    if not password:
        raise MoverError(f"The {where} has no password under {SECRET_KEY}.", hint=_HINT)
    return password


__all__ = ("SECRET_KEY", "SECRET_NAME", "VELERO_NAMESPACE", "find_password")
