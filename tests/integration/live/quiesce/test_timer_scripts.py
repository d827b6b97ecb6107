# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shell programs of the lease, run by dash, bash and busybox against a file system that is really frozen."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from timer_volume import Timer, Volume, find_program, wait_until

from ansible_collections.arkive.k8s.plugins.module_utils._quiesce import scripts
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import check_mount, parse_probe

pytestmark = pytest.mark.node


@pytest.fixture(scope="module", params=["dash", "bash", "busybox"])
def volume(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Volume]:
    """A volume, and the shell to try as ``/bin/sh``."""
    made = Volume(tmp_path_factory.mktemp(request.param), find_program(request.param))
    yield made
    made.close()


@pytest.fixture
def lease(volume: Volume) -> t.Iterator[Timer]:
    """A lease on the volume. Afterwards nothing of it is left, and the volume is not frozen."""
    made = Timer(volume)
    yield made
    made.clean_up()
    was_frozen = volume.thaw() == 0
    assert not was_frozen, "the volume was left frozen"


def test_freeze_and_release_by_the_post_hook(lease: Timer, volume: Volume) -> None:
    frozen = lease.freeze()
    assert (frozen.rc, frozen.stderr, frozen.said["rc"]) == (0, "", "0")
    writer = volume.writer()
    writer.wait_until_it_blocks()
    assert lease.timer_lives
    released = lease.release(lease.thaw_argv, pure=True)
    writer.finish()
    report = released.report
    assert (released.rc, report.winner, report.thaw, report.proven) == (0, "release", "p", True)
    assert report.frozen_up is not None
    assert 0 <= report.up - report.frozen_up < 20
    assert (report.fired_at, report.fired_frozen) == (None, False)
    lease.wait_for_the_timers_end()
    assert not lease.directory.exists()


def test_release_without_a_post_hook(lease: Timer, volume: Volume) -> None:
    lease.freeze()
    report = lease.release().report
    assert (report.winner, report.thaw, report.proven) == ("release", "1", True)
    volume.writer().finish()
    lease.wait_for_the_timers_end()


def test_the_lease_thaws_when_nobody_does(lease: Timer, volume: Volume) -> None:
    lease.freeze(seconds=2)
    lease.blocked_writer().finish()
    lease_fired = lease.release(lease.thaw_argv, pure=True).report
    assert (lease_fired.winner, lease_fired.thaw, lease_fired.fired_frozen, lease_fired.proven) == (
        "lease",
        "0",
        True,
        True,
    )
    assert lease_fired.frozen_up is not None
    assert lease_fired.fired_at is not None
    # Not before its time, and not long after it.
    assert 2 <= lease_fired.fired_at - lease_fired.frozen_up < 20
    lease.wait_for_the_timers_end()
    assert not lease.directory.exists()


def test_a_renewed_lease_holds_longer(lease: Timer, volume: Volume) -> None:
    lease.freeze(seconds=2)
    first_end = int(lease.file("until"))
    assert lease.renew(30) == 0
    assert int(lease.file("until")) >= first_end + 20
    writer = volume.writer()
    writer.wait_until_it_blocks()
    wait_until(lambda: float(Path("/proc/uptime").read_text().split()[0]) > first_end + 1.5, "the first end")
    assert writer.blocked
    assert lease.release().report.thaw == "1"
    writer.finish()
    assert lease.renew(30) in (3, 4)


def test_a_renewal_after_the_lease_has_fired_is_refused(lease: Timer, volume: Volume) -> None:
    lease.freeze(seconds=1)
    volume.writer().finish()
    assert lease.renew(30) == 3


def test_a_freeze_of_someone_else_is_left_alone(lease: Timer, volume: Volume) -> None:
    volume.freeze()
    try:
        frozen = lease.freeze(seconds=1, arm=1)
        assert frozen.rc == 1
        assert "busy" in frozen.stderr
        lease.wait_for_the_timers_end()
        assert not lease.directory.exists()
        volume.writer().wait_until_it_blocks()
    finally:
        assert volume.thaw() == 0


