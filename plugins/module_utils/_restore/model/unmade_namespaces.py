# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of a namespace that could not be made, and of everything that was to go into it."""

# Private: not for use outside of this collection.

from __future__ import annotations


def namespace_error(name: str, why: str) -> str:
    """The sentence for a namespace that the server refuses."""
    return f"Namespace {name} could not be created: {why}"


def why_not_made(name: str, why: str) -> str:
    """The reason of everything that was to go into it."""
    return f"namespace '{name}' could not be created: {why}"


__all__ = ("namespace_error", "why_not_made")
