# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each form in which a secret may come out of a pod (docs/compatibility 15.14)."""

from __future__ import annotations

import base64
import json
import shlex
import urllib.parse

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import MASK
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.secret_mask import SecretMask

SECRET = 'it\'s a $ecret / "with" änything+in it'


def mask_of(*values: str) -> SecretMask:
    mask = SecretMask()
    mask.learn({"data": {f"key-{at}": base64.b64encode(value.encode()).decode() for at, value in enumerate(values)}})
    return mask


FORMS = {
    "plain": SECRET,
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64 without padding": base64.b64encode(SECRET.encode()).decode().rstrip("="),
    "base64 of echo": base64.b64encode(f"{SECRET}\n".encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "JSON": json.dumps({"password": SECRET}),
    "JSON in UTF-8": json.dumps({"password": SECRET}, ensure_ascii=False),
    "URL": f"https://shop:{urllib.parse.quote(SECRET, safe='')}@db/",
    "form": urllib.parse.urlencode({"password": SECRET}),
    "shell": f"PASSWORD={shlex.quote(SECRET)}",
    "double quotes of a shell": 'PASSWORD="it\'s a \\$ecret / \\"with\\" änything+in it"',
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_a_form_of_a_secret_is_masked(text: str) -> None:
    shown = mask_of(SECRET)(f"before {text} after")
    assert MASK in shown
    assert "ecret" not in shown
    assert shown.startswith("before ")


@pytest.mark.parametrize("before", ["", "a", "ab", "shop:"])
def test_a_secret_inside_of_a_text_in_base64_is_masked(before: str) -> None:
    header = base64.b64encode(f"{before}correct-horse-battery:x".encode()).decode()
    shown = mask_of("correct-horse-battery")(f"Authorization: Basic {header}")
    inner = shown.removeprefix("Authorization: Basic ")
    assert MASK in inner
    # What is left are digits that hold bits of what stands around it.
    assert len(inner.replace(MASK, "")) <= len(base64.b64encode(f"{before}:x".encode())) + 1


def test_each_line_of_a_long_secret_is_masked() -> None:
    shown = mask_of("-----BEGIN KEY-----\nabcdefghij\nklmnopqrst\n")("tail: klmnopqrst")
    assert shown == f"tail: {MASK}"


def test_a_short_value_is_not_searched_for_but_known_to_be_there() -> None:
    mask = mask_of("on")
    assert mask("once upon a time") == "once upon a time"
    assert mask.has_short


def test_a_tree_is_masked_with_its_keys() -> None:
    mask = mask_of("hunter22")
    tree = {"hunter22": ["a hunter22", 3, None, {"deep": "hunter22"}]}
    assert mask.tree(tree) == {MASK: [f"a {MASK}", 3, None, {"deep": MASK}]}
    assert mask.hides(tree)
    assert not mask.hides({"a": [1, "b"]})
