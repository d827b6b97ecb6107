# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the credential types of AWX set, by its own injectors, and what the modules make of it."""

from __future__ import annotations

import importlib
import json
import pathlib
import typing as t

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common import warnings
from awx_plugins.credentials import injectors

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH, kube_auth
from ansible_collections.arkive.k8s.plugins.module_utils._aws.environment import forget_empty

CLUSTER: dict[str, t.Any] = {"host": "https://10.0.0.1", "bearer_token": "token", "verify_ssl": True}


class StubCredential:
    """What the injectors ask a credential for."""

    def __init__(self, **inputs: t.Any) -> None:
        self._inputs = inputs

    def get_input(self, name: str, default: t.Any = None) -> t.Any:
        return self._inputs.get(name, default)

    def has_input(self, name: str) -> bool:
        return self._inputs.get(name) not in (None, "")


@pytest.fixture
def private_data(tmp_path: pathlib.Path) -> str:
    (tmp_path / "env").mkdir()
    return str(tmp_path)


@pytest.mark.parametrize(
    ("inputs", "verifies", "warns"),
    [
        ({**CLUSTER, "ssl_ca_cert": "PEM"}, True, False),
        (CLUSTER, False, True),
        ({**CLUSTER, "ssl_ca_cert": ""}, False, True),
        ({**CLUSTER, "ssl_ca_cert": "PEM", "verify_ssl": False}, False, True),
    ],
)
def test_a_credential_of_a_cluster(
    inputs: dict[str, t.Any], verifies: bool, warns: bool, private_data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: dict[str, str] = {"AWX_PRIVATE_DATA_DIR": "/runner"}
    injectors.kubernetes_bearer_token(StubCredential(**inputs), said, private_data)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": {}}).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    warnings._global_warnings.clear()
    # Where tests of plugins run beside this one, warnings would go to the screen.
    monkeypatch.setattr(importlib.import_module("ansible.module_utils._internal"), "is_controller", False)
    auth = kube_auth(ArgumentSpec().merge(AUTH).create_module({}).params)
    assert (auth.host, auth.api_key, auth.validate_certs) == ("https://10.0.0.1", "token", verifies)
    assert bool(auth.ca_cert) == verifies
    assert [sentence for sentence in warnings.get_warning_messages() if "AWX credential" in sentence] == (
        list(warnings.get_warning_messages()) if warns else []
    )
    assert len(warnings.get_warning_messages()) == int(warns)


def test_an_empty_credential_of_aws_says_nothing(private_data: str) -> None:
    said: dict[str, str] = {}
    injectors.aws(StubCredential(username="", password=""), said, private_data)
    assert said == {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    forget_empty(said)
    assert said == {}