def test_a_disarmed_lease_thaws_nothing(lease: Timer, volume: Volume) -> None:
    volume.freeze()
    try:
        # A script may have frozen before it failed, so its timer stays until it is ended.
        assert lease.freeze(["sh", "-c", f"fsfreeze --freeze '{volume.path}' || exit 3"], plain=False).rc == 3
        assert lease.timer_lives
        assert lease.disarm() == 0
        lease.wait_for_the_timers_end()
        volume.writer().wait_until_it_blocks()
    finally:
        assert volume.thaw() == 0


def stopped_freezer(volume: Volume) -> list[str]:
    return ["sh", "-c", 'kill -STOP $$; exec fsfreeze --freeze "$0"', volume.path]


def test_a_release_ends_a_stopped_freezer_before_it_thaws(lease: Timer, volume: Volume) -> None:
    freezer = lease.start_freeze(stopped_freezer(volume))
    wait_until(lambda: lease.file("freezer"), "the freezer's start")
    report = lease.release().report
    assert (report.winner, report.freezer_gone, report.thaw, report.proven) == ("release", True, "0", True)
    assert report.frozen_up is None
    assert freezer.end().rc == 137
    lease.wait_for_the_timers_end()
    volume.writer().finish()


def test_the_lease_ends_a_stopped_freezer(lease: Timer, volume: Volume) -> None:
    started = time.monotonic()
    assert lease.start_freeze(stopped_freezer(volume), seconds=1, arm=1).end().rc == 137
    assert time.monotonic() - started >= 2
    report = lease.release().report
    assert (report.winner, report.thaw, report.fired_frozen, report.proven) == ("lease", "0", False, True)
    volume.writer().finish()
    lease.wait_for_the_timers_end()


def test_a_freeze_that_arrives_after_its_release_is_refused(lease: Timer, volume: Volume) -> None:
    assert lease.release().report.thaw == "0"
    late = lease.freeze()
    assert (late.rc, late.said) == (125, {"refused": "1"})
    assert not lease.timer_lives
    volume.writer().finish()


def test_a_second_release_knows_what_the_first_has_done(lease: Timer, volume: Volume) -> None:
    """The answer of the first got lost, or both wait for the same kubelet: nobody else has thawed."""
    lease.freeze()
    timers = lease.timers
    for pid in timers:
        os.kill(pid, signal.SIGSTOP)  # it takes the directory away a second after the release
    with ThreadPoolExecutor(2) as threads:
        reports = [ended.report for ended in threads.map(lambda _number: lease.release(), range(2))]
    for pid in timers:
        os.kill(pid, signal.SIGCONT)
    assert [(report.winner, report.thaw, report.proven) for report in reports] == [("release", "1", True)] * 2
    assert all(report.frozen_up is not None for report in reports)
    volume.writer().finish()


def test_the_lease_outlives_its_wrapper(lease: Timer, volume: Volume) -> None:
    script = 'fsfreeze --freeze "$0"; exec sleep 1000'
    wrapper = lease.start_freeze(["sh", "-c", script, volume.path], seconds=1, arm=5)
    wait_until(lambda: lease.file("freezer"), "the freezer's start")
    with lease.stopped_timers():
        command = "tr '\\0' ' ' </proc/${1%% *}/cmdline"
        wait_until(lambda: volume.shell(command, lease.file("freezer"))[1].startswith("sleep"), "the freeze")
        writer = volume.writer()
        writer.wait_until_it_blocks()
        wrapper.process.kill()
    writer.finish()
    report = lease.release().report
    assert (report.winner, report.fired_frozen, report.freezer_gone, report.proven) == ("lease", True, True, True)
    assert report.frozen_up is None


def test_composite_commands(lease: Timer, volume: Volume) -> None:
    freeze = ["sh", "-c", 'sync; fsfreeze --freeze "$0"', volume.path]
    thaw = ["sh", "-c", 'fsfreeze --unfreeze "$0"; echo bye; echo note >&2', volume.path]
    assert lease.freeze(freeze, plain=False).rc == 0
    released = lease.release(thaw)
    assert (released.rc, released.stdout, released.stderr) == (0, "bye\n", "note\n")
    assert (released.report.winner, released.report.thaw, released.report.proven) == ("release", "0", True)
    volume.writer().finish()


