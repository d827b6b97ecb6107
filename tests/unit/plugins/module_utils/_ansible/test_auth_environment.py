# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""K8S_AUTH_*: what is empty is not set, and a credential of AWX that switches verification off is told of."""

from __future__ import annotations

import typing as t

import pytest
from ansible.module_utils.errors import AnsibleFallbackNotFound

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_environment import (
    set_variable,
    unverified_by_awx,
)

JOB = {"AWX_PRIVATE_DATA_DIR": "/runner", "K8S_AUTH_HOST": "https://10.0.0.1", "K8S_AUTH_VERIFY_SSL": "False"}


def test_what_is_empty_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K8S_AUTH_HOST", "https://10.0.0.1")
    assert set_variable("K8S_AUTH_HOST") == "https://10.0.0.1"
    for value in ("", "  "):
        monkeypatch.setenv("K8S_AUTH_HOST", value)
        with pytest.raises(AnsibleFallbackNotFound):
            set_variable("K8S_AUTH_HOST")


@pytest.mark.parametrize(
    ("environ", "params", "warns"),
    [
        (JOB, {}, True),
        ({**JOB, "K8S_AUTH_VERIFY_SSL": "no"}, {}, True),
        ({**JOB, "K8S_AUTH_VERIFY_SSL": "True"}, {"validate_certs": True}, False),
        ({**JOB, "K8S_AUTH_SSL_CA_CERT": "/runner/env/ca"}, {}, False),
        (JOB, {"validate_certs": True}, False),
        (JOB, {"host": "http://127.0.0.1:8001"}, False),
        # Whoever says so at a terminal knows it.
        ({"K8S_AUTH_VERIFY_SSL": "False"}, {}, False),
        ({"AWX_PRIVATE_DATA_DIR": "/runner"}, {}, False),
    ],
)
def test_verification_that_a_credential_has_switched_off(
    environ: dict[str, str], params: dict[str, t.Any], warns: bool
) -> None:
    given = {"validate_certs": False, "host": "https://10.0.0.1", **params}
    assert bool(unverified_by_awx(given, environ)) == warns
