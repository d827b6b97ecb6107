# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One value in one of Go's formats: what follows a ``%``."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.budget import Budget
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.printing.floats import format_float
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.printing.quoting import (
    can_be_raw,
    is_printable,
    quote,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import (
    Opaque,
    Pointer,
    Struct,
    Uint8,
    from_bytes,
    is_nil,
    to_bytes,
    type_name,
    type_of,
)

_MAX_RUNE = 0x10FFFF
_UNKNOWN = "\ufffd"
_BASES = {"d": 10, "v": 10, "b": 2, "o": 8, "O": 8, "x": 16, "X": 16}
_PREFIXES = {"b": "0b", "x": "0x", "X": "0X"}
_FLOAT_PRECISION = {"b": -1, "e": 6, "E": 6, "f": 6, "F": 6, "v": -1, "g": -1, "G": -1, "x": -1, "X": -1}


@dataclasses.dataclass(slots=True)
class Flags:
    """What is between the ``%`` and the verb. ``go_syntax`` and ``names`` are ``%#v`` and ``%+v``."""

    plus: bool = False
    minus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    go_syntax: bool = False
    names: bool = False
    width: int | None = None
    precision: int | None = None


class Printer:
    """Appends to ``parts``. ``budget`` is asked before anything is made."""

    def __init__(self, budget: Budget) -> None:
        self.parts: list[str] = []
        self.flags = Flags()
        self._budget = budget

    def text(self) -> str:
        return "".join(self.parts)

    def write(self, text: str) -> None:
        self._budget.make(len(text))
        self.parts.append(text)

    # Padding

    def _pad(self, text: str, *, zeros: bool | None = None) -> None:
        width = self.flags.width or 0
        missing = width - len(text)
        if missing <= 0:
            self.write(text)
            return
        self._budget.make(width)
        if self.flags.minus:
            self.parts.append(text + " " * missing)
        else:
            fill = self.flags.zero if zeros is None else zeros
            self.parts.append(("0" if fill else " ") * missing + text)

    # Values

    def print(self, value: t.Any, verb: str) -> None:
        """A value that stands for itself."""
        if value is None:
            if verb in "Tv":
                self._pad("<nil>")
            else:
                self._bad(None, verb)
        elif verb == "T":
            self._pad(self._cut(type_name(value)))
        elif verb == "p":
            self._address(value, verb)
        elif verb == "w":
            self._bad(value, verb)
        else:
            self._value(value, verb, 0)

    def _value(self, value: t.Any, verb: str, depth: int) -> None:
        self._budget.step()
        if isinstance(value, str):
            self._string(value, verb)
        elif isinstance(value, bool):
            self._bool(value, verb)
        elif isinstance(value, int):
            self._integer(int(value), verb, signed=not isinstance(value, Uint8), source=value)
        elif isinstance(value, float):
            self._float(value, verb)
        elif value is None:
            self._nil(verb, depth)
        else:
            self._budget.enter()
            self._composite(value, verb, depth)
            self._budget.leave()

    def _composite(self, value: t.Any, verb: str, depth: int) -> None:
        if isinstance(value, Opaque):
            self._opaque(value, verb)
        elif isinstance(value, bytes):
            self._bytes(value, verb, depth)
        elif isinstance(value, list):
            self._list(value, verb, depth)
        elif isinstance(value, dict):
            self._map(value, verb, depth)
        elif isinstance(value, Struct):
            self._struct(value, verb, depth)
        elif isinstance(value, Pointer):
            self._pointer(value, verb, depth)

    def _nil(self, verb: str, depth: int) -> None:
        if self.flags.go_syntax:
            self.write("interface {}(nil)")
        else:
            self.write("<nil>")

    def _bad(self, value: t.Any, verb: str) -> None:
        """A verb that does not fit: ``%!d(string=a)``."""
        if value is None:
            self.write(f"%!{verb}(<nil>)")
        else:
            self.write(f"%!{verb}({type_name(value)}=")
            self._value(value, "v", 0)
            self.write(")")

    def _bool(self, value: bool, verb: str) -> None:
        if verb in "tv":
            self._pad("true" if value else "false")
        else:
            self._bad(value, verb)

    # Numbers

    def _integer(self, value: int, verb: str, *, signed: bool, source: t.Any) -> None:
        if verb == "v" and self.flags.go_syntax and not signed:
            self.write(f"0x{value:x}")
        elif verb in _BASES:
            self._number(value, verb)
        elif verb == "c":
            self._pad(_char(value))
        elif verb == "q":
            self._pad(quote(_char(value), "'", ascii_only=self.flags.plus))
        elif verb == "U":
            self._unicode(value)
        else:
            self._bad(source, verb)

    def _number(self, value: int, verb: str) -> None:
        flags = self.flags
        if flags.precision == 0 and value == 0:
            self._pad("", zeros=False)
            return
        digits = _in_base(abs(value), _BASES[verb])
        if verb == "X":
            digits = digits.upper()
        wanted = 0
        if flags.precision is not None:
            wanted = flags.precision
        elif flags.zero and not flags.minus and flags.width is not None:
            wanted = flags.width - (value < 0 or flags.plus or flags.space)
        self._budget.make(wanted)
        digits = digits.rjust(wanted, "0")
        if flags.sharp:
            digits = _PREFIXES.get(verb, "") + digits
            if verb in "oO" and not digits.startswith("0"):
                digits = f"0{digits}"
        if verb == "O":
            digits = f"0o{digits}"
        sign = "-" if value < 0 else "+" if flags.plus else " " if flags.space else ""
        self._pad(sign + digits, zeros=False)

    def _unicode(self, value: int) -> None:
        code = value & 0xFFFFFFFFFFFFFFFF
        text = "U+" + f"{code:X}".rjust(max(self.flags.precision or 0, 4), "0")
        if self.flags.sharp and code <= _MAX_RUNE and is_printable(chr(code)):
            text += f" '{chr(code)}'"
        self._pad(text, zeros=False)

    def _float(self, value: float, verb: str) -> None:
        flags = self.flags
        if verb not in _FLOAT_PRECISION:
            self._bad(value, verb)
            return
        precision = _FLOAT_PRECISION[verb] if flags.precision is None else flags.precision
        self._budget.make(max(precision, 0) + 350)
        form = {"v": "g", "F": "f"}.get(verb, verb)
        text = format_float(value, form, precision)
        if text[0] not in "+-":
            text = f"+{text}"
        if flags.space and text[0] == "+" and not flags.plus:
            text = f" {text[1:]}"
        if text[1] in "IN":
            self._pad(text[1:] if text[:2] == "+N" and not flags.plus else text, zeros=False)
            return
        if flags.sharp and verb != "b":
            text = _with_point(text, form, precision)
        shows_sign = flags.plus or text[0] != "+"
        if not shows_sign:
            self._pad(text[1:])
        elif flags.zero and not flags.minus and (flags.width or 0) > len(text):
            self.write(text[0] + text[1:].rjust(t.cast(int, flags.width) - 1, "0"))
        else:
            self._pad(text)

    # Texts

    def _string(self, value: str, verb: str) -> None:
        if verb == "s" or (verb == "v" and not self.flags.go_syntax):
            self._pad(self._cut(value))
        elif verb in "qv":
            self._quoted(value)
        elif verb in "xX":
            self._hex(to_bytes(value), verb)
        else:
            self._bad(value, verb)

    def _cut(self, text: str) -> str:
        return text if self.flags.precision is None else text[: self.flags.precision]

    def _quoted(self, value: str) -> None:
        value = self._cut(value)
        self._budget.make(4 * len(value))
        if self.flags.sharp and can_be_raw(value):
            self._pad(f"`{value}`")
        else:
            self._pad(quote(value, ascii_only=self.flags.plus))

    def _hex(self, data: bytes, verb: str) -> None:
        if self.flags.precision is not None:
            data = data[: self.flags.precision]
        self._budget.make(4 * len(data))
        form = "%02X" if verb == "X" else "%02x"
        prefix = _PREFIXES[verb] if self.flags.sharp and data else ""
        if self.flags.space:
            self._pad(" ".join(prefix + form % byte for byte in data))
        else:
            self._pad(prefix + "".join(form % byte for byte in data))

    def _bytes(self, value: bytes, verb: str, depth: int) -> None:
        if verb == "s":
            self._pad(self._cut(from_bytes(value)))
        elif verb == "q":
            self._quoted(from_bytes(value))
        elif verb in "xX":
            self._hex(value, verb)
        elif self.flags.go_syntax:
            self.write(f"[]byte{{{', '.join(f'0x{byte:x}' for byte in value)}}}")
        else:
            self._list([Uint8(byte) for byte in value], verb, depth)

    def _opaque(self, value: Opaque, verb: str) -> None:
        if verb in "vsxXq" and not self.flags.go_syntax:
            self._string(value.text(), verb)
        elif value.go_type.kind == "int":
            self._integer(value.to_json(), verb, signed=True, source=value)
        else:
            self._bad(value.text(), verb)

    # Composites

    def _list(self, value: list[t.Any], verb: str, depth: int) -> None:
        if not self.flags.go_syntax:
            self._sequence("[", "]", " ", value, verb, depth)
        elif is_nil(value):
            self.write(f"{type_name(value)}(nil)")
        else:
            self._sequence(f"{type_name(value)}{{", "}", ", ", value, verb, depth)

    def _sequence(self, before: str, after: str, between: str, items: t.Iterable[t.Any], verb: str, depth: int) -> None:
        self.write(before)
        for number, item in enumerate(items):
            if number:
                self.write(between)
            self._value(item, verb, depth + 1)
        self.write(after)

    def _map(self, value: dict[str, t.Any], verb: str, depth: int) -> None:
        go_syntax = self.flags.go_syntax
        if go_syntax and is_nil(value):
            self.write(f"{type_name(value)}(nil)")
            return
        self.write(f"{type_name(value)}{{" if go_syntax else "map[")
        for number, key in enumerate(sorted(value, key=to_bytes)):
            if number:
                self.write(", " if go_syntax else " ")
            self._value(key, verb, depth + 1)
            self.write(":")
            self._value(value[key], verb, depth + 1)
        self.write("}" if go_syntax else "]")

    def _struct(self, value: Struct, verb: str, depth: int) -> None:
        go_syntax = self.flags.go_syntax
        self.write(f"{type_name(value)}{{" if go_syntax else "{")
        for number, (name, field) in enumerate(value.fields.items()):
            if number:
                self.write(", " if go_syntax else " ")
            if go_syntax or self.flags.names:
                self.write(f"{name}:")
            self._value(field, verb, depth + 1)
        self.write("}")

    def _pointer(self, value: Pointer, verb: str, depth: int) -> None:
        if value.target is None:
            self._pad("<nil>" if verb == "v" else f"%!{verb}({type_name(value)}=<nil>)")
        else:
            self.write("&")
            self._value(value.target, verb, depth + 1)

    def _address(self, value: t.Any, verb: str) -> None:
        """There are no addresses here: what has one in Go gets the same one everywhere."""
        found = type_of(value)
        if found is not None and found.kind in ("map", "slice", "ptr"):
            self._pad("0x0" if is_nil(value) else "0xc000000000")
        else:
            self._bad(value, verb)


def _char(value: int) -> str:
    """The character of a number; that of what is none is the replacement character."""
    return chr(value) if 0 <= value <= _MAX_RUNE and not 0xD800 <= value <= 0xDFFF else _UNKNOWN


def _in_base(value: int, base: int) -> str:
    return format(value, {10: "d", 2: "b", 8: "o", 16: "x"}[base])


def _with_point(text: str, verb: str, precision: int) -> str:
    """``%#g``: always with a point, and with all digits."""
    marks = "pP" if verb in "xX" else "eE"
    cut = next((place for place, char in enumerate(text) if place and char in marks), len(text))
    mantissa, tail = text[:cut], text[cut:]
    digits = 0
    if verb in "gGx":  # not X, as in Go
        digits = 6 if precision < 0 else precision
        significant = mantissa[1:].replace(".", "").lstrip("0")
        digits -= len(significant)
    if "." not in mantissa:
        if mantissa[1:] == "0":
            digits -= 1
        mantissa += "."
    return mantissa + "0" * max(digits, 0) + tail


__all__ = ("Flags", "Printer")
