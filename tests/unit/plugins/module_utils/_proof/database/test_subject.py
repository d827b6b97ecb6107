# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which database of a backup is meant, and when it is not told."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.request import ProofRequest
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.subject import choose, claims_of


def pod(name: str, **annotations: str) -> dict[str, t.Any]:
    return {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "annotations": {f"arkive.k8s/{k}": v for k, v in annotations.items()},
        },
        "spec": {"containers": [{"name": "db"}, {"name": "side"}]},
    }


HELD = {"namespace": "shop", "pod": "a", "kind": "postgresql", "container": "db", "consistent": True}
SIDE = {**HELD, "kind": "redis", "container": "side"}
PLAIN, DECLARED = pod("a"), pod("b", database="redis")


@pytest.mark.parametrize(
    ("options", "pods", "held", "found"),
    [
        # The one that was held goes before annotations.
        ({}, [PLAIN, DECLARED], [HELD], ("a", "postgresql")),
        ({}, [PLAIN, DECLARED], [], ("b", "redis")),
        ({"pod": "a", "kind": "valkey"}, [PLAIN, DECLARED], [], ("a", "valkey")),
        ({"pod": "a"}, [PLAIN, DECLARED], [HELD], ("a", "postgresql")),
        ({"quiesce": {**HELD, "pod": "b", "kind": "redis"}}, [PLAIN, DECLARED], [], ("b", "redis")),
    ],
)
def test_the_database_that_is_meant(options: t.Any, pods: t.Any, held: t.Any, found: tuple[str, str]) -> None:
    named = choose(ProofRequest(name="x", **options), pods, held)
    assert (named.pod["metadata"]["name"], named.kind) == found


@pytest.mark.parametrize(
    ("options", "pods", "held", "why"),
    [
        ({}, [PLAIN], [], "There is no pod with a database that was held or declares itself"),
        ({"namespace": "bank"}, [DECLARED], [], "in the backup 'x' and namespace bank"),
        ({"pod": "a"}, [PLAIN], [], "Nothing says which database pod shop/a has"),
        ({}, [PLAIN, DECLARED], [HELD, {**HELD, "pod": "b"}], "several pods with a database: shop/a, shop/b"),
        ({"container": "other"}, [DECLARED], [], "has no container other"),
        ({}, [PLAIN], [HELD, SIDE], "postgresql in container db, redis in container side"),
    ],
)
def test_who_is_not_told_says_so(options: t.Any, pods: t.Any, held: t.Any, why: str) -> None:
    with pytest.raises(ProofError, match=why):
        choose(ProofRequest(name="x", **options), pods, held)


@pytest.mark.parametrize(
    ("options", "held"),
    [
        ({"container": "side"}, SIDE),
        ({"kind": "postgresql"}, HELD),
        # Of this one nothing was recorded.
        ({"pod": "a", "container": "side", "kind": "mariadb"}, {}),
    ],
)
def test_what_was_recorded_is_that_of_the_same_server(options: t.Any, held: t.Any) -> None:
    assert choose(ProofRequest(name="x", **options), [PLAIN], [HELD, SIDE]).quiesce == held


def test_the_claims_are_those_of_the_container() -> None:
    found = pod("a")
    found["spec"]["volumes"] = [
        {"name": "data", "persistentVolumeClaim": {"claimName": "d"}},
        {"name": "own", "ephemeral": {}},
        {"name": "other", "persistentVolumeClaim": {"claimName": "o"}},
    ]
    container = {"name": "db", "volumeMounts": [{"name": "data"}, {"name": "own"}, {"name": "data"}]}
    assert claims_of(found, container) == ["d", "a-own"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"from_set": True}, "The namespace of the snapshot set 'x' is missing"),
        ({"quiesce": HELD}, "quiesce is of a set of snapshots"),
        ({"targets": ("db.shop",)}, "network_targets has 'db.shop'"),
        ({"targets": ("db.shop:5432; reboot",)}, "which is no address"),
    ],
)
def test_requests_that_are_refused(options: t.Any, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        ProofRequest(name="x", **options).validate()
