# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that takes a request and is silent: a run that is cancelled ends long before its answer."""

from __future__ import annotations

import io
import os
import select
import socket
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._aws import bounded_calls
from ansible_collections.arkive.k8s.plugins.module_utils._aws import client as aws_client
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.store import S3Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshotter
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_in_memory import MemoryS3
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_wire import S3Wire
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.silent_s3 import Silent

_SILENCE = 40.0
#: Far from the grace, which is half a second here, however busy the machine is.
LIMIT = _SILENCE / 2
_BIG = 20 << 20


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> CancelToken:
    monkeypatch.setattr(bounded_calls, "_GRACE_SECONDS", 0.5)
    return CancelToken()


def tell_when(met: threading.Event, token: CancelToken) -> threading.Thread:
    def tell() -> None:
        met.wait(20)
        token.cancel("SIGTERM was received")

    thread = threading.Thread(target=tell)
    thread.start()
    return thread


CALLS: dict[str, tuple[str, t.Callable[[S3Store], object]]] = {
    "list": ("ListObjects", lambda store: store.list("backups/")),
    "check": ("ListObjects", lambda store: store.check(write=True)),
    "get": ("GetObject", lambda store: store.get("a")),
    "exists": ("HeadObject", lambda store: store.exists("a")),
    "put": ("PutObject", lambda store: store.put("a", b"x")),
    "claim": ("PutObject", lambda store: store.put_if_absent("a", b"x")),
    "delete": ("DeleteObjects", lambda store: store.delete_many(["a"])),
    "begin": ("CreateMultipartUpload", lambda store: store.put_file("a", io.BytesIO(bytes(_BIG)), size=_BIG)),
    "parts": ("UploadPart", lambda store: store.put_file("a", io.BytesIO(bytes(_BIG)), size=_BIG)),
    "complete": ("CompleteMultipartUpload", lambda store: store.put_file("a", io.BytesIO(bytes(_BIG)), size=_BIG)),
    "uploads": ("ListMultipartUploads", lambda store: store.unfinished("")),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_under_way_is_given_up(told: CancelToken, name: str) -> None:
    operation, act = CALLS[name]
    silent = Silent(operation)
    with S3Wire(silent) as wire:
        store = store_of(wire, told)
        with_issues = tell_when(silent.met, told)
        with pytest.raises(StoreError) as caught:
            act(store)
        with_issues.join()
        began = time.monotonic()
        assert caught.value.failure == "unreachable"
        assert "no answer by the time that the run was told to stop" in caught.value.message
        # Nobody waits for that server once more.
        asked = len(wire.requests)
        with pytest.raises(StoreError):
            store.list()
        assert time.monotonic() - began < LIMIT
        assert len(wire.requests) <= asked + 1


def test_a_body_that_stops_in_the_middle(told: CancelToken) -> None:
    with _HalfBody() as server:
        location = S3Location(bucket="b", endpoint_url=server.url, access_key="k" * 16, secret_key="s" * 16)
        store = S3Store(location, told)
        stream = store.open("a")
        told.cancel("SIGTERM was received")
        began = time.monotonic()
        with pytest.raises(StoreError, match="told to stop"):
            stream.read()
        stream.close()
        assert time.monotonic() - began < LIMIT


def test_what_was_begun_is_cleaned_up_where_the_server_answers(told: CancelToken) -> None:
    memory = MemoryS3()
    with S3Wire(memory) as wire:
        store = store_of(wire, told)
        lock = WriteLock.acquire(store, "backups/n/n-arkive-claim.json", run_id="r")
        told.cancel("SIGTERM was received")
        store.put("backups/n/x", b"1")
        store.delete_many(["backups/n/x"])
        lock.release()
        assert lock.left_behind == ""
        assert memory.objects == {}


def test_credentials_that_never_come(told: CancelToken, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """``credential_process`` is a program of the user's own."""
    config = tmp_path / "config"
    config.write_text("[profile slow]\ncredential_process = sleep 40\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    location = S3Location(bucket="b", endpoint_url="http://127.0.0.1:9", profile="slow")
    timer = threading.Timer(0.5, told.cancel, ["SIGTERM was received"])
    timer.start()
    began = time.monotonic()
    with pytest.raises(StoreError, match="told to stop"):
        S3Store(location, told)
    assert time.monotonic() - began < LIMIT
    monkeypatch.setattr(aws_client, "_CREDENTIALS_SECONDS", 0.3)
    with pytest.raises(StoreError, match="The credentials for S3 were not there after"):
        S3Store(location)


def test_ec2_is_no_exception(told: CancelToken) -> None:
    # What EC2 is asked looks like this to a server of S3.
    silent = Silent("DeleteObjects")
    with S3Wire(silent) as wire:
        location = SnapshotLocation(region="east", endpoint_url=wire.url, access_key="k" * 16, secret_key="s" * 16)
        with_issues = tell_when(silent.met, told)
        with pytest.raises(SnapshotError, match="told to stop"):
            EbsSnapshotter(location, told).describe_snapshot("snap-1")
        with_issues.join()


def store_of(wire: S3Wire, cancel: CancelToken) -> S3Store:
    location = S3Location(bucket="b", endpoint_url=wire.url, access_key="k" * 16, secret_key="s" * 16)
    return S3Store(location, cancel)


class _HalfBody:
    """Answers the first request with half of what it promises, and keeps the connection."""

    def __enter__(self) -> t.Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._ended, self._end = os.pipe()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        os.close(self._end)
        self._thread.join()
        os.close(self._ended)
        self._listener.close()

    def _serve(self) -> None:
        connection, _peer = self._listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\nETag: "x"\r\n\r\n' + bytes(50))
            select.select([self._ended], [], [], _SILENCE)
