# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signals and lost processes set the cancel token, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.cancel_signals import SIGNALS, CancelSignals
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken


@pytest.fixture
def controller() -> t.Iterator[subprocess.Popen[bytes]]:
    """Some other process."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_cancels_and_later_ones_change_nothing(number: signal.Signals) -> None:
    token = CancelToken()
    before = signal.getsignal(number)
    with CancelSignals(token):
        os.kill(os.getpid(), number)
        assert token.wait(5)
        os.kill(os.getpid(), signal.SIGTERM)
        assert token.reason == f"{number.name} was received"
    assert signal.getsignal(number) is before


def test_a_controller_that_is_gone_cancels(controller: subprocess.Popen[bytes]) -> None:
    token = CancelToken()
    with CancelSignals(token, controller_pids=[controller.pid], interval=0.02):
        assert not token.wait(0.1)
        controller.kill()
        assert token.wait(10)
    assert token.reason == f"process {controller.pid} of the controller is gone"


def test_a_zombie_is_gone(controller: subprocess.Popen[bytes]) -> None:
    """Nobody has waited for the process yet, so its number is still taken."""
    token = CancelToken()
    with CancelSignals(token, controller_pids=[controller.pid], interval=0.02):
        os.kill(controller.pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while not token.is_cancelled and time.monotonic() < deadline:
            token.wait(0.05)
    assert controller.returncode is None
    assert token.is_cancelled


def test_a_live_controller_cancels_nothing() -> None:
    token = CancelToken()
    with CancelSignals(token, controller_pids=[os.getppid()], interval=0.01):
        assert not token.wait(0.2)
