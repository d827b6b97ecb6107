# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values whose texts are templates, rendered with the parameters of an action (docs/compatibility 15.3)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import MASK
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError, KnownLater
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import ObjectReference
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.parameters import TemplateParameters
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.secret_mask import SecretMask
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.budget import Budget
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import TemplateError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.template import parse_template
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template_data import template_data

#: Levels of lists and mappings in an argument.
_DEEPEST = 50


@dataclasses.dataclass(frozen=True, slots=True)
class RenderedValue:
    """``value``: what is used; ``shown``: the same with each text masked whole that a secret went into."""

    value: t.Any
    shown: t.Any
    tainted: bool


class Renderer:
    """Secrets that the action has read are known to ``mask``."""

    def __init__(self, mask: SecretMask) -> None:
        self._mask = mask

    def value(self, value: t.Any, parameters: TemplateParameters, where: str) -> RenderedValue:
        """All texts of ``value``, the keys of mappings among them. Raises ``BlueprintError``.

        ``KnownLater``, which is one, only where all else can be rendered.

        One budget is for the whole value, so that many short templates are no way around it.
        """
        rendering = _Rendering(parameters, self._mask)
        rendered = rendering.render(value, where)
        if rendering.later is not None:
            raise rendering.later
        return rendered

    def reference(self, reference: ObjectReference, parameters: TemplateParameters, where: str) -> ObjectReference:
        """Each member of it. Raises ``BlueprintError``."""
        members = self.value(dataclasses.asdict(reference), parameters, where).value
        return ObjectReference(**members)


class _Rendering:
    def __init__(self, parameters: TemplateParameters, mask: SecretMask) -> None:
        self._parameters = parameters
        self._mask = mask
        #: Made when a text has a template: most have none, and there may be many phases.
        self._data: t.Any = None
        self._budget = Budget()
        self.later: KnownLater | None = None

    def render(self, value: t.Any, where: str, depth: int = 0) -> RenderedValue:
        if depth > _DEEPEST:
            raise BlueprintError(f"{_start(where)} has more than {_DEEPEST} levels.")
        if isinstance(value, str):
            return self._text(value, where)
        if isinstance(value, t.Mapping):
            return self._mapping(value, where, depth)
        if isinstance(value, (list, tuple)):
            parts = [self.render(part, f"{where}, entry {at}", depth + 1) for at, part in enumerate(value, 1)]
            return RenderedValue(
                [part.value for part in parts], [part.shown for part in parts], any(part.tainted for part in parts)
            )
        return RenderedValue(value, value, tainted=False)

    def _mapping(self, value: t.Mapping[str, t.Any], where: str, depth: int) -> RenderedValue:
        used: dict[str, t.Any] = {}
        shown: dict[str, t.Any] = {}
        tainted = False
        for key, part in value.items():
            name = self._text(key, f"{where}, a key")
            inner = self.render(part, f"{where}, {key}", depth + 1)
            used[name.value] = inner.value
            shown[name.shown] = inner.shown
            tainted = tainted or name.tainted or inner.tainted
        return RenderedValue(used, shown, tainted)

    def _text(self, text: str, where: str) -> RenderedValue:
        if "{{" not in text:
            return RenderedValue(text, text, tainted=False)
        if self._data is None:
            self._data = template_data(self._parameters, self._mask.hides)
        try:
            rendered = parse_template(text, name=where).render_within(self._budget, self._data)
        except TemplateError as exc:
            if exc.kind == "known later":
                self.later = KnownLater(exc.message)
                return RenderedValue(text, text, tainted=False)
            raise BlueprintError(exc.message, hint=exc.hint) from None
        for secret in rendered.secrets:
            self._mask.learn_value(secret.encode("utf-8", "surrogateescape"))
        tainted = rendered.tainted or self._mask.hides(rendered.text)
        return RenderedValue(rendered.text, MASK if tainted else rendered.text, tainted)


def _start(text: str) -> str:
    return text[:1].upper() + text[1:]


__all__ = ("RenderedValue", "Renderer")
