# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of a held session: opened, kept, lost, released."""

from __future__ import annotations

import threading
import time
import typing as t

import pytest
from fake_psql import LOOK, FakeContainer, FakePsql, answers

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._databases import held as held_module
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import (
    ClientMissing,
    DatabaseError,
    LockBusy,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.held import HeldDatabase
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import HoldFacts, HoldOrder
from ansible_collections.arkive.k8s.plugins.module_utils._databases.postgresql import Postgresql
from ansible_collections.arkive.k8s.plugins.module_utils._databases.record import QuiesceRecord

IDLE = "FATAL:  terminating connection due to idle-session timeout\nserver closed the connection unexpectedly"


def held_database(psql: FakePsql, *, lease: float = 60.0, longest: float = 300.0, **container: t.Any) -> HeldDatabase:
    order = HoldOrder(mode="light", label="arkive", lease_seconds=lease, longest_seconds=longest)
    record = QuiesceRecord(namespace="shop", pod="db-0", container="db", kind="postgresql")
    return HeldDatabase(Postgresql(), order, FakeContainer(psql, **container), record)


def pulses(psql: FakePsql) -> int:
    return psql.asked.count("select 1")


def wait_for(condition: t.Callable[[], bool]) -> None:
    waited = threading.Event()
    for _count in range(200):
        if condition():
            return
        waited.wait(0.02)
    pytest.fail("not within 4 s")


def test_a_container_without_a_shell_runs_the_client_itself() -> None:
    psql = FakePsql(answers())
    database = held_database(psql, missing=1)
    database.begin(CancelToken())
    assert database.held
    database.end()
    assert database.record.consistent


def test_a_container_without_the_client_is_told() -> None:
    database = held_database(FakePsql(answers()), missing=2)
    with pytest.raises(ClientMissing, match="/bin/sh is not there"):
        database.begin(CancelToken())
    assert (database.held, database.record.started) == (False, None)


def test_a_client_that_reaches_no_server_is_told_in_its_own_words() -> None:
    psql = FakePsql(answers())
    psql.lost, psql.stderr = EOFError(), 'psql: error: connection failed: role "x" does not exist'
    database = held_database(psql)
    with pytest.raises(DatabaseError, match=r'the client ended. It said: psql: error: .* role "x" does not exist'):
        database.begin(CancelToken())
    assert psql.ended == "aborted"


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        # As dash, bash and busybox say it of ``exec``, and as the script of MongoDB does.
        ("arkive: exec: line 7: psql: not found", "does not have the database's client", "check that the kind"),
        ("arkive: 18: exec: mysql: not found", "does not have the database's client", "check that the kind"),
        ("arkive: mongosh: not found", "does not have the database's client", "check that the kind"),
        ("arkive: line 12: exec: psql: not found", "does not have the database's client", "check that the kind"),
        (
            'FATAL: password authentication failed for user "b"',
            "could not open a session: the client ended",
            "password",
        ),
        ("could not connect: No such file or directory", "could not open a session: the client ended", "server is up"),
    ],
)
def test_why_there_is_no_session_is_told_with_what_to_do(said: str, message: str, hint: str) -> None:
    psql = FakePsql(answers())
    psql.lost, psql.stderr = EOFError(), said
    with pytest.raises(DatabaseError, match=message) as caught:
        held_database(psql).begin(CancelToken())
    assert (said in caught.value.message, hint in (caught.value.hint or "")) == (True, True)
    # Where it is, is said by whoever tells of it.
    assert "db-0" not in caught.value.message


def test_a_cancelled_run_holds_nothing() -> None:
    cancel = CancelToken()
    cancel.cancel("SIGTERM")
    psql = FakePsql(answers())
    database = held_database(psql)
    with pytest.raises(Cancelled):
        database.begin(cancel)
    assert (database.held, psql.ended) == (False, "aborted")


def test_answers_of_another_form_are_no_proof() -> None:
    psql = FakePsql(answers() | {"select current_setting('server_version_num')": [["what"]]})
    with pytest.raises(DatabaseError, match="are not understood"):
        held_database(psql).begin(CancelToken())
    psql = FakePsql(answers())
    database = held_database(psql)
    database.begin(CancelToken())
    psql.table["select case"] = []
    database.end()
    assert (database.record.consistent, "are not understood" in database.record.error) == (False, True)


def test_signs_of_life_are_sent_and_end_with_the_release() -> None:
    psql = FakePsql(answers())
    database = held_database(psql, lease=0.6)
    database.begin(CancelToken())
    wait_for(lambda: pulses(psql) >= 3)
    database.end()
    seen = pulses(psql)
    threading.Event().wait(0.5)
    assert pulses(psql) == seen


