# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookResult, hook_status

# Ids of cases: docs/compatibility C12, D4, F1 to F7.

STARTED = dt.datetime(2026, 6, 1, 2, 0, 0, tzinfo=dt.UTC)


def result(
    state: t.Any = "ok",
    *,
    pod: str = "a",
    source: t.Any = "spec",
    phase: t.Any = "pre",
    name: str = "rule",
    container: str = "",
    index: int = 0,
    **more: t.Any,
) -> HookResult:
    hook = Hook(source=source, name=name, phase=phase, argv=("x",), container=container, index=index)
    return HookResult(hook=hook, namespace="shop", pod=pod, container="c0", state=state, started=STARTED, **more)


ANNOTATION: dict[str, t.Any] = {"source": "annotation", "name": "<from-annotation>"}


@pytest.mark.parametrize(
    ("results", "status"),
    [
        pytest.param([result(), result(phase="post")], {"hooksAttempted": 2}, id="F1"),
        pytest.param(
            [result(name=name, index=index) for name in ("r1", "r2") for index in (0, 1)],
            {"hooksAttempted": 4},
            id="F2",
        ),
        pytest.param([result(**ANNOTATION)], {"hooksAttempted": 1}, id="F3"),
        pytest.param([result("failed", **ANNOTATION)], {"hooksAttempted": 1, "hooksFailed": 1}, id="F4"),
        pytest.param(
            [result("failed", **ANNOTATION), result(pod="b"), result(pod="b", index=1)],
            {"hooksAttempted": 3, "hooksFailed": 1},
            id="F5",
        ),
        pytest.param([result(), result()], {"hooksAttempted": 1}, id="F6"),
        pytest.param([result(), result("failed")], {"hooksAttempted": 1}, id="F6-the-first-result-counts"),
        pytest.param([], {}, id="F7"),
        pytest.param([result("skipped", **ANNOTATION)], {"hooksAttempted": 1}, id="C12"),
        pytest.param([result("timed_out")], {"hooksAttempted": 1, "hooksFailed": 1}, id="timed-out"),
        pytest.param([result("lost")], {"hooksAttempted": 1, "hooksFailed": 1}, id="lost"),
        pytest.param(
            [result(container=""), result(container="c0")], {"hooksAttempted": 2}, id="spec-4.9-container-as-written"
        ),
        pytest.param(
            [result(), result("failed", name="r2"), result("failed", name="r3"), result(name="r4")],
            {"hooksAttempted": 4, "hooksFailed": 2},
            id="D4-counts",
        ),
    ],
)
def test_hook_status(results: list[HookResult], status: dict[str, int]) -> None:
    assert hook_status(results) == status


def test_to_return() -> None:
    entry = result("failed", rc=1, stdout=b"out\xff", stderr=b"err", duration_seconds=1.23456, error="no").to_return(
        default_on_error="Fail"
    )
    assert entry == {
        "namespace": "shop",
        "pod": "a",
        "container": "c0",
        "phase": "pre",
        "source": "spec",
        "name": "rule",
        "argv": ["x"],
        "on_error": "Fail",
        "timeout_seconds": 30.0,
        "started": "2026-06-01T02:00:00Z",
        "duration_seconds": 1.235,
        "rc": 1,
        "state": "failed",
        "attempts": 1,
        "killed": False,
        "error": "no",
        "stdout": "out\ufffd",
        "stdout_truncated": False,
        "stderr": "err",
        "stderr_truncated": False,
    }


@pytest.mark.parametrize(
    ("size", "truncated"), [pytest.param(65536, False, id="64KiB"), pytest.param(65537, True, id="one-more")]
)
def test_a_result_carries_64_kib_of_each_stream(size: int, truncated: bool) -> None:
    entry = result(stdout=b"x" * size).to_return(default_on_error="Fail")
    assert len(entry["stdout"]) == 65536
    assert entry["stdout_truncated"] is truncated


def test_the_output_can_be_left_out() -> None:
    entry = result(stdout=b"secret").to_return(default_on_error="Fail", with_output=False)
    assert not any(key.startswith(("stdout", "stderr")) for key in entry)
