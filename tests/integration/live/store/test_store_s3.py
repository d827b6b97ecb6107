# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import io
import socket
import threading
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.store import S3Store
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.contract import Broken

_MIB = 1 << 20


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("change", "failure", "message"),
    [
        pytest.param({"bucket": "arkive-no-such-bucket"}, "no_location", "does not exist", id="no bucket"),
        pytest.param({"access_key": "nobody"}, "credentials", "does not know the access key", id="wrong access key"),
        pytest.param({"secret_key": "wrong"}, "credentials", "does not belong to the access key", id="wrong secret"),
        pytest.param(
            {"endpoint_url": f"http://127.0.0.1:{_closed_port()}"}, "unreachable", "cannot be reached", id="no server"
        ),
        pytest.param({"endpoint_url": "http://arkive.invalid"}, "unreachable", "cannot be reached", id="no such host"),
    ],
)
def test_check_says_what_is_wrong(
    s3_location: S3Location, change: dict[str, t.Any], failure: str, message: str
) -> None:
    store = open_store(dataclasses.replace(s3_location, **change))
    with pytest.raises(StoreError, match=message) as caught:
        store.check(write=True)
    assert caught.value.failure == failure
    assert store.location.describe in caught.value.message
    assert "Error" not in caught.value.message
    assert caught.value.hint
    with pytest.raises(StoreError, match=message):
        store.put("a", b"x")


class NoS3(http.server.BaseHTTPRequestHandler):
    """Some other web server."""

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


def test_an_endpoint_that_is_no_s3_server(s3_location: S3Location) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), NoS3) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(StoreError, match=f"{url} does not answer as an S3 server"):
            open_store(dataclasses.replace(s3_location, endpoint_url=url)).check(write=False)
        server.shutdown()


def test_credentials_of_the_environment(s3_location: S3Location, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_location.access_key or "")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_location.secret_key or "")
    open_store(dataclasses.replace(s3_location, access_key=None, secret_key=None)).check(write=True)


