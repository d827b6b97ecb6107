# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate says no more than was seen."""

from __future__ import annotations

import datetime as dt

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.outcome import ProofAccount
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.run_check import unavailable
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.server_proof import Check
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.subject import Subject

NONE = unavailable("tables", "mariadb-check", "the image does not have it")


def account() -> ProofAccount:
    subject = Subject(
        source="backup 'x'",
        pod={"metadata": {"name": "db-0", "namespace": "shop"}},
        container={"name": "db", "image": "mariadb:11"},
        kind="mariadb",
        snapshots=(),
        lacking={},
        quiesce={},
        find=lambda _kind, _name: None,
    )
    return ProofAccount(subject=subject, started=dt.datetime.now(dt.UTC), namespace="arkive-proof-bcdfghjk")


def test_a_server_that_only_starts_is_not_proven() -> None:
    found = account()
    found.checks = [NONE]
    with pytest.raises(ProofError, match="nothing could check its data: mariadb-check: the image does not have it"):
        found.require_checks()
    assert not found.certificate()["sound"]
    found.checks.append(Check(name="checksums", tool="innochecksum", state="passed"))
    found.require_checks()
