# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases of several pods in one critical section: all are held, then all is cut, then all are let go."""

from __future__ import annotations

import datetime as dt
import typing as t

from database_runs import by_claim, take
from postgres_app import DATA, PostgresApp
from redis_app import RedisApp

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

AOF = ("--appendonly", "yes", "--appendfsync", "no")


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def test_locked_then_frozen_then_cut_then_thawed_then_unlocked(
    client: KubeClient, kubectl: t.Any, namespace: str
) -> None:
    """Writers in both: what one has acknowledged before the other is asked is in the snapshots of both."""
    first = PostgresApp(kubectl, namespace, name="first")
    second = RedisApp(kubectl, namespace, name="second", settings=AOF)
    apps = (first, second)
    for app in apps:
        app.create()
    held: list[tuple[int, bool]] = []

    def before_cut(_claims: list[str]) -> None:
        held.append((second.count(), first.is_frozen()))

    with first.written_to(), second.written_to():
        before = (first.acknowledged(), second.acknowledged())
        outcome = take(client, apps, "one", mode="auto", freeze_paths=(DATA,), before_cut=before_cut)
        after = (first.acknowledged() + 1, second.acknowledged())
    assert outcome.errors == []
    assert len(outcome.quiesces) == 2
    (freeze,) = outcome.freezes
    assert (freeze.started, freeze.ended) != (None, None)
    assert freeze.started is not None
    assert freeze.ended is not None
    asked = [at(entry["requested"]) for entry in outcome.snapshots]
    locked, unlocked = ([at(entry[name]) for entry in outcome.quiesces] for name in ("started", "ended"))
    second_of = dt.timedelta(seconds=1)  # what times are told by
    assert max(locked) <= freeze.started + second_of
    assert freeze.started <= min(asked) + second_of
    assert max(asked) <= freeze.ended + second_of
    assert freeze.ended <= min(unlocked) + second_of
    assert all(entry["consistent"] for entry in outcome.quiesces)
    restored = PostgresApp(kubectl, namespace, name="first-back")
    restored.create(by_claim(outcome, first))
    assert before[0] <= restored.rows()[0] < after[0]
    other = RedisApp(kubectl, namespace, name="second-back", settings=AOF)
    other.create(by_claim(outcome, second)[0])
    assert held == [(other.count(), True)]
    assert before[1] <= other.count() < after[1]
