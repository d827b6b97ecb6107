# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``print``, ``println`` and ``printf`` of Go's fmt."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.budget import Budget
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.printing.printer import Flags, Printer
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import (
    Pointer,
    is_integer,
    type_name,
)

#: A larger width or precision is none.
_LARGEST = 1_000_000
_FLAGS = re.compile(r"[#0+\- ]*")
_INDEX = re.compile(r"\[(?P<number>[^\]]*)\]")
_DIGITS = re.compile(r"[0-9]*")
_NAMES = {"#": "sharp", "0": "zero", "+": "plus", "-": "minus", " ": "space"}


def show(value: t.Any, budget: Budget) -> str:
    """What ``%v`` makes of a value."""
    if isinstance(value, str):
        return value
    printer = Printer(budget)
    printer.print(value, "v")
    return printer.text()


def print_values(values: t.Sequence[t.Any], budget: Budget) -> str:
    """A blank between two of which neither is a text."""
    printer = Printer(budget)
    for number, value in enumerate(values):
        if number and not isinstance(value, str) and not isinstance(values[number - 1], str):
            printer.write(" ")
        printer.print(value, "v")
    return printer.text()


def print_line(values: t.Sequence[t.Any], budget: Budget) -> str:
    """A blank between any two, and a newline at the end."""
    printer = Printer(budget)
    for number, value in enumerate(values):
        if number:
            printer.write(" ")
        printer.print(value, "v")
    printer.write("\n")
    return printer.text()


def print_format(form: str, values: t.Sequence[t.Any], budget: Budget) -> str:
    return _Format(form, values, budget).run()


class _Format:
    def __init__(self, form: str, values: t.Sequence[t.Any], budget: Budget) -> None:
        self._form = form
        self._values = values
        self._printer = Printer(budget)
        self._budget = budget
        self._at = 0
        self._next = 0
        self._reordered = False
        self._good_index = True

    def run(self) -> str:
        while self._at < len(self._form):
            percent = self._form.find("%", self._at)
            if percent < 0:
                self._printer.write(self._form[self._at :])
                break
            if percent > self._at:
                self._printer.write(self._form[self._at : percent])
            self._at = percent + 1
            self._budget.step()
            self._read_verb()
        self._printer.flags = Flags()
        if not self._reordered and self._next < len(self._values):
            self._write_extra()
        return self._printer.text()

    def _read_verb(self) -> None:
        self._good_index = True
        flags = Flags()
        self._printer.flags = flags
        found = t.cast("re.Match[str]", _FLAGS.match(self._form, self._at))
        for char in found[0]:
            setattr(flags, _NAMES[char], True)
        self._at = found.end()
        after_index = self._read_width(flags, self._read_index())
        if self._form[self._at : self._at + 1] == "." and self._at + 1 < len(self._form):
            self._at += 1
            self._good_index &= not after_index
            after_index = self._read_precision(flags, self._read_index())
        if not after_index:
            self._read_index()
        if self._at >= len(self._form):
            self._printer.write("%!(NOVERB)")
            return
        verb = self._form[self._at]
        self._at += 1
        self._print(verb, flags)

    def _print(self, verb: str, flags: Flags) -> None:
        if verb == "%":
            self._printer.write("%")
        elif not self._good_index:
            self._printer.write(f"%!{verb}(BADINDEX)")
        elif self._next >= len(self._values):
            self._printer.write(f"%!{verb}(MISSING)")
        else:
            if verb in "vw":
                flags.go_syntax, flags.sharp = flags.sharp, False
                flags.names, flags.plus = flags.plus, False
            self._printer.print(self._values[self._next], verb)
            self._next += 1

    def _read_index(self) -> bool:
        """``[2]``: the next value is the second; whether there was one."""
        if self._form[self._at : self._at + 1] != "[":
            return False
        self._reordered = True
        found = _INDEX.match(self._form, self._at)
        if found is None:
            self._good_index = False
            self._at += 1
            return False
        self._at = found.end()
        number = found["number"]
        good = number.isascii() and number.isdigit() and int(number[:9]) <= len(self._values) and int(number[:9]) > 0
        if good:
            self._next = int(number) - 1
        else:
            self._good_index = False
        return good

    def _read_width(self, flags: Flags, after_index: bool) -> bool:
        if self._form[self._at : self._at + 1] == "*":
            self._at += 1
            flags.width = self._number_of_value()
            if flags.width is None:
                self._printer.write("%!(BADWIDTH)")
            elif flags.width < 0:
                flags.width, flags.minus, flags.zero = -flags.width, True, False
            return False
        flags.width = self._read_number()
        if after_index and flags.width is not None:
            self._good_index = False
        return after_index

    def _read_precision(self, flags: Flags, after_index: bool) -> bool:
        if self._form[self._at : self._at + 1] == "*":
            self._at += 1
            flags.precision = self._number_of_value()
            if flags.precision is None or flags.precision < 0:
                flags.precision = None
                self._printer.write("%!(BADPREC)")
            return False
        flags.precision = self._read_number() or 0
        return after_index

    def _read_number(self) -> int | None:
        found = t.cast("re.Match[str]", _DIGITS.match(self._form, self._at))
        self._at = found.end()
        if not found[0]:
            return None
        digits = found[0].lstrip("0") or "0"
        if len(digits) > len(str(_LARGEST)) + 1 or int(digits[:-1] or 0) > _LARGEST:
            self._at = len(self._form)  # as Go does: what follows is not read
            return None
        return int(digits)

    def _number_of_value(self) -> int | None:
        if self._next >= len(self._values):
            return None
        value = self._values[self._next]
        self._next += 1
        return int(value) if is_integer(value) and abs(value) <= _LARGEST else None

    def _write_extra(self) -> None:
        """What was not asked for: ``%!(EXTRA int=3)``."""
        self._printer.write("%!(EXTRA ")
        for number, value in enumerate(self._values[self._next :]):
            if number:
                self._printer.write(", ")
            if value is None:
                self._printer.write("<nil>")
            else:
                self._printer.write(f"{type_name(value)}=")
                self._printer.print(value, "v")
        self._printer.write(")")


def printable(value: t.Any) -> t.Any:
    """What a template prints of a value: what a pointer points to, and words where there is none."""
    return value.target if isinstance(value, Pointer) and value.target is not None else value


__all__ = ("print_format", "print_line", "print_values", "printable", "show")
