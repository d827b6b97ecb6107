# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EBS snapshots against moto, which stands in for EC2."""

from __future__ import annotations

import re
import typing as t

import boto3
import botocore.exceptions
import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._aws.answers import Answer
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshotter
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.errors import ebs_error
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.ebs.ec2_account import (
    REGION,
    ZONE,
    Ec2Account,
    csi_volume,
    ec2_account,
    tags_of,
)

ALONE = EbsSnapshotter(SnapshotLocation())


@pytest.fixture
def account() -> t.Iterator[Ec2Account]:
    with ec2_account() as found:
        yield found


def in_tree(volume_id: str, **labels: str) -> dict[str, t.Any]:
    return {"metadata": {"name": "pv-1", "labels": labels}, "spec": {"awsElasticBlockStore": {"volumeID": volume_id}}}


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        pytest.param(in_tree("aws://eu-central-1b/vol-1"), "vol-1", id="8.2: in-tree with zone"),
        pytest.param(in_tree("vol-1"), "vol-1", id="8.2: in-tree, bare"),
        pytest.param(in_tree(""), "", id="in-tree, empty"),
        pytest.param(in_tree("other"), "", id="in-tree, no id of EBS"),
        pytest.param(csi_volume("vol-2"), "vol-2", id="8.2: CSI"),
        pytest.param({"spec": {"csi": {"driver": "x", "volumeHandle": "vol-2"}}}, "", id="unsupported, a driver"),
        pytest.param({"spec": {"hostPath": {"path": "/x"}}}, "", id="unsupported PV"),
        pytest.param({}, "", id="no spec"),
    ],
)
def test_volume_id(volume: dict[str, t.Any], expected: str) -> None:
    assert ALONE.volume_id(volume) == expected


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        pytest.param(
            in_tree("aws://a/vol-1", **{"topology.kubernetes.io/zone": "b"}),
            {"awsElasticBlockStore": {"volumeID": "aws://b/vol-9"}},
            id="8.2: in-tree, zone of the label",
        ),
        pytest.param(
            in_tree("aws://a/vol-1", **{"failure-domain.beta.kubernetes.io/zone": "b"}),
            {"awsElasticBlockStore": {"volumeID": "aws://b/vol-9"}},
            id="8.2: in-tree, deprecated label",
        ),
        pytest.param(in_tree("vol-1"), {"awsElasticBlockStore": {"volumeID": "vol-9"}}, id="8.2: in-tree, no zone"),
    ],
)
def test_set_volume_id(volume: dict[str, t.Any], expected: dict[str, t.Any]) -> None:
    changed = ALONE.set_volume_id(volume, "vol-9")
    assert changed["spec"] == expected
    assert "vol-1" in volume["spec"]["awsElasticBlockStore"]["volumeID"]
    assert ALONE.volume_id(changed) == "vol-9"


def test_set_volume_id_of_csi() -> None:
    """docs/compatibility 8.2: a plain handle."""
    assert ALONE.set_volume_id(csi_volume("vol-1"), "vol-9") == csi_volume("vol-9")


def test_set_volume_id_of_another_kind() -> None:
    with pytest.raises(SnapshotError, match="PersistentVolume pv-1 is no EBS volume"):
        ALONE.set_volume_id({"metadata": {"name": "pv-1"}, "spec": {"csi": {"driver": "x"}}}, "vol-9")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({"VolumeType": "gp2"}, ("gp2", None), id="gp2"),
        pytest.param({"VolumeType": "gp3", "Iops": 4000}, ("gp3", None), id="8.2: iops only for io1 and io2"),
        pytest.param({"VolumeType": "io1", "Iops": 300}, ("io1", 300), id="8.2: io1"),
        pytest.param({"VolumeType": "io2", "Iops": 400}, ("io2", 400), id="8.2: io2"),
    ],
)
def test_volume_info(account: Ec2Account, options: dict[str, t.Any], expected: tuple[str, int | None]) -> None:
    volume_id = account.make_volume(**options)
    assert account.snapshotter().volume_info(volume_id, ZONE) == expected


@pytest.mark.parametrize(
    ("own", "given", "expected"),
    [
        pytest.param({}, {"velero.io/backup": "b1"}, {"velero.io/backup": "b1"}, id="8.1: ours"),
        pytest.param({"team": "x"}, {"a": "b"}, {"team": "x", "a": "b"}, id="8.2: with the volume's own"),
        pytest.param({"a": "old"}, {"a": "new"}, {"a": "new"}, id="8.2: ours win"),
        pytest.param({}, {}, {}, id="none"),
    ],
)
def test_create_snapshot(
    account: Ec2Account, own: dict[str, str], given: dict[str, str], expected: dict[str, str]
) -> None:
    volume_id = account.make_volume(tags=own)
    snapshot_id = account.snapshotter().create_snapshot(volume_id, ZONE, given)
    made = account.snapshot(snapshot_id)
    assert (made["VolumeId"], tags_of(made)) == (volume_id, expected)


