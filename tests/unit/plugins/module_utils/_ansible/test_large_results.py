# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of hostile sizes: what is returned is small, errors and counts are in it, and the rest is kept whole."""

from __future__ import annotations

import gzip
import json
import pathlib
import random
import stat
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.kept_result import fit_result
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.large_results import (
    LIMIT,
    SHOWN_OBJECTS,
    is_large,
    shrink,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_BACKUP, K8S_RESTORE
from ansible_collections.arkive.k8s.plugins.module_utils._archive.result_file import store_result
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

OUTPUT = 64 << 10


def hook(number: int, state: str = "ok") -> dict[str, t.Any]:
    streams = {"stdout": f"{number}:" + "x" * OUTPUT, "stderr": "\u20ac" * OUTPUT}
    return {"pod": f"p-{number}", "state": state, "rc": 0, **streams, "stdout_truncated": False}


def item(number: int, action: str = "create") -> dict[str, t.Any]:
    return {"resource": "configmaps", "namespace": "shop", "name": f"c-{number}", "action": action, "reason": ""}


def error(number: int, length: int = 100) -> dict[str, t.Any]:
    return {"resource": "pods", "namespace": "shop", "name": f"p-{number}", "message": "m" * length, "hint": "Do it."}


HUGE: dict[str, dict[str, t.Any]] = {
    "many hooks": {"hooks": [hook(number) for number in range(60)]},
    "many objects": {"plan": [item(number) for number in range(50_000)]},
    "long messages": {"errors_list": [error(number, 100_000) for number in range(30)], "msg": "e" * 1_000_000},
    "many errors": {"errors_list": [error(number) for number in range(20_000)], "plan": [item(1)] * 3000},
    "many warnings": {"warnings_list": [error(number) for number in range(20_000)]},
    "one long text": {"errors_list": [error(0, 5_000_000)]},
    "many keys": {"deleted": [f"backups/b/{number}" for number in range(50_000)]},
    "a wide object": {"backup": {"metadata": {"name": "b", "annotations": {f"k{n}": "v" * 50 for n in range(20_000)}}}},
    "a deep object": {"error_details": {"a": [[{"b": ["c" * 500] * 100}] * 100]}},
    "a long name": {"error_details": {"k" * 400_000: 1, "known": "x"}},
    "differences": {"diff": [{"before": "", "after": "y" * 5000} for _number in range(500)]},
    "one difference": {"diff": {"before": "", "after": "y" * 500_000}},
    "all of them": {
        "hooks": [hook(number) for number in range(20)],
        "plan": [item(number) for number in range(20_000)],
        "errors_list": [error(number, 3000) for number in range(500)],
        "warnings_list": [error(number, 3000) for number in range(500)],
        "volumes": [{"claim": f"c-{number}", "message": "v" * 2000} for number in range(500)],
        "diff": [{"before": "", "after": "y" * 5000} for _number in range(500)],
    },
}
COUNTS = {"plan_counts": {"create": 50_000}, "item_counts": {f"t{n}.example.org": {"create": 1} for n in range(300)}}


def result(**more: t.Any) -> dict[str, t.Any]:
    return {**K8S_RESTORE, **K8S_BACKUP, **COUNTS, "phase": "PartiallyFailed", **more}


@pytest.mark.parametrize("name", HUGE)
def test_huge(name: str) -> None:
    huge = result(**HUGE[name])
    small, left_out = shrink(huge)
    assert is_large(huge)
    assert len(json.dumps(small)) <= LIMIT - 4096
    assert set(small) == set(huge)
    assert {part: small[part] for part in ("phase", *COUNTS)} == {part: huge[part] for part in ("phase", *COUNTS)}
    assert set(left_out) == {part for part in huge if small[part] != huge[part]} != set()
    assert all(isinstance(small[part], type(huge[part])) for part in huge)


def test_each_part_of_a_huge_result_has_something() -> None:
    small, left_out = shrink(result(**HUGE["all of them"]))
    assert len(json.dumps(small)) > LIMIT * 0.6
    shown = {part: len(small[part]) for part in HUGE["all of them"]}
    assert min(shown.values()) >= 4, shown
    assert left_out["plan"] == 20_000 - shown["plan"]


def test_errors_come_first() -> None:
    small, left_out = shrink(result(**HUGE["many errors"]))
    assert len(json.dumps(small["errors_list"])) > LIMIT // 3
    assert small["errors_list"] == HUGE["many errors"]["errors_list"][: len(small["errors_list"])]
    assert left_out["errors_list"] == 20_000 - len(small["errors_list"])


@pytest.mark.parametrize("name", ["errors_list", "warnings_list", "hooks"])
def test_room_that_nobody_else_needs_is_used(name: str) -> None:
    """All but one part are small."""
    whole = {"changed": True, "msg": "It failed.", "plan": [], name: [error(number, 900) for number in range(220)]}
    small, left_out = shrink(whole)
    assert 200_000 < len(json.dumps(whole)) < LIMIT - 5000
    assert (small, left_out) == (whole, {})


def test_what_failed_comes_first_in_its_part() -> None:
    hooks = [hook(number) for number in range(50)] + [hook(50, "failed"), hook(51, "timed_out")]
    plan = [item(number) for number in range(2000)] + [item(2000, "conflict")]
    small, _left_out = shrink(result(hooks=hooks, plan=plan))
    assert [entry["state"] for entry in small["hooks"][:3]] == ["failed", "timed_out", "ok"]
    assert small["plan"][0]["name"] == "c-2000"
    assert len(small["plan"]) == SHOWN_OBJECTS


def test_output_that_is_cut_says_so() -> None:
    small, _left_out = shrink(result(hooks=[hook(number) for number in range(9)]))
    first = small["hooks"][0]
    assert first["stdout"].startswith("0:xxx")
    assert "characters left out) ... xxx" in first["stdout"]
    assert first["stdout_truncated"] is True


def test_a_long_text_keeps_its_end() -> None:
    message = "a" * 400_000 + " Ask the webhook's owner."
    small, _left_out = shrink(result(errors_list=[{"message": message}]))
    assert small["errors_list"][0]["message"].endswith("Ask the webhook's owner.")


@pytest.mark.parametrize("parts", [{}, {"hooks": [hook(1)]}, {"plan": [item(n) for n in range(SHOWN_OBJECTS)]}])
def test_a_small_result_is_as_it_is(parts: dict[str, t.Any]) -> None:
    given = {**K8S_RESTORE, **parts}
    if parts.get("hooks"):
        given["hooks"] = [{**hook(1), "stderr": ""}]
    assert not is_large(given)
    assert shrink(given) == (given, {})


def test_random_shapes() -> None:
    """Of each shape the small result is small, and what is not whole in it is named."""
    for seed in range(40):
        source = random.Random(seed)
        huge = result(
            **{part: _random_value(source, 0) for part in ("hooks", "plan", "volumes", "backup", "errors_list")}
        )
        small, left_out = shrink(huge, limit=20_000 + 4096)
        assert len(json.dumps(small)) <= 20_000 + len(json.dumps(COUNTS)) * 2, seed
        assert set(left_out) == {part for part in huge if small[part] != huge[part]}, seed


def _random_value(source: random.Random, depth: int) -> t.Any:
    kind = source.choice(["list", "dict", "text"]) if 0 < depth < 5 else "list" if not depth else "text"
    length = int(source.paretovariate(0.6)) % 80
    if kind == "list":
        return [_random_value(source, depth + 1) for _number in range(length // (depth + 1))]
    if kind == "dict":
        return {"k" * (n % 70 + 1) + str(n): _random_value(source, depth + 1) for n in range(length // (depth + 1))}
    return source.choice(["x", "\u20ac", "\x00"]) * (length * source.choice([1, 100]))


class Kept:
    """A store of one object."""

    def __init__(self, error: StoreError | None = None) -> None:
        self.data: dict[str, bytes] = {}
        self._error = error
        self.location = None

    def put(self, key: str, data: bytes) -> None:
        if self._error:
            raise self._error
        self.data[key] = data


def kept_in(store: Kept) -> t.Callable[[dict[str, t.Any]], str]:
    return lambda parts: store_result(t.cast("Store", store), "backups/b/b-arkive-result.json.gz", parts)


def test_parts_are_stored_whole() -> None:
    store, huge = Kept(), result(**HUGE["many hooks"])
    small, warnings = fit_result(huge, store=kept_in(store), path=None)
    assert (small["result_key"], small["result_path"], warnings) == ("backups/b/b-arkive-result.json.gz", None, [])
    assert json.loads(gzip.decompress(store.data[small["result_key"]])) == {"hooks": huge["hooks"]}
    assert small["left_out"] == {"hooks": 60}


@pytest.mark.parametrize("folder", [True, False])
def test_a_path_that_is_given_is_taken(tmp_path: pathlib.Path, folder: bool) -> None:
    store, huge = Kept(), result(**HUGE["many objects"])
    target = tmp_path if folder else tmp_path / "whole.json"
    small, warnings = fit_result(huge, store=kept_in(store), path=str(target))
    files = [pathlib.Path(small[key]) for key in ("result_path", "plan_path")]
    assert (small["result_key"], store.data, warnings) == (None, {}, [])
    assert files[0].parent == tmp_path
    assert folder or files[0] == target
    assert json.loads(files[0].read_text()) == {"plan": huge["plan"]}
    assert json.loads(files[1].read_text()) == huge["plan"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert set(tmp_path.iterdir()) == set(files)


def test_where_nothing_is_recorded_it_is_a_temporary_file(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    small, warnings = fit_result(result(**HUGE["many hooks"]), store=None, path=None)
    assert pathlib.Path(small["result_path"]).parent == tmp_path
    assert (small["plan_path"], small["result_key"]) == (None, None)
    (told,) = warnings
    assert "hooks (60)" in told
    assert small["result_path"] in told


def test_a_store_that_fails_costs_nothing(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    store = Kept(StoreError("The disk is full."))
    small, warnings = fit_result(result(**HUGE["many hooks"]), store=kept_in(store), path=None)
    assert warnings[0] == "The whole result could not be stored, and is kept on this machine: The disk is full."
    assert small["result_path"] in warnings[1]
    assert small["result_path"].startswith(str(tmp_path))


def test_a_path_that_cannot_be_written_hides_no_error(tmp_path: pathlib.Path) -> None:
    small, warnings = fit_result(result(**HUGE["many errors"]), store=None, path=str(tmp_path / "no" / "such"))
    assert len(warnings) == 1
    assert warnings[0].startswith("What is left out of the result could not be kept anywhere")
    assert small["errors_list"]
    assert small["left_out"]
