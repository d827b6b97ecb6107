# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import time

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled


def test_a_fresh_token_lets_pass() -> None:
    token = CancelToken()
    token.check()
    assert not token.is_cancelled
    assert token.reason == ""
    assert token.wait(0) is False
    assert token.wait(-1) is False


def test_the_first_reason_is_kept() -> None:
    token = CancelToken()
    token.cancel("SIGTERM")
    token.cancel("SIGINT")
    assert token.is_cancelled
    assert token.reason == "SIGTERM"
    with pytest.raises(Cancelled, match="cancelled: SIGTERM"):
        token.check()


def test_a_wait_ends_when_another_thread_cancels() -> None:
    token = CancelToken()
    threading.Thread(target=token.cancel, args=("parent lost",)).start()
    started = time.monotonic()
    assert token.wait(30)
    assert time.monotonic() - started < 10


def test_the_sentence_holds_the_remedy() -> None:
    assert ArkiveError("It broke.", hint="Mend it.").sentence == "It broke. Mend it."
    assert ArkiveError("It broke.").sentence == "It broke."
    assert ArkiveError("x", details={"a": 1}).details == {"a": 1}
