# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pods, kopia and S3 servers say, and what of it is believed. The words were seen with kopia 0.22.3."""

from __future__ import annotations

import base64
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import remember_secrets
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.outcome import (
    explain,
    last_words,
    parse_outcome,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.progress import Amount, Meter, read_amount
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import RepositoryPlace
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.snapshot_manifest import (
    parse_manifest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.transfer.downloading import compare_counts
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.transfer.losses import loss_sentences
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.transfer.owners import compare_owners

PLACE = RepositoryPlace(
    namespace="shop", bucket="b", prefix="p/kopia/shop/", region="us-east-1", endpoint="s3.local:9000"
)
SUMMARY = {"size": 52428945, "files": 53, "symlinks": 1, "dirs": 4, "numFailed": 0}


def manifest(**more: t.Any) -> str:
    root = {"name": "data", "type": "d", "mode": "0755", "obj": "k308190e5ad7e3c64a1f4bd4db9df8403", "summ": SUMMARY}
    document = {
        "id": "33b39038263009ecb37e21626c10e2a4",
        "startTime": "2026-11-29T08:53:56.053184481Z",
        "endTime": "2026-11-29T08:53:56.422720542Z",
        "rootEntry": root,
    }
    return json.dumps({**document, **more})


def root(**summary: t.Any) -> dict[str, t.Any]:
    return {"rootEntry": {"type": "d", "summ": {**SUMMARY, **summary}}}


def test_a_whole_manifest_is_read() -> None:
    found = parse_manifest(manifest())
    assert found is not None
    assert (found.id, found.bytes, found.files, found.links, found.folders, found.trouble) == (
        "33b39038263009ecb37e21626c10e2a4", 52428945, 53, 1, 4, "",
    )  # fmt: skip
    assert found.started is not None
    assert found.started.year == 2026


@pytest.mark.parametrize(
    ("more", "trouble"),
    [
        # docs/compatibility 18.3: SIGTERM, exit code 0.
        pytest.param({"incomplete": "canceled"}, "the snapshot is incomplete (canceled)", id="signal"),
        pytest.param(root(incomplete="canceled"), "the snapshot is incomplete (canceled)", id="only-below"),
        # docs/compatibility 18.3: an entry that cannot be read.
        pytest.param(
            root(numFailed=1, errors=[{"path": "a\x1b[2J", "error": "permission denied"}]),
            r"1 of its entries could not be read, such as a\x1b[2J: permission denied",
            id="unreadable",
        ),
        pytest.param(root(numIgnoredErrors=2), "2 of its entries could not be read", id="ignored"),
    ],
)
def test_a_manifest_that_is_not_whole_says_so(more: dict[str, t.Any], trouble: str) -> None:
    found = parse_manifest(manifest(**more))
    assert found is not None
    assert found.trouble == trouble


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "no JSON",
        manifest()[:300],
        manifest(id="../x"),
        manifest(rootEntry=None),
        manifest(rootEntry={}),
    ],
)
def test_what_is_no_manifest_is_none(text: str) -> None:
    assert parse_manifest(text) is None


MESSAGE = "arkive-mover done upload 0\nmanifest {}\nuploaded 542 MB\nloss fifo 1 a b\nloss acl 2 c\n"


@pytest.mark.parametrize("prefix", ["", "arkive-mover> "])
def test_the_message_of_a_container_is_read_from_the_log_as_well(prefix: str) -> None:
    text = "progress  | 1 hashing\n" * bool(prefix) + "".join(f"{prefix}{line}\n" for line in MESSAGE.splitlines())
    found = parse_outcome(text + "something else\n" * bool(prefix))
    assert found is not None
    assert (found.state, found.step, found.code, found.one("uploaded")) == ("done", "upload", 0, "542 MB")
    assert found.of("loss") == ["fifo 1 a b", "acl 2 c"]
    assert found.one("none") == ""


def test_a_killed_container_has_said_nothing() -> None:
    assert parse_outcome("progress | 1 hashing\n") is None


def failed(step: str, code: int, text: str) -> t.Any:
    found = parse_outcome(f"arkive-mover failed {step} {code}\n{text}\n")
    assert found is not None
    return explain(found, PLACE, namespace="shop", doing="copy the volume of shop/files")


