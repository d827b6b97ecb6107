# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import tracemalloc
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.diff_text import diff_entry

CONFIGMAPS = GroupResource("configmaps")


def test_yaml_of_small_objects() -> None:
    entry = diff_entry(CONFIGMAPS, "t", None, {"kind": "ConfigMap", "metadata": {"name": "a", "uid": "u"}})
    assert entry["before"] == ""
    assert entry["after"] == "kind: ConfigMap\nmetadata:\n  name: a\n"


def test_what_no_person_has_written_is_left_out() -> None:
    noise: dict[str, t.Any] = {
        "managedFields": [{"manager": "kubectl"}],
        "resourceVersion": "7",
        "labels": {"velero.io/backup-name": "b", "velero.io/restore-name": "r", "ark-restore": "r"},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
    }
    after = {"kind": "ConfigMap", "metadata": {"name": "a", **noise}, "status": {"x": 1}}
    assert diff_entry(CONFIGMAPS, "t", None, after)["after"] == "kind: ConfigMap\nmetadata:\n  name: a\n"
    metadata: dict[str, t.Any] = {
        "name": "a",
        "labels": {**noise["labels"], "app": "x"},
        "annotations": {**noise["annotations"], "n": "1"},
    }
    text = diff_entry(CONFIGMAPS, "t", None, {"metadata": metadata})["after"]
    assert text == "metadata:\n  annotations:\n    n: '1'\n  labels:\n    app: x\n  name: a\n"


def test_an_update_of_what_is_left_out_is_no_empty_difference() -> None:
    sides = [
        {"metadata": {"name": "a", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": text}}}
        for text in ("{}", '{"a": 1}')
    ]
    entry = diff_entry(CONFIGMAPS, "t", *sides)
    assert entry["before"].endswith("last-applied (before)\n")
    assert entry["after"].endswith("last-applied (after)\n")
    entry = diff_entry(CONFIGMAPS, "t", sides[0], sides[0])
    assert entry["before"] == entry["after"] == "metadata:\n  name: a\n"


def test_objects_of_very_many_values_take_little_memory() -> None:
    """YAML took 400 MiB for one of 6 MiB."""
    owners = [{"apiVersion": "v1", "kind": "Pod", "name": f"n{number}", "uid": "u"} for number in range(50_000)]
    after = {"kind": "ConfigMap", "metadata": {"name": "a", "ownerReferences": owners}}
    tracemalloc.start()
    try:
        entry = diff_entry(CONFIGMAPS, "t", {"kind": "ConfigMap", "metadata": {"name": "a"}}, after)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert json.loads(entry["after"]) == after
    assert json.loads(entry["before"]) == {"kind": "ConfigMap", "metadata": {"name": "a"}}
    assert peak < 60 << 20