def test_signs_of_life_end_at_the_longest_time() -> None:
    """From then on the server's own limit counts."""
    psql = FakePsql(answers())
    database = held_database(psql, lease=0.6, longest=0.5)
    database.begin(CancelToken())
    threading.Event().wait(0.9)
    seen = pulses(psql)
    threading.Event().wait(0.5)
    assert pulses(psql) == seen
    database.end()


@pytest.mark.parametrize(
    ("error", "said", "who", "why"),
    [
        (EOFError(), IDLE, "lease", "The lease on postgresql in container db of pod shop/db-0 ran out"),
        (EOFError(), "FATAL:  terminating connection due to administrator command", "server", "was not held until"),
        (EOFError(), "", "connection", "was not held until the snapshot was cut"),
        (TimeoutError(), "", "connection", "did not answer within"),
    ],
)
def test_a_session_that_is_lost_proves_nothing(error: Exception, said: str, who: str, why: str) -> None:
    psql = FakePsql(answers())
    database = held_database(psql)
    database.begin(CancelToken())
    psql.lost, psql.stderr = error, said
    database.end()
    assert (database.record.consistent, database.record.ended_by, database.held) == (False, who, False)
    assert why in database.record.error


def test_a_loss_that_a_sign_of_life_has_met_is_told_at_the_release() -> None:
    psql = FakePsql(answers())
    database = held_database(psql, lease=0.6)
    database.begin(CancelToken())
    psql.lost, psql.stderr = EOFError(), IDLE
    wait_for(lambda: psql.ended == "aborted")
    asked = len(psql.asked)
    database.end()
    assert len(psql.asked) == asked
    assert (database.record.consistent, database.record.ended_by) == (False, "lease")


def test_the_record_as_it_is_returned() -> None:
    database = held_database(FakePsql(answers()))
    database.begin(CancelToken())
    database.end()
    found = database.record.to_return()
    assert {name: found[name] for name in ("kind", "mode", "version", "lease", "ended_by", "error")} == {
        "kind": "postgresql",
        "mode": "light",
        "version": "15.20",
        "lease": "server",
        "ended_by": "release",
        "error": "",
    }


class Pausing:
    """A ``Hold`` of which something outlasts the session, as the pause of Redis does."""

    def __init__(self) -> None:
        self.known = HoldFacts(mode="light", lease="server")
        self.undone = 0

    def begin(self, server: t.Any) -> None:
        server.ask("select 1")
        self.known.outlasts_until = time.monotonic() + 60.0

    def keep(self, server: t.Any) -> None:
        server.ask("select 1")

    def undo(self, server: t.Any) -> None:
        server.ask("select 1")
        self.undone += 1
        self.known.outlasts_until = 0.0

    def end(self, server: t.Any) -> None:
        server.ask("select 1")


def pausing(psql: FakePsql, next_one: FakePsql | None) -> tuple[HeldDatabase, Pausing]:
    """``next_one``: the client that is started after ``psql``; None: none can be."""
    hold = Pausing()

    class Kind(Postgresql):
        def hold(self, order: HoldOrder) -> t.Any:
            return hold

    class Container(FakeContainer):
        def open(self, argv: t.Sequence[str]) -> FakePsql:
            self.opened.append(tuple(argv))
            if len(self.opened) == 1:
                return psql
            if next_one is None:
                raise DatabaseError("The node is gone.")
            return next_one

    record = QuiesceRecord(namespace="shop", pod="db-0", container="db", kind="redis")
    return HeldDatabase(Kind(), HoldOrder(mode="light", label="arkive"), Container(psql), record), hold


def test_what_outlasts_a_lost_session_is_let_go_in_another_one() -> None:
    psql, next_one = FakePsql(answers()), FakePsql(answers())
    database, hold = pausing(psql, next_one)
    database.begin(CancelToken())
    psql.lost = EOFError()
    database.end()
    assert (hold.undone, next_one.ended, database.record.until) == (1, "finished", None)
    assert (database.record.consistent, database.record.ended_by) == (False, "connection")
    assert "ended" in database.record.to_return()


def test_what_nobody_can_let_go_of_is_told_with_the_time_when_its_server_does() -> None:
    psql = FakePsql(answers())
    database, _hold = pausing(psql, None)
    database.begin(CancelToken())
    psql.lost = EOFError()
    database.end()
    found = database.record.to_return()
    assert "ended" not in found
    assert f"it may be held until {found['until']}, when its server lets go" in found["error"]


