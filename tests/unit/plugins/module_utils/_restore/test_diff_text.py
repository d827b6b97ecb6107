# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import tracemalloc

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.diff_text import diff_entry

CONFIGMAPS = GroupResource("configmaps")


def test_yaml_of_small_objects() -> None:
    entry = diff_entry(CONFIGMAPS, "t", None, {"kind": "ConfigMap", "metadata": {"name": "a", "uid": "u"}})
    assert entry["before"] == ""
    assert entry["after"] == "kind: ConfigMap\nmetadata:\n  name: a\n"


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