def test_tags_that_aws_keeps_for_itself_are_not_copied(account: Ec2Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """A volume of CloudFormation has such tags, and a request that sets one is refused."""
    volume_id = account.make_volume()
    snapshotter = account.snapshotter()
    tags = [{"Key": "aws:cloudformation:stack-name", "Value": "x"}, {"Key": "team", "Value": "y"}]
    monkeypatch.setattr(snapshotter, "_describe_volume", lambda _id, _zone: Answer("DescribeVolumes", {"Tags": tags}))
    assert tags_of(account.snapshot(snapshotter.create_snapshot(volume_id, ZONE, {}))) == {"team": "y"}


def test_snapshot_of_a_volume_that_is_gone(account: Ec2Account) -> None:
    """docs/compatibility 10.2: snapshot error."""
    with pytest.raises(
        SnapshotError, match=r"^Cannot look at the volume vol-0123 in eu-central-1b \(snapshot location"
    ):
        account.snapshotter().create_snapshot("vol-0123", ZONE, {})
    assert account.snapshots == set()


def test_delete_snapshot(account: Ec2Account) -> None:
    """docs/compatibility 8.2: one that is missing is success."""
    snapshot_id, other = account.make_snapshot(), account.make_snapshot()
    snapshotter = account.snapshotter()
    snapshotter.delete_snapshot(snapshot_id)
    assert account.snapshots == {other}
    snapshotter.delete_snapshot(snapshot_id)
    assert snapshotter.describe_snapshot(snapshot_id) is None


def test_describe_snapshot(account: Ec2Account) -> None:
    snapshot_id = account.make_snapshot(Size=3, tags={"a": "b"})
    found = account.snapshotter().describe_snapshot(snapshot_id)
    assert found is not None
    assert (found.id, found.size_bytes, found.ready, found.encrypted) == (snapshot_id, 3 << 30, True, False)
    assert found.tags == {"a": "b"}


def test_list_snapshots(account: Ec2Account) -> None:
    first = account.make_snapshot(tags={"set": "a", "claim": "x"})
    second = account.make_snapshot(tags={"set": "a", "claim": "y"})
    account.make_snapshot(tags={"set": "b", "claim": "x"})
    snapshotter = account.snapshotter()
    assert {found.id for found in snapshotter.list_snapshots({"set": "a"})} == {first, second}
    assert [found.id for found in snapshotter.list_snapshots({"set": "a", "claim": "y"})] == [second]
    assert snapshotter.list_snapshots({"set": "c"}) == []


@pytest.mark.parametrize(
    ("made_of", "iops", "expected"),
    [
        pytest.param({"VolumeType": "io1", "Iops": 300}, 300, 300, id="8.2: io1 with its iops"),
        pytest.param({"VolumeType": "io2", "Iops": 400}, 400, 400, id="8.2: io2"),
    ],
)
def test_create_volume_with_iops(account: Ec2Account, made_of: dict[str, t.Any], iops: int, expected: int) -> None:
    snapshot_id = account.make_snapshot(**made_of)
    made = account.volume(account.snapshotter().create_volume(snapshot_id, made_of["VolumeType"], ZONE, iops))
    assert (made["SnapshotId"], made["VolumeType"], made["Iops"]) == (snapshot_id, made_of["VolumeType"], expected)
    assert made["AvailabilityZone"] == ZONE


def test_create_volume_without_iops(account: Ec2Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/compatibility 8.2: iops are passed for io1 and io2 only, whatever is recorded."""
    snapshot_id = account.make_snapshot()
    snapshotter = account.snapshotter()
    asked: list[dict[str, t.Any]] = []

    def create_volume(**request: t.Any) -> Answer:
        asked.append(request)
        return Answer("CreateVolume", {"VolumeId": "vol-new"})

    client, _errors = snapshotter._client()
    monkeypatch.setattr(client, "create_volume", create_volume)
    assert snapshotter.create_volume(snapshot_id, "gp2", ZONE, 100) == "vol-new"
    assert asked == [{"SnapshotId": snapshot_id, "VolumeType": "gp2", "AvailabilityZone": ZONE}]


CLUSTER_TAGS = {"kubernetes.io/cluster/old": "owned", "KubernetesCluster": "old", "team": "x"}


@pytest.mark.parametrize(
    ("cluster_name", "variable", "expected"),
    [
        pytest.param(None, "", CLUSTER_TAGS, id="8.2: the snapshot's tags"),
        pytest.param(
            None,
            "new",
            {"kubernetes.io/cluster/new": "owned", "KubernetesCluster": "new", "team": "x"},
            id="8.2: AWS_CLUSTER_NAME",
        ),
        pytest.param(
            "ours",
            "new",
            {"kubernetes.io/cluster/ours": "owned", "KubernetesCluster": "ours", "team": "x"},
            id="the option before the variable",
        ),
    ],
)
def test_tags_of_a_new_volume(
    account: Ec2Account,
    monkeypatch: pytest.MonkeyPatch,
    cluster_name: str | None,
    variable: str,
    expected: dict[str, str],
) -> None:
    monkeypatch.setenv("AWS_CLUSTER_NAME", variable)
    snapshot_id = account.make_snapshot(tags=CLUSTER_TAGS)
    volume_id = account.snapshotter(cluster_name=cluster_name).create_volume(snapshot_id, "gp3", ZONE)
    assert tags_of(account.volume(volume_id)) == expected


@pytest.mark.parametrize(
    ("encrypted", "key", "expected"),
    [
        pytest.param(False, None, (False, None), id="8.2: as the snapshot"),
        pytest.param(True, None, (True, "default"), id="8.2: as the encrypted snapshot"),
        pytest.param(False, "other", (True, "other"), id="8.2: encrypted anew"),
        pytest.param(True, "other", (True, "other"), id="8.2: with another key"),
    ],
)
def test_encryption(account: Ec2Account, encrypted: bool, key: str | None, expected: tuple[bool, str | None]) -> None:
    key_id = None
    if key:
        key_id = boto3.client("kms", region_name=REGION).create_key()["KeyMetadata"]["KeyId"]
    snapshot_id = account.make_snapshot(Encrypted=encrypted)
    volume = account.volume(account.snapshotter(kms_key_id=key_id).create_volume(snapshot_id, "gp3", ZONE))
    assert volume["Encrypted"] == expected[0]
    assert (key_id or "") in volume.get("KmsKeyId", "")
    assert bool(volume.get("KmsKeyId")) == bool(expected[1])


def test_create_volume_from_a_snapshot_that_is_gone(account: Ec2Account) -> None:
    before = account.volumes
    with pytest.raises(SnapshotError, match=r"The snapshot snap-0123 does not exist") as caught:
        account.snapshotter().create_volume("snap-0123", "gp3", ZONE)
    assert "region" in (caught.value.hint or "")
    assert account.volumes == before


def test_waits(account: Ec2Account) -> None:
    snapshot_id = account.make_snapshot()
    snapshotter = account.snapshotter()
    cancel = CancelToken()
    assert snapshotter.wait_completed(snapshot_id, timeout=5, cancel=cancel).id == snapshot_id
    volume_id = snapshotter.create_volume(snapshot_id, "gp3", ZONE)
    snapshotter.wait_available(volume_id, timeout=5, cancel=cancel)
    snapshotter.delete_volume(volume_id)
    assert volume_id not in account.volumes
    snapshotter.delete_volume(volume_id)
    with pytest.raises(SnapshotError, match=f"{volume_id} could not be made: it has vanished"):
        snapshotter.wait_available(volume_id, timeout=5, cancel=cancel)
    snapshotter.delete_snapshot(snapshot_id)
    with pytest.raises(SnapshotError, match=f"{snapshot_id} is gone"):
        snapshotter.wait_completed(snapshot_id, timeout=5, cancel=cancel)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        pytest.param({"State": "error", "StateMessage": "no key"}, "of the volume vol-1 failed: no key", id="error"),
        pytest.param({"State": "pending", "Progress": "40%"}, r"not completed within 0 s \(it is at 40%\)", id="late"),
    ],
)
def test_a_snapshot_that_is_never_completed(
    account: Ec2Account, monkeypatch: pytest.MonkeyPatch, state: dict[str, str], message: str
) -> None:
    snapshotter = account.snapshotter()
    client, errors = snapshotter._client()
    snapshot = {"SnapshotId": "snap-1", "VolumeId": "vol-1", "VolumeSize": 1, **state}
    answer = Answer("DescribeSnapshots", {"Snapshots": [snapshot]})
    monkeypatch.setattr(client, "describe_snapshots", lambda **_request: answer)
    assert errors
    with pytest.raises(SnapshotError, match=message):
        snapshotter.wait_completed("snap-1", timeout=0, cancel=CancelToken())


def test_a_cancelled_wait(account: Ec2Account, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshotter = account.snapshotter()
    monkeypatch.setattr(snapshotter, "_describe_volume", lambda _id: {"State": "creating"})
    cancel = CancelToken()
    cancel.cancel("SIGTERM")
    with pytest.raises(Cancelled):
        snapshotter.wait_available("vol-1", timeout=60, cancel=cancel)


def refusal(code: str, message: str = "what EC2 says") -> Exception:
    answer = {"Error": {"Code": code, "Message": message}}
    return t.cast("Exception", botocore.exceptions.ClientError(answer, "CreateSnapshot"))


@pytest.mark.parametrize(
    ("exc", "message", "hint"),
    [
        pytest.param(refusal("AuthFailure"), "AWS does not accept the credentials", "access_key", id="wrong key"),
        pytest.param(refusal("RequestExpired"), "have expired", "new credentials", id="expired"),
        pytest.param(
            refusal("UnauthorizedOperation", "You are not authorized"),
            r"AWS denies it to these credentials: You are not authorized \(UnauthorizedOperation\)",
            "policy",
            id="denied",
        ),
        pytest.param(refusal("IncorrectState"), r"what EC2 says \(IncorrectState\)", "complete", id="not complete"),
        pytest.param(refusal("SnapshotLimitExceeded"), "what EC2 says", "limit", id="limit"),
        pytest.param(refusal("Whatever"), r"what EC2 says \(Whatever\)", None, id="another"),
        pytest.param(botocore.exceptions.NoRegionError(), "no region is known", "region", id="no region"),
        pytest.param(botocore.exceptions.NoCredentialsError(), "there are no credentials", "access_key", id="none"),
        pytest.param(
            botocore.exceptions.EndpointConnectionError(endpoint_url="http://x"),
            "EC2 cannot be reached: no connection",
            "endpoint_url",
            id="unreachable",
        ),
        pytest.param(
            botocore.exceptions.EndpointConnectionError(endpoint_url="http://x", error="Failed to resolve 'x'"),
            "EC2 cannot be reached: its name cannot be resolved",
            "endpoint_url",
            id="no such host",
        ),
        pytest.param(
            botocore.exceptions.SSLError(endpoint_url="https://x", error="[SSL: WRONG_VERSION_NUMBER]"),
            "what answers there speaks no TLS",
            "https",
            id="https to a server of HTTP",
        ),
        pytest.param(
            botocore.exceptions.SSLError(endpoint_url="https://x", error="certificate verify failed: self-signed"),
            "TLS failed: .*self-signed",
            "ca_bundle",
            id="a CA of one's own",
        ),
        pytest.param(
            botocore.exceptions.ProfileNotFound(profile="prod"),
            "profile 'prod' does not exist",
            "profile",
            id="profile",
        ),
    ],
)
def test_errors(exc: Exception, message: str, hint: str | None) -> None:
    error = ebs_error(SnapshotLocation(name="aws", region=REGION), exc, tried="create a snapshot of vol-1")
    start = r"^Cannot create a snapshot of vol-1 \(snapshot location 'aws' in eu-central-1\): "
    assert re.search(start + ".*" + message, error.message)
    assert (hint in (error.hint or "")) if hint else error.hint is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"access_key": "a"}, "only one of 'access_key' and 'secret_key'", id="half a key"),
        pytest.param(
            {"access_key": "a", "secret_key": "b", "profile": "c"}, "both 'access_key' and 'profile'", id="both"
        ),
        pytest.param({"name": ""}, "an empty name", id="no name"),
    ],
)
def test_wrong_locations(options: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SnapshotLocation(**t.cast("t.Any", options))


def test_secrets_are_not_shown() -> None:
    location = SnapshotLocation(access_key="hidden1", secret_key="hidden2", session_token="hidden3")
    assert "hidden" not in repr(location)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"endpoint_url": "nonsense"}, "endpoint_url 'nonsense' cannot be used", id="no URL"),
        pytest.param({"ca_bundle": "/no/such/file"}, "CA bundle /no/such/file does not exist", id="no CA"),
        pytest.param(
            {"profile": "no-such-profile"}, "the AWS profile 'no-such-profile' does not exist", id="no profile"
        ),
    ],
)
def test_a_location_that_cannot_be_used(options: dict[str, str], message: str) -> None:
    snapshotter = EbsSnapshotter(SnapshotLocation(region=REGION, **t.cast("t.Any", options)))
    with pytest.raises(SnapshotError, match=message):
        snapshotter.delete_snapshot("snap-1")
