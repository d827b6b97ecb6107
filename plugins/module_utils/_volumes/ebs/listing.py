# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The EC2 snapshots that sets of this cluster have."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshotter
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.tags import (
    CLUSTER_TAG,
    NAMESPACE_TAG,
    known_member,
    name_cluster,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_listing import FoundSnapshots, SnapshotQuery
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_names import SET_LABEL
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import listed_entry


def list_ebs_snapshots(query: SnapshotQuery, *, client: KubeClient, ebs: EbsSnapshotter) -> FoundSnapshots:
    """By namespace, set, claim and id; the query's labels are looked for in the tags. Raises ``ArkiveError``."""
    tags = {CLUSTER_TAG: name_cluster(client)}
    tags |= {NAMESPACE_TAG: query.namespace} if query.namespace else {}
    tags |= {SET_LABEL: query.name} if query.name else {}
    selector = LabelSelector.from_text(query.label_selector)
    entries = []
    for found in ebs.list_snapshots(tags):
        member = known_member(found)
        if (query.claims and member.snapshot.spec.claim not in query.claims) or not selector.matches(found.tags):
            continue
        set_name = found.tags.get(SET_LABEL, "")
        entries.append(listed_entry(member.snapshot, set_name=set_name, complete=member.complete, labels=found.tags))
    entries.sort(key=lambda entry: (entry["namespace"], entry["set"], entry["claim"], entry["name"]))
    return FoundSnapshots(snapshots=entries, warnings=[])


__all__ = ("list_ebs_snapshots",)
