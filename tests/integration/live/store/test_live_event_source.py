# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source, by the real ansible-rulebook with the rulebook of the collection, against a directory and a bucket.

``ARKIVE_TEST_RULEBOOK``: the ansible-rulebook program. It needs Java.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import textwrap
import threading
import time
import typing as t
import urllib.parse

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

ROOT = pathlib.Path(__file__).resolve().parents[4]
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


class Start(t.Protocol):
    """``rulebook``: the one that the collection ships if not said. ``more``: variables of the environment."""

    def __call__(self, variables: dict[str, t.Any], *, rulebook: str = ..., **more: str) -> Rulebook:
        """It runs."""


@pytest.fixture
def start(tmp_path: pathlib.Path, location: StorageLocation) -> t.Iterator[Start]:
    """A rulebook, with keys of a bucket in the environment."""
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

    def run(variables: dict[str, t.Any], *, rulebook: str = "arkive.k8s.backups", **more: str) -> Rulebook:
        (folder / "vars.yml").write_text(yaml.safe_dump(variables))
        (folder / "inventory.yml").write_text(yaml.safe_dump(INVENTORY))
        command = [str(program), "--rulebook", rulebook, "--verbose"]
        command += ["--inventory", str(folder / "inventory.yml"), "--vars", str(folder / "vars.yml")]
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment, **more},
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


class ControllerRecorder(http.server.ThreadingHTTPServer):
    """Notes what ansible-rulebook asks of a controller, and answers so much that it goes on.

    No AWX: whether one takes what is sent is in ``tests/unit/examples``. The paths are those of AWX's API that
    ansible_rulebook/job_template_runner.py and shared_job_monitor.py name. ``templates``: names, each with its
    organization.
    """

    daemon_threads = True

    def __init__(self, templates: t.Mapping[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _ControllerAnswer)
        self.templates = templates
        self.launched: list[tuple[str, dict[str, t.Any]]] = []
        self.tokens: set[str | None] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _ControllerAnswer(http.server.BaseHTTPRequestHandler):
    server: ControllerRecorder

    def do_GET(self) -> None:
        self.server.tokens.add(self.headers.get("Authorization"))
        asked = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(asked.query))
        if asked.path == "/api/v2/config/":
            self._answer({"version": "24.6.1"})
        elif asked.path == "/api/v2/unified_job_templates/":
            name = query["name"]
            there = name in self.server.templates
            self._answer({"count": int(there), "next": None, "results": [self._template(name)] if there else []})
        elif asked.path == "/api/v2/jobs/":
            done = [
                {"id": int(number), "status": "successful", "created": "now"} for number in query["id__in"].split(",")
            ]
            self._answer({"count": len(done), "results": done})
        else:
            self.send_error(404)

    def _template(self, name: str) -> dict[str, t.Any]:
        asks = {f"ask_{what}_on_launch": False for what in ("limit", "labels", "inventory", "variables")}
        organization = {"organization": {"name": self.server.templates[name]}}
        launch = f"/api/v2/job_templates/{urllib.parse.quote(name)}/launch/"
        base = {"id": 7, "type": "job_template", "name": name, "related": {"launch": launch}}
        return {**base, **asks, "summary_fields": organization}

    def do_POST(self) -> None:
        found = re.fullmatch(r"/api/v2/job_templates/(.+)/launch/", self.path)
        if found is None:
            self.send_error(404)
            return
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.launched.append((urllib.parse.unquote(found[1]), sent))
        self._answer({"id": 42, "url": "/api/v2/jobs/42/"}, code=201)

    def _answer(self, body: t.Any, code: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_words: object) -> None:
        """Nothing: a test fails by what was noted."""


@pytest.fixture
def controller() -> t.Iterator[ControllerRecorder]:
    """With the job templates of the example."""
    example = yaml.load((ROOT / "examples" / "awx" / "controller.yml").read_text(), Loader=_Unsafe)
    templates = {each["name"]: example["controller_organization"] for each in example["controller_templates"]}
    with ControllerRecorder(templates) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


class _Unsafe(yaml.SafeLoader):
    """Reads Ansible's ``!unsafe`` as text."""


_Unsafe.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def rulebook_of_the_guide() -> list[t.Any]:
    """As it stands in the guide of AWX."""
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_awx.rst").read_text()
    blocks = re.findall(r"^\.\. code-block:: yaml\n\n((?: {4}.*\n|\s*\n)+)", guide, re.MULTILINE)
    [text] = [textwrap.dedent(block) for block in blocks if "rules:" in block]
    return list(yaml.safe_load(text))


@pytest.mark.parametrize("location", ["local"], indirect=True)
def test_the_rulebook_of_the_guide_launches_the_template_of_the_example(
    start: Start, location: StorageLocation, store: Store, tmp_path: pathlib.Path, controller: ControllerRecorder
) -> None:
    """Only where it looks, and how often, is of the test."""
    seen = utc_now() - dt.timedelta(days=30)
    write_record(store, ScheduleKeys("shop"), ScheduleRecord(first_seen=seen, schedule="0 2 * * *", dialect=STRICT))
    rulebook = rulebook_of_the_guide()
    [source] = rulebook[0]["sources"]
    source["arkive.k8s.backups"] |= {"storage_location": options_of(location), "interval": "500ms"}
    (tmp_path / "backups.yml").write_text(yaml.safe_dump(rulebook))
    running = start(
        {},
        rulebook=str(tmp_path / "backups.yml"),
        EDA_CONTROLLER_URL=controller.url,
        EDA_CONTROLLER_TOKEN="a-token",
        EDA_JOB_TEMPLATE_REFRESH_DELAY="0.2",
    )
    running.await_line("controller job id: 42")
    [(name, sent)] = controller.launched
    handed_on = dict(sent["extra_vars"])
    told = handed_on.pop("ansible_eda")["event"]["arkive"]  # which ansible-rulebook adds, and AWX leaves out
    assert (name, handed_on) == ("Check a schedule", {"schedule_name": "shop"})
    assert (told["event"], told["schedule"]["name"]) == ("schedule_missed", "shop")
    assert controller.tokens == {"Bearer a-token"}
