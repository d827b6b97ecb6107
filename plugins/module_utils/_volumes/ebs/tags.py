# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tags by which EC2 snapshots of a set are known, and what they say."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.names import DRIVER
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec, TakenSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_names import COMPLETE, STATE_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import SetMember

#: Tags of every snapshot, beside the set's name and its state.
CLUSTER_TAG = "arkive.k8s/cluster"
NAMESPACE_TAG = "arkive.k8s/namespace"
CLAIM_TAG = "arkive.k8s/claim"


def name_cluster(client: KubeClient) -> str:
    """The uid of a namespace that every cluster has; its address for those who may not read that.

    Raises ``KubeError``.
    """
    try:
        return str(client.get("/api/v1/namespaces/kube-system")["metadata"]["uid"])
    except KubeError as exc:
        if not exc.forbidden:
            raise
        return client.server


def known_member(found: EbsSnapshot) -> SetMember:
    """A snapshot that is there, by its tags."""
    spec = SnapshotSpec(
        namespace=found.tags.get(NAMESPACE_TAG, ""),
        claim=found.tags.get(CLAIM_TAG, ""),
        driver=DRIVER,
        labels=found.tags,
    )
    taken = TakenSnapshot(spec=spec, requested=found.started or utc_now(), state="cut", driver=DRIVER)
    taken.name = taken.handle = found.id
    take_ebs_status(taken, found)
    if found.state == "error":
        taken.fail(f"The snapshot {found.id} of claim {taken.where} failed: {found.error}")
    return SetMember(snapshot=taken, complete=found.tags.get(STATE_ANNOTATION) == COMPLETE)


def take_ebs_status(taken: TakenSnapshot, found: EbsSnapshot) -> None:
    """Note in ``taken`` what EC2 says of it."""
    taken.size_bytes, taken.ready = found.size_bytes, found.ready
    taken.created = found.started or taken.created


__all__ = ("CLAIM_TAG", "CLUSTER_TAG", "NAMESPACE_TAG", "known_member", "name_cluster", "take_ebs_status")