def test_no_credentials(s3_location: S3Location, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    store = open_store(dataclasses.replace(s3_location, access_key=None, secret_key=None))
    with pytest.raises(StoreError, match="there are no credentials"):
        store.check(write=False)


def test_a_listing_of_many_pages_and_a_delete_of_many_batches(s3_location: S3Location, s3_client: t.Any) -> None:
    store = open_store(s3_location)
    expected = sorted(f"d{number % 7}/{number:05d}" for number in range(2100))
    threads = [
        threading.Thread(target=lambda part=part: [store.put(key, b"") for key in expected[part::8]])
        for part in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [info.key for info in store.list().objects] == expected
    assert store.list("", "/").prefixes == [f"d{number}/" for number in range(7)]
    store.delete_many(expected)
    assert "Contents" not in s3_client.list_objects_v2(Bucket=s3_location.bucket)


@pytest.mark.parametrize("size", [9 * _MIB, 40 * _MIB])
def test_a_failed_upload_leaves_no_parts(s3_location: S3Location, s3_client: t.Any, size: int) -> None:
    store = open_store(s3_location)
    with pytest.raises(OSError, match="the disk is gone"):
        store.put_file("big", Broken(size), size=size)
    assert not s3_client.list_multipart_uploads(Bucket=s3_location.bucket).get("Uploads")
    assert store.list().objects == []


def test_check_leaves_nothing(s3_location: S3Location, s3_client: t.Any) -> None:
    open_store(s3_location).check(write=True)
    assert not s3_client.list_multipart_uploads(Bucket=s3_location.bucket).get("Uploads")
    assert "Contents" not in s3_client.list_objects_v2(Bucket=s3_location.bucket)


def test_folder_markers_are_no_objects(s3_location: S3Location, s3_client: t.Any) -> None:
    s3_client.put_object(Bucket=s3_location.bucket, Key="team/a/", Body=b"")
    s3_client.put_object(Bucket=s3_location.bucket, Key="team/a/backups/", Body=b"")
    assert open_store(s3_location).list().objects == []


def test_object_lock_buckets(s3_location: S3Location) -> None:
    store = open_store(dataclasses.replace(s3_location, object_lock=True))
    store.put("small", b"x")
    data = bytes(20 * _MIB)
    store.put_file("big", io.BytesIO(data), size=len(data))
    assert store.get("small") == b"x"
    assert store.size("big") == len(data)
    store.delete_many(["small", "big"])


class Relay:
    """A TCP relay to the S3 server that can cut its connections and cap what each one carries to the client."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.cap: int | None = None
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            server = socket.create_connection(self._target)
            threading.Thread(target=self._pump, args=(client, server, None), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, self.cap), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket, cap: int | None) -> None:
        carried = 0
        with contextlib.suppress(OSError):
            while (data := source.recv(65536)) and (cap is None or carried < cap):
                sink.sendall(data)
                carried += len(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def relay(s3_location: S3Location) -> t.Iterator[Relay]:
    host, port = (s3_location.endpoint_url or "").split("//")[1].rstrip("/").split(":")
    one = Relay((host, int(port)))
    yield one
    one.close()


def test_a_download_goes_on_where_it_broke(s3_location: S3Location, relay: Relay) -> None:
    data = b"".join(number.to_bytes(4, "big") for number in range(3 * _MIB))
    open_store(s3_location).put("big", data)
    relay.cap = 5 * _MIB
    with open_store(dataclasses.replace(s3_location, endpoint_url=relay.url)).open("big") as stream:
        assert stream.read() == data
    assert relay.connections >= 3


def test_a_download_does_not_go_on_in_another_object(s3_location: S3Location, relay: Relay) -> None:
    store = open_store(s3_location)
    store.put("big", b"a" * (8 * _MIB))
    relay.cap = 2 * _MIB
    with open_store(dataclasses.replace(s3_location, endpoint_url=relay.url)).open("big") as stream:
        assert stream.read(1) == b"a"
        store.put("big", b"b" * (8 * _MIB))
        with pytest.raises(StoreError, match="Cannot read big"):
            stream.read()


class IgnoresConditions:
    """A client for a server that does not know ``If-None-Match``: it ignores or refuses the header."""

    def __init__(self, client: t.Any, error: Exception | None) -> None:
        self._client = client
        self._error = error

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._client, name)

    def put_object(self, **arguments: t.Any) -> t.Any:
        if arguments.pop("IfNoneMatch", None) and self._error is not None:
            raise self._error
        return self._client.put_object(**arguments)


@pytest.mark.parametrize("refuses", [False, True], ids=["ignored", "refused"])
def test_a_server_without_conditional_writes(s3_location: S3Location, *, refuses: bool) -> None:
    from botocore.exceptions import ClientError

    error = ClientError({"Error": {"Code": "NotImplemented"}, "ResponseMetadata": {"HTTPStatusCode": 501}}, "PutObject")
    store = S3Store(s3_location)
    store._client = IgnoresConditions(store._client, error if refuses else None)
    store.put("a", b"old")
    assert not store.put_if_absent("a", b"new")
    assert store.put_if_absent("b", b"first")
    assert store.conditional_writes is False
    assert not store.put_if_absent("b", b"second")
    assert store.put_if_absent("c", b"third")
    assert [store.get(key) for key in "abc"] == [b"old", b"first", b"third"]


class NoBatchDelete(IgnoresConditions):
    def delete_objects(self, **_arguments: t.Any) -> t.Any:
        raise self._error or RuntimeError


def test_a_server_without_batch_delete(s3_location: S3Location) -> None:
    from botocore.exceptions import ClientError

    error = ClientError({"Error": {"Code": "NotImplemented"}}, "DeleteObjects")
    store = S3Store(s3_location)
    store._client = NoBatchDelete(store._client, error)
    store.put("a", b"x")
    store.delete_many(["a", "b"])
    assert store.list().objects == []
