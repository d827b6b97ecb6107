# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets of snapshots by EC2, against moto, which stands in for it."""

from __future__ import annotations

import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import SnapshotRequest
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshotter
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.listing import list_ebs_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.sets import EbsSet
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_listing import SnapshotQuery
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import types_named
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.ebs.ec2_account import (
    REGION,
    Ec2Account,
    csi_volume,
    ec2_account,
    tags_of,
)

LOCATION = SnapshotLocation(region=REGION, access_key="key", secret_key="secret")


class Cluster(MemoryApi):
    """Known by its namespace ``kube-system``, unless that may not be read."""

    def __init__(self, uid: str = "cluster-1") -> None:
        super().__init__(types_named("namespaces"))
        self.add("namespaces", "kube-system", metadata={"uid": uid})
        if not uid:
            self.denied = {"namespaces"}


@pytest.fixture
def account() -> t.Iterator[Ec2Account]:
    with ec2_account() as found:
        yield found


def provider_of(cluster: Cluster | None = None, cancel: CancelToken | None = None, **more: t.Any) -> EbsSet:
    request = SnapshotRequest(**{"name": "s", "namespace": "shop", **more})
    return EbsSet((cluster or Cluster()).client, request, LOCATION, cancel=cancel or CancelToken())


def claim(name: str, volume: dict[str, t.Any] | None) -> ClaimVolume:
    body = {"metadata": {"namespace": "shop", "name": name}, "spec": {"volumeName": f"pv-{name}"}}
    return ClaimVolume(claim=body, volume=volume)


def taken(provider: EbsSet, account: Ec2Account, *names: str, timeout: float = 60.0) -> None:
    with provider:
        plans = provider.plan([claim(name, csi_volume(account.make_volume())) for name in names])
        provider.take(plans, timeout=timeout)


def test_the_life_of_a_set(account: Ec2Account) -> None:
    provider = provider_of(labels={"team": "shop"})
    assert provider.find() == []
    taken(provider, account, "a", "b")
    assert [(one.state, one.spec.claim) for one in provider.taken] == [("cut", "a"), ("cut", "b")]
    assert [(member.snapshot.handle, member.complete) for member in provider_of().find()] == [
        (one.handle, False) for one in provider.taken
    ]
    provider.seal(provider.taken)
    assert provider.wait_ready(provider.taken, timeout=5.0, progress=no_progress) == []
    assert [one.ready for one in provider.taken] == [True, True]
    assert [member.complete for member in provider_of().find()] == [True, True]
    assert not provider.retain(provider.taken)
    assert tags_of(account.snapshot(provider.taken[0].handle)) == {
        "Name": "s-a",
        "team": "shop",
        "arkive.k8s/snapshot": "s",
        "arkive.k8s/snapshot-state": "complete",
        "arkive.k8s/cluster": "cluster-1",
        "arkive.k8s/namespace": "shop",
        "arkive.k8s/claim": "a",
    }
    assert provider_of().remove(provider_of().find()) == []
    assert account.snapshots == set()


@pytest.mark.parametrize(
    ("cluster", "more"),
    [(Cluster("cluster-2"), {}), (Cluster(""), {}), (Cluster(), {"namespace": "other"}), (Cluster(), {"name": "t"})],
    ids=["another cluster", "a cluster known by its address", "another namespace", "another set"],
)
def test_sets_of_others(account: Ec2Account, cluster: Cluster, more: dict[str, t.Any]) -> None:
    taken(provider_of(), account, "a")
    assert provider_of(cluster, **more).find() == []


@pytest.mark.parametrize(
    ("volume", "why"),
    [(None, "may not be read"), ({"spec": {"csi": {"driver": "x", "volumeHandle": "vol-1"}}}, "is no EBS volume")],
)
def test_claims_that_are_not_on_ebs(volume: dict[str, t.Any] | None, why: str) -> None:
    with pytest.raises(SnapshotError, match=why):
        provider_of().plan([claim("a", volume)])


