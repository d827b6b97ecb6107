# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The type of an object of a cluster: the JSON of a pod, a claim, a custom resource."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

#: An object that may be changed, as it was parsed or is being made.
Object: t.TypeAlias = "dict[str, t.Any]"
#: An object, or a part of one, that is only read.
ObjectView: t.TypeAlias = "t.Mapping[str, t.Any]"

__all__ = ("Object", "ObjectView")
