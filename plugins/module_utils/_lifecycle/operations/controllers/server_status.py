# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ServerStatusRequests: who does the work, as ``velero version`` shows it (docs/compatibility 7.7)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import phase_of
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.pass_context import PassContext

#: What the command line shows in the place of a server's version.
SERVER_VERSION = "arkive.k8s 0.1.0"
_KEPT = dt.timedelta(minutes=1)
#: What Velero has plugins for.
_PLUGINS = (
    ("arkive.k8s/aws", "ObjectStore"),
    ("arkive.k8s/aws", "VolumeSnapshotter"),
    ("arkive.k8s/csi", "BackupItemActionV2"),
    ("arkive.k8s/csi", "RestoreItemActionV2"),
    ("arkive.k8s/csi", "DeleteItemAction"),
)


class ServerStatusRequestController:
    """Answers new requests, and takes old ones away."""

    def __init__(self, context: PassContext) -> None:
        self._context = context

    def look(self) -> None:
        self._context.for_each(self._context.objects.all("ServerStatusRequest"), self._see_to)

    def _see_to(self, request: Object) -> None:
        if phase_of(request) == "New":
            status = {
                "phase": "Processed",
                "processedTimestamp": self._context.now_text(),
                "serverVersion": SERVER_VERSION,
                "plugins": [{"name": name, "kind": kind} for name, kind in _PLUGINS],
            }
            self._context.set_status(request, status)
        elif self._is_old(request):
            self._context.objects.delete(request)

    def _is_old(self, request: ObjectView) -> bool:
        answered = read_moment((request.get("status") or {}).get("processedTimestamp"))
        return answered is None or self._context.run.client.server_now() - answered >= _KEPT


__all__ = ("SERVER_VERSION", "ServerStatusRequestController")
