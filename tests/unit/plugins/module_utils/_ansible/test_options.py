# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of a task, as the engines take them."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH, kube_auth
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.ebs_options import EBS, snapshot_location
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.hook_options import (
    freeze_policy,
    hook_timeout,
    task_freeze_policy,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.secret_params import secrets_of_params, shown_params
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.selection_options import (
    label_selector,
    label_selectors,
    selector_text,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE, storage_location
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.kinds import KINDS
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location

#: ``AUTH_ARG_SPEC`` of kubernetes.core 6.2: names and aliases that users know.
KUBERNETES_CORE = {
    "kubeconfig": [],
    "context": [],
    "host": [],
    "api_key": [],
    "username": [],
    "password": [],
    "validate_certs": ["verify_ssl"],
    "ca_cert": ["ssl_ca_cert"],
    "client_cert": ["cert_file"],
    "client_key": ["key_file"],
    "proxy": [],
    "no_proxy": [],
    "proxy_headers": [],
    "impersonate_user": [],
    "impersonate_groups": [],
}
FREEZE = {"require_lease": False, "allow_shared_freeze": False}


def test_names_and_aliases_are_those_of_kubernetes_core() -> None:
    assert {name: option.get("aliases", []) for name, option in AUTH.options.items()} == KUBERNETES_CORE


def test_secrets_are_not_logged() -> None:
    assert {name for name, option in AUTH.options.items() if option.get("no_log")} == {"api_key", "password"}


def test_credential() -> None:
    params: dict[str, t.Any] = dict.fromkeys(AUTH.options)
    params |= {
        "host": "https://k8s.example",
        "impersonate_groups": ["a", "b"],
        "proxy_headers": {"basic_auth": "u:p", "proxy_basic_auth": None, "user_agent": None},
    }
    auth = kube_auth(params)
    assert (auth.host, auth.impersonate_groups, auth.proxy_headers) == (
        "https://k8s.example",
        ("a", "b"),
        {"basic_auth": "u:p"},
    )


def test_secrets_of_a_kubeconfig() -> None:
    config = {"users": [{"name": "n", "user": {"token": "t1", "client-key-data": "k1"}}], "clusters": [{"token": ""}]}
    assert secrets_of_params({"kubeconfig": config}) == {"t1", "k1"}
    assert secrets_of_params({"kubeconfig": "/path/of/one"}) == set()


_PLUGIN = {
    "command": "login",
    "args": ["--secret", "s3cret-arg"],
    "env": [{"name": "AWS_SECRET_ACCESS_KEY", "value": "s3cret-env"}, {"name": "AWS_REGION", "value": "us-east-1"}],
}
_SECRET_CONFIG = {
    "users": [{"name": "n", "user": {"exec": _PLUGIN, "token": "s3cret-token", "unknown-field": "s3cret-x"}}],
    "clusters": [{"name": "c", "cluster": {"server": "https://c", "proxy-url": "http://u:s3cret-proxy@p:1"}}],
    "current-context": "k",
}


@pytest.mark.parametrize("as_text", [False, True])
def test_what_is_shown_of_a_kubeconfig(as_text: bool) -> None:
    given = json.dumps(_SECRET_CONFIG) if as_text else _SECRET_CONFIG
    shown = str(shown_params({"kubeconfig": given, "context": "k"}))
    assert "s3cret" not in shown
    assert "login" in shown
    secrets = secrets_of_params({"kubeconfig": given})
    assert {"s3cret-env", "s3cret-token", "s3cret-proxy"} <= secrets
    assert "us-east-1" not in secrets, "a region stands in results as well"


def test_passwords_in_other_options() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"
    params = {
        "host": "https://me:pw%2B1@c:6443",
        "client_key": key,
        "storage_location": {"proxies": {"https": "http://u:pw-2@p"}, "endpoint_url": "http://s3:9000"},
    }
    assert secrets_of_params(params) == {"pw%2B1", "pw+1", "pw-2", key}


def test_passwords_of_databases() -> None:
    right = {"selector": "app=db", "kind": "redis", "credentials": {"user": "me", "password": "pw-3"}}
    assert secrets_of_params({"databases": [right, {"password": "pw-4"}]}) == {"pw-3", "pw-4"}
    assert secrets_of_params({"databases": "declared"}) == set()
    # What is misspelt, in the place of another, or no list at all, is refused, and shown with the refusal.
    assert secrets_of_params({"databases": [{"credentials": {"user": "u", "passwrod": "", "passwd": "pw-5"}}]}) == {
        "pw-5"
    }
    assert secrets_of_params({"databases": [{"credentials": "pw-6"}]}) == {"pw-6"}
    assert secrets_of_params({"credentials": {"user": "u", "password": "pw-7"}}) == {"pw-7"}
    text = "[{'selector': 'app=x', 'credentials': {'password': 'pw-8'}}"
    assert secrets_of_params({"databases": text}) == {text}
    assert (
        secrets_of_params({"databases": [{"selector": {"matchLabels": {"app": "a-name-that-is-rather-long"}}}]})
        == set()
    )


@pytest.mark.parametrize(
    ("option", "text"),
    [
        pytest.param(None, "", id="none"),
        pytest.param("", "", id="empty text"),
        pytest.param({}, "", id="empty mapping"),
        pytest.param({"match_labels": {}, "match_expressions": None}, "", id="empty object"),
        pytest.param({"match_labels": {"app": "db"}}, "app in (db)", id="snake case"),
        pytest.param({"matchLabels": {"app": "db"}}, "app in (db)", id="camel case"),
        pytest.param({"app": "db", "tier": 1}, "app in (db),tier in (1)", id="labels and values"),
        pytest.param("app=db, tier in (a, b),!old", "app in (db),tier in (a,b),!old", id="text"),
        pytest.param('{"app": "db"}', "app in (db)", id="JSON"),
        pytest.param('{"matchLabels": {"app": "db"}}', "app in (db)", id="object in JSON"),
        pytest.param({"match_expressions": [{"key": "k", "operator": "Exists", "values": None}]}, "k", id="exists"),
        pytest.param(
            {"match_expressions": [{"key": "k", "operator": "In", "values": "x,y"}]}, "k in (x,y)", id="values in text"
        ),
        pytest.param(
            {
                "match_labels": {"a": "b"},
                "match_expressions": [{"key": "k", "operator": "NotIn", "values": ["x", "y"]}],
            },
            "a in (b),k notin (x,y)",
            id="both",
        ),
    ],
)
def test_label_selector(option: t.Any, text: str) -> None:
    assert selector_text({"label_selector": option}) == text
    assert (label_selector({"label_selector": option}) is None) == (not text)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        pytest.param("app is db", "'app is db' is not a term", id="text"),
        pytest.param(" , ", "has no term", id="commas"),
        pytest.param(True, "is no label selector: True", id="truth"),
        pytest.param(["app=db"], "is no label selector: it is a list", id="list"),
        pytest.param({"match_label": {"app": "db"}}, "has no field 'match_label'", id="misspelled"),
        pytest.param({"match_labels": {"a": "b"}, "app": "db"}, "has no field 'app'", id="mixed"),
        pytest.param({"match_labels": {}, "matchLabels": {}}, "two spellings", id="two spellings"),
        pytest.param({"app": None}, "'app' is not text: None", id="no value"),
        pytest.param({"version": 1.10}, "'version' is not text: 1.1", id="number"),
        pytest.param({"match_expressions": {"key": "a"}}, "is not a list", id="expressions"),
        pytest.param({"match_expressions": [{"key": "a", "operator": "In"}]}, "needs values", id="In"),
        pytest.param({"match_expressions": [{"key": "a", "operator": "Is"}]}, "a key and an operator", id="operator"),
        pytest.param({"match_expressions": [{"key": "a", "value": "b"}]}, "has no field 'value'", id="member"),
        pytest.param("{app: db}", "begins with { and is no JSON", id="no JSON"),
    ],
)
def test_label_selector_that_is_none(option: t.Any, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        label_selector({"label_selector": option})
    assert words in caught.value.message
    assert caught.value.message.startswith("label_selector")


def test_several_label_selectors() -> None:
    found = label_selectors({"or_label_selectors": ["a=b,c", {"d": "e"}, {}]})
    assert [selector.to_text() for selector in found or ()] == ["a in (b),c", "d in (e)", ""]
    assert label_selectors({"or_label_selectors": None}) is None
    assert label_selectors({"or_label_selectors": []}) == ()
    with pytest.raises(ValidationError, match="or_label_selectors is not a list: it is text"):
        label_selectors({"or_label_selectors": "a=b,c=d"})
    with pytest.raises(ValidationError, match=r"or_label_selectors\[1\]"):
        label_selectors({"or_label_selectors": ["a=b", "c d"]})


def test_options_of_a_storage_location_are_those_of_its_kinds() -> None:
    options = STORAGE.options["storage_location"]["options"]
    assert set(options) == {name for kind in KINDS for name in kind.options}


def test_storage_location_leaves_out_what_is_not_given() -> None:
    given = dict.fromkeys(("path", "prefix", "region", "access_key", "secret_key")) | {"name": "default", "bucket": "b"}
    location = storage_location({"storage_location": given})
    assert (location, location.describe) == (S3Location(bucket="b"), "s3://b")


@pytest.mark.parametrize(
    ("given", "name", "region"),
    [
        pytest.param({}, "default", None, id="from the environment"),
        pytest.param({"name": "aws", "region": "eu-central-1"}, "aws", "eu-central-1", id="named"),
    ],
)
def test_snapshot_location(given: dict[str, str], name: str, region: str | None) -> None:
    params = dict.fromkeys(EBS.options["snapshot_location"]["options"]) | {"name": "default", "validate_certs": True}
    location = snapshot_location({"snapshot_location": {**params, **given}})
    assert location is not None
    assert (location.name, location.region, location.validate_certs) == (name, region, True)


def test_no_snapshot_location() -> None:
    assert snapshot_location({"snapshot_location": None}) is None


def test_secrets_of_a_snapshot_location_are_not_logged() -> None:
    options = EBS.options["snapshot_location"]["options"]
    assert {name for name, option in options.items() if option.get("no_log")} == {"secret_key", "session_token"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"freeze_lease": "60", "freeze_max": "5m"}, "freeze_lease: '60' is not a duration", id="no unit"),
        pytest.param({"freeze_lease": "0s", "freeze_max": "5m"}, "freeze_lease is 0s", id="too short"),
        pytest.param({"freeze_lease": "10m", "freeze_max": "5m"}, "shorter than freeze_lease", id="longer than all"),
    ],
)
def test_lease_options_that_are_refused(options: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        freeze_policy({**FREEZE, **options})


def test_lease_options() -> None:
    policy = freeze_policy({**FREEZE, "freeze_lease": "1m30s", "freeze_max": "10m", "require_lease": True})
    assert (policy.lease_seconds, policy.freeze_max_seconds, policy.require_lease) == (90.0, 600.0, True)
    with pytest.raises(ValidationError, match="at least 1"):
        task_freeze_policy({**FREEZE, "lease_seconds": 0})


@pytest.mark.parametrize(("text", "limit"), [("45s", 45.0), ("0", 30.0), ("-1s", None)])
def test_hook_timeout(text: str, limit: float | None) -> None:
    """As in annotations: docs/compatibility A12, A14, A15."""
    assert hook_timeout({"timeout": text}) == limit
