# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_commands import freeze_command, thaw_command
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import (
    FreezeCommand,
    asked_for,
    recognise,
)

# What is run as a freeze on the pages of Ark, Velero and the blogs that follow them, and what only looks like one.
# The id of a case: docs/compatibility A4.


def sh(script: str, *more: str, shell: str = "/bin/sh") -> list[str]:
    return [shell, "-c", script, *more]


def read(argv: t.Sequence[str]) -> tuple[list[str], list[str], bool, bool]:
    """Paths frozen, paths thawed, plain, unclear."""
    found = recognise(argv)
    return [c.path for c in found.freezes], [c.path for c in found.thaws], found.plain, found.unclear


@pytest.mark.parametrize(
    ("argv", "path"),
    [
        pytest.param(["/sbin/fsfreeze", "--freeze", "/var/log/nginx"], "/var/log/nginx", id="the-page"),
        pytest.param(["fsfreeze", "-f", "/data"], "/data", id="short"),
        pytest.param(["fsfreeze", "/data", "-f"], "/data", id="option-behind"),
        pytest.param(["fsfreeze", "--freez", "/data"], "/data", id="getopt-cuts-short"),
        pytest.param(["fsfreeze", "-f", "--", "/data"], "/data", id="double-dash"),
        pytest.param(["xfs_freeze", "-f", "/data"], "/data", id="xfs"),
        pytest.param(["/usr/sbin/xfs_freeze", "-f", "/data"], "/data", id="xfs-path"),
        pytest.param(["busybox", "fsfreeze", "--freeze", "/data"], "/data", id="busybox"),
        pytest.param(["/bin/busybox", "fsfreeze", "-f", "/data"], "/data", id="busybox-path"),
        pytest.param(["sudo", "fsfreeze", "-f", "/data"], "/data", id="sudo"),
        pytest.param(["sudo", "-n", "-u", "root", "fsfreeze", "-f", "/data"], "/data", id="sudo-options"),
        pytest.param(["/usr/bin/env", "LANG=C", "fsfreeze", "-f", "/data"], "/data", id="env"),
        pytest.param(["nice", "-n", "10", "fsfreeze", "-f", "/data"], "/data", id="nice"),
        pytest.param(["ionice", "-c3", "nice", "fsfreeze", "-f", "/data"], "/data", id="two-wrappers"),
        pytest.param(["fsfreeze", "-f", "/my data"], "/my data", id="blank-in-path"),
    ],
)
def test_a_plain_freeze(argv: list[str], path: str) -> None:
    assert read(argv) == ([path], [], True, False)