def test_a_volume_that_is_gone(account: Ec2Account) -> None:
    provider = provider_of()
    with provider:
        plans = provider.plan([claim("a", csi_volume("vol-0123456789abcdef0"))])
        provider.take(plans, timeout=60.0)
    (one,) = provider.taken
    assert one.failed
    assert one.error.startswith("The snapshot of claim shop/a was not begun: ")
    assert provider.discard(provider.taken) == []


def slow(monkeypatch: pytest.MonkeyPatch, provider: EbsSet) -> threading.Event:
    """EC2 answers when the event is set."""
    answer = threading.Event()
    create = provider._ebs.create_snapshot

    def create_late(*given: t.Any) -> str:
        assert answer.wait(30)
        return create(*given)

    monkeypatch.setattr(provider._ebs, "create_snapshot", create_late)
    return answer


def test_an_answer_that_comes_too_late_is_discarded(account: Ec2Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pods are not kept waiting for it, and nothing of it stays."""
    provider = provider_of()
    answer = slow(monkeypatch, provider)
    taken(provider, account, "a", timeout=0.01)
    assert [one.error for one in provider.taken] == ["EC2 has not begun the snapshot of claim shop/a within 0.01 s."]
    answer.set()
    assert provider.discard(provider.taken) == []
    assert provider.taken[0].handle
    assert account.snapshots == set()


def test_a_run_that_is_cancelled(account: Ec2Account, monkeypatch: pytest.MonkeyPatch) -> None:
    token = CancelToken()
    provider = provider_of(cancel=token)
    answer = slow(monkeypatch, provider)
    token.cancel("SIGTERM")
    with pytest.raises(Cancelled):
        taken(provider, account, "a")
    answer.set()
    assert provider.discard(provider.taken) == []
    assert account.snapshots == set()


def test_one_that_vanishes_while_it_is_waited_for(account: Ec2Account) -> None:
    provider = provider_of()
    taken(provider, account, "a")
    account.client.delete_snapshot(SnapshotId=provider.taken[0].handle)
    assert provider.wait_ready(provider.taken, timeout=1.0, progress=no_progress) == []
    assert provider.taken[0].failed


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["shop/a/s", "shop/b/s", "shop/a/t", "work/a/s"]),
        ({"namespace": "shop"}, ["shop/a/s", "shop/b/s", "shop/a/t"]),
        ({"name": "t"}, ["shop/a/t"]),
        ({"claims": ("b", "c")}, ["shop/b/s"]),
        ({"label_selector": "team in (x)"}, ["shop/a/t"]),
        ({"label_selector": "!team", "namespace": "work"}, ["work/a/s"]),
    ],
    ids=str,
)
def test_a_list(account: Ec2Account, query: dict[str, t.Any], found: list[str]) -> None:
    """Of this cluster, and of no other snapshots of the account."""
    provider = provider_of()
    taken(provider, account, "a", "b")
    provider.seal(provider.taken)
    taken(provider_of(name="t", labels={"team": "x"}), account, "a")
    taken(provider_of(namespace="work"), account, "a")
    taken(provider_of(Cluster("cluster-2")), account, "a")
    account.make_snapshot(tags={"velero.io/backup": "b"})
    listed = list_ebs_snapshots(SnapshotQuery(**query), client=Cluster().client, ebs=EbsSnapshotter(LOCATION)).snapshots
    assert [f"{one['namespace']}/{one['claim']}/{one['set']}" for one in listed] == found
    for one in listed:
        assert one["complete"] is (one["set"] == "s" and one["namespace"] == "shop")
        assert one["handle"] == one["name"]
        assert (one["driver"], one["ready"], one["deletion_policy"]) == ("ebs.csi.aws.com", True, None)
        assert one["labels"]["arkive.k8s/cluster"] == "cluster-1"
