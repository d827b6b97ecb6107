# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fields that a server does not keep; rows are answers of Kubernetes 1.34 unless they say otherwise."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.dropped import (
    find_dropped,
    show_path,
    without_fields,
)


@pytest.mark.parametrize(
    ("sent", "answer", "typed", "dropped"),
    [
        ({"spec": {"size": 1, "until": "x"}}, {"spec": {"size": 1}}, False, ["spec.until"]),
        # Custom types keep zeros, Kubernetes' own do not write them.
        ({"spec": {"on": False, "n": 0}}, {"spec": {}}, False, ["spec.on", "spec.n"]),
        ({"spec": {"hostNetwork": False, "n": "", "resources": {"limits": {}}}}, {"spec": {}}, True, []),
        ({"template": {"creationTimestamp": None}}, {"template": {}}, True, []),
        # An object within an object that is gone as a whole.
        ({"spec": {"deep": {"a": {"b": 1}}}}, {"spec": {}}, False, ["spec.deep"]),
        # A webhook adds a container before ours, a default is added to it.
        (
            {"containers": [{"name": "c", "old": 1}]},
            {"containers": [{"name": "proxy"}, {"name": "c", "pull": "Always"}]},
            True,
            ["containers[0].old"],
        ),
        ({"ports": [{"port": 80, "x": 1}]}, {"ports": [{"port": 80, "protocol": "TCP"}]}, True, ["ports[0].x"]),
        ({"names": ["a", "b"]}, {"names": ["a"]}, True, ["names[1]"]),
        # A quantity as the server writes it.
        ({"cpu": "1000m"}, {"cpu": "1"}, True, []),
        ({"status": {"x": 1}, "stringData": {"a": "b"}, "metadata": {"uid": "u"}}, {"metadata": {}}, True, []),
        ({"metadata": {"clusterName": "old", "labels": {"a": "b"}}}, {"metadata": {"labels": {"a": "b"}}}, True,
         ["metadata.clusterName"]),
    ],
)  # fmt: skip
def test_dropped(sent: t.Any, answer: t.Any, typed: bool, dropped: list[str]) -> None:
    paths = find_dropped(sent, answer, typed=typed)
    assert list(map(show_path, paths)) == dropped
    kept = without_fields(sent, paths)
    assert find_dropped(kept, answer, typed=typed) == [path for path in paths if isinstance(path[-1], int)]


@pytest.mark.parametrize(
    ("live", "sent", "answer", "dropped"),
    [
        # The server goes on as if the patch had not said it.
        ({"spec": {"n": 1}}, {"spec": {"n": 2}}, {"spec": {"n": 1}}, ["spec.n"]),
        ({"spec": {"n": 1}}, {"spec": {"n": 2}}, {"spec": {"n": 2}}, []),
        ({"spec": {"cpu": "1"}}, {"spec": {"cpu": "1000m"}}, {"spec": {"cpu": "1"}}, []),
        # A webhook decides otherwise: that is no loss, and the diff shows it.
        ({"spec": {"n": 1}}, {"spec": {"n": 2}}, {"spec": {"n": 3}}, []),
        # A default is given back.
        ({"spec": {"mode": "auto"}}, {"spec": {"mode": None}}, {"spec": {"mode": "auto"}}, []),
    ],
)
def test_dropped_beside_what_is_there(live: t.Any, sent: t.Any, answer: t.Any, dropped: list[str]) -> None:
    assert list(map(show_path, find_dropped(sent, answer, live=live, typed=True))) == dropped
