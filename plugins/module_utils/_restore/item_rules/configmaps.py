# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ConfigMaps that the cluster publishes by itself."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, RuleContext

_PUBLISHED = frozenset({"kube-root-ca.crt", "openshift-service-ca.crt"})


def skip_published_authority(draft: Draft, context: RuleContext) -> None:
    """Another cluster has another certificate authority, and a controller would write over ours at once."""
    if draft.name in _PUBLISHED:
        draft.skip = "published by the cluster in every namespace"


__all__ = ("skip_published_authority",)
