# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fields of a kubeconfig, each read as the type that it must have: a sentence says where one has another."""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import binascii
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.files import capital

_KINDS = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}


class Fields:
    """One mapping of a kubeconfig. ``where`` names it, such as "the user 'ada' of the kubeconfig /k".

    A field that is null is as good as not there. Values are never part of a sentence: they may be secrets.
    """

    def __init__(self, data: t.Any, where: str) -> None:
        self.where = where
        if data is not None and not isinstance(data, dict):
            raise KubeError(f"{capital(where)} is {kind_of(data)}, where a mapping belongs.")
        self._data: dict[t.Any, t.Any] = data or {}

    def __contains__(self, key: str) -> bool:
        return self._data.get(key) is not None

    def names(self) -> list[str]:
        return [key for key in self._data if isinstance(key, str)]

    def value(self, key: str) -> t.Any:
        """Whatever it is."""
        return self._data.get(key)

    def as_dict(self) -> dict[t.Any, t.Any]:
        return self._data

    def text(self, key: str) -> str:
        """Empty when it is not there."""
        return str(self._get(key, str, "text") or "")

    def flag(self, key: str) -> bool:
        return bool(self._get(key, bool, "true or false"))

    def fields(self, key: str) -> Fields:
        return Fields(self._get(key, dict, "a mapping"), f"{key} of {self.where}")

    def entries(self, key: str) -> list[t.Any]:
        return list(self._get(key, list, "a list") or ())

    def texts(self, key: str) -> list[str]:
        found = self.entries(key)
        if any(not isinstance(entry, str) for entry in found):
            raise self.wrong(f"has something other than text in its list {key}")
        return found

    def decoded(self, key: str) -> bytes:
        """What a field in base64 holds."""
        try:
            return base64.b64decode("".join(self.text(key).split()), validate=True)
        except (binascii.Error, ValueError) as exc:
            raise self.wrong(f"has a {key} that is not base64") from exc

    def wrong(self, what: str) -> KubeError:
        """The error that says what is wrong with this mapping, such as "has no server"."""
        return KubeError(f"{capital(self.where)} {what}.", hint="Correct the kubeconfig.")

    def _get(self, key: str, wanted: type, kind: str) -> t.Any:
        value = self._data.get(key)
        if value is not None and not isinstance(value, wanted):
            raise self.wrong(f"has {kind_of(value)} as {key}, where {kind} belongs")
        return value


def kind_of(value: t.Any) -> str:
    """What YAML calls it."""
    if value is None:
        return "nothing"
    return next((words for kind, words in _KINDS.items() if isinstance(value, kind)), "a value of another kind")


__all__ = ("Fields", "kind_of")
