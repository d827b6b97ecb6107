# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import hashlib
import io
import json
import struct
import tarfile
import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef, parse_path
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_reader import TarballReader
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_writer import TarballWriter
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import obj, tar, tar_gz

PODS = GroupResource("pods")
DEPLOYMENTS = GroupResource("deployments", "apps")
POD = obj("Pod", "web", "app")
POD_PATH = "resources/pods/namespaces/app/web.json"
PLAIN = tar((POD_PATH, POD))


def opened(data: bytes, **options: t.Any) -> TarballReader:
    return TarballReader.open(io.BytesIO(data), **options)


def test_what_the_writer_wrote() -> None:
    out = io.BytesIO()
    writer = TarballWriter(out)
    pods = [obj("Pod", f"p{number}", "app", data="é" * number) for number in range(300)]
    for pod in pods:
        writer.add_items(PODS, [(pod, None)], preferred_version="v1")
    old = obj("Deployment", "d" * 253, "n" * 63, "apps/v1beta1")
    writer.add_items(DEPLOYMENTS, [(old, None)], preferred_version="v1")
    summary = writer.close()
    with opened(out.getvalue(), expected_sha256=summary.sha256) as reader:
        assert (reader.sha256, reader.compressed_size) == (summary.sha256, summary.size)
        assert reader.format_version == "1.1.0"
        assert reader.items == [ItemRef(PODS, "", "app", f"p{number}") for number in range(300)]
        assert [reader.read(ref) for ref in reader.items] == pods
        versions = reader.versions(DEPLOYMENTS)
        assert list(versions) == ["v1beta1"]
        assert reader.read(versions["v1beta1"][0]) == old
        assert [reader.read(ref) for ref in reader.versions(PODS)["v1-preferredversion"]] == pods
        # Only the old Deployment has no plain copy.
        assert len(reader.warnings) == 1
        assert "has no copy without a version directory" in reader.warnings[0]
        reader.verify()


def test_find() -> None:
    with opened(tar_gz((POD_PATH, POD), ("resources/namespaces/cluster/app.json", obj("Namespace", "app")))) as reader:
        ref = reader.find(PODS, "app", "web")
        assert ref is not None
        assert ref.path == POD_PATH
        assert reader.find(PODS, "other", "web") is None
        assert reader.find(GroupResource("namespaces"), None, "app") is not None
        assert reader.find(GroupResource("namespaces"), "", "app") is not None


@pytest.mark.parametrize(
    ("path", "ref"),
    [
        pytest.param(POD_PATH, ItemRef(PODS, "", "app", "web"), id="Ark 0.5 and later, namespaced"),
        pytest.param(
            "resources/nodes/cluster/a.b.json", ItemRef(GroupResource("nodes"), "", None, "a.b"), id="cluster"
        ),
        pytest.param(
            "resources/deployments.apps/v1-preferredversion/namespaces/app/web.json",
            ItemRef(DEPLOYMENTS, "v1-preferredversion", "app", "web"),
            id="Velero 1.4 and later",
        ),
        pytest.param(
            "resources/deployments.apps/v1beta1/cluster/x.json",
            ItemRef(DEPLOYMENTS, "v1beta1", None, "x"),
            id="version",
        ),
        pytest.param(
            "namespaces/app/deployments.apps/web.json", ItemRef(DEPLOYMENTS, "", "app", "web"), id="Ark 0.3, namespaced"
        ),
        pytest.param("cluster/nodes/a.json", ItemRef(GroupResource("nodes"), "", None, "a"), id="Ark 0.3, cluster"),
        pytest.param("resources/pods/readme.txt", None, id="other file"),
        pytest.param("resources/pods/other/app/web.json", None, id="other directory"),
        pytest.param("resources/pods.json", None, id="too short"),
    ],
)
def test_layouts(path: str, ref: ItemRef | None) -> None:
    assert parse_path(path) == ref


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(tar_gz((f"./{POD_PATH}", POD)), id="./ in front"),
        pytest.param(tar_gz(("resources", b"", {"type": tarfile.DIRTYPE}), (POD_PATH, POD)), id="directories"),
        pytest.param(tar_gz((POD_PATH, POD), tar_format=tarfile.PAX_FORMAT), id="PAX"),
        pytest.param(tar_gz((POD_PATH, POD, {"mtime": 1.5}), tar_format=tarfile.PAX_FORMAT), id="PAX with records"),
        pytest.param(tar_gz((POD_PATH, POD), tar_format=tarfile.GNU_FORMAT), id="GNU"),
        pytest.param(tar_gz((POD_PATH, POD, {"mode": 0o600, "uname": "root", "uid": 7})), id="mode and owner"),
        pytest.param(
            gzip.compress(tar((POD_PATH, POD))[:700]) + gzip.compress(tar((POD_PATH, POD))[700:]), id="two gzip"
        ),
        pytest.param(tar_gz((POD_PATH, POD)) + bytes(1024), id="zeros behind"),
        pytest.param(gzip.compress(tar((POD_PATH, POD))[:1024]), id="no end blocks"),
        pytest.param(
            tar_gz(
                (
                    POD_PATH,
                    b'{\n "apiVersion": "v1",\n "kind": "Pod", "metadata": {"name": "web", "namespace": "app"}}\n',
                )
            ),
            id="indented",
        ),
    ],
)
def test_other_writers(data: bytes) -> None:
    """Archives that a stock Velero restores."""
    with opened(data) as reader:
        assert reader.items == [ItemRef(PODS, "", "app", "web")]
        assert reader.read(reader.items[0]) == POD
        reader.verify()
        assert reader.warnings == []