@pytest.mark.parametrize(
    ("step", "code", "text", "part", "again"),
    [
        ("connect", 1, "ERROR error connecting to repository: repository not initialized in the provided storage",
         "There is no repository at s3://b/p/kopia/shop/.", False),
        # debian:12 and busybox:1.36 as mover.image.
        ("create", 127, "timeout: failed to run command 'kopia': No such file or directory", "no program kopia", False),
        ("connect", 127, "timeout: can't execute 'kopia': No such file or directory", "no program kopia", False),
        ("connect", 127, "/bin/sh: 1: kopia: not found", "no program kopia", False),
        ("connect", 1, "ERROR invalid repository password", "does not open with this password", False),
        ("open", 1, "unable to decrypt repository blobcfg blob", "cannot be opened by anybody", False),
        ("create", 1, "found existing data in storage location", "lie objects already", False),
        ("connect", 1, "dial tcp: lookup s3.local on 10.0.0.10:53: no such host", "cannot resolve the name", True),
        ("connect", 1, "dial tcp 198.18.0.1:1: connect: connection refused",
         "do not reach the S3 server s3.local:9000: dial tcp 198.18.0.1:1: connect: connection refused", True),
        ("connect", 124, "", "get no answer of the S3 server", True),
        ("connect", 1, "tls: failed to verify certificate: x509: certificate signed by unknown authority",
         "do not trust the certificate", False),
        ("connect", 1, "The difference between the request time and the current time is too large.",
         "Set the clocks of the nodes.", False),
        ("upload", 1, "ExpiredToken: The provided token has expired.", "The keys of the pod have expired", True),
        ("connect", 1, "The Access Key Id you provided does not exist in our records. InvalidAccessKeyId",
         "does not know the access key", False),
        ("connect", 1, "SignatureDoesNotMatch", "The secret key does not belong to the access key", False),
        ("connect", 1, "The specified bucket does not exist", "of s3://b/p/kopia/shop/ does not exist.", False),
        ("upload", 1, "Access Denied.", "may not do at s3://b/p/kopia/shop/ what moving data takes", False),
        ("download", 1, "write /work/data/x: no space left on device",
         "Cannot copy the volume of shop/files: there is no room left: write", False),
        # kopia 0.22, repo/blob/s3/s3_storage.go, PutBlob: why it was not written is lost.
        ("policy", 1,
         "error flushing writer: unable to write session marker: s1-s2: StatObject: BLOB not found",
         "what pods write to s3://b/p/kopia/shop/ does not come to be there", True),
        ("look", 17, "index.html", "the volume is not empty; index.html is in it", False),
        ("snapshot", 2, "", "does not have the snapshot", False),
        ("snapshot", 3, "", "is incomplete", False),
        # docs/compatibility 18.3; the words of an entry look like those of a broken connection.
        ("upload", 1,
         'errors {"path":"a \\"b","error":"JSON decoding: EOF"}\nFound 1 fatal error(s) while snapshotting x.',
         'Cannot copy the volume of shop/files: not all of it can be read, such as a "b: JSON decoding: EOF.', False),
        ("upload", 1, "Found 1 fatal error(s) while snapshotting x.", "not all of it can be read.", False),
        ("upload", 1, "kopia: something new", "kopia failed: kopia: something new.", False),
        ("connect", 1, 'Get "http://s3.local:9000/b/?location=": EOF', "do not reach the S3 server", True),
        ("upload", 2, "", "kopia failed: it ended with exit code 2.", True),
        # By the kernel, or by somebody on the node; what kopia had said last is no reason.
        ("upload", 137, " 3 hashed (2.5 MB)", "was killed on its node. Where memory runs out there, raise the", True),
        ("connect", 9, "", "was killed on its node", True),
        ("connect", 137, "", "get no answer of the S3 server", True),
    ],
)  # fmt: skip
def test_each_failure_is_one_sentence(step: str, code: int, text: str, part: str, again: bool) -> None:
    found = failed(step, code, text)
    assert part in found.sentence
    assert found.again is again
    assert found.sentence.endswith(".")
    assert "\n" not in found.sentence


def test_no_secret_and_no_control_character_is_quoted() -> None:
    remember_secrets(["s3cr3tkey"])
    assert last_words("one\ntwo \x1b[2J s3cr3tkey\n") == r"two \x1b[2J ********"
    assert len(last_words("x" * 5000)) < 600


@pytest.mark.parametrize(
    ("lines", "sentences"),
    [
        # docs/compatibility 18.4
        (["hardlink 2 d/f1"], ["2 of its files with hard links are kept as files of their own, such as d/f1."]),
        (["fifo 1 pipe"], ["1 named pipe is left out: pipe."]),
        (["socket 2 s"], ["2 sockets are left out: s."]),
        (["device 1 null"], ["1 device file is left out: null."]),
        (["xattr 3 a b"], ["Extended attributes of 3 entries are not kept, such as those of a b."]),
        (["acl 1 \x1b["], [r"POSIX ACLs of 1 entry are not kept, such as that of \x1b[."]),
        (["unseen 1 xattr"], ["Whether it has extended attributes or ACLs, which are not kept, is not known: the image "
                              "has no GNU tar."]),
        (["", "fifo", "fifo x y", "other 1 z"], []),
    ],
)  # fmt: skip
def test_losses_are_said(lines: list[str], sentences: list[str]) -> None:
    assert list(loss_sentences(lines)) == sentences


def sample(entries: list[dict[str, t.Any]], found: list[str], *, cut: int = 0) -> str:
    stored = json.dumps({"stream": "kopia:directory", "entries": entries}, separators=(",", ":"))
    there = "".join(f"{line}\0" for line in found)
    texts = (base64.b64encode(text.encode()).decode() for text in (stored[: len(stored) - cut], there))
    return f"progress\nsample 1 {' '.join(texts)}\n"


