# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.annotated import FROZEN_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import Mark
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.marking import put_marks, remove_marks

MARK = Mark(
    run="run1",
    lease_id="00ff00ff00ff00ff",
    namespace="shop",
    pod="db-0",
    container="db",
    path="/data",
    until=dt.datetime(2026, 6, 1, 2, 0, 0, tzinfo=dt.UTC),
    node="node-1",
    claim="shop/data",
    device="7:1",
)
OTHER = dataclasses.replace(MARK, lease_id="11ff11ff11ff11ff", run="run2", path="/wal")


def conflict() -> KubeError:
    return KubeError("It was changed.", status=409, reason="Conflict")


def test_it_stands_on_the_claim_and_on_the_pod(cluster: t.Any) -> None:
    cluster.add_pod("db-0", metadata={"annotations": {FROZEN_ANNOTATION: json.dumps([OTHER.to_json()]), "team": "x"}})
    assert put_marks(cluster.client, [MARK]) == []
    assert cluster.marks("db-0") == [OTHER.to_json(), MARK.to_json()]
    assert cluster.claim_marks() == [MARK.to_json()]
    assert cluster.pod("db-0")["metadata"]["annotations"]["team"] == "x"


def test_marks_of_several_pods_share_a_claim(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    cluster.add_pod("db-1")
    second = dataclasses.replace(MARK, pod="db-1", lease_id="22ff22ff22ff22ff")
    for mark in (MARK, second):
        assert put_marks(cluster.client, [mark]) == []
    assert cluster.claim_marks() == [MARK.to_json(), second.to_json()]
    assert remove_marks(cluster.client, [MARK]) == []
    assert cluster.claim_marks() == [second.to_json()]


def test_a_later_mark_takes_the_place_of_the_same_freeze(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    later = dataclasses.replace(MARK, until=MARK.until + dt.timedelta(minutes=1))
    for mark in (MARK, later, later):
        put_marks(cluster.client, [mark])
    assert cluster.marks("db-0") == cluster.claim_marks() == [later.to_json()]
    assert len(cluster.patches) == 4


def test_the_last_mark_takes_the_annotation_with_it(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    put_marks(cluster.client, [MARK, OTHER])
    remove_marks(cluster.client, [MARK])
    assert cluster.marks("db-0") == [OTHER.to_json()]
    remove_marks(cluster.client, [OTHER])
    assert FROZEN_ANNOTATION not in str(cluster.objects)
    count = len(cluster.patches)
    remove_marks(cluster.client, [OTHER])
    assert len(cluster.patches) == count


@pytest.mark.parametrize(("conflicts", "succeeds"), [(1, True), (11, True), (12, False)])
def test_a_conflict_is_tried_again(cluster: t.Any, conflicts: int, succeeds: bool) -> None:
    cluster.add_pod("db-0")
    cluster.patch_errors = [conflict() for _each in range(conflicts)]
    failures = put_marks(cluster.client, [MARK])
    assert bool(failures) is not succeeds
    assert cluster.marks("db-0") == [MARK.to_json()]
    assert bool(cluster.claim_marks()) is succeeds


def test_what_could_not_be_marked_is_told_with_the_right_that_lacks(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    cluster.patch_errors = [KubeError("You may not.", status=403, reason="Forbidden")]
    (failure,) = put_marks(cluster.client, [MARK])
    assert failure == (
        "claim shop/data could not be marked as frozen: You may not. Grant get and patch on persistentvolumeclaims: "
        "without the mark on the claim nobody finds the freeze when its pod is gone."
    )
    assert cluster.marks("db-0") == [MARK.to_json()]


def test_removing_from_what_is_gone_is_fine(cluster: t.Any) -> None:
    assert remove_marks(cluster.client, [MARK]) == []
    assert len(put_marks(cluster.client, [MARK])) == 2


def test_a_freeze_of_no_claim_is_marked_on_its_pod(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    put_marks(cluster.client, [dataclasses.replace(MARK, claim="")])
    assert (len(cluster.marks("db-0")), cluster.claim_marks()) == (1, [])
