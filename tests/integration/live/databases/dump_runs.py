# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup of a namespace's config maps, dumps beside it, and what goes wrong as these are written."""

from __future__ import annotations

import http.client
import http.server
import threading
import typing as t
import urllib.parse

from database_runs import DatabaseApp

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._dump.make import make_dump
from ansible_collections.arkive.k8s.plugins.module_utils._dump.request import DumpOutcome, DumpRequest
from ansible_collections.arkive.k8s.plugins.module_utils._dump.restore import restore_dump
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ByteSource, Store, StoredObject
from ansible_collections.arkive.k8s.plugins.module_utils._store.wrapper import StoreWrapper
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec

BACKUP = "one"


class Dumps:
    """Of one location, which has the backup from the start."""

    def __init__(self, client: KubeClient, location: StorageLocation, namespace: str) -> None:
        self.client = client
        self.store: Store = open_store(location)
        self.lines: list[str] = []
        spec = {"included_namespaces": [namespace], "included_resources": ["configmaps"]}
        run_backup(BackupRequest(name=BACKUP, spec=BackupSpec.from_options(spec)), client=client, store=self.store)

    def make(
        self, app: DatabaseApp, *, store: Store | None = None, check_mode: bool = False, **given: t.Any
    ) -> DumpOutcome:
        request = self._request(app, given)
        return make_dump(request, run=self._run(), store=store or self.store, check_mode=check_mode)

    def restore(
        self, app: DatabaseApp, *, store: Store | None = None, check_mode: bool = False, **given: t.Any
    ) -> DumpOutcome:
        request = self._request(app, given)
        return restore_dump(request, run=self._run(), store=store or self.store, check_mode=check_mode)

    @property
    def files(self) -> list[str]:
        """Of dumps, and what else a run may have left."""
        listed = [info.key.rpartition("/")[2] for info in self.store.list(f"backups/{BACKUP}/").objects]
        return [name for name in listed if "dump" in name or "claim" in name]

    def _run(self) -> ClusterRun:
        return ClusterRun(client=self.client, progress=self.lines.append, run_id="live")

    def _request(self, app: DatabaseApp, given: dict[str, t.Any]) -> DumpRequest:
        fields: dict[str, t.Any] = {
            "backup": BACKUP,
            "namespace": app.namespace,
            "pod": app.name,
            "kind": app.kind,
            "seconds": 120.0,
        }
        return DumpRequest(**(fields | given))


class Midway(StoreWrapper):
    """Does something when the first bytes of a dump have come."""

    def __init__(self, inner: Store, act: t.Callable[[], object]) -> None:
        super().__init__(inner)
        self._act = act

    def put_file(self, key: str, fileobj: ByteSource, *, size: int | None = None) -> StoredObject:
        return super().put_file(key, _Watched(fileobj, self._act), size=size)


class Breaking(StoreWrapper):
    """Reads a dump once, and breaks off in the middle when it is read again."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self._opened = 0

    def open(self, key: str) -> t.BinaryIO:
        stream = super().open(key)
        self._opened += "dump" in key
        return t.cast("t.BinaryIO", _Broken(stream)) if self._opened > 1 else stream


class _Broken:
    def __init__(self, stream: t.BinaryIO) -> None:
        self._stream = stream
        self._left = 4 << 20

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(min(size, self._left) if size > 0 else self._left)
        self._left -= len(data)
        if not self._left:
            raise StoreError("The store is gone.")
        return data

    def close(self) -> None:
        self._stream.close()


class _Watched:
    def __init__(self, source: ByteSource, act: t.Callable[[], object]) -> None:
        self._source = source
        self._act: t.Callable[[], object] | None = act

    def read(self, size: int = -1, /) -> bytes:
        data = self._source.read(min(size, 65536) if size > 0 else 65536)
        if data and self._act is not None:
            act, self._act = self._act, None
            act()
        return data


class RefusingS3:
    """A plain HTTP server on loopback before the S3 server, which refuses all parts of an upload but the first."""

    def __init__(self, endpoint: str) -> None:
        self.refused: list[str] = []
        address = urllib.parse.urlsplit(endpoint).netloc
        refused = self.refused

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                part = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("partNumber", ["1"])[0]
                if self.command == "PUT" and part != "1":
                    refused.append(self.path)
                    self._answer(403, b"<Error><Code>AccessDenied</Code><Message>No more</Message></Error>", {})
                    return
                far = http.client.HTTPConnection(address, timeout=30)
                # Signed for this server, whose name is part of what is signed.
                far.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    far.putheader(name, value)
                far.endheaders(body)
                answer = far.getresponse()
                self._answer(answer.status, answer.read(), dict(answer.getheaders()))
                far.close()

            do_HEAD = do_PUT = do_POST = do_DELETE = do_GET

            def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                        self.send_header(name, value)
                length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(body))
                self.send_header("Content-Length", length)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, *_given: t.Any) -> None:
                """Nothing is logged."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


__all__ = ("BACKUP", "Breaking", "Dumps", "Midway", "RefusingS3")
