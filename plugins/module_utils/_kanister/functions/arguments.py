# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Arguments as functions read them: what is wrong with one is said with its name."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.decoding import (
    decode_bool,
    decode_mapping,
    decode_text,
    decode_text_mapping,
    decode_texts,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall


class Arguments:
    """The arguments of one call. What is not given is empty; each method raises ``BlueprintError``."""

    def __init__(self, call: FunctionCall) -> None:
        self._given = call.arguments
        self._words = call.place.words

    def text(self, name: str) -> str:
        return decode_text(self._given.get(name), name)

    def texts(self, name: str) -> list[str]:
        return decode_texts(self._given.get(name), name)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self._given.get(name)
        return default if value is None else decode_bool(value, name)

    def mapping(self, name: str) -> Object:
        return decode_mapping(self._given.get(name), name)

    def text_mapping(self, name: str) -> dict[str, str]:
        return decode_text_mapping(self._given.get(name), name)

    def incomplete(self, why: str, hint: str) -> BlueprintError:
        """The error to raise for a phase that does not say all that it needs."""
        return BlueprintError(f"{self._words[:1].upper()}{self._words[1:]} {why}.", hint=hint)

    def wrong(self, name: str, why: str) -> BlueprintError:
        """The error to raise for an argument that cannot be used."""
        return BlueprintError(f"Argument {name} of {self._words} {why}.")


__all__ = ("Arguments",)
