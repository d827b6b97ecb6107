# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file system that may be frozen: an image of our own, mounted where nobody else sees it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._quiesce import scripts
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_timer import (
    ReleaseReport,
    parse_release,
    take_marker,
)

PATIENCE = 20.0
#: Where the kernel keeps a process that writes to a frozen file system.
BLOCKED = "percpu_rwsem_wait"
_STATE = Path("/dev/shm")


#: A look for a timer reads what every process of the machine was started with: that takes some time itself.
_LOOK_PAUSE = 0.1


def wait_until(condition: t.Callable[[], t.Any], what: str, *, seconds: float = PATIENCE, pause: float = 0.02) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen within {seconds:g} s")
        time.sleep(pause)


class Ended(t.NamedTuple):
    """How one of the lease's programs ended. ``said``: the values of its own line; ``stderr``: the rest."""

    rc: int
    stdout: str
    stderr: str
    said: dict[str, str]

    @property
    def report(self) -> ReleaseReport:
        report = parse_release(self.said)
        assert report is not None, self
        return report


class Timer:
    """One lease on the volume, driven by its shell programs alone."""

    def __init__(self, volume: Volume) -> None:
        self.volume = volume
        self.id = f"test-{secrets.token_hex(6)}"
        self.directory = _STATE / f"arkive-{self.id}"
        self.freeze_argv = ["fsfreeze", "--freeze", volume.path]
        self.thaw_argv = ["fsfreeze", "--unfreeze", volume.path]

    def start_freeze(
        self, argv: t.Sequence[str] = (), *, seconds: int = 30, arm: int = 30, plain: bool = True
    ) -> Started:
        numbers = [str(seconds), str(arm), "1" if plain else "0"]
        command = [*(argv or self.freeze_argv)]
        return self._start(scripts.FREEZE, self.id, *numbers, shlex.join(self.thaw_argv), scripts.TIMER, *command)

    def freeze(self, argv: t.Sequence[str] = (), **more: t.Any) -> Ended:
        return self.start_freeze(argv, **more).end()

    def release(self, argv: t.Sequence[str] = (), *, pure: bool = False) -> Ended:
        thaw = shlex.join(self.thaw_argv)
        return self._start(scripts.RELEASE, self.id, "1" if pure else "0", thaw, *argv).end()

    def renew(self, seconds: int) -> int:
        return self._start(scripts.RENEW, self.id, str(seconds), shlex.join(self.thaw_argv), scripts.TIMER).end().rc

    def disarm(self) -> int:
        return self._start(scripts.DISARM, self.id).end().rc

    def file(self, name: str) -> str:
        path = self.directory / name
        return path.read_text().strip() if path.exists() else ""

    @property
    def timers(self) -> list[int]:
        """The processes of the lease that live: they carry its directory as an argument."""
        word = str(self.directory).encode()
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if word in path.read_bytes().split(b"\0"):
                    found.append(int(path.parent.name))
        return found

    @property
    def timer_lives(self) -> bool:
        return bool(self.timers)

    def kill_timer(self, *parents: Started) -> None:
        """As a container does that has too little memory: the timer, and before it those that would notice."""
        for parent in parents:
            parent.process.kill()
        for pid in self.timers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @contextlib.contextmanager
    def stopped_timers(self) -> t.Iterator[None]:
        """The clock goes on meanwhile, but the timers act only afterwards: what is to come before them does."""
        pids = self.timers
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def blocked_writer(self) -> Writer:
        """A writer that was blocked before the timers could thaw."""
        with self.stopped_timers():
            writer = self.volume.writer()
            writer.wait_until_it_blocks()
        return writer

    def wait_for_the_timers_end(self, *, seconds: float = PATIENCE) -> None:
        wait_until(lambda: not self.timer_lives, "the end of the timer", seconds=seconds, pause=_LOOK_PAUSE)

    def clean_up(self) -> None:
        self.directory.mkdir(exist_ok=True)
        (self.directory / "token").mkdir(exist_ok=True)
        (self.directory / "released").touch()
        freezer = self.file("freezer").partition(" ")[0]
        if freezer:
            self.volume.shell(f"kill -9 -- -{freezer} 2>/dev/null || true")
        self.wait_for_the_timers_end()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _start(self, script: str, *words: str) -> Started:
        return Started(self.volume.start(["/bin/sh", "-c", script, "arkive-test", *words]), self.id)


