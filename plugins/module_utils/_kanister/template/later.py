# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A map that is not known yet: the output of a phase, for templates that are rendered before it has run."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.types import OBJECT
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import TypedMap


class LaterMap(TypedMap):
    """Whoever looks into it ends the rendering; what a template makes of an empty map would be a guess."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__({}, OBJECT)

    def _refuse(self, *_arguments: t.Any) -> t.NoReturn:
        raise Fault("known later", "it is known when an earlier phase has run")

    __bool__ = __contains__ = __eq__ = __getitem__ = __iter__ = __len__ = __ne__ = _refuse
    get = items = keys = values = _refuse
    __hash__ = None  # type: ignore[assignment]


__all__ = ("LaterMap",)