@pytest.mark.parametrize("tar_format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_of_other_writers(tar_format: int) -> None:
    name = "r" * 250
    with opened(tar_gz((f"resources/pods/namespaces/app/{name}.json", POD), tar_format=tar_format)) as reader:
        assert reader.items[0].name == name


def test_an_empty_archive() -> None:
    with opened(tar_gz()) as reader:
        assert reader.items == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"PK\x03\x04 not gzip at all", "not a sound gzip file", id="not gzip"),
        pytest.param(tar_gz((POD_PATH, POD))[:-1], "is truncated", id="last byte"),
        pytest.param(tar_gz((POD_PATH, POD))[:-9], "is truncated", id="no trailer"),
        pytest.param(tar_gz((POD_PATH, POD))[:60], "is truncated", id="half"),
        pytest.param(tar_gz((POD_PATH, POD))[:5], "is truncated", id="in the gzip header"),
        pytest.param(tar_gz((POD_PATH, POD)) + b"garbage", "not a sound gzip file", id="garbage behind"),
        pytest.param(gzip.compress(b"x" * 2000), "not a sound tar file", id="not tar"),
        pytest.param(gzip.compress(b"x" * 200), "is truncated", id="short and not tar"),
        pytest.param(gzip.compress(tar((POD_PATH, POD))[:530]), f"ends inside its member {POD_PATH}", id="in a member"),
        pytest.param(gzip.compress(tar((POD_PATH, POD))[:300]), "ends inside a tar header", id="in a header"),
    ],
)
def test_damaged_archives(data: bytes, message: str) -> None:
    with pytest.raises(ArchiveError, match=message):
        opened(data)


def test_a_flipped_bit_is_found() -> None:
    data = bytearray(tar_gz((POD_PATH, POD)))
    data[-8] ^= 1
    with pytest.raises(ArchiveError, match="not a sound gzip file"):
        opened(bytes(data))


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        pytest.param("../../etc/passwd", {}, "would lie outside", id="parent"),
        pytest.param("resources/../../x.json", {}, "would lie outside", id="parent inside"),
        pytest.param("/etc/passwd", {}, "would lie outside", id="absolute"),
        pytest.param("resources/x", {"type": tarfile.SYMTYPE, "linkname": "/etc"}, "a symbolic link", id="symlink"),
        pytest.param("resources/x", {"type": tarfile.LNKTYPE, "linkname": "a"}, "a hard link", id="hard link"),
        pytest.param("resources/x", {"type": tarfile.CHRTYPE}, "a device", id="character device"),
        pytest.param("resources/x", {"type": tarfile.BLKTYPE}, "a device", id="block device"),
        pytest.param("resources/x", {"type": tarfile.FIFOTYPE}, "a FIFO", id="fifo"),
        pytest.param("resources/x", {"type": b"S"}, "unknown type", id="sparse"),
    ],
)
def test_refused_members(name: str, changes: dict[str, t.Any], message: str) -> None:
    with pytest.raises(ArchiveError, match=message) as caught:
        opened(tar_gz((POD_PATH, POD), (name, b"", changes)))
    assert name in caught.value.message