@pytest.mark.parametrize("pure", [False, True], ids=["composite", "pure"])
def test_where_the_post_hook_fails_we_thaw(lease: Timer, volume: Volume, pure: bool) -> None:
    lease.freeze()
    released = lease.release(["sh", "-c", "exit 7"], pure=pure)
    assert (released.rc, released.report.thaw, released.report.proven) == (7, "1", True)
    volume.writer().finish()


def test_a_timer_that_is_killed_is_started_again(lease: Timer, volume: Volume) -> None:
    wrapper = lease.start_freeze(seconds=4)
    assert wrapper.end().rc == 0
    (killed,) = lease.timers
    lease.kill_timer()
    wait_until(lambda: lease.timers not in ([], [killed]), "a new timer")
    lease.blocked_writer().finish()
    report = lease.release().report
    assert (report.winner, report.fired_frozen, report.proven) == ("lease", True, True)
    assert wrapper.process.wait(20) == 0
    assert not lease.directory.exists()


def test_a_renewal_notices_that_the_timer_is_dead(lease: Timer, volume: Volume) -> None:
    wrapper = lease.start_freeze(seconds=60)
    assert wrapper.end().rc == 0
    lease.kill_timer(wrapper)
    wait_until(lambda: not lease.timer_lives, "the end of the timer")
    writer = volume.writer()
    writer.wait_until_it_blocks()
    assert lease.renew(6) == 6
    wait_until(lambda: lease.timer_lives, "a new timer")
    writer.finish()
    report = lease.release().report
    assert (report.winner, report.fired_frozen, report.proven) == ("lease", True, True)
    assert not lease.directory.exists()


def test_a_release_without_a_timer_leaves_nothing_behind(lease: Timer, volume: Volume) -> None:
    wrapper = lease.start_freeze()
    assert wrapper.end().rc == 0
    lease.kill_timer(wrapper)
    wait_until(lambda: not lease.timer_lives, "the end of the timer")
    report = lease.release().report
    assert (report.winner, report.thaw, report.proven) == ("release", "1", True)
    assert not lease.directory.exists()
    volume.writer().finish()


def test_who_starts_a_timer_waits_for_it(lease: Timer) -> None:
    """So that nobody else has to: pid 1 of a container often reaps nobody."""
    wrapper = lease.start_freeze()
    assert wrapper.end().rc == 0
    (timer,) = lease.timers
    assert f"PPid:\t{wrapper.process.pid}\n" in Path(f"/proc/{timer}/status").read_text()
    lease.release()
    assert wrapper.process.wait(20) == 0
    assert not Path(f"/proc/{timer}").exists()


def test_a_timer_whose_directory_is_emptied_thaws_all_the_same(lease: Timer, volume: Volume) -> None:
    lease.freeze(seconds=2, arm=1)
    shutil.rmtree(lease.directory)
    lease.blocked_writer().finish()
    lease.wait_for_the_timers_end()


def test_a_freezer_is_told_from_who_has_its_number_now(lease: Timer, volume: Volume) -> None:
    """A process that was started later has it, in this container or after its restart: it is not killed."""
    other = volume.start(["setsid", "sleep", "100"])
    wait_until(lambda: start_time(other.pid), "the start")
    try:
        born, born_of_1 = start_time(other.pid), start_time(1)
        for text in (f"{other.pid} {born - 1} {born_of_1}", f"{other.pid} {born} {born_of_1 + 1}"):
            shutil.rmtree(lease.directory, ignore_errors=True)
            lease.directory.mkdir()
            (lease.directory / "freezer").write_text(f"{text}\n")
            report = lease.release().report
            assert (report.freezer_gone, report.proven) == (True, True)
            assert other.poll() is None
        # What is as old as the record is the freezer.
        shutil.rmtree(lease.directory)
        lease.directory.mkdir()
        (lease.directory / "freezer").write_text(f"{other.pid} {born} {born_of_1}\n")
        assert lease.release().report.proven
        assert other.wait(20) == -signal.SIGKILL
    finally:
        other.kill()
        other.wait(20)


