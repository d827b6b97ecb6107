# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import threading
import zlib

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.item_digests import ItemDigests
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_writer import TarballWriter
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import obj, read_digests

PODS = GroupResource("pods")
DEPLOYMENTS = GroupResource("deployments", "apps")
ROLES = GroupResource("clusterroles", "rbac.authorization.k8s.io")


def members(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive.getmembers()}  # type: ignore[union-attr]


def written(*items: tuple[GroupResource, dict[str, object], str]) -> bytes:
    out = io.BytesIO()
    writer = TarballWriter(out, mtime=1_780_000_000)
    for gr, item, preferred in items:
        writer.add_items(gr, [(item, None)], preferred_version=preferred)
    writer.close()
    return out.getvalue()


@pytest.mark.parametrize(
    ("gr", "item", "preferred", "paths"),
    [
        pytest.param(
            PODS,
            obj("Pod", "web", "app"),
            "v1",
            ["resources/pods/namespaces/app/web.json", "resources/pods/v1-preferredversion/namespaces/app/web.json"],
            id="namespaced",
        ),
        pytest.param(
            ROLES,
            obj("ClusterRole", "system:node", api_version="rbac.authorization.k8s.io/v1"),
            "v1",
            [
                "resources/clusterroles.rbac.authorization.k8s.io/cluster/system:node.json",
                "resources/clusterroles.rbac.authorization.k8s.io/v1-preferredversion/cluster/system:node.json",
            ],
            id="cluster-scoped",
        ),
        pytest.param(
            DEPLOYMENTS,
            obj("Deployment", "web", "app", "apps/v1beta1"),
            "v1",
            ["resources/deployments.apps/v1beta1/namespaces/app/web.json"],
            id="not the preferred version",
        ),
    ],
)
def test_paths(gr: GroupResource, item: dict[str, object], preferred: str, paths: list[str]) -> None:
    """Velero 1.18, docs/compatibility 2.1."""
    assert list(members(written((gr, item, preferred)))) == ["metadata/version", *paths]


def test_contents() -> None:
    item = obj("Pod", "web", "app", spec={"b": "<&>é", "a": 1})
    found = members(written((PODS, item, "v1")))
    assert found.pop("metadata/version") == b"1.1.0\n"
    expected = (
        '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"app"},'
        '"spec":{"a":1,"b":"\\u003c\\u0026\\u003eé"}}'
    ).encode()
    assert set(found.values()) == {expected}


def test_headers() -> None:
    """Mode 0755 is what Velero's extractor needs."""
    data = written((PODS, obj("Pod", "w" * 253, "n" * 63), "v1"), (PODS, obj("Pod", "web", "app"), "v1"))
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive.getmembers():
            assert member.isreg()
            assert (member.mode, member.uid, member.gid, member.uname, member.gname, member.mtime) == (
                0o755,
                0,
                0,
                "",
                "",
                1_780_000_000,
            )
            assert not member.name.startswith(("/", "./"))


def test_equal_input_gives_equal_bytes() -> None:
    items = [(PODS, obj("Pod", f"p{number}", "app"), "v1") for number in range(100)]
    assert written(*items) == written(*items)


def gzip_members(data: bytes) -> list[bytes]:
    found = []
    while data:
        stream = zlib.decompressobj(wbits=31)
        found.append(stream.decompress(data))
        assert stream.eof
        data = stream.unused_data
    return found


def test_gzip_members_hold_whole_tar_members() -> None:
    data = written(*[(PODS, obj("Pod", f"p{number}", "app", data="x" * 10_000), "v1") for number in range(400)])
    found = gzip_members(data)
    assert len(found) > 5
    assert gzip.decompress(data) == b"".join(found)
    for part in found:
        assert len(part) % 512 == 0
        assert part.startswith((b"metadata/", b"resources/", bytes(512)))
    assert found[0].startswith(b"metadata/version\0")
    assert found[-1].endswith(bytes(1024))


def test_summary() -> None:
    out = io.BytesIO()
    with TarballWriter(out) as writer:
        for number in range(3):
            writer.add_items(PODS, [(obj("Pod", f"p{number}", "app"), None)], preferred_version="v1")
        writer.add_items(DEPLOYMENTS, [(obj("Deployment", "d", "app", "apps/v1"), None)], preferred_version="v1")
        summary = writer.close()
    assert summary.size == len(out.getvalue())
    assert summary.sha256 == hashlib.sha256(out.getvalue()).hexdigest()
    assert summary.items == 4
    assert summary.by_resource == {"deployments.apps": 1, "pods": 3}


