# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of a held session: opened, kept, lost, released."""

from __future__ import annotations

import threading
import typing as t

import pytest
from fake_psql import FakeContainer, FakePsql, answers

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.held import ClientMissing, HeldDatabase
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import HoldOrder
from ansible_collections.arkive.k8s.plugins.module_utils._databases.postgresql import Postgresql
from ansible_collections.arkive.k8s.plugins.module_utils._databases.record import QuiesceRecord

IDLE = "FATAL:  terminating connection due to idle-session timeout\nserver closed the connection unexpectedly"


def held_database(psql: FakePsql, *, lease: float = 60.0, longest: float = 300.0, **container: t.Any) -> HeldDatabase:
    order = HoldOrder(mode="light", container="db", label="arkive", lease_seconds=lease, longest_seconds=longest)
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
