# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Go's regular expressions (RE2), as far as names need them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import re

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

#: What Python knows, or means otherwise, and Go refuses.
_NOT_IN_GO = re.compile(r"\(\?(?:[=!>#(]|<[=!]|P=)|\\[1-9Z]|[*+?}]\+")
#: Escapes and classes: nothing in them is an operator.
_LITERAL = re.compile(r"\\[^1-9Z]|\[\^?\]?(?:\[:[a-z]+:\]|\\.|[^\]])*\]")
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_POSIX = re.compile(r"\[:(?P<name>[a-z]+):\]")


@functools.lru_cache(maxsize=1024)
def compile_go_regexp(text: str, where: str) -> re.Pattern[str]:
    """``text`` for Python's ``search``; raises ``ValidationError`` for what Go does not compile.

    Groups, classes (``[[:alnum:]]`` too), repetitions and anchors are the same in both. Look-around and
    back-references are refused, as by Go. ``where`` is the field that it is in, for the message.
    """
    wrong = f"{where}: '{text}' is not a regular expression"
    plain = _LITERAL.sub("  ", text)
    refused = _NOT_IN_GO.search(plain)
    if refused:
        raise ValidationError(
            f"{wrong} of Go: it has no '{refused[0]}'.",
            hint="Look-around, back-references and possessive repetitions are not in RE2.",
        )
    try:
        python = _POSIX.sub(lambda found: _CLASSES[found["name"]], text).replace(r"\z", r"\Z")
        return re.compile(python, re.ASCII)
    except KeyError as exc:
        raise ValidationError(f"{wrong}: there is no class '[:{exc.args[0]}:]'.") from exc
    except re.error as exc:
        raise ValidationError(f"{wrong}: {exc}.") from exc


__all__ = ("compile_go_regexp",)
