# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hundreds of commands in real pods. ``make soak SOAK=hooks`` has a thousand, in up to 200 pods.

A thousand in a cluster in memory are in ``test_a_thousand_hooks_over_two_hundred_pods``.
"""

from __future__ import annotations

from hook_pods import HookPods
from many_hooks import run_many_hooks


def test_hundreds_of_hooks(pods: HookPods) -> None:
    run_many_hooks(pods, count=25, hooks=16)
