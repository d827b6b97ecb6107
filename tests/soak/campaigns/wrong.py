# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a case of a campaign ends that was judged to be wrong."""

from __future__ import annotations


class Wrong(Exception):
    """What was wrong, in one sentence."""


__all__ = ("Wrong",)
