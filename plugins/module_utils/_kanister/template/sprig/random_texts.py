# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sprig's random texts, for names. What makes keys is refused."""

# Private: not for use outside of this collection.

from __future__ import annotations

import secrets
import string
import uuid

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Run, function, table

_ASCII = "".join(chr(code) for code in range(32, 127))


def _random(run: Run, count: int, characters: str) -> str:
    if count < 0:
        raise Fault("failed", "a random text has no less than 0 characters")
    run.budget.make(count)
    run.budget.step(count)
    return "".join(secrets.choice(characters) for _place in range(count))


def _shuffle(run: Run, text: str) -> str:
    run.budget.step(len(text))
    characters = list(text)
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)


RANDOM_FUNCTIONS = table(
    function(
        "randAlphaNum",
        lambda run, count: _random(run, count, string.ascii_letters + string.digits),
        "int",
        with_run=True,
    ),
    function("randAlpha", lambda run, count: _random(run, count, string.ascii_letters), "int", with_run=True),
    function("randNumeric", lambda run, count: _random(run, count, string.digits), "int", with_run=True),
    function("randAscii", lambda run, count: _random(run, count, _ASCII), "int", with_run=True),
    function("shuffle", _shuffle, "string", with_run=True),
    function("uuidv4", lambda: str(uuid.uuid4())),
)

__all__ = ("RANDOM_FUNCTIONS",)
