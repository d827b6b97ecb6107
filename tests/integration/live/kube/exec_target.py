# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pod to run commands in."""

from __future__ import annotations

import typing as t


class Target(t.NamedTuple):
    """What ``exec_command`` wants to know."""

    namespace: str
    pod: str
    container: str