def start_time(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19])


def test_what_other_runs_left_is_removed_where_it_is_over(lease: Timer, volume: Volume) -> None:
    """By the next run's look into the container, and by its release."""
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    ages: dict[str, tuple[str, float]] = {
        "long fired": ("fired", 61),
        "just fired": ("fired", 5),
        "long released": ("released", 601),
        "lately released": ("released", 61),
        "unproven": ("until", 61),
        "alive": ("until", -30),
    }
    left = {name: Path(f"/dev/shm/arkive-{secrets.token_hex(8)}") for name in ages}
    try:
        for look in ("probe", "release"):
            for name, (file, age) in ages.items():
                left[name].mkdir(exist_ok=True)
                text = f"{int(uptime - age)}" if file == "until" else f"{uptime - age:.2f} 1"
                (left[name] / file).write_text(f"{text}\n")
            if look == "probe":
                probe = parse_probe(volume.shell(scripts.PROBE, volume.path)[1])
                assert left["unproven"].name.removeprefix("arkive-") in probe.left
                assert left["alive"].name.removeprefix("arkive-") not in probe.left
            else:
                lease.release()
            kept = [name for name, path in left.items() if path.exists()]
            assert kept == ["just fired", "lately released", "unproven", "alive"]
    finally:
        for path in left.values():
            shutil.rmtree(path, ignore_errors=True)


def test_a_thaw_that_fails_says_why(lease: Timer) -> None:
    lease.thaw_argv = ["sh", "-c", "echo the disk is gone >&2; exit 5"]
    released = lease.release()
    assert (released.report.thaw, released.report.proven) == ("x", False)
    assert released.stderr == "the disk is gone\n"


def test_a_second_release_finds_nothing_to_do(lease: Timer, volume: Volume) -> None:
    lease.freeze()
    assert lease.release().report.thaw == "1"
    again = lease.release().report
    # What the first one did is known until the timer has taken its directory away.
    assert (again.thaw, again.proven) == ("0" if again.frozen_up is None else "1", True)
    volume.writer().finish()


def test_a_releaser_that_died_with_the_token_does_not_stop_the_lease(lease: Timer, volume: Volume) -> None:
    lease.freeze(seconds=1)
    (lease.directory / "token").mkdir()
    (lease.directory / "winner").write_text("release\n")
    lease.blocked_writer().finish(seconds=30)
    report = lease.release(lease.thaw_argv).report
    assert (report.winner, report.thaw, report.fired_frozen, report.proven) == ("release", "0", True, True)


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "script"])
def test_a_tool_that_is_not_there_leaves_nothing_behind(lease: Timer, volume: Volume, plain: bool) -> None:
    lease.thaw_argv = ["no-such-fsfreeze", "--unfreeze", volume.path]
    argv = ["no-such-fsfreeze", "--freeze", volume.path]
    frozen = lease.freeze(argv if plain else ["sh", "-c", " ".join(argv[:2])], plain=plain)
    assert frozen.rc == 127
    if not plain:
        report = lease.release().report
        assert (report.thaw, report.proven) == ("0", True)
    lease.wait_for_the_timers_end()
    assert not lease.directory.exists()


def test_the_state_is_not_for_others(lease: Timer) -> None:
    lease.freeze()
    assert lease.directory.stat().st_mode & 0o777 == 0o700
    lease.release()


def test_the_probe(volume: Volume) -> None:
    rc, output = volume.shell(scripts.PROBE, volume.path, f"{volume.path}/../a volume/.")
    probe = parse_probe(output)
    assert (rc, probe.missing, probe.paths) == (0, (), (volume.path, volume.path))
    mount = check_mount(probe, volume.path, "", "the volume")
    assert (mount.point, mount.root, mount.fs_type) == (volume.path, "/", "ext4")
    assert mount.device.startswith("7:")