FILE = {"name": "a b", "type": "f", "mode": "0640", "uid": 1234, "gid": 5678, "obj": "x"}


@pytest.mark.parametrize(
    ("log", "checked", "wrong"),
    [
        (sample([FILE], ["1234 5678 640 f a b"]), 1, ""),
        (sample([FILE], ["0 0 640 f a b"]), 1,
         "a b has type f, owner 0:0 and mode 0640 instead of type f, owner 1234:5678 and mode 0640"),
        (sample([FILE], ["1234 5678 660 f a b"]), 1,
         "a b has type f, owner 1234:5678 and mode 0660 instead of type f, owner 1234:5678 and mode 0640"),
        # docs/compatibility 18.3: Go's bits of setuid, setgid and sticky.
        (sample([{"name": "s", "type": "f", "mode": "040000755"}], ["0 0 4755 f s"]), 1, ""),
        (sample([{"name": "g", "type": "d", "mode": "020000711"}], ["0 0 2711 d g"]), 1, ""),
        (sample([{"name": "t", "type": "d", "mode": "04000777"}], ["0 0 1777 d t"]), 1, ""),
        # Links have no mode of their own.
        (sample([{"name": "l", "type": "s", "mode": "0777"}], ["0 0 777 l l"]), 1, ""),
        # A large folder is cut off: what is whole of it counts.
        (sample([FILE, {"name": "cut", "type": "f", "mode": "0600"}], ["1234 5678 640 f a b", "9 9 777 f cut"], cut=20),
         1, ""),
        ("no sample", 0, ""),
        ("sample 1 !!! ???\n", 0, ""),
    ],
)  # fmt: skip
def test_owners_and_modes_are_compared(log: str, checked: int, wrong: str) -> None:
    assert compare_owners(log) == (checked, wrong)


@pytest.mark.parametrize(
    ("counted", "part"),
    [
        ("53 52428945 1 3", ""),
        ("53 52428945 1 2", ""),  # lost+found is in the snapshot
        ("0 0 0 0", "it has 0 files, and its snapshot 53"),  # kopia: "Restored 0 files", exit code 0
        ("53 52428944 1 3", "it has 52428944 bytes"),
        ("53 52428945 0 3", "it has 0 links"),
        ("53 52428945 1 9", "it has 9 folders, and its snapshot 3"),
        ("", "could not be counted"),
        ("53 x 1 3", "could not be counted"),
    ],
)
def test_a_filled_volume_has_what_its_snapshot_has(counted: str, part: str) -> None:
    found = parse_manifest(manifest())
    assert found is not None
    wrong = compare_counts(found, counted)
    assert part in wrong
    assert bool(wrong) is bool(part)


@pytest.mark.parametrize(
    ("line", "amount"),
    [
        ("progress  | 1 hashing, 12 hashed (65.5 KB), 3 cached (1 MB), uploaded 0 B, estimating...", Amount(1065500)),
        ("progress  * 0 hashing, 1083 hashed (642.1 MB), 0 cached (0 B), uploaded 542 MB, estimated 1.3 GB (9%)",
         Amount(642100000, 1300000000)),
        ("progress Processed 10 (1.2 MB) of 100 (1 GB) 12.3 MB/s (2.0%) remaining 12s.", Amount(1200000, 1000000000)),
        ("arkive-mover> done", None),
        ("", None),
    ],
)  # fmt: skip
def test_progress_is_read(line: str, amount: Amount | None) -> None:
    assert read_amount(line) == amount


@pytest.mark.parametrize(
    ("amount", "total", "seconds", "line"),
    [
        (Amount(1_200_000_000, 3_400_000_000), 0, 20.0, "shop/files: 1.2 GB of 3.4 GB, 60.0 MB/s, 37 s left"),
        (Amount(500, 0), 0, 10.0, "shop/files: 500 B, 50 B/s"),
        (Amount(500, 0), 1000, 10.0, "shop/files: 500 B of 1.0 KB, 50 B/s, 10 s left"),
        (Amount(0, 0), 0, 0.0, "shop/files: 0 B"),
    ],
)
def test_progress_is_a_line(amount: Amount, total: int, seconds: float, line: str) -> None:
    assert Meter("shop/files", total, 100.0).line(amount, 100.0 + seconds) == line


def test_the_rate_is_that_of_the_last_lines() -> None:
    """A slow beginning, or what needed no copy, says little of the time that is left."""
    meter = Meter("shop/files", 10_000, 0.0)
    lines = [meter.line(Amount(done), 10.0 * number) for number, done in enumerate((10, 20, 30, 40, 50, 60, 1060), 1)]
    assert lines[0] == "shop/files: 10 B of 10.0 KB, 1 B/s, 9990 s left"
    assert lines[-1] == "shop/files: 1.1 KB of 10.0 KB, 17 B/s, 511 s left"