class Started:
    """A program of a lease that runs."""

    def __init__(self, process: subprocess.Popen[bytes], lease_id: str) -> None:
        self.process = process
        self._lease_id = lease_id

    def end(self) -> Ended:
        """Its end for its caller: one that stays on as the timer's parent has said its exit code."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        with ThreadPoolExecutor(2) as pool:
            outputs = [pool.submit(stream.read) for stream in (self.process.stdout, self.process.stderr)]
            stdout, stderr = (output.result(3 * PATIENCE) for output in outputs)
        out, _said = take_marker(stdout, self._lease_id)
        rest, said = take_marker(stderr, self._lease_id)
        rc = int(said["rc"]) if "rc" in said else self.process.wait(PATIENCE)
        return Ended(rc, out.decode(), rest.decode(), said)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


class Writer:
    """A process that writes one file to the volume."""

    def __init__(self, volume: Volume) -> None:
        self.process = volume.start(["/bin/sh", "-c", 'echo x > "$0"', f"{volume.path}/written"])
        self._wchan = Path(f"/proc/{self.process.pid}/wchan")

    @property
    def blocked(self) -> bool:
        with contextlib.suppress(OSError):
            return self._wchan.read_text() == BLOCKED
        return False

    def wait_until_it_blocks(self) -> None:
        wait_until(lambda: self.blocked or self.process.poll() is not None, "a blocked write")
        assert self.process.poll() is None, "the write went through, the file system is not frozen"

    def finish(self, *, seconds: float = PATIENCE) -> float:
        """Wait until the write has gone through; how long that took."""
        started = time.monotonic()
        _stdout, stderr = self.process.communicate(timeout=seconds)
        assert self.process.returncode == 0, stderr
        return time.monotonic() - started


class Volume:
    """An ext4 image, mounted in a mount namespace of its own, in which ``/bin/sh`` is the shell to try."""

    def __init__(self, directory: Path, shell: str) -> None:
        image, mount = directory / "image", directory / "a volume"
        mount.mkdir()
        with image.open("wb") as file:
            file.truncate(16 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True, stdin=subprocess.DEVNULL)
        self.path = str(mount)
        program = (
            'mount -o loop "$0" "$1" && mount --bind "$2" "$(readlink -f /bin/sh)" && echo ready && exec sleep 3600'
        )
        self._anchor = subprocess.Popen(
            ["unshare", "-m", "--propagation", "private", "/bin/sh", "-c", program, str(image), self.path, shell],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._anchor.stdout is not None
        if self._anchor.stdout.readline() != b"ready\n":
            pytest.fail(f"The image cannot be mounted: {self._anchor.communicate()[1].decode()}")

    def start(self, argv: t.Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["nsenter", f"--mount=/proc/{self._anchor.pid}/ns/mnt", *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def shell(self, script: str, *words: str) -> tuple[int, str]:
        process = self.start(["/bin/sh", "-c", script, "x", *words])
        stdout, stderr = process.communicate(timeout=PATIENCE)
        return process.returncode, (stdout + stderr).decode()

    def writer(self) -> Writer:
        """Start a write to the volume."""
        return Writer(self)

    def freeze(self) -> None:
        assert self.shell('fsfreeze --freeze "$1"', self.path)[0] == 0

    def thaw(self) -> int:
        return self.shell('fsfreeze --unfreeze "$1"', self.path)[0]

    def close(self) -> None:
        self.thaw()
        self._anchor.kill()
        self._anchor.communicate()


def find_program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not installed: the lease's programs are tried with it.", pytrace=False)
    return found
