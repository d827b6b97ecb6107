# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup that is stored although its run did not end as it should: its claim lies there still."""

# Private: not for use outside of this collection.

from __future__ import annotations

import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.name_claim import is_over
from ansible_collections.arkive.k8s.plugins.module_utils._store.claims import Claim, ClaimRecord, read_claim
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog


def end_interrupted(catalog: Catalog, name: str, *, dry_run: bool = False) -> tuple[ClaimRecord | None, list[str]]:
    """Remove the claim that the run of a stored backup left: who had it, None where there is none, and warnings.

    With ``dry_run`` it stays.
    """
    key = BackupKeys(name).claim
    try:
        holder = read_claim(catalog.store, key)
        if holder is None or not is_over(catalog, name, holder):
            return None, []
        if dry_run:
            return holder, []
        claim = Claim.acquire(
            catalog.store,
            key,
            run_id=f"end-{secrets.token_hex(8)}",
            is_over=lambda record: is_over(catalog, name, record),
        )
    except StoreError:
        # It hinders nobody, and may be another run's by now.
        return None, []
    claim.release()
    return holder, list(filter(None, [claim.left_behind]))


__all__ = ("end_interrupted",)
