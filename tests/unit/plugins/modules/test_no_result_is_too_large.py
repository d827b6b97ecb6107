# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a module has found: its result fits on a page of AWX, errors first, and says what it lacks."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._ansible import result_keys
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.large_results import LIMIT
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import RESULT, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issue

Runner: t.TypeAlias = "t.Callable[..., dict[str, t.Any]]"

#: More of each list than there is room for.
OBJECTS = 3_000
MODULES = [name for name in result_keys.__all__ if name.startswith("K8S_")]
ERROR = Issue(resource="pods", namespace="shop", name="web-0", message="It is gone.").to_return()
#: Of the options, as a manifest in one of them.
DEFINITION = [{"data": {"key": f"sesame-{number}" * 100}} for number in range(1000)]
#: These count, and are never large.
SMALL = {"left_out", "result_path", "errors_list", "plan_counts", "item_counts", "timings", "commit_point", "waves"}


class Module:
    """A module of its own, whose result is as large as can be."""

    def __init__(self, keys: result_keys.ResultKeys, **more: t.Any) -> None:
        self._keys = keys
        self._more = more

    def main(self) -> t.NoReturn:
        spec = ArgumentSpec(options={"definition": {"type": "raw"}, "token": {"type": "str", "no_log": True}})
        run_task(spec.merge(RESULT), self._keys, lambda _task: {**self._filled(), **self._more})

    def _filled(self) -> dict[str, t.Any]:
        entry = {"namespace": "shop", "name": "config-", "message": "said " * 25}
        many: dict[type, t.Any] = {
            list: [{**entry, "name": f"config-{number}"} for number in range(OBJECTS)],
            dict: {f"config-{number}": entry for number in range(OBJECTS)},
            str: "word " * 100_000,
        }
        return {
            name: many[type(empty)]
            for name, empty in self._keys.items()
            if name not in SMALL and type(empty) in many and name not in ("phase", "location", "plan_digest")
        }


@pytest.fixture(autouse=True)
def temporary(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.mark.parametrize("fails", [False, True], ids=["succeeds", "fails"])
@pytest.mark.parametrize("name", MODULES)
def test_the_result_of_each_module(run_module: Runner, name: str, fails: bool) -> None:
    keys = getattr(result_keys, name)
    ended = {"failed": True, "msg": "It ended badly."} if fails else {}
    result = run_module(Module(keys, errors_list=[ERROR] * 3, **ended))
    assert len(json.dumps(result)) < LIMIT
    assert set(keys) <= set(result)
    assert result["errors_list"] == [ERROR] * 3
    lists = [key for key, empty in keys.items() if empty == [] and key not in SMALL]
    assert [key for key in lists if not result["left_out"].get(key)] == []
    assert [key for key in lists if len(result[key]) < 10] == []
    whole = json.loads(pathlib.Path(result["result_path"]).read_text())
    assert {key: len(whole[key]) for key in lists} == dict.fromkeys(lists, OBJECTS)
    (told,) = (warning for warning in result["warnings"] if "not all of" in warning)
    assert result["result_path"] in told


def test_options_that_a_result_repeats_are_short(run_module: Runner) -> None:
    keys = result_keys.K8S_BACKUP_INFO
    result = run_module(Module(keys), definition=DEFINITION, token="sesame-7")
    assert len(json.dumps(result)) < LIMIT
    repeated = result["invocation"]["module_args"]
    assert 0 < len(json.dumps(repeated)) < 30_000
    assert "sesame-7s" not in json.dumps(result)


def test_output_that_ansible_adds_once_more_as_lines(run_module: Runner) -> None:
    lines = "".join(f"line {number}\n" for number in range(12_000))
    result = run_module(Module(result_keys.K8S_HOOK_EXEC, stdout=lines, stderr=lines, hooks=[]))
    again = {f"{stream}_lines": result[stream].splitlines() for stream in ("stdout", "stderr")}
    assert len(json.dumps({**result, **again})) < LIMIT


def test_a_small_result_is_as_it_was(run_module: Runner, tmp_path: pathlib.Path) -> None:
    class Small(Module):
        def _filled(self) -> dict[str, t.Any]:
            return {"backups": [{"name": "b"}]}

    result = run_module(Small(result_keys.K8S_BACKUP_INFO))
    assert (result["backups"], result["left_out"], result["result_path"]) == ([{"name": "b"}], {}, None)
    assert (result.get("warnings"), list(tmp_path.iterdir())) == (None, [])
