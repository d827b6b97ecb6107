# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What looks like a secret in ConfigMaps and in variables of containers.

Values are put together of parts, as scanners read tests too.
"""

from __future__ import annotations

import base64
import time
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CONFIG_MAPS, PODS
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.secret_lookalikes import find_lookalikes

_DASHES = "-" * 5
_BEGIN = f"{_DASHES}BEGIN "
_RANDOM = "q7Zt0bXw2Lr9" * 4
_JWT = ".".join(["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJhcmtpdmUifQ", _RANDOM])

LOOK_SO = [
    # RFC 7468 10 and 11, RFC 9580 6.2, OpenSSH PROTOCOL.key.
    ("tls.key", f"{_BEGIN}PRIVATE KEY{_DASHES}\nMIIE", "a private key"),
    ("id_rsa", f"{_BEGIN}RSA PRIVATE KEY{_DASHES}\nMIIE", "a private key"),
    ("id", f"{_BEGIN}OPENSSH PRIVATE KEY{_DASHES}\n", "a private key"),
    ("key.asc", f"{_BEGIN}PGP PRIVATE KEY BLOCK{_DASHES}\n", "a private key"),
    ("keys.txt", "# created\nAGE-SECRET-KEY-1" + "QPZRY9X8GF" * 6, "a private key"),
    # kubectl, kubeconfig v1.
    ("config", f"users:\n- user:\n    client-key-data: {_RANDOM}", "a private key"),
    # Kubernetes, Pull an Image from a Private Registry.
    ("config.json", '{"auths": {"a.example": {"auth": "YTpi"}}}', "a registry's password"),
    # Spring Boot, Kafka and JDBC, as their references have them.
    ("application.properties", "spring.datasource.password=hunter2", "a password"),
    ("application.yml", "spring:\n  datasource:\n    password: hunter2\n", "a password"),
    ("client.conf", 'sasl.jaas.config=X required username="a" password="hunter2";', "a password"),
    ("my.cnf", "[client]\nuser = a\npassword = hunter2\n", "a password"),
    ("a.json", '{"dbPassword": "hunter2"}', "a password"),
    ("a.rb", ":password => 'hunter2'", "a password"),
    ("DB_PASSWORD", "hunter2", "a password"),
    ("passphrase", "correct horse", "a password"),
    ("API_TOKEN", _RANDOM, "a key or token"),
    ("a.ini", f"secret_key = {_RANDOM}", "a key or token"),
    ("a.yaml", f"apiKey: '{_RANDOM}'", "a key or token"),
    ("dsn", "postgres://app:hunter2@db:5432/shop", "a password in a URL"),
    # Each issuer's own documentation, see the table.
    ("x", f"bearer {_JWT}", "a token"),
    ("x", "ghp" + "_" + _RANDOM[:36], "a token"),
    ("x", "glpat" + "-" + _RANDOM[:20], "a token"),
    ("x", "xoxb" + "-" + _RANDOM[:20], "a token"),
    ("x", "hvs" + "." + _RANDOM[:30], "a token"),
    ("x", "sk" + "_live_" + _RANDOM[:24], "an access key"),
    ("x", "AIza" + _RANDOM[:35], "an access key"),
    ("x", "[default]\nid = AKIA" + "IOSFODNN7EXAMPLE", "an access key"),
]
DO_NOT = [
    # kube-root-ca.crt, which is in each namespace (Kubernetes, RootCAConfigMap).
    ("ca.crt", f"{_BEGIN}CERTIFICATE{_DASHES}\nMIIE"),
    ("key.pub", f"{_BEGIN}PUBLIC KEY{_DASHES}\nMIIE"),
    ("application.properties", "spring.datasource.password=${DB_PASSWORD}"),
    ("application.yml", "password: {{ password }}\npassword: <password>\npassword: !vault |\n"),
    ("application.yml", "password: ENC(q7Zt)\npassword:\n  secretKeyRef: x\n"),
    ("my.cnf", "password =\nuser = a"),
    ("DB_PASSWORD", ""),
    ("DB_PASSWORD", "********"),
    ("DB_PASSWORD_FILE", "/run/secrets/password"),
    ("password", "/run/secrets/password"),
    ("a.yaml", "existingSecret: shop-db\nsecret: shop-db\ntoken: /var/run/token\nimagePullSecret: pull"),
    ("a.yaml", "tokenTTL: 3600\npassword_policy: strong\nsecretName: shop"),
    ("a.py", "password = os.environ['PASSWORD']\npassword = getpass()"),
    ("a.py", "password = args.password\n\ndef login(self, user: str, password: str) -> None:\n    pass"),
    ("a.js", "const password = process.env.DB_PASSWORD;\nconnect({password: config.password, token: undefined})"),
    ("openapi.yaml", "properties:\n  password:\n    type: string\nexample.password: string\n"),
    ("a.json", '{"auth": "none", "listeners": [{"auth": "basic"}, {"auth": "required"}]}'),
    ("a.conf", "requirepassword = true\nssl_password: none"),
    ("dsn", "postgres://app@db:5432/shop"),
    ("dsn", "postgres://app:${PASSWORD}@db:5432/shop"),
    # RFC 3986 3.4 and 3.5: an @ after the host is no user's.
    ("url", "http://mail:8080?from=shop@example.com http://mail:8080#a@b"),
    ("nginx.conf", "server { listen 80; location / { proxy_pass http://web:8080; } }"),
    ("x", "gh_pages and eyJ and xox and A"),
]


def _config(**entries: str) -> Object:
    return {"kind": "ConfigMap", "data": entries}


@pytest.mark.parametrize(("name", "text", "what"), LOOK_SO)
def test_what_looks_like_a_secret_is_named_without_its_value(name: str, text: str, what: str) -> None:
    assert find_lookalikes(CONFIG_MAPS, {"data": {name: text}}) == [f"{name}: {what}"]
    packed = base64.b64encode(text.encode()).decode()
    assert find_lookalikes(CONFIG_MAPS, {"binaryData": {name: packed}}) == [f"{name}: {what}"]


@pytest.mark.parametrize(("name", "text"), DO_NOT)
def test_what_refers_to_a_secret_is_none(name: str, text: str) -> None:
    assert find_lookalikes(CONFIG_MAPS, {"data": {name: text}}) == []


_CONTAINER = {"env": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "TOKEN", "valueFrom": {}}]}
_POD = {"containers": [_CONTAINER], "initContainers": [{"env": [{"name": "A", "value": "b"}]}]}


@pytest.mark.parametrize(
    ("group_resource", "body"),
    [
        (PODS, {"spec": _POD}),
        (GroupResource("deployments", "apps"), {"spec": {"template": {"spec": _POD}}}),
        (GroupResource("cronjobs", "batch"), {"spec": {"jobTemplate": {"spec": {"template": {"spec": _POD}}}}}),
    ],
)
def test_variables_of_containers_count(group_resource: GroupResource, body: Object) -> None:
    assert find_lookalikes(group_resource, body) == ["DB_PASSWORD: a password"]
    assert find_lookalikes(GroupResource("widgets", "example.com"), body) == []


@pytest.mark.parametrize("odd", [None, 7, "text", [7, None], {"a": 7}, {"a": None}])
def test_odd_shapes_have_nothing(odd: t.Any) -> None:
    """An archive may hold anything."""
    assert find_lookalikes(CONFIG_MAPS, {"data": odd, "binaryData": odd}) == []
    assert find_lookalikes(PODS, {"spec": odd}) == find_lookalikes(PODS, {"spec": {"containers": odd}}) == []
    assert find_lookalikes(PODS, {"spec": {"containers": [{"env": odd}]}}) == []


@pytest.mark.parametrize(
    "text",
    [
        "password" * 131072,
        "a:/" * 349525,
        "eyJ" * 349525,
        "x://a:" * 174762,
        "eyJ-" * 262144,
        '"auth":"' * 131072,
        '"auth":"' + "QUJD" * 262140 + '"',
        "client-key-data:" * 65536,
        "-----BEGIN A " * 80659,
        "token " + " " * 1048000,
        "-" * 1048576,
    ],
)
def test_a_megabyte_takes_no_time(text: str) -> None:
    """The largest ConfigMap there is (Kubernetes: 1 MiB)."""
    began = time.process_time()
    find_lookalikes(CONFIG_MAPS, _config(a=text))
    assert time.process_time() - began < 5
