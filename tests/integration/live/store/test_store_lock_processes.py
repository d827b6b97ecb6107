# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The race for a write lock between processes, as two playbooks have it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import signal
import subprocess
import sys
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock, WriteLockHeld
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.contract import (
    KEY,
    put_expired,
    stored_lock,
    wait_for,
)

_RUN = """
import json, sys
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock, WriteLockHeld
from ansible_collections.arkive.k8s.plugins.module_utils._store.kinds import make_location
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
options, key, run, ttl = json.loads(sys.argv[1]), *sys.argv[2:5]
store = open_store(make_location(options))
print("ready", flush=True)
sys.stdin.readline()
try:
    lock = WriteLock.acquire(store, key, run_id=run, ttl_seconds=float(ttl))
except WriteLockHeld as exc:
    print("held by " + exc.holder.run, flush=True)
else:
    print("won", flush=True)
    sys.stdin.readline()
    try:
        lock.confirm()
        print("confirmed", flush=True)
    except Exception as exc:
        print(type(exc).__name__, flush=True)
    lock.release()
"""


def _start(location: StorageLocation, run: str, ttl: float = 60.0) -> subprocess.Popen[str]:
    options = json.dumps({name: value for name, value in dataclasses.asdict(location).items() if value})
    return subprocess.Popen(
        [sys.executable, "-c", _RUN, options, KEY, run, str(ttl)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.fixture
def start() -> t.Iterator[t.Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def one(location: StorageLocation, run: str, ttl: float = 60.0) -> subprocess.Popen[str]:
        process = _start(location, run, ttl)
        started.append(process)
        assert _line(process) == "ready"
        return process

    yield one
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("expired", [False, True], ids=["new", "expired"])
def test_one_process_wins(
    location: StorageLocation, start: t.Callable[..., subprocess.Popen[str]], *, expired: bool
) -> None:
    store = open_store(location)
    if expired:
        put_expired(store)
    processes = [start(location, f"r{number}") for number in range(4)]
    for process in processes:
        _go(process)
    answers = [_line(process) for process in processes]
    assert answers.count("won") == 1
    assert all(answer == "won" or answer.startswith("held by r") for answer in answers)
    winner = processes[answers.index("won")]
    _go(winner)
    assert _line(winner) == "confirmed"
    assert winner.wait(30) == 0
    assert store.list().objects == []


def test_a_killed_process_leaves_a_claim_that_ends(
    location: StorageLocation, start: t.Callable[..., subprocess.Popen[str]]
) -> None:
    store = open_store(location)
    process = start(location, "r1", 2.0)
    _go(process)
    assert _line(process) == "won"
    process.kill()
    process.wait()
    with pytest.raises(WriteLockHeld, match="run r1"):
        WriteLock.acquire(store, KEY, run_id="r2")
    end = stored_lock(store).expires
    wait_for(lambda: dt.datetime.now(tz=dt.UTC) > end, seconds=20)
    with WriteLock.acquire(store, KEY, run_id="r2") as lock:
        assert lock.took_over is not None
        assert lock.took_over.pid == process.pid


def test_a_stopped_process_finds_that_it_lost(
    location: StorageLocation, start: t.Callable[..., subprocess.Popen[str]]
) -> None:
    store = open_store(location)
    process = start(location, "r1", 2.0)
    _go(process)
    assert _line(process) == "won"
    process.send_signal(signal.SIGSTOP)
    end = stored_lock(store).expires
    wait_for(lambda: dt.datetime.now(tz=dt.UTC) > end, seconds=20)
    with WriteLock.acquire(store, KEY, run_id="r2") as lock:
        process.send_signal(signal.SIGCONT)
        _go(process)
        assert _line(process) == "WriteLockLost"
        assert process.wait(30) == 0
        lock.confirm()
    assert store.list().objects == []
