# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source, by the real ansible-rulebook with the rulebook of the collection, against a directory and a bucket.

``ARKIVE_TEST_RULEBOOK``: the ansible-rulebook program. It needs Java.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import pathlib
import signal
import subprocess
import threading
import time
import typing as t

import pytest
import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_record import (
    ScheduleKeys,
    ScheduleRecord,
    write_record,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.lock_record import LockRecord
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import STRICT
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.prune_lab import PruneLab

RULEBOOK = "ARKIVE_TEST_RULEBOOK"
#: A rulebook starts a Java machine of its own, which takes its time on a machine that is busy.
PATIENCE = 240.0
INVENTORY = {"all": {"hosts": {"localhost": {"ansible_connection": "local"}}}}


class Rulebook:
    """A rulebook that runs; ``printed`` grows."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.printed: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.printed.extend(line for line in self.process.stdout)

    def await_line(self, *words: str) -> str:
        """The first line with all the words."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = next((line for line in list(self.printed) if all(word in line for word in words)), None)
            if found is not None:
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.2)
        pytest.fail(f"No line has {words}:\n{''.join(self.printed)}", pytrace=False)

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)


@pytest.fixture
def local_location(tmp_path: pathlib.Path) -> LocalLocation:
    """Below the folder of the test, so that it can be taken away."""
    (tmp_path / "place").mkdir()
    return LocalLocation(path=str(tmp_path / "place"), prefix="team/a")


Start: t.TypeAlias = t.Callable[[dict[str, t.Any]], Rulebook]


@pytest.fixture
def start(tmp_path: pathlib.Path, location: StorageLocation) -> t.Iterator[Start]:
    """``start(variables)``: the rulebook that the collection ships, with keys of a bucket in the environment."""
    assert RULEBOOK in os.environ, f"{RULEBOOK} is not set: it names the ansible-rulebook program. `make test` sets it."
    program = pathlib.Path(os.environ[RULEBOOK])
    started: list[Rulebook] = []
    folder = tmp_path / "rulebook"
    folder.mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",
        "JAVA_HOME": str(java_home()),
    }
    if isinstance(location, S3Location):
        environment |= {
            "AWS_ACCESS_KEY_ID": str(location.access_key),
            "AWS_SECRET_ACCESS_KEY": str(location.secret_key),
        }

    def run(variables: dict[str, t.Any]) -> Rulebook:
        (folder / "vars.yml").write_text(yaml.safe_dump(variables))
        (folder / "inventory.yml").write_text(yaml.safe_dump(INVENTORY))
        command = [str(program), "--rulebook", "arkive.k8s.backups", "--verbose"]
        command += ["--inventory", str(folder / "inventory.yml"), "--vars", str(folder / "vars.yml")]
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        started.append(Rulebook(process))
        return started[-1]

    yield run
    for one in started:
        one.stop()


def java_home() -> pathlib.Path:
    asked = ["java", "-XshowSettings:properties", "-version"]
    told = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stderr
    return pathlib.Path(next(line.partition("=")[2].strip() for line in told.splitlines() if "java.home" in line))


def options_of(location: StorageLocation) -> dict[str, t.Any]:
    """As a rulebook has them, without keys."""
    if isinstance(location, S3Location):
        return {"bucket": location.bucket, "prefix": location.prefix, "endpoint_url": location.endpoint_url}
    assert isinstance(location, LocalLocation)
    return {"path": location.path, "prefix": location.prefix}


def variables_for(location: StorageLocation) -> dict[str, t.Any]:
    return {
        "arkive_storage_location": options_of(location),
        "arkive_interval": "500ms",
        "arkive_max_age": "26h",
    }


def test_what_happens_in_a_location_comes_to_the_rules(
    start: Start, location: StorageLocation, store: Store, tmp_path: pathlib.Path
) -> None:
    lab = PruneLab(tmp_path, store)
    lab.now = utc_now()
    seen = lab.now - dt.timedelta(days=30)
    record = ScheduleRecord(first_seen=seen, schedule="0 2 * * *", dialect=STRICT)
    write_record(store, ScheduleKeys("shop"), record)
    lab.put("shop-old", days=5)

    rulebook = start(variables_for(location))
    rulebook.await_line("alarm:", "two times of the schedule have passed")
    rulebook.await_line("alarm:", "it may be 26h0m0s old at most")
    lab.put("shop-new")
    rulebook.await_line("good:", "'shop-new' is Completed")
    rulebook.await_line("over:", "is not late any more")
    rulebook.await_line("over:", "is not older than 26h0m0s any more")
    lab.put("shop-half", phase="PartiallyFailed")
    rulebook.await_line("failed:", "'shop-half' is PartiallyFailed")
    past = lab.now - dt.timedelta(hours=1)
    store.put(BackupKeys("shop-dead").write_lock, LockRecord("run-1", "node-7", 1, past, past, "a nonce").encode())
    rulebook.await_line("failed:", "'shop-dead' was not finished", "node-7")

    if isinstance(location, LocalLocation):
        place, away = pathlib.Path(location.path), tmp_path / "away"
        place.rename(away)
        rulebook.await_line("alarm:", str(place))
        away.rename(place)
        rulebook.await_line("over:", "can be read again")

    printed = "".join(rulebook.printed)
    assert printed.count("'shop-new' is Completed") == 1
    if isinstance(location, S3Location):
        assert str(location.secret_key) not in printed
