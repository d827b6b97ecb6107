# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shlex
import shutil
import subprocess
import typing as t
import urllib.parse
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce import scripts
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_timer import (
    FreezeTimer,
    ReleaseReport,
    disarm,
    freeze_argv,
    is_busy,
    new_lease_id,
    parse_release,
    release_argv,
    renew,
    take_marker,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeTarget

TARGET = FreezeTarget(namespace="shop", pod="db-0", node="node-1", container="db", path="/data", claim="shop/data")
THAW = ("fsfreeze", "--unfreeze", "/my data")
LEASE = FreezeTimer("00ff", (TARGET,), (THAW,), 60.0)


def test_freeze_argv() -> None:
    argv = freeze_argv(LEASE, ["fsfreeze", "-f", "/my data"], plain=True, arm_seconds=30.4)
    assert argv[:4] == ["/bin/sh", "-c", scripts.FREEZE, "arkive-freeze"]
    assert argv[4:] == [
        "00ff", "60", "30", "1", "fsfreeze --unfreeze '/my data'", scripts.TIMER, "fsfreeze", "-f", "/my data",
    ]  # fmt: skip


@pytest.mark.parametrize("seconds", [0.0, 0.2, 1.0])
def test_no_time_is_shorter_than_a_second(seconds: float) -> None:
    timer = FreezeTimer("00ff", (TARGET,), (THAW,), seconds)
    assert freeze_argv(timer, ["x"], plain=False, arm_seconds=seconds)[5:8] == ["1", "1", "0"]


@pytest.mark.parametrize(("argv", "pure"), [((), False), (THAW, True), (("sh", "-c", "bye"), False)])
def test_release_argv(argv: tuple[str, ...], pure: bool) -> None:
    sent = release_argv(LEASE, argv, pure=pure)
    assert sent[:4] == ["/bin/sh", "-c", scripts.RELEASE, "arkive-release"]
    assert sent[4:] == ["00ff", "1" if pure else "0", shlex.join(THAW), *argv]


@pytest.mark.parametrize(
    ("answers", "rc", "said"),
    [
        ({"/a b": "thawed", "/c": "thawed"}, 0, ""),
        ({"/a b": "thawed", "/c": "idle"}, 0, ""),
        ({"/a b": "idle", "/c": "idle"}, 1, "Invalid argument\n"),
        ({"/a b": "thawed", "/c": "broken"}, 1, "fsfreeze: /c: Input/output error\n"),
        ({"/a b": "broken", "/c": "idle"}, 1, "fsfreeze: /a b: Input/output error\n"),
        ({}, 127, ""),
    ],
    ids=["all", "one", "nothing was frozen", "one fails", "one fails, the other was not frozen", "no tool"],
)
@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_several_thaws_are_one_text(tmp_path: Path, shell: str, answers: dict[str, str], rc: int, said: str) -> None:
    """As the lease's programs use it: what it ends with and says decides whether a thaw is proven."""
    timer = FreezeTimer("00ff", (TARGET, TARGET), (("fsfreeze", "-u", "/a b"), ("fsfreeze", "-u", "/c")), 60.0)
    if answers:
        texts = {"idle": "Invalid argument", "broken": "Input/output error"}
        failing = [
            f'"{path}") echo "fsfreeze: $2: {texts[answer]}" >&2; exit 1;;'
            for path, answer in answers.items()
            if answer in texts
        ]
        tool = tmp_path / "fsfreeze"
        tool.write_text(f"#!/bin/sh\ncase $2 in {' '.join(failing)} esac\n")
        tool.chmod(0o755)
    script = 'e=$(eval "$h" 2>&1 </dev/null);r=$?;printf "%s\\n" "$e";exit $r'
    program = shutil.which(shell)
    assert program
    done = subprocess.run(
        [program, "-c", script],
        env={"PATH": str(tmp_path), "h": timer.thaw_text},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout.lstrip("\n")) == (rc, said)


@pytest.mark.parametrize(
    "programs",
    [
        (scripts.FREEZE, scripts.TIMER),
        (scripts.RENEW, scripts.TIMER),
        (scripts.RELEASE,),
        (scripts.DISARM,),
        (scripts.PROBE,),
    ],
)
def test_the_programs_fit_in_a_request_line(programs: tuple[str, ...]) -> None:
    # An exec carries them in its URL, some with another one as an argument; proxies take 8 KiB.
    assert sum(len(urllib.parse.quote_plus(program)) for program in programs) < 5000


def test_lease_ids_are_safe_for_a_path_and_differ() -> None:
    ids = {new_lease_id() for _each in range(50)}
    assert len(ids) == 50
    assert all(len(text) == 16 and set(text) <= set("0123456789abcdef") for text in ids)


@pytest.mark.parametrize(
    ("stderr", "kept", "values"),
    [
        pytest.param(b"", b"", {}, id="nothing"),
        pytest.param(b"a note\n", b"a note\n", {}, id="none-of-ours"),
        pytest.param(b"arkive-lease 00ff rc=0 up=12.34\n", b"", {"rc": "0", "up": "12.34"}, id="freeze"),
        pytest.param(b"arkive-lease 00ff refused=1\n", b"", {"refused": "1"}, id="refused"),
        pytest.param(b"a\narkive-lease 00ff rc=1 up=1\nb\n", b"a\nb\n", {"rc": "1", "up": "1"}, id="in-between"),
        pytest.param(b"no newlinearkive-lease 00ff rc=0 up=1\n", b"no newline", {"rc": "0", "up": "1"}, id="glued"),
        pytest.param(b"arkive-lease ffff rc=0 up=1\n", b"arkive-lease ffff rc=0 up=1\n", {}, id="of-another-lease"),
        pytest.param(
            b"arkive-lease 00ff winner=release gone=1 thaw=p rc=0 at=1.00 up=2.00 fired=- -\n",
            b"",
            {"winner": "release", "gone": "1", "thaw": "p", "rc": "0", "at": "1.00", "up": "2.00", "fired": "- -"},
            id="release",
        ),
        pytest.param(
            b"arkive-lease 00ff rc=0 up=1\narkive-lease 00ff rc=2 up=3\n", b"", {"rc": "2", "up": "3"}, id="last"
        ),
        pytest.param(b"arkive-lease 00ff rc=0 up=\xff", b"", {"rc": "0", "up": "\ufffd"}, id="cut-off"),
    ],
)
def test_take_marker(stderr: bytes, kept: bytes, values: dict[str, str]) -> None:
    assert take_marker(stderr, "00ff") == (kept, values)


def report_of(line: str) -> ReleaseReport | None:
    return parse_release(take_marker(f"arkive-lease 00ff {line}\n".encode(), "00ff")[1])


@pytest.mark.parametrize(
    ("line", "report"),
    [
        pytest.param("", None, id="nothing"),
        pytest.param("rc=0 up=1.0", None, id="a-freezes-line"),
        pytest.param(
            "winner=release gone=1 thaw=p rc=0 at=100.25 up=103.50 fired=- -",
            ReleaseReport("release", True, "p", 103.5, 100.25),
            id="post-hook",
        ),
        pytest.param(
            "winner=lease gone=1 thaw=0 rc=0 at=100.25 up=190.00 fired=160.10 1",
            ReleaseReport("lease", True, "0", 190.0, 100.25, 160.1, True),
            id="the-lease-thawed",
        ),
        pytest.param(
            "winner=lease gone=1 thaw=0 rc=0 at=- up=190.00 fired=160.10 0",
            ReleaseReport("lease", True, "0", 190.0, None, 160.1, False),
            id="the-lease-found-nothing",
        ),
        pytest.param(
            "winner=release gone=0 thaw=x rc=1 at=- up=1.00 fired=- -",
            ReleaseReport("release", False, "x", 1.0),
            id="nothing-proven",
        ),
        pytest.param(
            "winner=release gone=1 thaw=1 rc=0 at= up=5.00 fired=",
            ReleaseReport("release", True, "1", 5.0),
            id="files-read-before-they-were-written",
        ),
    ],
)
def test_parse_release(line: str, report: ReleaseReport | None) -> None:
    assert report_of(line) == report


@pytest.mark.parametrize(
    ("gone", "thaw", "proven"),
    [
        (1, "p", True),
        (1, "1", True),
        (1, "0", True),
        (1, "x", False),
        (0, "p", False),
        (0, "1", False),
        (0, "0", False),
    ],
)
def test_what_proves_a_release(gone: int, thaw: str, proven: bool) -> None:
    report = report_of(f"winner=release gone={gone} thaw={thaw} rc=0 at=1 up=2 fired=- -")
    assert report is not None
    assert report.proven is proven


@pytest.mark.parametrize(
    ("stderr", "busy"),
    [
        pytest.param(b"fsfreeze: /data: freeze failed: Device or resource busy\n", True, id="util-linux"),
        pytest.param(b"fsfreeze: FIFREEZE: Resource busy\n", True, id="busybox-musl"),
        pytest.param(b"xfs_freeze: cannot freeze filesystem at /data: Device or resource busy\n", True, id="xfs"),
        pytest.param(b"fsfreeze: /data: freeze failed: Operation not supported\n", False, id="not-supported"),
        pytest.param(b"fsfreeze: /data: freeze failed: Operation not permitted\n", False, id="not-permitted"),
        pytest.param(b"", False, id="silent"),
    ],
)
def test_is_busy(stderr: bytes, busy: bool) -> None:
    assert is_busy(stderr) is busy


@pytest.mark.parametrize(
    ("rc", "found"), [(0, "renewed"), (3, "over"), (4, "over"), (6, "rearmed"), (127, "failed"), (137, "failed")]
)
def test_renew(cluster: t.Any, rc: int, found: str) -> None:
    cluster.answers["renew"] = [cluster.done(rc)]
    assert renew(cluster.client, LEASE) == found
    (call,) = cluster.calls
    assert call.argv[3:] == ("arkive-renew", "00ff", "60", shlex.join(THAW), scripts.TIMER)
    assert (call.container, call.timeout) == ("db", 20.0)


def test_renew_and_disarm_raise_when_nobody_can_say(cluster: t.Any) -> None:
    cluster.answers["renew"] = [KubeError("No answer.")]
    cluster.answers["disarm"] = [KubeError("No answer.")]
    for ask in (renew, disarm):
        with pytest.raises(KubeError):
            ask(cluster.client, LEASE)
