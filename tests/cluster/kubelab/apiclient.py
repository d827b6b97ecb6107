# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A few questions to the API server from the host, with the administrator's certificate."""

from __future__ import annotations

import json
import ssl
import typing as t

from kubelab.localhttp import fetch
from kubelab.model import DRIVER, NODE_NAME, Lab


class ApiClient:
    """Reads of one cluster."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._context = ssl.create_default_context(cafile=str(lab.path("pki/ca.crt")))
        self._context.load_cert_chain(lab.path("pki/admin.crt"), lab.path("pki/admin.key"))

    def get(self, path: str) -> dict[str, t.Any] | None:
        """An object; None when the server does not answer or does not have it."""
        try:
            body = fetch(self._lab.host_url + path, timeout=5, context=self._context)
            value: dict[str, t.Any] = json.loads(body)
        except (OSError, ValueError):
            return None
        return value

    def waiting_for(self) -> str:
        """What the cluster still lacks to be used; empty when it lacks nothing."""
        nodes = self.get("/api/v1/nodes")
        conditions = [c for n in (nodes or {}).get("items", []) for c in n["status"].get("conditions", [])]
        if not any(c["type"] == "Ready" and c["status"] == "True" for c in conditions):
            return "the node" if nodes else "the API server"
        if not self.get("/api/v1/namespaces/default/serviceaccounts/default"):
            return "the default service account"
        driver = self.get(f"/apis/storage.k8s.io/v1/csinodes/{NODE_NAME}") or {}
        if DRIVER not in [d["name"] for d in driver.get("spec", {}).get("drivers") or []]:
            return "the CSI driver"
        if not self.get("/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses/loopfile-broken"):
            return "the snapshot classes"
        return ""


__all__ = ["ApiClient"]
