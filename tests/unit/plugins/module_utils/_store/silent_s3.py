# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An S3 server that takes a request and never answers it."""

from __future__ import annotations

import threading

from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_in_memory import MemoryS3
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_wire import Reply, Request

_SILENCE = 40.0


class Silent:
    """An S3 server that falls silent from a request of ``operation`` on."""

    def __init__(self, operation: str) -> None:
        self.memory = MemoryS3()
        self.operation = operation
        self.met = threading.Event()

    def __call__(self, request: Request) -> Reply:
        if self.met.is_set() or request.operation.removesuffix("V2") == self.operation:
            self.met.set()
            return Reply(200, cut=True, wait=_SILENCE)
        return self.memory(request)