def test_many_threads() -> None:
    out = io.BytesIO()
    writer = TarballWriter(out)

    def add(part: int) -> None:
        for number in range(500):
            writer.add_items(
                PODS, [(obj("Pod", f"p{part}-{number}", "app", data="x" * 2000), None)], preferred_version="v1"
            )

    threads = [threading.Thread(target=add, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert writer.close().items == 2000
    assert len(members(out.getvalue())) == 4001


class Full(io.BytesIO):
    """A disk with room for a few bytes."""

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        raise OSError(28, "No space left on device")


def test_a_full_disk_is_an_error_and_blocks_nobody() -> None:
    writer = TarballWriter(Full())

    def fill() -> None:
        for number in range(2000):
            writer.add_items(PODS, [(obj("Pod", f"p{number}", "app", data="x" * 5000), None)], preferred_version="v1")
        writer.close()

    with pytest.raises(ArchiveError, match="No space left on device"):
        fill()
    writer.abort()


def test_leaving_by_an_error_gives_up() -> None:
    out = io.BytesIO()
    writer = TarballWriter(out)
    writer.add_items(PODS, [(obj("Pod", "p", "app"), None)], preferred_version="v1")
    with pytest.raises(KeyError), writer:
        raise KeyError("inside")
    assert out.getvalue() == b""
    with pytest.raises(ArchiveError, match="closed"):
        writer.add_items(PODS, [(obj("Pod", "p", "app"), None)], preferred_version="v1")


@pytest.mark.parametrize(
    "item",
    [
        pytest.param({"kind": "Pod", "metadata": {"name": "a"}}, id="no apiVersion"),
        pytest.param({"apiVersion": "v1", "metadata": {"name": "a"}}, id="no kind"),
        pytest.param(obj("Pod", "../../etc/passwd"), id="slash in the name"),
        pytest.param(obj("Pod", ".."), id="dots"),
        pytest.param(obj("Pod", ""), id="no name"),
        pytest.param(obj("Pod", "a", ".."), id="dots as namespace"),
    ],
)
def test_what_cannot_be_stored(item: dict[str, object]) -> None:
    with TarballWriter(io.BytesIO()) as writer, pytest.raises(ArchiveError, match="cannot be"):
        writer.add_items(PODS, [(item, None)], preferred_version="v1")


def test_a_payload_is_stored_as_it_is() -> None:
    out = io.BytesIO()
    writer = TarballWriter(out)
    payload = b'{"apiVersion":"v1", "kind":"Pod"}'
    writer.add_items(PODS, [(obj("Pod", "p", "app"), payload)], preferred_version="v1")
    writer.close()
    found = members(out.getvalue())
    del found["metadata/version"]
    assert list(found.values()) == [payload, payload]


def test_many_items_at_once() -> None:
    items = [obj("Pod", f"p{number}", "app", data="x" * 3000) for number in range(1000)]
    one_by_one, together = io.BytesIO(), io.BytesIO()
    writer = TarballWriter(one_by_one, mtime=0)
    for item in items:
        writer.add_items(PODS, [(item, None)], preferred_version="v1")
    writer.close()
    writer = TarballWriter(together, mtime=0)
    writer.add_items(PODS, [(item, None) for item in items], preferred_version="v1")
    assert writer.close().items == 1000
    assert members(together.getvalue()) == members(one_by_one.getvalue())
    assert max(map(len, gzip_members(together.getvalue()))) < 2 << 20, "pieces stay small however much is added"


def test_digests_are_told_of_each_object_once() -> None:
    tarball, digests = io.BytesIO(), io.BytesIO()
    with TarballWriter(tarball, digests=ItemDigests(digests)) as writer:
        writer.add_items(PODS, [(obj("Pod", "p", "app"), None)], preferred_version="v1")
        writer.add_items(DEPLOYMENTS, [(obj("Deployment", "d", "app", "apps/v1beta1"), None)], preferred_version="v1")
        writer.close()
    stored = members(tarball.getvalue())
    assert read_digests(digests.getvalue()) == {
        path: hashlib.sha256(stored[path]).hexdigest()
        for path in ("resources/pods/namespaces/app/p.json", "resources/deployments.apps/v1beta1/namespaces/app/d.json")
    }


class Slow(io.BytesIO):
    """Lets the first write wait until it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.may_go_on = threading.Event(), threading.Event()

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self.entered.set()
        assert self.may_go_on.wait(30)
        return super().write(data)


@pytest.mark.parametrize("ending", ["close", "abort"])
def test_the_end_waits_for_what_is_under_way(ending: str) -> None:
    out = Slow()
    writer = TarballWriter(out)
    large = obj("Pod", "p", "app", data="x" * (1 << 20))
    adding = threading.Thread(target=writer.add_items, args=(PODS, [(large, None)]), kwargs={"preferred_version": "v1"})
    adding.start()
    assert out.entered.wait(30)
    threading.Timer(0.1, out.may_go_on.set).start()
    getattr(writer, ending)()
    written = out.getvalue()
    adding.join()
    assert out.getvalue() == written, "nothing is written after the end"
    if ending == "close":
        assert len(members(written)) == 3


def test_an_error_is_told_to_every_thread() -> None:
    writer = TarballWriter(Full())
    told: list[str] = []

    def add() -> None:
        for number in range(3000):
            try:
                writer.add_items(PODS, [(obj("Pod", f"p{number}", data="x" * 2000), None)], preferred_version="v1")
            except ArchiveError as exc:
                told.append(exc.message)
                return

    threads = [threading.Thread(target=add) for _n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told
    with pytest.raises(ArchiveError, match="No space left on device"):
        writer.close()
    writer.abort()
