# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""ControllerRevisions: the history of StatefulSets and DaemonSets."""

from __future__ import annotations

import json

from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, RuleContext


def skip_inexact_revision(draft: Draft, context: RuleContext) -> None:
    """Leave out a revision whose bytes would not survive the way to the API server.

    The API server keeps ``data`` as the bytes that it was sent, and compares bytes when a controller adopts the
    revision: one with ``&``, ``<``, ``>`` or letters beyond ASCII, sent otherwise than Go encodes them, is "changed",
    and its StatefulSet is never synced again (seen on 1.34). The controller makes the current revision anew.
    """
    data = draft.body.get("data")
    if json.dumps(data, separators=(",", ":")).encode() != encode_compact(data):
        draft.skip = "its controller makes it anew: the revision's bytes cannot be sent as they were"


__all__ = ("skip_inexact_revision",)
