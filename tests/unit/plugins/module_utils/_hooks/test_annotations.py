# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.annotations import (
    AnnotationHooks,
    parse_backup_hooks,
    parse_command,
    parse_on_error,
)
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import ANNOTATION_HOOK_NAME, Hook

# Ids: docs/compatibility A1 to A20. A20 is overridden (docs/compatibility 14.5): the family of Ark is honoured.
PRE = "pre.hook.backup.velero.io/"
POST = "post.hook.backup.velero.io/"
LEGACY = "hook.backup.velero.io/"
ARK = "ark.heptio.com/"


def parse(annotations: dict[str, str] | None) -> AnnotationHooks:
    return parse_backup_hooks({"metadata": {"namespace": "shop", "name": "db-0", "annotations": annotations}})


def pre_of(annotations: dict[str, str]) -> Hook:
    hook = parse(annotations).pre
    assert hook is not None
    return hook


@pytest.mark.parametrize(
    "annotations",
    [
        pytest.param(None, id="A1-none"),
        pytest.param({}, id="A1-empty"),
        pytest.param({"team": "shop"}, id="A1-others"),
        pytest.param({PRE + "command": "", PRE + "container": "c"}, id="A2"),
        pytest.param({PRE + "container": "c", PRE + "timeout": "1m"}, id="no-command"),
        pytest.param({"init.hook.restore.velero.io/command": "x"}, id="a-restore-hook"),
        pytest.param({"PRE.hook.backup.velero.io/command": "x"}, id="keys-are-exact"),
    ],
)
def test_no_hook(annotations: dict[str, str] | None) -> None:
    assert parse(annotations) == AnnotationHooks()


@pytest.mark.parametrize(
    ("command", "argv"),
    [
        pytest.param("/usr/bin/foo", ("/usr/bin/foo",), id="A3"),
        pytest.param("/bin/sh -c 'sync; true'", ("/bin/sh -c 'sync; true'",), id="A4"),
        pytest.param('["a","b","c"]', ("a", "b", "c"), id="A5"),
        pytest.param("[blarg", ("[blarg",), id="A6"),
        pytest.param('["a", 1]', ('["a", 1]',), id="A7"),
        pytest.param('["a", ["b"]]', ('["a", ["b"]]',), id="A7-nested"),
        pytest.param('["a", true]', ('["a", true]',), id="A7-bool"),
        pytest.param(' ["a"]', (' ["a"]',), id="A8"),
        pytest.param("[]", (), id="A9"),
        pytest.param('["a"] ', ("a",), id="blank-behind-is-fine"),
        pytest.param('["a"] x', ('["a"] x',), id="more-behind-is-not"),
        pytest.param('["a", null]', ("a", ""), id="null-is-empty-in-go"),
        pytest.param('["a", ""]', ("a", ""), id="empty-argument"),
        pytest.param(
            '["/sbin/fsfreeze", "--freeze", "/var/log/nginx"]',
            ("/sbin/fsfreeze", "--freeze", "/var/log/nginx"),
            id="the-page",
        ),
        pytest.param(
            '["/bin/sh", "-c", "echo \\"$HOME\\" > /x"]', ("/bin/sh", "-c", 'echo "$HOME" > /x'), id="nothing-expanded"
        ),
        pytest.param('["x\\ud800y"]', ("x\ufffdy",), id="half-a-pair-as-go"),
        pytest.param('["\\ud83d\\ude00"]', ("\U0001f600",), id="a-whole-pair"),
        pytest.param('{"a": 1}', ('{"a": 1}',), id="an-object"),
        pytest.param("echo $(id)", ("echo $(id)",), id="no-shell"),
    ],
)
def test_command(command: str, argv: tuple[str, ...]) -> None:
    assert pre_of({PRE + "command": command}).argv == argv
    assert parse_command(command) == argv


def test_a_deep_nesting_is_one_argument() -> None:
    text = "[" * 200_000
    assert parse_command(text) == (text,)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("Fail", "Fail", id="A10-Fail"),
        pytest.param("Continue", "Continue", id="A10-Continue"),
        pytest.param("fail", "", id="A11-case"),
        pytest.param("foo", "", id="A11"),
        pytest.param(" Fail", "", id="A11-blank"),
        pytest.param("", "", id="unset"),
    ],
)
def test_on_error(text: str, value: str) -> None:
    assert parse_on_error(text) == value
    assert pre_of({PRE + "command": "x", PRE + "on-error": text}).on_error == value


@pytest.mark.parametrize(
    ("annotation_value", "run_default", "effect"),
    [
        ("", "Fail", "Fail"),
        ("", "Continue", "Continue"),
        ("Continue", "Fail", "Continue"),
        ("Fail", "Continue", "Fail"),
    ],
)
def test_an_unset_on_error_takes_the_default_of_the_run(annotation_value: str, run_default: t.Any, effect: str) -> None:
    hook = pre_of({PRE + "command": "x", PRE + "on-error": annotation_value})
    assert hook.resolved_on_error(run_default) == effect


