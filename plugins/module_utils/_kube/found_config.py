# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was found about the API server and the credential outside of a task's options."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt

from ansible_collections.arkive.k8s.plugins.module_utils._kube.impersonation import Headers
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pem import Pem


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FoundConfig:
    """What a kubeconfig or a pod's service account says; ``authorization`` is the whole header."""

    source: str = "the options of the task"
    server: str | None = None
    authorization: str | None = dataclasses.field(default=None, repr=False)
    verify: bool = True
    ca_cert: Pem | None = None
    client_cert: Pem | None = None
    client_key: Pem | None = None
    tls_server_name: str | None = None
    proxy: str | None = dataclasses.field(default=None, repr=False)
    expires_at: dt.datetime | None = None
    renewable: bool = False
    reload_seconds: float | None = None
    compress: bool = True
    impersonation: Headers = ()


__all__ = ("FoundConfig",)
