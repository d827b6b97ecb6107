# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is taken out of pods before they are stored: marks and containers that only meant the pod as it was."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._backup.item_rules import clean_item
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import PODS

Object = dict[str, t.Any]
WAIT: Object = {"name": "arkive-restore-wait", "image": "kopia"}
COPY: Object = {"name": "arkive-mover-0123-1", "image": "kopia"}
OWN: Object = {"name": "own", "image": "own"}
WANTED, FILLED = "arkive.k8s/data-of", "arkive.k8s/data-filled"


@pytest.mark.parametrize(
    ("annotations", "spec", "left"),
    [
        # docs/compatibility 5.12: it would wait for data in the next restore, whoever makes that.
        ({WANTED: "a", FILLED: "a"}, {"initContainers": [WAIT]}, {}),
        ({WANTED: "a"}, {"initContainers": [WAIT, OWN]}, {"initContainers": [OWN]}),
        # docs/compatibility 18.7
        ({}, {"ephemeralContainers": [COPY, OWN]}, {"ephemeralContainers": [OWN]}),
        ({"arkive.k8s/frozen": "{}"}, {"ephemeralContainers": [COPY]}, {}),
    ],
)
def test_what_goes(annotations: Object, spec: Object, left: Object) -> None:
    pod: Object = {"metadata": {"name": "web", "annotations": {**annotations, "of": "mine"}}, "spec": {**spec, "a": 1}}
    assert clean_item(PODS, pod, backup_name="b") is True
    assert pod == {"metadata": {"name": "web", "annotations": {"of": "mine"}}, "spec": {**left, "a": 1}}
    assert clean_item(PODS, pod, backup_name="b") is False


def test_a_pod_that_nobody_has_touched() -> None:
    pod: Object = {"metadata": {"name": "web"}, "spec": {"initContainers": [OWN]}}
    assert clean_item(PODS, pod, backup_name="b") is False
    assert pod["spec"] == {"initContainers": [OWN]}
