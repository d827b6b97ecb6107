# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""By which rules the backups of each schedule were pruned last: ``metadata/arkive/retention.json``."""

# Private: not for use outside of this collection.

from __future__ import annotations

import json

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_plan import RulesOf
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_rules import RetentionRules
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

RETENTION_RECORD = "metadata/arkive/retention.json"
#: Of who prunes the location.
PRUNE_LOCK = "metadata/arkive/prune.lock"
_MAX_BYTES = 16 << 20


def read_rules(store: Store) -> dict[str, RetentionRules]:
    """By schedule. What nobody can read is as if it were not there: nobody knows of older rules then."""
    try:
        data = store.get(RETENTION_RECORD, max_bytes=_MAX_BYTES)
    except StoreError as exc:
        if exc.not_found or exc.failure == "too_large":
            return {}
        raise
    try:
        schedules = json.loads(data)["schedules"]
        return {str(name): RetentionRules.from_dict(members) for name, members in schedules.items()}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, ValidationError):
        return {}


def write_rules(store: Store, rules: RulesOf) -> None:
    schedules = {name: found.to_dict() for name, found in sorted(rules.items())}
    store.put(RETENTION_RECORD, json.dumps({"schedules": schedules}, indent=2).encode() + b"\n")


__all__ = ("PRUNE_LOCK", "RETENTION_RECORD", "read_rules", "write_rules")