def test_a_directory_with_data() -> None:
    """Go's reader takes the data for the next members, Python's leaves it out."""
    folder = tar(("resources", b"", {"type": tarfile.DIRTYPE}))[:512]
    sized = folder[:124] + b"00000001000\0" + folder[136:148] + b" " * 8 + folder[156:]
    sized = sized[:148] + b"%06o\0 " % sum(sized) + sized[156:]
    with pytest.raises(ArchiveError, match="resources is a directory with data"):
        opened(gzip.compress(sized + PLAIN))


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ({"path": POD_PATH}, "a global header that names members or says their size"),
        ({"size": "3"}, "a global header that names members or says their size"),
        ({"GNU.sparse.map": "0,1"}, "a sparse file, which a backup never holds"),
        ({"comment": "made by git archive"}, ""),
    ],
)
def test_global_headers(records: dict[str, str], message: str) -> None:
    """Python and GNU tar give them to all members that follow, Go to none."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers=records):
        pass
    data = gzip.compress(out.getvalue()[:1024] + PLAIN)
    if message:
        with pytest.raises(ArchiveError, match=message):
            opened(data)
    else:
        with opened(data) as reader:
            assert [ref.path for ref in reader.items] == [POD_PATH]


def test_data_behind_the_end_is_a_warning() -> None:
    """Two tar files in a row: no program reads the second one, and nobody would miss it."""
    with opened(gzip.compress(PLAIN * 2)) as reader:
        assert [ref.path for ref in reader.items] == [POD_PATH]
        assert reader.warnings == ["The archive has data behind the end of its tar file, which no program reads."]


def test_a_member_that_comes_a_hundred_times_is_kept_once() -> None:
    with opened(tar_gz(*[(POD_PATH, POD)] * 100)) as reader:
        assert reader._spool.size == len(json.dumps(POD))


def test_path_traversal_by_an_extension_header() -> None:
    for tar_format in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        name = "a/" * 100 + "../" * 150 + "etc/passwd"
        with pytest.raises(ArchiveError, match="would lie outside"):
            opened(tar_gz((name, b""), tar_format=tar_format))


def test_a_member_that_is_too_large() -> None:
    data = tar_gz((POD_PATH, b"x" * 2000))
    with pytest.raises(ArchiveError, match=f"{POD_PATH} is too large: 2000 bytes"):
        opened(data, max_item_bytes=1999)
    # Refused by what the header says, before anything of that size is read.
    header = bytearray(tar((POD_PATH, b""))[:512])
    header[124:136] = b"\x80" + struct.pack(">Q", 1 << 50).rjust(11, b"\0")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(ArchiveError, match="is too large"):
        opened(gzip.compress(bytes(header)))


def test_a_bomb_needs_little_memory() -> None:
    import tracemalloc

    data = tar_gz(*((f"resources/pods/namespaces/app/p{number}.json", bytes(4 << 20)) for number in range(16)))
    assert len(data) < 1 << 20
    tracemalloc.start()
    try:
        opened(data).close()
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


def test_a_wrong_digest() -> None:
    data = tar_gz((POD_PATH, POD))
    opened(data, expected_sha256=hashlib.sha256(data).hexdigest()).close()
    with pytest.raises(ArchiveError, match="its SHA-256 is") as caught:
        opened(data, expected_sha256="0" * 64, what="backups/b/b.tar.gz")
    assert caught.value.message.startswith("backups/b/b.tar.gz")


def test_the_same_name_twice() -> None:
    """The later one wins, as on extraction."""
    other = {**POD, "spec": {"later": True}}
    with opened(tar_gz((POD_PATH, POD), (POD_PATH, other))) as reader:
        assert reader.items == [ItemRef(PODS, "", "app", "web")]
        assert reader.read(reader.items[0]) == other
        assert len(reader.warnings) == 1
        assert "more than once" in reader.warnings[0]


def test_strange_files_are_a_warning() -> None:
    """Velero: unexpected files are a warning and ignored."""
    with opened(tar_gz(("readme.txt", b"x"), ("metadata/revision", b"x"), (POD_PATH, POD))) as reader:
        assert len(reader.items) == 1
        assert reader.warnings == ["readme.txt is no object's path and was left out."]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"{", "is not valid JSON", id="cut"),
        pytest.param(b"", "is not valid JSON", id="empty"),
        pytest.param(b"\xff\xfe", "is not valid JSON", id="not UTF-8"),
        pytest.param(b"[" * 100_000, "is not valid JSON", id="nested for ever"),
        pytest.param(b"[]", "is not a JSON object", id="list"),
    ],
)
def test_bad_json_names_the_member(data: bytes, message: str) -> None:
    path = "resources/pods/namespaces/app/bad.json"
    with opened(tar_gz((POD_PATH, POD), (path, data))) as reader:
        with pytest.raises(ArchiveError, match=f"{path} {message}"):
            reader.read(ItemRef(PODS, "", "app", "bad"))
        with pytest.raises(ArchiveError, match=f"{path} {message}"):
            reader.verify()


@pytest.mark.parametrize(
    ("item", "message"),
    [
        pytest.param(
            {"kind": "Pod", "metadata": {"name": "web", "namespace": "app"}}, "no apiVersion", id="no version"
        ),
        pytest.param({"apiVersion": "v1", "kind": "Pod"}, "no apiVersion, kind or metadata", id="no metadata"),
        pytest.param(obj("Pod", "other", "app"), "its object is 'app/other'", id="name"),
        pytest.param(obj("Pod", "web", "kube-system"), "its object is 'kube-system/web'", id="namespace"),
        pytest.param(obj("Pod", "web"), "its object is 'web'", id="no namespace"),
    ],
)
def test_verify_finds_objects_in_the_wrong_place(item: dict[str, t.Any], message: str) -> None:
    with opened(tar_gz((POD_PATH, item))) as reader, pytest.raises(ArchiveError, match=message):
        reader.verify()


def test_verify_names_the_first_and_counts_the_rest() -> None:
    paths = [f"resources/pods/namespaces/app/p{number}.json" for number in range(30)]
    with opened(tar_gz(*((path, b"{") for path in paths))) as reader, pytest.raises(ArchiveError) as caught:
        reader.verify()
    assert paths[0] in caught.value.message
    assert "29 more members are bad" in caught.value.message
    assert len(caught.value.details["bad_members"]) == 20


def test_versioned_copies_are_kept_once() -> None:
    copy = "resources/pods/v1-preferredversion/namespaces/app/web.json"
    other = {**POD, "spec": {"other": True}}
    for second, stored in ((POD, 1), (other, 2)):
        with opened(tar_gz((POD_PATH, POD), (copy, second))) as reader:
            assert reader.read(ItemRef(PODS, "v1-preferredversion", "app", "web")) == second
            assert reader.read(ItemRef(PODS, "", "app", "web")) == POD
            assert len(set(reader._index.values())) == stored


def test_read_from_many_threads() -> None:
    pods = [obj("Pod", f"p{number}", "app", data="x" * number) for number in range(500)]
    data = tar_gz(*((f"resources/pods/namespaces/app/p{number}.json", pod) for number, pod in enumerate(pods)))
    with opened(data) as reader:
        found: list[list[dict[str, t.Any]]] = [[] for _thread in range(4)]

        def read(number: int) -> None:
            found[number] = [reader.read(ref) for ref in reader.items]

        threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [pods] * 4


def test_a_missing_member() -> None:
    with opened(tar_gz((POD_PATH, POD))) as reader, pytest.raises(ArchiveError, match="has no member"):
        reader.read(ItemRef(PODS, "", "app", "never"))


def in_members(*sizes: int) -> tuple[bytes, bytes]:
    """An archive of several objects, and the same in gzip members that hold this many bytes each."""
    data = tar(*[(f"resources/pods/namespaces/app/p{n}.json", obj("Pod", f"p{n}", "app")) for n in range(8)])
    parts, rest = [], data
    for size in sizes:
        parts.append(gzip.compress(rest[:size], mtime=0))
        rest = rest[size:]
    return data, b"".join([*parts, gzip.compress(rest, mtime=0)])


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param((1024,), id="two"),
        pytest.param((1024,) * 6, id="many"),
        pytest.param((700, 1, 511), id="members-of-the-tar-cut-in-two"),
        pytest.param((0, 1024, 0), id="empty-ones"),
    ],
)
def test_gzip_members(sizes: tuple[int, ...]) -> None:
    _data, archive = in_members(*sizes)
    with opened(archive) as reader:
        reader.verify()
        assert [ref.name for ref in reader.items] == [f"p{n}" for n in range(8)]
        assert reader.sha256 == hashlib.sha256(archive).hexdigest()


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        pytest.param(-1, "is truncated", id="the last byte"),
        pytest.param(-9, "is truncated", id="no trailer"),
        pytest.param(-30, "is truncated", id="in the data"),
    ],
)
def test_a_later_gzip_member_that_is_truncated(cut: int, message: str) -> None:
    _data, archive = in_members(1024, 2048)
    with pytest.raises(ArchiveError, match=message):
        opened(archive[:cut])


def test_a_later_gzip_member_that_is_missing() -> None:
    data, _archive = in_members()
    with pytest.raises(ArchiveError, match="end"):
        opened(gzip.compress(data[:1024]) + gzip.compress(data[1024:2048]))


@pytest.mark.parametrize("more", [b"x" * 20, b"\x1f\x8b\x08\x00broken and long enough"], ids=["no gzip", "bad gzip"])
def test_something_else_after_a_gzip_member(more: bytes) -> None:
    _data, archive = in_members(1024)
    with pytest.raises(ArchiveError, match="gzip"):
        opened(archive + more)
