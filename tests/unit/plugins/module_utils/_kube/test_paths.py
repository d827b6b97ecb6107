# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No name leads to another path of the API."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import api_path, namespaced_path, require_path


@pytest.mark.parametrize("name", ["", ".", "..", "../secrets/x", "a/b", "/", "%2F", "a%2e", "x\n", "x\0y", "\x7f"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(KubeError, match="is no name that an object can have"):
        api_path("api", "v1", "namespaces", name)


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        ("db-0", "db-0"),
        ("system:node", "system:node"),
        ("...", "..."),
        ("?x=y", "%3Fx%3Dy"),
        ("a#b", "a%23b"),
        ("a b", "a%20b"),
    ],
)
def test_any_other_name_is_one_segment(name: str, segment: str) -> None:
    assert (
        namespaced_path("apps/v1", "shop", "deployments", name)
        == f"/apis/apps/v1/namespaces/shop/deployments/{segment}"
    )


def test_the_core_group() -> None:
    assert namespaced_path("v1", "shop", "pods", "db-0", "log") == "/api/v1/namespaces/shop/pods/db-0/log"


@pytest.mark.parametrize(
    "path", ["/api/v1/namespaces/../x", "/api/v1/.", "/api?x", "/api/v1#x", "/api/v1/a b", "/a\r\nb"]
)
def test_a_request_has_a_path_that_is_read_as_it_stands(path: str) -> None:
    with pytest.raises(KubeError, match="is no path of the API"):
        require_path(path)
