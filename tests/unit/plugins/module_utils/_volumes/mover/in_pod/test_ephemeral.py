# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The container that reads a volume in its pod: what stays listed, and what its program does with what it is given.

The program runs here as it is, with other folders, and a stand-in for kopia that says what it sees.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.commands import COMMAND, program_line
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.ephemeral import (
    ephemeral_patch,
    handed_over,
    kopia_config,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.ephemeral_scripts import (
    EPHEMERAL_DIR,
    ephemeral_script,
    hand_over_script,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.manifest import ContainerTask, JobPlan
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.outcome import Outcome, parse_outcome
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import (
    InPod,
    MoverSettings,
    RepositoryPlace,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.mover.mover_cluster import manifest

PLACE = RepositoryPlace(namespace="shop", bucket="the-bucket", prefix="p/kopia/shop/", region="r", endpoint="e:9000")
SECRETS = {
    "AWS_ACCESS_KEY_ID": "KEYID",
    "AWS_SECRET_ACCESS_KEY": "the secret\nkey",
    "KOPIA_PASSWORD": "pass * word $x\n",
}
INSIDE = InPod(namespace="shop", pod="web", uid="uid-web", volume="tmp")
SOURCE = "snapshot-pod-volume/kopia/shop/web/tmp"


def plan(**environment: str) -> JobPlan:
    given = {"MV_SOURCE": SOURCE, "MV_DESCRIPTION": "d", "MV_PIN": "velero-pin", "MV_TAGS": "a:b\nc:d"}
    given |= {"MV_PARALLEL": "0", "MV_JOB": "0123", "MV_DISCARD": "", **environment}
    return JobPlan(
        action="upload",
        namespace="shop",
        name="arkive-mover-x-1",
        secret="",
        repository=PLACE,
        tasks=(ContainerTask(name="arkive-mover-x-1", environment=given),),
        labels={},
        seconds=100.0,
        job_seconds=700.0,
    )


def test_what_stays_listed_is_the_same_for_everybody() -> None:
    """A whole volume, to read only, and nothing of where it goes: no bucket, no source, no key."""
    patch = ephemeral_patch("arkive-mover-x-1", INSIDE, MoverSettings(image="kopia:1", resources={"limits": {}}))
    (container,) = patch["spec"]["ephemeralContainers"]
    assert (patch["metadata"], container["name"], container["image"]) == (
        {"uid": "uid-web"},
        "arkive-mover-x-1",
        "kopia:1",
    )
    assert container["volumeMounts"] == [{"name": "tmp", "mountPath": "/work/data", "readOnly": True}]
    # API server 1.34: not to be had for such a container.
    assert not {"resources", "env", "envFrom", "ports", "livenessProbe", "lifecycle"} & set(container)
    security = container["securityContext"]
    assert security["capabilities"] == {"drop": ["ALL"], "add": ["DAC_OVERRIDE"]}
    assert (security["runAsUser"], security["runAsNonRoot"], security["allowPrivilegeEscalation"]) == (0, False, False)
    other = ephemeral_patch("arkive-mover-x-1", INSIDE, MoverSettings(image="kopia:1", s3_url="http://other"))
    assert other == patch
    assert not any(word in json.dumps(patch) for word in ("the-bucket", SOURCE, "KEYID", "e:9000"))


def test_selinux_labels_are_those_of_the_container_that_has_the_volume() -> None:
    labels = {"level": "s0:c1,c2"}
    inside = InPod(namespace="shop", pod="web", uid="", volume="tmp", labels=labels)
    patch = ephemeral_patch("n", inside, MoverSettings())
    assert patch["spec"]["ephemeralContainers"][0]["securityContext"]["seLinuxOptions"] == labels
    assert patch["metadata"] == {}


@pytest.mark.parametrize(
    ("place", "more"),
    [
        # kopia 0.22.3: repo/blob/s3/s3_options.go
        ({}, {"region": "r"}),
        ({"region": "", "tls": False}, {"doNotUseTLS": True}),
        ({"verify": False, "ca": "PEM"}, {"region": "r", "doNotVerifyTLS": True, "rootCA": "UEVN"}),
    ],
)
def test_its_configuration_has_no_keys(place: dict[str, t.Any], more: dict[str, t.Any]) -> None:
    found = kopia_config(RepositoryPlace(**{**_fields(PLACE), **place}))
    assert (found["username"], found["hostname"], found["storage"]["type"]) == ("default", "default", "s3")
    nothing = dict.fromkeys(("accessKeyID", "secretAccessKey", "sessionToken"), "")
    where = {"bucket": "the-bucket", "prefix": "p/kopia/shop/", "endpoint": "e:9000"}
    assert found["storage"]["config"] == where | nothing | more


def _fields(place: RepositoryPlace) -> dict[str, t.Any]:
    return {name: getattr(place, name) for name in ("namespace", "bucket", "prefix", "region", "endpoint")}


def test_what_is_handed_over_is_its_whole_environment() -> None:
    text = handed_over(plan(), MoverSettings(bandwidth=5), SECRETS)
    lines = text.splitlines()
    assert (lines[-1], text[-1]) == (".", "\n")
    given = dict(line.split("=", 1) for line in lines[:-1])
    found = {name: base64.b64decode(value).decode() for name, value in given.items()}
    assert SECRETS.items() <= found.items()
    assert (found["MV_SOURCE"], found["MV_BANDWIDTH"], found["MV_TAGS"]) == (SOURCE, "5", "a:b\nc:d")
    assert json.loads(found["MV_CONFIG"]) == kopia_config(PLACE)
    assert found["KOPIA_CONFIG_PATH"].startswith(EPHEMERAL_DIR)


# -- the program itself -----------------------------------------------------------------------------------------------

#: Notes each call with what it sees of the keys; a snapshot takes as long as a file says.
_KOPIA = """#!/bin/sh
printf '%s|%s|%s|%s\\n' "$*" "$AWS_SECRET_ACCESS_KEY" "$KOPIA_PASSWORD" "${MV_TAGS:-}" >>"$CALLS"
case "$*" in
*'snapshot create'*)
  trap "$ON_TERM" TERM
  for _n in $(seq 1 "$(cat "$SECONDS_FILE")"); do sleep 0.1 & wait $!; done
  printf '%s' "$MANIFEST" ;;
*'snapshot list'*) printf '[{"id":"abc","x":1}]\\n' ;;
esac
"""


class Program:
    """The container and the command that is run in it, as two processes."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "ephemeral"
        self.data = folder / "data"
        self.message = folder / "message"
        self.calls = folder / "calls"
        self.seconds = folder / "seconds"
        for made in (self.data, folder / "bin"):
            made.mkdir()
        self.home.mkdir()
        (self.data / "file").write_text("text")
        self.calls.touch()
        self.seconds.write_text("1")
        kopia = folder / "bin" / "kopia"
        kopia.write_text(_KOPIA)
        kopia.chmod(0o755)
        self._environment = {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "CALLS": str(self.calls),
            "SECONDS_FILE": str(self.seconds),
            "MANIFEST": manifest(),
        }
        self.stubborn = False
        self._running: list[subprocess.Popen[str]] = []

    def start(self, script: str) -> subprocess.Popen[str]:
        """The container."""
        # What Kubernetes makes of two dollars in a container's command.
        return self._run(["/bin/sh", "-euc", self._placed(script.replace("$$", "$"))])

    def _placed(self, script: str) -> str:
        script = script.replace(EPHEMERAL_DIR, str(self.home)).replace("/work/data", str(self.data))
        return script.replace("/dev/termination-log", str(self.message))

    def _run(self, argv: t.Sequence[str]) -> subprocess.Popen[str]:
        found = subprocess.Popen(
            argv,
            env={**self._environment, "ON_TERM": ":" if self.stubborn else "exit 0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self._running.append(found)
        return found

    def hand_over(self, text: str) -> subprocess.Popen[str]:
        """Its input stays open. One that is refused may have ended before it reads."""
        found = self._run(COMMAND)
        assert found.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            # Past the buffer of the stream, which would be written again when it is closed.
            os.write(found.stdin.fileno(), (program_line(self._placed(hand_over_script())) + text).encode())
        return found

    def outcome(self) -> Outcome | None:
        return parse_outcome(self.message.read_text()) if self.message.exists() else None

    def await_call(self, words: str) -> None:
        end = time.monotonic() + 60
        while words not in self.calls.read_text():
            assert time.monotonic() < end, self.calls.read_text()
            time.sleep(0.05)

    def given(self, **more: str) -> str:
        """What is handed over, for these folders."""
        lines = handed_over(plan(**more), MoverSettings(), SECRETS).splitlines()
        found = []
        for line in lines[:-1]:
            name, value = line.split("=", 1)
            text = base64.b64decode(value).decode().replace(EPHEMERAL_DIR, str(self.home))
            found.append(f"{name}={_b64(text)}")
        return "\n".join([*found, ".", ""])

    def close(self) -> None:
        for each in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(each.pid, signal.SIGKILL)
            each.wait()
            if each.stdin is not None:
                each.stdin.close()


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def program(tmp_path: Path) -> t.Iterator[Program]:
    if not shutil.which("timeout"):
        pytest.fail("The tests take coreutils, which the image of kopia has as well.")
    found = Program(tmp_path)
    yield found
    found.close()


def test_it_copies_with_what_it_is_given_and_writes_no_key(program: Program) -> None:
    container = program.start(ephemeral_script())
    lifeline = program.hand_over(program.given())
    assert container.wait(90) == 0
    outcome = program.outcome()
    assert outcome is not None
    assert (outcome.state, outcome.step) == ("done", "upload")
    assert json.loads(outcome.one("manifest")) == json.loads(manifest())
    assert lifeline.poll() is None, "it stays as long as its input is open"
    calls = program.calls.read_text()
    assert f"--override-source=default@default:{SOURCE}" in calls
    assert "|the secret\nkey|pass * word $x\n|a:b\nc:d" in calls
    kept = [path for path in program.home.rglob("*") if path.is_file()]
    assert json.loads((program.home / "repository.config").read_text())["storage"]["config"]["secretAccessKey"] == ""
    text = "".join(path.read_text() for path in kept) + program.message.read_text()
    assert not any(secret in text for secret in SECRETS.values())
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept)


@pytest.mark.parametrize("end", ["closed", "killed"])
def test_it_gives_up_when_nobody_is_there_any_more(program: Program, end: str) -> None:
    """And forgets what it has half done."""
    program.seconds.write_text("600")
    container = program.start(ephemeral_script())
    lifeline = program.hand_over(program.given())
    program.await_call("snapshot create")
    assert lifeline.stdin is not None
    if end == "closed":
        lifeline.stdin.close()
    else:
        os.killpg(lifeline.pid, signal.SIGKILL)
        lifeline.wait()
    assert container.wait(90) == 1
    outcome = program.outcome()
    assert outcome is not None
    assert outcome.state == "cancelled"
    assert "snapshot delete --delete abc" in program.calls.read_text()


def test_what_does_not_end_is_killed(program: Program) -> None:
    """A kopia whose bandwidth is bounded goes on for long."""
    program.seconds.write_text("600")
    assert "sleep 30\n" in ephemeral_script()
    program.stubborn = True
    container = program.start(ephemeral_script().replace("sleep 30\n", "sleep 1\n"))
    lifeline = program.hand_over(program.given())
    program.await_call("snapshot create")
    assert lifeline.stdin is not None
    lifeline.stdin.close()
    assert container.wait(90) == 1
    outcome = program.outcome()
    assert outcome is not None
    assert outcome.state == "cancelled"
    assert "snapshot delete --delete abc" in program.calls.read_text()


def test_what_is_given_in_part_is_not_used(program: Program) -> None:
    container = program.start(ephemeral_script())
    lifeline = program.hand_over("".join(f"{line}\n" for line in program.given().splitlines()[:-2]))
    assert lifeline.stdin is not None
    lifeline.stdin.close()
    assert container.wait(90) == 1
    outcome = program.outcome()
    assert outcome is not None
    assert (outcome.state, outcome.step, program.calls.read_text()) == ("failed", "wait", "")


def test_it_ends_by_itself_when_nobody_comes(program: Program) -> None:
    assert "-le 600 ]" in ephemeral_script()
    container = program.start(ephemeral_script().replace("-le 600 ]", "-le 2 ]"))
    assert container.wait(90) == 1
    outcome = program.outcome()
    assert outcome is not None
    assert (outcome.state, outcome.step, program.calls.read_text()) == ("failed", "wait", "")


def test_nobody_else_is_listened_to(program: Program) -> None:
    program.seconds.write_text("600")
    program.start(ephemeral_script())
    program.hand_over(program.given())
    program.await_call("snapshot create")
    second = program.hand_over(program.given(MV_SOURCE="another"))
    assert second.wait(90) == 4
    assert "another" not in program.calls.read_text()
