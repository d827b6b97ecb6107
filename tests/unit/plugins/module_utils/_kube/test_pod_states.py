# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long what keeps a pod from running may last: reasons and messages as kubelets have written them."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.pod_states import trouble_of


@pytest.mark.parametrize(
    ("message", "patience"),
    [
        pytest.param('secret "x" not found', 15.0, id="it is not there"),
        pytest.param("failed to sync secret cache: timed out waiting for the condition", 120.0, id="a busy node"),
        pytest.param("failed to sync configmap cache: timed out waiting for the condition", 120.0, id="another cache"),
    ],
)
def test_patience(message: str, patience: float) -> None:
    waiting = {"reason": "CreateContainerConfigError", "message": message}
    found = trouble_of({"status": {"containerStatuses": [{"name": "main", "state": {"waiting": waiting}}]}})
    assert found is not None
    assert (found.kind, found.patience) == ("container", patience)
