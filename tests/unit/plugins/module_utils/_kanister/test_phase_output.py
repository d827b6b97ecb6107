# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Outputs of phases (docs/compatibility 15.9)."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess
import time

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.phase_output import (
    MOST_OUTPUT,
    PhaseOutput,
)

PAGE = pathlib.Path(__file__).parents[5] / "docs" / "compatibility" / "blueprints.md"


def line(key: str, value: str) -> str:
    return f"###Phase-output###: {json.dumps({'key': key, 'value': value})}\n"


@pytest.mark.parametrize(
    ("text", "outputs", "log"),
    [
        pytest.param("", {}, [], id="nothing"),
        pytest.param("a\n\nb\n", {}, ["a", "b"], id="log-only"),
        pytest.param(line("k", "v"), {"k": "v"}, [], id="one"),
        pytest.param("x\n" + line("k", "v") + "y", {"k": "v"}, ["x", "y"], id="between-lines"),
        pytest.param("before " + line("k", "v"), {"k": "v"}, ["before "], id="within-a-line"),
        pytest.param(line("k", "1") + line("k", "2"), {"k": "2"}, [], id="the-last-one-counts"),
        pytest.param(line("k", "1").rstrip("\n"), {"k": "1"}, [], id="no-end-of-line"),
        pytest.param(line("k", "a\nb\t\"c\" ü"), {"k": 'a\nb\t"c" ü'}, [], id="escapes"),
        pytest.param('###Phase-output###:{"key":"k","value":"v"}\r\n', {"k": "v"}, [], id="carriage-return"),
        pytest.param('###Phase-output###:  {"key":"k","value":"v"} \t \n', {"k": "v"}, [], id="blanks"),
        pytest.param("###Phase-output###:\n###Phase-output###:   \n", {}, [], id="empty-remainder"),
        pytest.param('###Phase-output###: {"key":"k","value":"v","more":{}}\n', {"k": "v"}, [], id="other-members"),
        pytest.param('###Phase-output###: {"Key":"k","VALUE":"v"}\n', {"k": "v"}, [], id="case-of-members"),
        pytest.param('###Phase-output###: {"key":"k","value":null}\n', {"k": ""}, [], id="null-is-empty"),
        pytest.param('###Phase-output###: {"key":"k"}\n', {"k": ""}, [], id="no-value"),
        pytest.param('###Phase-output###: {"key":"a-b.c","value":"v"}\n', {"a-b.c": "v"}, [], id="any-key"),
        pytest.param("##" + line("k", "v"), {"k": "v"}, ["##"], id="more-signs"),
        pytest.param("###Phase-output##\n#: x\n", {}, ["###Phase-output##", "#: x"], id="not-over-two-lines"),
        pytest.param("###Phase-output### : x\n", {}, ["###Phase-output### : x"], id="no-marker"),
        pytest.param(line("k", "###Phase-output###: x"), {"k": "###Phase-output###: x"}, [], id="marker-in-a-value"),
        pytest.param(line("k", "v" * 200_000), {"k": "v" * 200_000}, [], id="longer-than-64-KiB"),
        pytest.param("x" * 65_530 + line("k", "v"), {"k": "v"}, ["x" * 65_530], id="marker-at-64-KiB"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 7, 19, 65_536, 10**9])
def test_outputs(text: str, outputs: dict[str, str], log: list[str], size: int) -> None:
    if size == 1 and len(text) > 10_000:
        size = 3
    lines: list[str] = []
    reader = PhaseOutput(lines.append)
    data = text.encode()
    for at in range(0, len(data), size):
        reader.feed(data[at : at + size])
    assert reader.finish() == outputs
    assert lines == log


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("hunter2", "What follows ###Phase-output###: is not one JSON object."),
        ('{"key":"k","value":"v"', "What follows ###Phase-output###: is not one JSON object."),
        ('{"key":"k","value":"v"} x', "What follows ###Phase-output###: is not one JSON object."),
        ('{"key":"k","value":NaN}', "What follows ###Phase-output###: is not one JSON object."),
        ("[]", "What follows ###Phase-output###: is not one JSON object: it is a list."),
        ('"hunter2"', "What follows ###Phase-output###: is not one JSON object: it is text."),
        ('{"key":"k","value":1}', "The value of an output is not text: 1."),
        ('{"key":"k","value":{"a":1}}', "The value of an output is not text: it is a mapping."),
        ('{"key":1,"value":"v"}', "The key of an output is not text: 1."),
        ("[" * 100_000, "What follows ###Phase-output###: is not one JSON object."),
    ],
)
def test_what_fails_the_phase(content: str, sentence: str) -> None:
    with pytest.raises(BlueprintError) as raised:
        PhaseOutput().feed(f"###Phase-output###: {content}\n".encode())
    assert raised.value.message == sentence


def test_text_that_is_not_utf8_is_kept_as_well_as_can_be() -> None:
    lines: list[str] = []
    reader = PhaseOutput(lines.append)
    reader.feed(b'\xff\n###Phase-output###: {"key":"k","value":"\xff"}\n')
    assert reader.finish() == {"k": "\ufffd"}
    assert lines == ["\ufffd"]


def test_endless_lines_and_outputs_are_bounded() -> None:
    begin = time.process_time()
    pieces: list[str] = []
    reader = PhaseOutput(pieces.append)
    for _each in range(200):
        reader.feed(b"x" * 65_536)
    reader.feed(line("k", "v").encode())
    assert reader.finish() == {"k": "v"}
    assert sum(map(len, pieces)) == 200 * 65_536
    with pytest.raises(BlueprintError, match="longer than 4 MiB"):
        PhaseOutput().feed(b"###Phase-output###:" + b" " * (MOST_OUTPUT + 1))
    many = "".join(line(f"k{number}", "v" * 50_000) for number in range(100))
    with pytest.raises(BlueprintError, match="The outputs of the phase are longer than 4 MiB"):
        PhaseOutput().feed(many.encode())
    assert time.process_time() - begin < 10


@pytest.mark.parametrize("value", ["plain", 'with "quotes" and \\ back\\slashes', "ü & $x `y` 'z'", ""])
def test_the_documented_shell_function_writes_what_is_read(value: str) -> None:
    shell = shutil.which("sh")
    found = re.search(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert shell
    assert found
    script = f'{found[1]}\nkando_output name "$1"\n'
    done = subprocess.run([shell, "-c", script, "sh", value], capture_output=True, check=True)
    reader = PhaseOutput()
    reader.feed(done.stdout)
    assert reader.finish() == {"name": value}