@pytest.mark.parametrize(
    ("argv", "paths"),
    [
        pytest.param(sh("fsfreeze -f /data"), ["/data"], id="sh"),
        pytest.param(sh("fsfreeze -f /data", shell="/bin/bash"), ["/data"], id="bash"),
        pytest.param(["bash", "-ec", "fsfreeze -f /data"], ["/data"], id="ec"),
        pytest.param(["sh", "-ce", "fsfreeze -f /data"], ["/data"], id="ce"),
        pytest.param(["bash", "-l", "-c", "fsfreeze -f /data"], ["/data"], id="l-c"),
        pytest.param(["bash", "-eo", "pipefail", "-c", "fsfreeze -f /data"], ["/data"], id="o-with-value"),
        pytest.param(["sh", "-c", "--", "fsfreeze -f /data"], ["/data"], id="double-dash"),
        pytest.param(["busybox", "sh", "-c", "fsfreeze -f /data"], ["/data"], id="busybox-sh"),
        pytest.param(["sudo", "-n", "sh", "-c", "fsfreeze -f /data"], ["/data"], id="sudo-sh"),
        pytest.param(sh("sync && fsfreeze --freeze /data"), ["/data"], id="and"),
        pytest.param(sh("sync; fsfreeze -f /data"), ["/data"], id="semicolon"),
        pytest.param(sh("sync\nfsfreeze -f /data\n"), ["/data"], id="lines"),
        pytest.param(sh("sync # all of it\nfsfreeze -f /data"), ["/data"], id="comment-before"),
        pytest.param(sh("# fsfreeze -f /etc\nfsfreeze -f /data"), ["/data"], id="comment-is-none"),
        pytest.param(sh("fsfreeze -f /data#1"), ["/data#1"], id="hash-in-word"),
        pytest.param(sh("fsfreeze -f /a && fsfreeze -f /b"), ["/a", "/b"], id="several"),
        pytest.param(sh("fsfreeze -f /data || exit 1"), ["/data"], id="or"),
        pytest.param(sh("(fsfreeze -f /data)"), ["/data"], id="subshell"),
        pytest.param(sh("{ fsfreeze -f /data; }"), ["/data"], id="group"),
        pytest.param(sh("! fsfreeze -f /data"), ["/data"], id="not"),
        pytest.param(sh("if mountpoint -q /data; then fsfreeze -f /data; fi"), ["/data"], id="if-then"),
        pytest.param(sh("if fsfreeze -f /data; then echo ok; else echo no; fi"), ["/data"], id="if"),
        pytest.param(sh("[ -x /sbin/fsfreeze ] && fsfreeze -f /data"), ["/data"], id="test"),
        pytest.param(sh("command -v fsfreeze && fsfreeze -f /data"), ["/data"], id="command-v"),
        pytest.param(sh("exec fsfreeze -f /data"), ["/data"], id="exec"),
        pytest.param(sh("LANG=C fsfreeze -f /data"), ["/data"], id="assignment"),
        pytest.param(sh("timeout 20 fsfreeze -f /data"), ["/data"], id="timeout"),
        pytest.param(sh("fsfreeze -f /data > /dev/null 2>&1"), ["/data"], id="redirects"),
        pytest.param(
            sh("fsfreeze -f /data >/dev/null 2>/tmp/err </dev/null"), ["/data"], id="redirects-without-blanks"
        ),
        pytest.param(sh("fsfreeze -f /data &>/dev/null"), ["/data"], id="redirect-of-bash"),
        pytest.param(sh("fsfreeze -f /data 2>&1 | tee /proc/1/fd/1"), ["/data"], id="pipe"),
        pytest.param(sh("echo freezing >&2; fsfreeze -f '/my data'"), ["/my data"], id="quotes"),
        pytest.param(sh('fsfreeze -f "/data"'), ["/data"], id="double-quotes"),
        pytest.param(sh("fsfreeze -f /my\\ data"), ["/my data"], id="escaped-blank"),
        pytest.param(sh("fsfreeze \\\n  -f /data"), ["/data"], id="continued-line"),
        pytest.param(sh("fsfreeze -f '/$data*'"), ["/$data*"], id="quoted-dollar-is-a-character"),
        pytest.param(sh("psql -c \"SELECT 'x'\" && fsfreeze -f /data"), ["/data"], id="other-quotes"),
        pytest.param(sh("sh -c 'fsfreeze -f /data'"), ["/data"], id="nested-shell"),
    ],
)
def test_a_freeze_in_a_script(argv: list[str], paths: list[str]) -> None:
    assert read(argv) == (paths, [], False, False)


