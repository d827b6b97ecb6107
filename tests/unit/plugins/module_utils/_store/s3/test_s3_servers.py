# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The S3 store against servers of many kinds: strict, old, broken and dishonest ones, over HTTP."""

from __future__ import annotations

import hashlib
import io
import itertools
import typing as t

import botocore.retries.standard
import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._aws import client as aws_client
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.store import S3Store
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_in_memory import MemoryS3, Mode
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_wire import (
    Answerer,
    Reply,
    Request,
    S3Wire,
    failure,
)

_MIB = 1 << 20
KEY_ID, SECRET, TOKEN = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCY", "FwoGZXIvYXdzEJr//////////wE"
#: What no request may carry that an upload does not.
_CHECKSUMS = ("x-amz-checksum-", "x-amz-sdk-checksum-", "x-amz-trailer")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request is tried twice, and nobody is waited for."""
    monkeypatch.setattr(aws_client, "_ATTEMPTS", 2)
    monkeypatch.setattr(aws_client, "_READ_SECONDS", 2)
    monkeypatch.setattr(botocore.retries.standard.ExponentialBackoff, "delay_amount", lambda *_given: 0.0)
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serve() -> t.Iterator[t.Callable[[Answerer], tuple[S3Store, S3Wire]]]:
    """``serve(answer)``: a store of that server, and the server."""
    wires: list[S3Wire] = []

    def begin(answer: Answerer) -> tuple[S3Store, S3Wire]:
        wires.append(S3Wire(answer).__enter__())
        location = S3Location(
            name="here",
            bucket="b",
            prefix="p",
            endpoint_url=wires[-1].url,
            access_key=KEY_ID,
            secret_key=SECRET,
            session_token=TOKEN,
        )
        return S3Store(location), wires[-1]

    yield begin
    for wire in wires:
        wire.__exit__()


Serve: t.TypeAlias = "t.Callable[[Answerer], tuple[S3Store, S3Wire]]"


@pytest.mark.parametrize(
    "modes",
    [
        pytest.param((), id="all that S3 does"),
        pytest.param(("no-checksums",), id="Backblaze B2, older Ceph and MinIO: no checksums of the SDK"),
        pytest.param(("no-batch-delete",), id="501 for batches of deletes"),
        pytest.param(("refuses-batch-delete",), id="400 for batches of deletes"),
        pytest.param(("no-conditions",), id="501 for conditions"),
        pytest.param(("ignores-conditions",), id="conditions ignored"),
        pytest.param(("list-v1",), id="the first version of lists"),
        pytest.param(("no-checksums", "no-conditions", "list-v1", "refuses-batch-delete"), id="all of these"),
    ],
)
def test_servers_that_know_less(serve: Serve, modes: tuple[Mode, ...]) -> None:
    memory = MemoryS3(*modes, page=3)
    store, wire = serve(memory)
    store.check(write=True)
    big = bytes(range(256)) * (20 * _MIB // 256)
    assert store.put_file("d/big", io.BytesIO(big), size=len(big)).size == len(big)
    for number in range(7):
        store.put(f"d/e{number} &+/x", b"%d" % number)
    assert store.put_if_absent("d/claim", b"first")
    assert not store.put_if_absent("d/claim", b"second")
    assert store.get("d/claim") == b"first"
    assert store.get_range("d/big", 255, 2) == b"\xff\x00"
    assert store.conditional_writes == ("no-conditions" not in modes and "ignores-conditions" not in modes)
    names = sorted(["d/big", "d/claim", *(f"d/e{number} &+/x" for number in range(7))])
    assert [info.key for info in store.list().objects] == names
    assert store.list("d/", "/").prefixes == [f"d/e{number} &+/" for number in range(7)]
    store.delete_many([*names, "d/never"])
    assert memory.objects == {}
    assert not [name for request in wire.requests for name in request.headers if name.startswith(_CHECKSUMS)]


def test_a_refused_batch_is_not_tried_again(serve: Serve) -> None:
    store, wire = serve(MemoryS3("refuses-batch-delete"))
    for _time in range(3):
        store.delete_many(["a", "b"])
    assert [request.operation for request in wire.requests] == ["DeleteObjects", *["DeleteObject"] * 6]


def test_files_of_the_longest_names_that_a_velero_gives_are_read_and_deleted(serve: Serve) -> None:
    """Kubernetes lets a Backup have 253 characters, and S3 a key 1024 bytes."""
    store, _wire = serve(MemoryS3())
    name = "x" * 253
    key = f"backups/{name}/{name}-csi-volumesnapshotcontents.json.gz"
    assert not store.exists(key)
    store.put(key, b"x")
    assert (store.get(key), [info.key for info in store.list(key).objects]) == (b"x", [key])
    store.delete_many([key])
    assert not store.exists(key)


def test_the_digest_of_a_batch_is_sent_once(serve: Serve) -> None:
    """Botocore before 1.36 sets it as well, and newer ones set another."""
    store, wire = serve(MemoryS3())
    store.delete_many(["a"])
    (request,) = wire.requests
    assert "," not in request.headers["content-md5"]
    assert not [name for name in request.headers if name.startswith(_CHECKSUMS)]
    assert "content-md5" in request.headers["authorization"]


@pytest.mark.parametrize("mode", ["no-batch-delete", "refuses-batch-delete", None])
def test_deletes_that_are_refused(serve: Serve, mode: Mode | None) -> None:
    memory = MemoryS3("no-deletes", *([mode] if mode else []))
    store, _wire = serve(memory)
    store.put("a", b"x")
    with pytest.raises(StoreError) as caught:
        store.delete_many(["a"])
    assert "s3://b/p" in caught.value.message
    assert "p/a" in memory.objects


def test_one_by_one_ends_where_nobody_answers(serve: Serve) -> None:
    def answer(request: Request) -> Reply:
        return failure(501, "NotImplemented") if request.operation == "DeleteObjects" else Reply(200, cut=True)

    store, wire = serve(answer)
    with pytest.raises(StoreError, match=r"Cannot delete from .* cannot be reached"):
        store.delete_many([f"k{number}" for number in range(50)])
    assert len(wire.requests) < 5


class Twisted:
    """A server in memory, but for ``operation``, which ``change`` answers."""

    def __init__(self, operation: str, change: t.Callable[[Request, Reply], Reply]) -> None:
        self.memory = MemoryS3()
        self._operation = operation
        self._change = change

    def __call__(self, request: Request) -> Reply:
        reply = self.memory(request)
        return self._change(request, reply) if request.operation == self._operation else reply


def _without(*names: str) -> t.Callable[[Request, Reply], Reply]:
    def change(_request: Request, reply: Reply) -> Reply:
        headers = {name: value for name, value in reply.headers.items() if name not in names}
        return Reply(reply.status, reply.body, headers)

    return change


def _says(text: str, status: int = 200, **headers: str) -> t.Callable[[Request, Reply], Reply]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request, _reply: Reply(status, text.encode(), sent)


#: Newer versions of botocore take a page of HTML for an error of the server, older ones cannot read it.
_UNREADABLE = r"cannot be read|Internal Server Error \(500\)"
_PAGE_OF_HTML = "<html><body><h1>It works!</h1><p>Log in<br>here.</body></html>"
_XHTML = "<html><body>Log in here.</body></html>"
_BIG = bytes(20 * _MIB)
_counter = itertools.count()


def _list_page(*inner: str) -> str:
    return f"<ListBucketResult><Name>b</Name>{''.join(inner)}</ListBucketResult>"


def _entry(key: str, size: object = 1, modified: str = "2026-01-01T00:00:00.000Z") -> str:
    return f"<Contents><Key>{key}</Key><Size>{size}</Size><LastModified>{modified}</LastModified></Contents>"


_MORE = "<IsTruncated>true</IsTruncated>"


def _put_big(store: S3Store) -> object:
    return store.put_file("k", io.BytesIO(_BIG), size=len(_BIG))


def _put_then(act: t.Callable[[S3Store], object]) -> t.Callable[[S3Store], object]:
    def both(store: S3Store) -> object:
        store.put("k", b"0123456789")
        return act(store)

    return both


@pytest.mark.parametrize(
    ("operation", "change", "act", "message"),
    [
        pytest.param("UploadPart", _without("ETag"), _put_big, "answer to UploadPart has no ETag", id="part"),
        pytest.param("UploadPart", _says("", ETag=""), _put_big, "answer to UploadPart has no ETag", id="empty ETag"),
        pytest.param(
            "CreateMultipartUpload", _says("<R/>"), _put_big, "answer to CreateMultipartUpload has no UploadId", id="id"
        ),
        pytest.param("CreateMultipartUpload", _says(_PAGE_OF_HTML), _put_big, _UNREADABLE, id="upload: HTML"),
        pytest.param("CompleteMultipartUpload", _says(_PAGE_OF_HTML), _put_big, "Cannot write k", id="complete: HTML"),
        pytest.param(
            "CompleteMultipartUpload",
            _says("<Error><Code>InternalError</Code><Message>Oops</Message></Error>"),
            _put_big,
            "Oops",
            id="complete: 200 with an error",
        ),
        pytest.param(
            "CreateMultipartUpload",
            _says("<R/>"),
            lambda store: store.check(write=True),
            "has no UploadId",
            id="check: no id",
        ),
        pytest.param("ListObjectsV2", _says(_PAGE_OF_HTML), S3Store.list, _UNREADABLE, id="list: HTML"),
        pytest.param("ListObjectsV2", _says(_XHTML), S3Store.list, "is no list", id="list: XHTML"),
        pytest.param("ListObjectsV2", _says(""), S3Store.list, "is no list", id="list: nothing"),
        pytest.param("ListObjectsV2", _says('{"keys": []}'), S3Store.list, _UNREADABLE, id="list: JSON"),
        pytest.param(
            "ListObjectsV2", _says(_XHTML), lambda store: store.check(write=False), "is no list", id="check: XHTML"
        ),
        pytest.param(
            "ListObjectsV2", _says(_list_page(_entry("p/a", "x"))), S3Store.list, "cannot be read", id="list: size"
        ),
        pytest.param(
            "ListObjectsV2", _says(_list_page(_entry("p/a", -1))), S3Store.list, "has no Size", id="list: negative"
        ),
        pytest.param(
            "ListObjectsV2",
            _says(_list_page(_entry("p/a", modified="yesterday"))),
            S3Store.list,
            "cannot be read",
            id="list: time",
        ),
        pytest.param(
            "ListObjectsV2",
            _says(_list_page("<Contents><Size>1</Size></Contents>")),
            S3Store.list,
            "has no Key",
            id="list: no key",
        ),
        pytest.param(
            "ListObjectsV2",
            _says(_list_page("<Contents><Key>p/a</Key><Size>1</Size></Contents>")),
            S3Store.list,
            "has no LastModified",
            id="list: no time",
        ),
        pytest.param(
            "ListObjectsV2",
            _says(_list_page(_entry("other/a"))),
            S3Store.list,
            "'other/a', which does not begin with 'p/'",
            id="list: prefix ignored",
        ),
        pytest.param(
            "ListObjectsV2",
            _says(_list_page(_MORE, "<NextContinuationToken>t</NextContinuationToken>", _entry("p/a"))),
            S3Store.list,
            "again and again",
            id="list: the same token for ever",
        ),
        pytest.param(
            "ListObjectsV2",
            lambda _request, _reply: Reply(
                200,
                _list_page(
                    _MORE, f"<NextContinuationToken>t{next(_counter)}</NextContinuationToken>", _entry("p/a")
                ).encode(),
            ),
            S3Store.list,
            "again and again",
            id="list: token ignored, always another one",
        ),
        pytest.param(
            "ListObjectsV2",
            lambda _request, _reply: Reply(
                200, _list_page(_MORE, f"<NextContinuationToken>t{next(_counter)}</NextContinuationToken>").encode()
            ),
            S3Store.list,
            "again and again",
            id="list: empty pages for ever",
        ),
        pytest.param("ListObjectsV2", _says(_list_page(_MORE)), S3Store.list, "not how to go on", id="list: no token"),
        pytest.param(
            "GetObject",
            _without("Content-Range"),
            _put_then(lambda store: store.get_range("k", 2, 3)),
            "byte 2",
            id="range: not told",
        ),
        pytest.param(
            "GetObject",
            lambda request, _reply: Reply(200, b"0123456789"),
            _put_then(lambda store: store.get_range("k", 2, 3)),
            "byte 2",
            id="range: ignored",
        ),
        pytest.param(
            "HeadObject",
            _says("", 200, Content_Length="x"),
            _put_then(lambda s: s.size("k")),
            "Cannot read k",
            id="head: length",
        ),
        pytest.param(
            "DeleteObjects",
            _says(_PAGE_OF_HTML),
            lambda store: store.delete_many(["k"]),
            _UNREADABLE,
            id="delete: HTML",
        ),
        pytest.param(
            "DeleteObjects",
            _says("<DeleteResult><Error><Code>X</Code></Error></DeleteResult>"),
            lambda store: store.delete_many(["k"]),
            "has no Key",
            id="delete: an error of no key",
        ),
        pytest.param("PutObject", _says(_PAGE_OF_HTML, 502), lambda s: s.put("k", b"x"), "502", id="put: 502 of HTML"),
        pytest.param("PutObject", _says(_XHTML, 502), lambda s: s.put("k", b"x"), "502", id="put: 502 of XHTML"),
        pytest.param(
            "PutObject", _says(_XHTML, 400), lambda s: s.put("k", b"x"), "server answers with 400", id="put: 400"
        ),
        pytest.param(
            "PutObject",
            _says("<Error>Bad</Error>", 400),
            lambda s: s.put("k", b"x"),
            "Cannot write k",
            id="put: an error that is text",
        ),
        pytest.param(
            "GetObject",
            _says("", 302, Location="https://login.test/x?token=s3cr3t"),
            lambda store: store.get("k"),
            "sends us to login.test",
            id="a page to log in at",
        ),
        pytest.param(
            "GetObject",
            _says("", 301, x_amz_bucket_region="eu-north-1"),
            lambda store: store.get("k"),
            "in the region 'eu-north-1'",
            id="another region",
        ),
        pytest.param("GetObject", _says("", 307), lambda store: store.get("k"), "another region", id="somewhere"),
    ],
)
def test_answers_that_are_none(
    serve: Serve,
    operation: str,
    change: t.Callable[[Request, Reply], Reply],
    act: t.Callable[[S3Store], object],
    message: str,
) -> None:
    store, _wire = serve(Twisted(operation, change))
    with pytest.raises(StoreError, match=message) as caught:
        act(store)
    said = caught.value.sentence
    assert said.startswith("Cannot ") or "could not be" in said or "does not answer" in said
    assert "s3://b/p" in said
    assert caught.value.hint
    for leak in ("Traceback", "<html", "s3cr3t", KEY_ID, SECRET, TOKEN):
        assert leak not in said
    assert not caught.value.not_found


def test_a_failed_upload_is_dropped(serve: Serve) -> None:
    memory = MemoryS3("no-part-etags")
    store, _wire = serve(memory)
    with pytest.raises(StoreError, match="UploadPart has no ETag"):
        _put_big(store)
    assert memory.uploads == {}
    assert memory.objects == {}


def _etag_in_parts(size: int) -> str:
    digests = b"".join(hashlib.md5(bytes(min(8 * _MIB, size - at))).digest() for at in range(0, size, 8 * _MIB))
    return f"{hashlib.md5(digests).hexdigest()}-{-(-size // (8 * _MIB))}"


@pytest.mark.parametrize(
    ("etag", "size", "is_stored"),
    [
        pytest.param(_etag_in_parts(len(_BIG)), len(_BIG), True, id="ours"),
        pytest.param("of-its-own-kind", len(_BIG), True, id="no digest"),
        pytest.param(f"{'0' * 32}-3", len(_BIG), False, id="another of the same size"),
        pytest.param(_etag_in_parts(len(_BIG)), len(_BIG) - 1, False, id="another size"),
    ],
)
def test_the_answer_to_the_end_of_an_upload_is_lost(serve: Serve, etag: str, size: int, is_stored: bool) -> None:
    memory = MemoryS3()

    def answer(request: Request) -> Reply:
        before = set(memory.uploads)
        reply = memory(request)
        if request.operation == "CompleteMultipartUpload" and before:
            return failure(500, "InternalError")
        if request.operation == "HeadObject":
            return Reply(200, headers={"ETag": f'"{etag}"', "Content-Length": str(size)})
        return reply

    store, _wire = serve(answer)
    if is_stored:
        assert store.put_file("k", io.BytesIO(_BIG), size=len(_BIG)).size == len(_BIG)
        return
    with pytest.raises(StoreError, match="NoSuchUpload"):
        _put_big(store)


def test_uploads_that_were_not_asked_for(serve: Serve) -> None:
    upload = "<Upload><Key>other/k</Key><UploadId>u</UploadId><Initiated>2026-06-01T02:00:00Z</Initiated></Upload>"
    page = f"<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>{upload}</ListMultipartUploadsResult>"
    store, _wire = serve(Twisted("ListMultipartUploads", _says(page)))
    with pytest.raises(StoreError, match="'other/k', which does not begin with 'p/'"):
        store.unfinished("")


def test_an_overloaded_server(serve: Serve) -> None:
    store, _wire = serve(MemoryS3("slow-down"))
    with pytest.raises(StoreError, match=r"reduce your request rate \(SlowDown\)") as caught:
        store.check(write=False)
    assert caught.value.hint == "Try again later; if it stays, see the server's log."


@pytest.mark.parametrize(
    "message",
    [
        f"Authorization: AWS4-HMAC-SHA256 Credential={KEY_ID}/20260101/us-east-1/s3/aws4_request, Signature=0a1b2c",
        f"https://b.s3.test/k?X-Amz-Credential={KEY_ID}%2F2026&amp;X-Amz-Security-Token={TOKEN}&amp;X-Amz-Signature=0a1b2c",
        f"AWSAccessKeyId={KEY_ID}, the secret is {SECRET}",
        f"x-amz-security-token: {TOKEN}",
        "https://user:s3cr3t@proxy.test/ refused",
        "red: &#27;[31m alarm",
    ],
)
def test_no_secret_is_told(serve: Serve, message: str) -> None:
    """Some servers quote the request that they refuse, and some of what they say moves a terminal's cursor."""
    store, _wire = serve(lambda _request: failure(400, "Weird", message.replace("&#27;", "\x9b")))
    with pytest.raises(StoreError, match="Weird") as caught:
        store.put("k", b"x")
    said = caught.value.sentence
    for secret in (KEY_ID, SECRET, TOKEN, "0a1b2c", "s3cr3t", "\x9b"):
        assert secret not in said


def test_a_password_in_the_endpoint_is_not_told() -> None:
    location = S3Location(
        bucket="b", endpoint_url="http://user:s3cr3t@127.0.0.1:9", access_key=KEY_ID, secret_key=SECRET
    )
    with pytest.raises(StoreError) as caught:
        S3Store(location).check(write=False)
    assert "s3cr3t" not in caught.value.sentence
