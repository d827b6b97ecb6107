# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The password of a database goes over stdin, and a Secret is read for who may have it read."""

from __future__ import annotations

import base64
import os
import subprocess
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.credentials import Credentials, SecretKey
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declaration import DatabaseDeclaration
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import HoldOrder
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kinds import KINDS
from ansible_collections.arkive.k8s.plugins.module_utils._databases.password_client import (
    PasswordContainer,
    PasswordKind,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.postgresql import Postgresql
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.database_client import SECRET_LABEL, make_client

ORDER = HoldOrder(mode="light", label="x", user="backup")


class Stream:
    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, text: str) -> None:
        self.sent.append(text)


class Container:
    def __init__(self) -> None:
        self.stream = Stream()
        self.opened: list[tuple[str, ...]] = []

    def open(self, argv: t.Sequence[str]) -> Stream:
        self.opened.append(tuple(argv))
        return self.stream


def client_of(cluster: t.Any, pod: t.Any, credentials: Credentials) -> tuple[Container, tuple[str, ...]]:
    """The container, and the command that was started in it."""
    container = Container()
    declared = DatabaseDeclaration(kind="postgresql", credentials=credentials)
    found = make_client(cluster.client, pod, declared, Postgresql(), t.cast("t.Any", container))
    found.container.open(found.kind.clients(ORDER)[0])
    return container, container.opened[0]


def test_a_password_is_the_first_line_and_on_no_command_line(cluster: t.Any) -> None:
    container, argv = client_of(cluster, cluster.add_pod("db-0"), Credentials(password="hush '; rm -rf /"))
    assert container.stream.sent == ["hush '; rm -rf /\n"]
    assert "hush" not in " ".join(argv)


def test_only_a_shell_is_told_a_password(cluster: t.Any) -> None:
    """A client that is started without one would run it as a statement, and the server would log that."""
    kind = PasswordKind(Postgresql(), "postgresql")
    assert [argv[0] for argv in kind.clients(ORDER)] == ["/bin/sh"]
    assert len(Postgresql().clients(ORDER)) > 1


def test_the_client_has_it_in_its_environment_and_the_rest_of_stdin(tmp_path: t.Any) -> None:
    """With a real shell."""
    fake = tmp_path / "psql"
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "password=$PGPASSWORD" "args=$*"\ncat\n')
    fake.chmod(0o755)
    argv = PasswordKind(Postgresql(), "postgresql").clients(HoldOrder(mode="light", label="x", user="$(id)"))[0]
    done = subprocess.run(
        argv,
        input="hush $x `id`\\n 'q'\nselect 1;\n",
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    first, second, *rest = done.stdout.splitlines()
    assert first == "password=hush $x `id`\\n 'q'"
    assert second.endswith("-U $(id)")
    assert rest == ["select 1;"]


@pytest.mark.parametrize("password", ["a\nb", "a\rb", "a\0b"])
def test_a_password_of_several_lines_is_refused(password: str) -> None:
    with pytest.raises(DatabaseError, match="more than one line"):
        PasswordContainer(t.cast("t.Any", Container()), password)


def _secret(cluster: t.Any, *, labels: t.Mapping[str, str] | None = None, value: bytes = b"hush-4711") -> None:
    data = {"pw": base64.b64encode(value).decode()}
    cluster.add("secrets", "backup", "shop", metadata={"labels": dict(labels or {})}, data=data)


def test_a_secret_is_read_from_the_namespace_of_the_pod(cluster: t.Any) -> None:
    _secret(cluster)
    secret = SecretKey(name="backup", key="pw")
    container, _argv = client_of(cluster, cluster.add_pod("db-0"), Credentials(secret=secret))
    assert container.stream.sent == ["hush-4711\n"]


@pytest.mark.parametrize(
    ("secret", "value", "why"),
    [
        (
            SecretKey(name="other", key="pw"),
            b"x",
            "Secret shop/other, which is to have the password, does not exist. Make it",
        ),
        (SecretKey(name="backup", key="password"), b"x", "has no key password. Its keys are pw: name one with key."),
        (SecretKey(name="backup", key="pw"), b"\xff", "is no text"),
        (SecretKey(name="backup", key="pw"), b"", "is empty"),
        (SecretKey(name="backup", key="pw", only_of_pod=True), b"x", "kubectl label secret -n shop backup"),
    ],
)
def test_a_secret_without_a_password_is_refused(cluster: t.Any, secret: SecretKey, value: bytes, why: str) -> None:
    _secret(cluster, value=value)
    with pytest.raises(ArkiveError) as caught:
        client_of(cluster, cluster.add_pod("db-0"), Credentials(secret=secret))
    assert why in caught.value.sentence


@pytest.mark.parametrize(
    ("labels", "spec"),
    [
        ({SECRET_LABEL: "true"}, {}),
        ({}, {"env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "backup", "key": "x"}}}]}),
        ({}, {"envFrom": [{"secretRef": {"name": "backup"}}]}),
    ],
)
def test_an_annotation_may_name_what_the_pod_uses_or_what_is_marked(
    cluster: t.Any, labels: dict[str, str], spec: dict[str, t.Any]
) -> None:
    _secret(cluster, labels=labels)
    pod = cluster.add_pod("db-0")
    pod["spec"]["containers"][0] |= spec
    secret = SecretKey(name="backup", key="pw", only_of_pod=True)
    container, _argv = client_of(cluster, pod, Credentials(secret=secret))
    assert container.stream.sent == ["hush-4711\n"]


@pytest.mark.parametrize("row", KINDS, ids=lambda row: row.name)
def test_no_client_has_anything_of_an_option_but_as_an_argument(row: t.Any) -> None:
    """What an annotation says never becomes a part of a script."""
    hostile = "$(touch /x); '\"`id`"
    for argv in row.load().clients(HoldOrder(mode="auto", label="x", user=hostile)):
        assert all(word == hostile or hostile not in word for word in argv)
        assert argv[0] != "/bin/sh" or hostile not in argv[2]