def test_a_wrapper_with_an_exit_code_of_its_own_is_not_plain() -> None:
    # timeout ends with 124 when it killed the freeze: that does not say that nothing is frozen.
    assert read(["timeout", "20", "fsfreeze", "-f", "/data"]) == (["/data"], [], False, False)


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(sh("fsfreeze -f $DATA"), id="variable"),
        pytest.param(sh('fsfreeze -f "$DATA/db"'), id="quoted-variable"),
        pytest.param(sh("fsfreeze -f ${DATA}"), id="braces"),
        pytest.param(sh("fsfreeze -f $(cat /path)"), id="substitution"),
        pytest.param(sh("fsfreeze -f `cat /path`"), id="backticks"),
        pytest.param(sh("fsfreeze -f /data/*"), id="glob"),
        pytest.param(sh("fsfreeze -f ~/data"), id="home"),
        pytest.param(sh("for d in /a /b; do fsfreeze -f $d; done"), id="loop"),
        pytest.param(sh("fsfreeze -f"), id="no-path"),
        pytest.param(sh("fsfreeze -f /a /b"), id="two-paths"),
        pytest.param(sh("fsfreeze $MODE /data"), id="option-in-variable"),
        pytest.param(sh('fsfreeze "$@"', "x", "-f", "/data"), id="all-parameters"),
        pytest.param(sh('"$@"', "x", "fsfreeze", "-f", "/data"), id="program-in-parameters"),
        pytest.param(sh("F=fsfreeze; $F -f /data"), id="program-in-variable"),
        pytest.param(sh("$(which fsfreeze) -f /data"), id="program-by-which"),
        pytest.param(sh("X=$(fsfreeze -f /data)"), id="in-an-assignment"),
        pytest.param(sh('echo "$(fsfreeze -f /data)" | cat'), id="in-a-piped-word"),
        pytest.param(sh("echo $(fsfreeze -f /data)"), id="in-a-word-of-echo"),
        pytest.param(sh("fsfreeze -f /data &"), id="background"),
        pytest.param(sh("setsid fsfreeze -f /data"), id="setsid"),
        pytest.param(sh("eval 'fsfreeze -f /data'"), id="eval"),
        pytest.param(sh("echo fsfreeze -f /data | sh"), id="piped-to-a-shell"),
        pytest.param(sh('f() { fsfreeze "$1" /data; }; f -f'), id="function"),
        pytest.param(sh("fsfreeze -f '/data"), id="open-quote"),
        pytest.param(["nsenter", "-t", "1", "-m", "fsfreeze", "-f", "/"], id="nsenter"),
        pytest.param(["chroot", "/host", "fsfreeze", "--freeze", "/"], id="chroot"),
        pytest.param(["find", "/data", "-exec", "fsfreeze", "-f", "{}", ";"], id="find"),
        pytest.param(["su", "-c", "fsfreeze -f /data"], id="su"),
        pytest.param(["python3", "-c", "run(['fsfreeze', '-f', '/data'])"], id="python"),
        pytest.param(["mysql", "-e", "FLUSH TABLES WITH READ LOCK; system fsfreeze -f /data"], id="mysql-system"),
        pytest.param(["fsfreeze", "-f", "$DATA"], id="argv-variable"),
        pytest.param(["fsfreeze", "-f", "/data/*"], id="argv-glob"),
        pytest.param(["fsfreeze", "-f", "/a", "/b"], id="argv-two-paths"),
    ],
)
def test_what_cannot_be_read_is_unclear(argv: list[str]) -> None:
    freezes, _thaws, _plain, unclear = read(argv)
    assert unclear
    assert freezes in ([], ["/data"])


@pytest.mark.parametrize(
    ("argv", "path", "plain"),
    [
        pytest.param(["/sbin/fsfreeze", "--unfreeze", "/var/log/nginx"], "/var/log/nginx", True, id="the-page"),
        pytest.param(["fsfreeze", "-u", "/data"], "/data", True, id="short"),
        pytest.param(["xfs_freeze", "-u", "/data"], "/data", True, id="xfs"),
        pytest.param(["busybox", "fsfreeze", "--unfreeze", "/data"], "/data", True, id="busybox"),
        pytest.param(sh("fsfreeze -u /data; echo bye"), "/data", False, id="sh"),
        pytest.param(sh("fsfreeze --unfreeze /data || true"), "/data", False, id="or-true"),
        pytest.param(sh("fsfreeze -u /data 2>/dev/null"), "/data", False, id="redirect"),
    ],
)
def test_thaws(argv: list[str], path: str, plain: bool) -> None:
    assert read(argv) == ([], [path], plain, False)