@pytest.mark.parametrize(
    ("text", "seconds", "warned"),
    [
        pytest.param("5m3s", 303.0, False, id="A12"),
        pytest.param("1.5h", 5400.0, False, id="A12-fraction"),
        pytest.param("500ms", 0.5, False, id="A12-ms"),
        pytest.param("invalid", 30.0, True, id="A13-invalid"),
        pytest.param("30", 30.0, True, id="A13-bare"),
        pytest.param("300", 30.0, True, id="300 without a unit"),  # docs/compatibility 14.6
        pytest.param("5 m", 30.0, True, id="A13-blank"),
        pytest.param("1d", 30.0, True, id="A13-days"),
        pytest.param("0", 30.0, False, id="A14"),
        pytest.param("0s", 30.0, False, id="A14-unit"),
        pytest.param("-1s", None, False, id="A15"),
        pytest.param("", 30.0, False, id="default"),
    ],
)
def test_timeout(text: str, seconds: float | None, warned: bool) -> None:
    hooks = parse({PRE + "command": "x", PRE + "timeout": text})
    assert hooks.pre is not None
    assert hooks.pre.timeout_seconds == seconds
    assert len(hooks.warnings) == warned


def test_a_bare_number_gets_the_hint_with_its_unit() -> None:
    (warning,) = parse({POST + "command": "x", POST + "timeout": "300"}).warnings
    assert warning == (
        "pod shop/db-0: annotation post.hook.backup.velero.io/timeout: '300' is not a duration. Write 300s for "
        "seconds. The default of 30s is used."
    )


def test_container() -> None:
    """docs/compatibility A16."""
    assert pre_of({PRE + "command": "x", PRE + "container": "some-container"}).container == "some-container"
    assert pre_of({PRE + "command": "x"}).container == ""


def test_the_set_without_a_prefix_is_a_pre_hook_only() -> None:  # docs/compatibility A17
    hooks = parse({LEGACY + "command": "y"})
    assert hooks.pre is not None
    assert (hooks.pre.argv, hooks.pre.phase, hooks.post) == (("y",), "pre", None)


def test_the_pre_set_is_used_whole() -> None:  # docs/compatibility A18
    hook = pre_of(
        {
            PRE + "command": "x",
            LEGACY + "command": "y",
            LEGACY + "container": "c",
            LEGACY + "timeout": "1m",
            LEGACY + "on-error": "Fail",
        }
    )
    assert (hook.argv, hook.container, hook.timeout_seconds, hook.on_error) == (("x",), "", 30.0, "")


@pytest.mark.parametrize("pre_command", [{}, {PRE + "command": ""}], ids=["A19", "A2-then-legacy"])
def test_without_a_pre_command_the_legacy_set_is_used_whole(pre_command: dict[str, str]) -> None:
    hook = pre_of({**pre_command, PRE + "container": "x", PRE + "timeout": "1m", LEGACY + "command": "y"})
    assert (hook.argv, hook.container, hook.timeout_seconds) == (("y",), "", 30.0)


@pytest.mark.parametrize(
    ("annotations", "pre", "post"),
    [
        pytest.param({"pre.hook.backup." + ARK + "command": "a"}, ("a",), None, id="A20-pre"),
        pytest.param({"post.hook.backup." + ARK + "command": "a"}, None, ("a",), id="A20-post"),
        pytest.param({"hook.backup." + ARK + "command": "a"}, ("a",), None, id="ark-0.5"),
        pytest.param({"pre.hook.backup." + ARK + "command": "a", PRE + "command": "v"}, ("v",), None, id="velero-wins"),
        pytest.param(
            {"pre.hook.backup." + ARK + "command": "a", LEGACY + "command": "v"}, ("v",), None, id="also-its-legacy-set"
        ),
        pytest.param(
            {"pre.hook.backup." + ARK + "command": "a", PRE + "command": ""}, ("a",), None, id="empty-is-absent"
        ),
        pytest.param(
            {"pre.hook.backup." + ARK + "command": "a", POST + "command": "v"}, ("a",), ("v",), id="per-phase"
        ),
    ],
)
def test_both_families(annotations: dict[str, str], pre: t.Any, post: t.Any) -> None:
    hooks = parse(annotations)
    assert (hooks.pre and hooks.pre.argv, hooks.post and hooks.post.argv) == (pre, post)
    assert (hooks.phase("pre"), hooks.phase("post")) == (hooks.pre, hooks.post)


def test_the_families_are_not_mixed_within_a_phase() -> None:
    key = "pre.hook.backup." + ARK
    hook = pre_of({PRE + "command": "v", key + "command": "a", key + "container": "c", key + "on-error": "Continue"})
    assert (hook.container, hook.on_error) == ("", "")


def test_an_ark_pod_whole() -> None:
    key = "hook.backup." + ARK
    hook = pre_of(
        {key + "command": '["a"]', key + "container": "c", key + "on-error": "Continue", key + "timeout": "1m"}
    )
    assert hook == Hook(
        source="annotation",
        name=ANNOTATION_HOOK_NAME,
        phase="pre",
        argv=("a",),
        container="c",
        on_error="Continue",
        timeout_seconds=60.0,
    )
