# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Service accounts, their tokens, and the bindings that name them (Velero 1.18, docs/compatibility 5.9)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import SERVICE_ACCOUNTS
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, RuleContext

_TOKEN_TYPE = "kubernetes.io/service-account-token"


def drop_token_reference(draft: Draft, context: RuleContext) -> None:
    """``velero.io/service-account``: drop the last reference to a generated token; ``imagePullSecrets`` stay."""
    secrets = draft.body.get("secrets") or []
    prefix = f"{draft.name}-token-"
    for index in reversed(range(len(secrets))):
        if (secrets[index].get("name") or "").startswith(prefix):
            del secrets[index]
            return


def reset_token_secret(draft: Draft, context: RuleContext) -> None:
    """``velero.io/secret``: generated tokens are left to their controller, declared ones are filled again by it."""
    if draft.body.get("type") != _TOKEN_TYPE:
        return
    for account in context.archive.names(SERVICE_ACCOUNTS, draft.source_namespace):
        if draft.name.startswith(f"{account}-token-"):
            draft.skip = f"the generated token of service account '{account}'"
            return
    draft.drop_annotations("kubernetes.io/service-account.uid")
    data = draft.body.get("data") or {}
    data.pop("token", None)
    data.pop("ca.crt", None)


__all__ = ("drop_token_reference", "reset_token_secret")