def test_a_script_that_freezes_and_thaws() -> None:
    assert read(sh("fsfreeze -f /data; sleep 1; fsfreeze -u /data")) == (["/data"], ["/data"], False, False)


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param([], id="empty"),
        pytest.param(["sync"], id="sync"),
        pytest.param(["fsfreeze -f /data"], id="A4-one-argument-cannot-run"),
        pytest.param(["echo", "fsfreeze", "-f", "/x"], id="echo"),
        pytest.param(["grep", "-f", "fsfreeze", "/x"], id="grep"),
        pytest.param(["fsfreeze"], id="no-option"),
        pytest.param(["fsfreeze", "--help"], id="help"),
        pytest.param(["fsfreeze", "-f", "-u", "/x"], id="both-is-an-error-of-the-tool"),
        pytest.param(["/opt/fsfreeze/run.sh", "-f", "/x"], id="a-folder"),
        pytest.param(["my-fsfreeze", "-f", "/x"], id="another-program"),
        pytest.param(["cat", "/var/log/fsfreeze.log"], id="a-log"),
        pytest.param(["sh", "/fsfreeze.sh", "-f"], id="a-script-file"),
        pytest.param(sh("echo fsfreeze -f /x"), id="sh-echo"),
        pytest.param(sh("echo 'fsfreeze -f /x' >> /log"), id="sh-echo-quoted"),
        pytest.param(sh("which fsfreeze"), id="which"),
        pytest.param(sh("ps ax | grep fsfreeze"), id="ps-grep"),
        pytest.param(sh("command -v fsfreeze >/dev/null"), id="command-v"),
        pytest.param(sh("# fsfreeze -f /x"), id="comment"),
        pytest.param(sh("rm -f /x; sync"), id="another-f"),
        pytest.param(sh("F=fsfreeze; $F -u /data"), id="thaw-in-a-variable"),
        pytest.param(sh("fsfreeze -u $DATA"), id="thaw-of-a-variable"),
    ],
)
def test_what_only_looks_alike(argv: list[str]) -> None:
    freezes, thaws, _plain, unclear = read(argv)
    assert (freezes, thaws, unclear) == ([], [], False)


@pytest.mark.parametrize(
    ("command", "argv"),
    [
        pytest.param(FreezeCommand("/sbin/fsfreeze", "/d"), ("/sbin/fsfreeze", "--unfreeze", "/d"), id="fsfreeze"),
        pytest.param(FreezeCommand("xfs_freeze", "/d"), ("xfs_freeze", "-u", "/d"), id="xfs"),
    ],
)
def test_the_command_that_undoes_it(command: FreezeCommand, argv: tuple[str, ...]) -> None:
    assert command.thaw_argv == argv


@pytest.mark.parametrize(
    ("source", "phase", "argv", "words"),
    [
        pytest.param("task", "pre", ("fsfreeze", "--freeze", "/data"), "freeze of /data", id="state: frozen"),
        pytest.param("task", "pre", freeze_command(["/a", "/b c"]), "freeze of /a, /b c", id="freeze_path, two"),
        pytest.param("task", "post", thaw_command(["/a", "/b c"]), "thaw of /a, /b c", id="and their end"),
        pytest.param("task", "pre", ("fsfreeze", "-u", "/data"), "thaw of /data", id="argv that thaws"),
        pytest.param("task", "pre", ("sync",), "command", id="argv"),
        pytest.param("annotation", "pre", ("fsfreeze", "-f", "/data"), "pre hook", id="what the pod declares"),
        pytest.param("spec", "post", ("true",), "post hook", id="what the spec declares"),
    ],
)
def test_a_person_is_told_what_they_asked_for(source: t.Any, phase: t.Any, argv: tuple[str, ...], words: str) -> None:
    """The module that runs them takes them all for hooks."""
    assert asked_for(Hook(source=source, name="n", phase=phase, argv=argv)) == words
