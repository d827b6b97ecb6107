# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Velero restores our backups after all was deleted: object by object what was there. Phases prove little."""

from __future__ import annotations

import typing as t

import pytest
from judged_backups import Judged
from judged_objects import BULK, PICKED
from original_objects import (
    EVENT_KINDS,
    Key,
    Object,
    Objects,
    differences,
    key_of,
    moved,
    read_objects,
)
from velero_judge import Judge

pytestmark = pytest.mark.velero


def expected(judged: Judged, part: str) -> Objects:
    """What is to be in the namespace again."""
    where, originals = judged.namespaces, judged.originals
    if part == "copy":
        return moved(originals[where.nginx], old=where.nginx, new=where.copy)
    if part == "some":
        own = ("kube-root-ca.crt", "default")  # made by Kubernetes for each namespace
        kept = {
            key: obj
            for key, obj in originals[where.kinds].items()
            if key.name.startswith("picked-") or key.kind == "v1/Namespace" or key.name in own
        }
        return moved(kept, old=where.kinds, new=where.some)
    found = originals[getattr(where, part)]
    if part == "broken":
        return {key: obj for key, obj in found.items() if key != Key("v1/Pod", where.broken, "fails")}
    return found


@pytest.mark.parametrize("part", ["nginx", "kinds", "broken", "bulk", "copy", "some"])
def test_every_object_is_back(judge: Judge, judged: Judged, restored: dict[str, Object], part: str) -> None:
    status = restored[part]["status"]
    assert (status["phase"], status.get("errors", 0)) == ("Completed", 0)
    assert differences(expected(judged, part), judged.read(getattr(judged.namespaces, part))) == []

    backup = restored[part]["spec"]["backupName"]
    items = [key_of(obj) for path, obj in judge.download(backup).items() if "-preferredversion/" not in path]
    count = sum(key.kind not in EVENT_KINDS for key in items)
    assert status["progress"] == {"totalItems": count, "itemsRestored": count}

    told = judge.describe("restore", restored[part]["metadata"]["name"])
    warnings = [line for line in told.splitlines() if "already exists" in line]
    assert len(warnings) == status.get("warnings", 0)
    assert all("kube-root-ca.crt" in line for line in warnings), warnings  # the one of the new namespace comes first


def test_counts(judged: Judged, restored: dict[str, Object], kubectl: t.Any) -> None:
    """Counted by hand, for comparisons can be wrong."""
    assert set(restored) == {"nginx", "kinds", "broken", "bulk", "copy", "some"}

    def count(kind: str, namespace: str, name: str) -> int:
        listed = kubectl("-n", namespace, "get", kind, "-o", "name").split()
        return sum(each.partition("/")[2].startswith(name) for each in listed)

    where = judged.namespaces
    assert count("configmaps", where.bulk, "bulk-") == BULK
    assert count("configmaps", where.some, "picked-") == PICKED
    assert count("configmaps", where.some, "other-") == 0
    assert count("pods", where.nginx, "nginx-deployment-") == count("pods", where.copy, "nginx-deployment-") == 1
    assert (count("pods", where.broken, "fine"), count("pods", where.broken, "fails")) == (1, 0)
    assert count(f"widgets.{judged.group}", where.kinds, "") == 2


def test_what_has_no_namespace_is_back(judged: Judged, restored: dict[str, Object], kubectl: t.Any) -> None:
    """The definition of a type, and what a service account may do in the whole cluster."""
    assert restored["kinds"]["status"]["phase"] == "Completed"
    assert len(judged.originals[""]) == 3
    assert differences(judged.originals[""], read_objects(kubectl, *judged.cluster_objects)) == []
    robot = f"system:serviceaccount:{judged.namespaces.kinds}:robot"
    assert kubectl("auth", "can-i", "list", "nodes", "--as", robot).strip() == "yes"


def test_objects_answer_in_both_versions(judged: Judged, restored: dict[str, Object], kubectl: t.Any) -> None:
    assert restored["kinds"]["status"]["phase"] == "Completed"
    for version in ("v1", "v1beta1"):
        kind = f"widgets.{version}.{judged.group}"
        sizes = kubectl("-n", judged.namespaces.kinds, "get", kind, "-o", "jsonpath={.items[*].spec.size}")
        assert sorted(sizes.split()) == ["3", "4"]
