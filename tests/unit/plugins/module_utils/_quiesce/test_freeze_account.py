# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_account import (
    FreezeAccount,
    account_for,
    explain_unproven,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_timer import ReleaseReport

NOW = dt.datetime(2026, 6, 1, 2, 0, 0, tzinfo=dt.UTC)
AT, UP, FIRED = 100.0, 190.0, 160.0


def post_result(state: t.Any) -> HookResult:
    hook = Hook(source="annotation", name="x", phase="post", argv=("fsfreeze", "-u", "/data"))
    return HookResult(hook=hook, namespace="shop", pod="db-0", container="db", state=state, started=NOW)


def account(
    *,
    winner: str = "release",
    thaw: str = "p",
    at: float | None = AT,
    fired: float | None = None,
    fired_frozen: bool = False,
    post: str | None = "ok",
    pure: bool = True,
    held: float | None = None,
) -> FreezeAccount:
    report = ReleaseReport(winner, True, thaw, UP, at, fired, fired_frozen)
    result = post_result(post) if post else None
    return account_for(report, post=result, pure=pure, where="/data of db-0", now=NOW, held_seconds=held)


@pytest.mark.parametrize(
    ("given", "thawed_by", "consistent", "seconds"),
    [
        pytest.param({}, "post hook", True, 90.0, id="pure-post-hook"),
        pytest.param({"thaw": "1", "post": None}, "release", True, 90.0, id="no-post-hook"),
        pytest.param({"thaw": "1", "post": "failed"}, "release", True, 90.0, id="post-hook-failed-we-thawed"),
        pytest.param({"thaw": "1", "pure": False}, "release", True, 90.0, id="post-hook-does-not-thaw"),
        pytest.param({"thaw": "0", "pure": False}, "post hook", True, 90.0, id="composite-post-hook-thawed"),
        pytest.param(
            {"thaw": "0", "post": "timed_out"}, "post hook", True, 90.0, id="its-stream-broke-behind-the-thaw"
        ),
        pytest.param({"thaw": "0", "post": "lost", "pure": False}, "post hook", True, 90.0, id="lost-composite"),
        pytest.param({"thaw": "1", "post": "lost"}, "release", True, 90.0, id="lost-before-the-thaw"),
        pytest.param({"thaw": "1", "winner": "lost"}, "release", True, 90.0, id="the-winner-left-no-name"),
        pytest.param({"at": None, "thaw": "1", "post": None}, "release", False, None, id="lost-freeze-that-landed"),
        pytest.param({"at": None}, "post hook", False, None, id="lost-freeze-thawed-by-the-post-hook"),
        pytest.param({"at": None, "thaw": "0", "post": None}, "not frozen", False, None, id="never-froze"),
        pytest.param(
            {"at": None, "thaw": "0", "post": "failed"}, "not frozen", False, None, id="never-froze-post-failed"
        ),
        pytest.param(
            {"at": None, "thaw": "0", "post": None, "winner": "lease", "fired": FIRED},
            "not frozen",
            False,
            None,
            id="never-froze-and-the-lease-saw-it",
        ),
    ],
)
def test_without_an_error(given: dict[str, t.Any], thawed_by: str, consistent: bool, seconds: float | None) -> None:
    assert account(**given) == FreezeAccount(t.cast("t.Any", thawed_by), consistent, seconds)


@pytest.mark.parametrize(
    ("given", "thawed_by", "seconds"),
    [
        pytest.param({"winner": "lease", "fired": FIRED, "fired_frozen": True, "thaw": "0"}, "lease", 60.0, id="fired"),
        pytest.param(
            {"winner": "lease", "fired": FIRED, "fired_frozen": True, "thaw": "0", "post": None},
            "lease",
            60.0,
            id="no-post",
        ),
        pytest.param(
            {"winner": "release", "fired": FIRED, "fired_frozen": True, "thaw": "0"}, "lease", 60.0, id="releaser-died"
        ),
        pytest.param(
            {"winner": "lease", "fired": FIRED, "thaw": "0"}, "someone else", 60.0, id="the-lease-found-it-thawed"
        ),
        pytest.param({"winner": "lease", "thaw": "1"}, "release", 90.0, id="the-lease-won-but-we-thawed"),
        pytest.param({"winner": "lease", "thaw": "0"}, "someone else", 90.0, id="the-lease-won-and-was-never-heard-of"),
        pytest.param(
            {"winner": "lease", "fired": FIRED, "fired_frozen": True, "thaw": "0", "at": None},
            "lease",
            None,
            id="lost-freeze-thawed-by-the-lease",
        ),
    ],
)
def test_when_the_lease_ran_out(given: dict[str, t.Any], thawed_by: str, seconds: float | None) -> None:
    found = account(**given)
    assert (found.thawed_by, found.consistent, found.seconds) == (thawed_by, False, seconds)
    assert found.error.startswith("The lease on /data of db-0 ran out")
    fired = given.get("fired", UP)
    assert found.ended == NOW - dt.timedelta(seconds=UP - fired)


def test_the_sentence_says_since_when_nothing_was_protected() -> None:
    found = account(winner="lease", fired=FIRED, fired_frozen=True, thaw="0")
    assert found.error == (
        "The lease on /data of db-0 ran out after 60 s, before the release: what was done after 2026-06-01T01:59:30Z "
        "was not protected."
    )


@pytest.mark.parametrize("post", [None, "failed", "skipped", "ok"])
def test_a_freeze_that_somebody_else_thawed(post: str | None) -> None:
    found = account(thaw="0", post=post)
    assert (found.thawed_by, found.consistent, found.seconds) == ("someone else", False, 90.0)
    assert "someone else thawed it" in found.error


@pytest.mark.parametrize("post", [None, "failed", "ok"])
def test_the_release_of_another_run_came_first(post: str | None) -> None:
    """Its proof lies where the proof of a first try of ours would: the node's clock says whose it was."""
    found = account(thaw="1", post=post, pure=False, held=95.5)
    assert (found.thawed_by, found.consistent, found.seconds) == ("someone else", False, 90.0)
    assert found.error == (
        "/data of db-0 was thawed by another run, 5.5 s before its release: what was done meanwhile was not protected."
    )


@pytest.mark.parametrize("held", [None, 60.0, 90.0, 90.04])
def test_our_own_release_whose_answer_was_lost(held: float | None) -> None:
    assert account(thaw="1", post=None, held=held) == FreezeAccount("release", True, 90.0)


def test_a_freeze_that_returned_and_left_no_trace() -> None:
    """It was frozen, so "not frozen" would be wrong."""
    found = account(at=None, thaw="0", post=None, held=3.0)
    assert (found.thawed_by, found.consistent, found.seconds) == ("someone else", False, None)
    assert "nothing of its timer is left" in found.error


def test_a_window_is_never_negative() -> None:
    assert account(at=UP + 5).seconds == 0.0


@pytest.mark.parametrize(
    ("lease_seconds", "says"),
    [(60.0, "The lease in its container thaws it by itself within 60 s"), (None, "No lease guards it.")],
)
def test_explain_unproven(lease_seconds: float | None, says: str) -> None:
    text = explain_unproven("/data of db-0", "the server is away.", lease_seconds=lease_seconds)
    assert text.startswith("The release of /data of db-0 is not proven: the server is away. ")
    assert says in text