def test_a_hold_that_failed_and_cannot_be_undone_is_told_as_well() -> None:
    psql = FakePsql(answers())
    database, hold = pausing(psql, None)

    def fail(server: t.Any) -> None:
        hold.known.outlasts_until = time.monotonic() + 60.0
        psql.lost = EOFError()
        server.ask("select 1")

    hold.begin = fail  # type: ignore[method-assign]
    with pytest.raises(DatabaseError, match="was lost"):
        database.begin(CancelToken())
    assert "it may be held until" in database.record.still_held


def test_a_server_that_ends_no_silent_session_is_let_go_at_the_longest_time() -> None:
    psql = FakePsql(answers() | {"select current_setting('server_version_num')": [["130009", "13.9", *LOOK[2:]]]})
    database = held_database(psql, lease=0.6, longest=0.5)
    database.begin(CancelToken())
    wait_for(lambda: psql.ended == "aborted")
    database.end()
    found = database.record.to_return()
    assert (found["lease"], found["ended_by"], found["consistent"]) == ("stream", "lease", False)
    assert "It was let go after 0.5 s (freeze_max)." in found["error"]


def test_what_cannot_be_cut_in_an_order_is_not_held() -> None:
    database, _hold = pausing(FakePsql(answers()), None)
    database.begin(CancelToken())
    database.advance(1)
    database.end()
    assert "cannot be cut one after the other" in database.record.error


@pytest.mark.parametrize(("state", "message"), [("", ""), ("57P02", "terminating connection because of crash")])
def test_a_client_that_outlives_its_server_has_lost_the_session(state: str, message: str) -> None:
    """As psql 15 says it when another process of the server has died: with no code and no message."""
    psql = FakePsql(answers())
    database = held_database(psql)
    database.begin(CancelToken())
    psql.table["select case"] = (state, message)
    psql.stderr = "server closed the connection unexpectedly"
    database.end()
    assert (database.record.consistent, database.record.ended_by) == (False, "server")


class Busy:
    """A hold that somebody is in the way of, for the first ``times``."""

    def __init__(self, inner: t.Any, times: list[int]) -> None:
        self._inner = inner
        self._times = times

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._inner, name)

    def begin(self, server: t.Any) -> None:
        self._inner.begin(server)
        if self._times[0] > 0:
            self._times[0] -= 1
            raise LockBusy("LOCK was not granted.", hint="Wait.")


class BusyKind(Postgresql):
    def __init__(self, times: int) -> None:
        self._times = [times]

    def hold(self, order: HoldOrder) -> t.Any:
        return Busy(super().hold(order), self._times)


def busy_database(psql: FakePsql, times: int, lock_seconds: float) -> HeldDatabase:
    order = HoldOrder(mode="light", label="arkive", lock_seconds=lock_seconds)
    record = QuiesceRecord(namespace="shop", pod="db-0", container="db", kind="postgresql")
    return HeldDatabase(BusyKind(times), order, FakeContainer(psql), record)


def test_who_is_in_the_way_is_waited_for_in_sessions_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_module, "_PAUSE_SECONDS", 0.05)
    psql = FakePsql(answers())
    database = busy_database(psql, 2, 5.0)
    database.begin(CancelToken())
    known = database.record.known
    assert (database.held, known.facts["lock_attempts"]) == (True, 3)
    assert "at attempt 3 only" in known.warnings[-1]
    assert psql.ended == "aborted"
    database.end()
    assert database.record.consistent


def test_nobody_is_waited_for_longer_than_lock_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_module, "_PAUSE_SECONDS", 0.05)
    database = busy_database(FakePsql(answers()), 99, 0.2)
    with pytest.raises(DatabaseError, match=r"There were \d attempts in \d+ s; lock_timeout is 0.2 s") as caught:
        database.begin(CancelToken())
    assert (database.held, caught.value.hint) == (False, "Wait.")
    once = busy_database(FakePsql(answers()), 99, 0.0)
    with pytest.raises(DatabaseError, match=r"There was 1 attempt "):
        once.begin(CancelToken())
    cancel = CancelToken()
    threading.Timer(0.1, cancel.cancel, ["SIGTERM"]).start()
    monkeypatch.setattr(held_module, "_PAUSE_SECONDS", 30.0)
    with pytest.raises(Cancelled):
        busy_database(FakePsql(answers()), 99, 300.0).begin(cancel)
