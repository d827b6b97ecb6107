# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What namespaces that are being deleted wait for: the conditions of Kubernetes 1.34 (``pkg/controller/namespace``)."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.terminating import what_holds


def namespace(**conditions: str) -> Object:
    listed = [{"type": name, "status": "True", "message": said} for name, said in conditions.items()]
    listed.append(
        {"type": "NamespaceDeletionDiscoveryFailure", "status": "False", "message": "All resources discovered"}
    )
    return {"metadata": {"name": "n"}, "spec": {"finalizers": ["kubernetes"]}, "status": {"conditions": listed}}


@pytest.mark.parametrize(
    ("found", "held"),
    [
        (None, ""),
        (namespace(), ""),
        (
            namespace(
                NamespaceContentRemaining="Some resources are remaining: configmaps. has 1 resource instances",
                NamespaceFinalizersRemaining="Some content in the namespace has finalizers remaining: a/b in 1 "
                "resource instances",
            ),
            "Some content in the namespace has finalizers remaining: a/b in 1 resource instances; Some resources are "
            "remaining: configmaps. has 1 resource instances",
        ),
        (
            {"metadata": {"name": "n", "finalizers": ["x.example/y"]}, "spec": {"finalizers": ["kubernetes", "z/z"]}},
            "its finalizers z/z, x.example/y",
        ),
    ],
)
def test_what_a_namespace_waits_for(found: Object | None, held: str) -> None:
    assert what_holds(found) == held
