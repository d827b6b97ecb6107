# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.explanations import explain_cause, explain_exit

FREEZE = ("fsfreeze", "--freeze", "/data")


@pytest.mark.parametrize(
    ("rc", "stderr", "cause"),
    [
        # util-linux 2.31 (Ubuntu 18.04) to 2.38 (Debian 12), in real containers
        (1, "fsfreeze: /data: freeze failed: Operation not permitted\n", "securityContext.privileged: true"),
        (1, "fsfreeze: /data: freeze failed: Operation not supported\n", "cannot be frozen: ext4, xfs and btrfs can"),
        (
            1,
            "fsfreeze: /data: freeze failed: Inappropriate ioctl for device\n",
            "cannot be frozen: ext4, xfs and btrfs",
        ),
        (1, "fsfreeze: cannot open /data: No such file or directory\n", "no such directory"),
        (1, "fsfreeze: /data: is not a directory\n", "no such directory"),
        (1, "fsfreeze: /data: unfreeze failed: Invalid argument\n", "it was not frozen"),
        (1, "fsfreeze: cannot open /data: Permission denied\n", "securityContext.privileged: true"),
        # busybox 1.36
        (1, "fsfreeze: FIFREEZE: Operation not permitted\n", "securityContext.privileged: true"),
        (1, "fsfreeze: invalid option -- 'f'\nBusyBox v1.36.1\n", "long options"),
        (1, "fsfreeze: can't open '/data': No such file or directory\n", "no such directory"),
        # xfsprogs 6
        (1, "xfs_freeze: cannot freeze filesystem at /data: Operation not permitted\n", "securityContext.privileged"),
        (1, 'xfs_freeze: specified file ["/data"] is not on an XFS filesystem\n', "cannot be frozen"),
        # shells
        (127, "/bin/sh: 1: exec: fsfreeze: not found\n", "fsfreeze (util-linux)"),
        (127, "/bin/bash: fsfreeze: command not found\n", "fsfreeze (util-linux)"),
        (127, "", "fsfreeze (util-linux)"),
        (1, "sh: can't create /data/x: Read-only file system\n", "mounted read-only"),
        (126, "sh: fsfreeze: Permission denied\n", "securityContext.privileged: true"),
        (137, "", "too little memory"),
        # somebody else's freeze is reported by whoever looks for it
        (1, "fsfreeze: /data: freeze failed: Device or resource busy\n", ""),
        (3, "something else\n", ""),
    ],
)
def test_what_a_failed_freeze_usually_means(rc: int, stderr: str, cause: str) -> None:
    said = explain_exit(FREEZE, rc, stderr.encode())
    start = f"command terminated with exit code {rc}"
    first = stderr.partition("\n")[0].rstrip(".")
    assert said.startswith(f"{start}: {first}" if first else start)
    assert cause in said
    assert ("(" in said.removeprefix(f"{start}: {first}")) is bool(cause)
    hidden = explain_exit(FREEZE, rc, stderr.encode(), with_output=False)
    assert cause in hidden
    assert not first or first not in hidden


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        (b"", "command terminated with exit code 3"),
        (b"\n  \n", "command terminated with exit code 3"),
        (b"\n  no such table.\nmore\n", "command terminated with exit code 3: no such table"),
        (
            b"+ mysql -e x\nERROR 1045: Access denied\n",
            "command terminated with exit code 3: ERROR 1045: Access denied",
        ),
        (
            b"Traceback (most recent call last):\n  File 'x'\nValueError: bad\n",
            "command terminated with exit code 3: ValueError: bad",
        ),
        (b"\x1b[31mred\x1b[0m\x07 \xff\n", "command terminated with exit code 3: [31mred [0m \ufffd"),
        (b"x" * 500, f"command terminated with exit code 3: {'x' * 200} ..."),
    ],
    ids=["silent", "blank", "first line", "set -x", "traceback", "control characters", "long"],
)
def test_the_first_line_that_says_something(stderr: bytes, said: str) -> None:
    assert explain_exit(("mysql", "-e", "x"), 3, stderr) == said


@pytest.mark.parametrize(
    ("argv", "said", "cause"),
    [
        (FREEZE, 'exec: "fsfreeze": executable file not found in $PATH', "fsfreeze (util-linux)"),
        (("/sbin/fsfreeze",), "exec /sbin/fsfreeze: no such file or directory", "fsfreeze (util-linux)"),
        (("/sbin/fsfreeze",), "stat /sbin/fsfreeze: no such file or directory", "fsfreeze (util-linux)"),
        (("mysqldump",), 'exec: "mysqldump": executable file not found in $PATH', "the image has no such program"),
        (("mysqldump",), "Operation not permitted", ""),
        (FREEZE, 'container not found ("main")', ""),
        (FREEZE, "pods is forbidden", ""),
    ],
)
def test_what_the_runtime_says(argv: tuple[str, ...], said: str, cause: str) -> None:
    assert (cause in explain_cause(argv, said)) if cause else explain_cause(argv, said) == ""
