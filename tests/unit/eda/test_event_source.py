# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source as ansible-rulebook loads it: by its path, in a process that knows no collections."""

from __future__ import annotations

import asyncio
import json
import os
import pathlib
import re
import runpy
import socket
import subprocess
import sys
import typing as t

import pytest
import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.watch_options import WATCH
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.location_watch import LocationWatch
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.watch_events import EVENT_KINDS
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.prune_lab import PruneLab

COLLECTION = pathlib.Path(__file__).parents[3]
SOURCE = COLLECTION / "extensions" / "eda" / "plugins" / "event_source" / "backups.py"
RULEBOOK = COLLECTION / "extensions" / "eda" / "rulebooks" / "backups.yml"
PATIENCE = 60.0


def load() -> dict[str, t.Any]:
    return runpy.run_path(str(SOURCE))


def run_for(arguments: dict[str, t.Any], seconds: float = PATIENCE, *, events: int = 1) -> list[dict[str, t.Any]]:
    """What the source tells until it has told so much."""

    async def collect() -> list[dict[str, t.Any]]:
        queue: asyncio.Queue[dict[str, t.Any]] = asyncio.Queue()
        source = asyncio.create_task(load()["main"](queue, arguments))
        found = []
        while len(found) < events:
            told = asyncio.create_task(queue.get())
            done, _pending = await asyncio.wait({source, told}, timeout=seconds, return_when="FIRST_COMPLETED")
            if told not in done:
                told.cancel()
                source.result()
            found.append(await told)
        source.cancel()
        await asyncio.gather(source, return_exceptions=True)
        return found

    return asyncio.run(collect())


def test_an_event(tmp_path: pathlib.Path) -> None:
    lab = PruneLab(tmp_path)
    lab.put("shop-1", schedule="")
    (event,) = run_for({"storage_location": {"path": str(tmp_path / "location")}, "lookback": "100000h"})
    assert (event["arkive"]["event"], event["arkive"]["backup"]["name"]) == ("backup_completed", "shop-1")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "missing required arguments: storage_location"),
        ({"storage_location": {"bukket": "b"}}, "bukket"),
        ({"storage_location": {"path": "/x", "bucket": "b"}}, "mutually exclusive"),
        ({"storage_location": {"path": "/x"}, "intervall": 5}, "intervall"),
        ({"storage_location": {"path": "/x"}, "interval": "often"}, "interval: 'often' is not a duration."),
        ({"storage_location": {"path": "/x"}, "interval": 0}, "must be longer than 0"),
        ({"storage_location": {"path": "/x"}, "max_age": "-1h"}, "max_age of the event source"),
        ({"storage_location": {"path": "/x"}, "failed_looks": 0}, "must be 1 or more"),
        ({"storage_location": {"path": "/x"}, "events": ["backup_complete"]}, "backup_complete"),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_wrong_arguments_end_the_source_with_a_sentence(arguments: dict[str, t.Any], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        run_for(arguments)
    assert "\n" not in str(caught.value)


def test_a_number_is_one_of_seconds_and_the_queue_of_the_rulebook_is_no_argument(tmp_path: pathlib.Path) -> None:
    lab = PruneLab(tmp_path)
    lab.put("shop-1")
    place = {"path": str(tmp_path / "location")}
    asked = {"storage_location": place, "interval": 0.1, "max_age": 3600, "eda_feedback_queue": object()}
    assert run_for(asked)[0]["arkive"]["event"] == "rpo_breached"


def test_a_location_that_answers_slowly_does_not_stop_the_loop() -> None:
    """Other sources and the rules run in the same loop. Whoever listens here never answers."""
    silent = socket.create_server(("127.0.0.1", 0))
    place = {"bucket": "b", "endpoint_url": f"http://127.0.0.1:{silent.getsockname()[1]}", "access_key": "a"}
    asked = {"storage_location": {**place, "secret_key": "b"}}

    async def count() -> int:
        main = load()["main"]
        source = asyncio.create_task(main(asyncio.Queue(), asked))
        ticks = 0
        for _tick in range(50):
            await asyncio.sleep(0.01)
            ticks += 1
        source.cancel()
        await asyncio.gather(source, return_exceptions=True)
        return ticks

    with silent:
        assert asyncio.run(asyncio.wait_for(count(), PATIENCE)) == 50


def test_secrets_are_in_no_event(tmp_path: pathlib.Path) -> None:
    """Nobody listens there, and the failure is told of with all that is known of it."""
    keys = {"access_key": "AKIAEXAMPLE", "secret_key": "wJalrXUtnFEMI-example"}
    place = {"bucket": "backups", "endpoint_url": "http://joe:s3cr3t-pass@127.0.0.1:9", **keys}
    (event,) = run_for({"storage_location": place, "failed_looks": 1, "interval": "100ms"}, seconds=200.0)
    assert event["arkive"]["event"] == "location_unavailable"
    assert not any(secret in json.dumps(event) for secret in (*keys.values(), "s3cr3t-pass"))


def test_what_is_in_the_bucket_is_plain_text_in_an_event(tmp_path: pathlib.Path) -> None:
    """Of a backup whose name, schedule and problem somebody has made up."""
    lab = PruneLab(tmp_path)
    lab.put("shop-1", schedule="")
    folder = tmp_path / "location" / "backups" / "shop-1"
    document = json.loads((folder / "velero-backup.json").read_text())
    document["metadata"]["labels"] = {"velero.io/schedule-name": "night\x1b[31m\u202e" + "x" * 5000}
    (folder / "velero-backup.json").write_text(json.dumps(document))
    (event,) = run_for({"storage_location": {"path": str(tmp_path / "location")}, "lookback": "100000h"})
    text = json.dumps(event, ensure_ascii=False)
    assert "shop-1" in text
    assert not any(sign in text for sign in ("\x1b", "\u202e"))
    assert len(text) < 10_000


def test_a_defect_ends_the_source_with_a_sentence_that_repeats_nothing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_watch: object) -> t.NoReturn:
        raise KeyError("hunter2\x1b[31m")

    monkeypatch.setattr(LocationWatch, "look", fail)
    with pytest.raises(ValueError, match=r"was not made for \(KeyError in .*\.py, line \d+\)") as caught:
        run_for({"storage_location": {"path": str(tmp_path)}})
    assert "hunter2" not in str(caught.value)


def test_the_path_grows_by_one_entry_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["/nowhere"])
    for _source in range(3):
        load()["_find_collection"]()
    assert len(sys.path) == 2


def test_the_collection_is_found_by_the_path_of_the_source(tmp_path: pathlib.Path) -> None:
    """A process that has none on its path, as that of ansible-rulebook."""
    code = "import runpy, sys; runpy.run_path(sys.argv[1])['_find_collection'](); import ansible_collections.arkive.k8s"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    root = str(SOURCE)
    if "ansible_collections" not in SOURCE.parts:
        pytest.fail("The tests run in a tree below ansible_collections.")
    subprocess.run([sys.executable, "-c", code, root], check=True, env=environment, cwd=tmp_path, timeout=PATIENCE)
    elsewhere = tmp_path / "backups.py"
    elsewhere.write_text(SOURCE.read_text())
    done = subprocess.run(
        [sys.executable, "-c", code, str(elsewhere)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "is not below a folder ansible_collections" in done.stderr


def test_what_is_documented_is_what_is_taken() -> None:
    documented = yaml.safe_load(load()["DOCUMENTATION"])["options"]
    members = ("type", "elements", "default", "required", "choices")
    taken = {name: {key: option[key] for key in members if key in option} for name, option in WATCH.options.items()}
    # It is told at length what the events are, which are all by default.
    assert taken["events"].pop("default") == list(EVENT_KINDS)
    given = {name: {key: option[key] for key in members if key in option} for name, option in documented.items()}
    assert given == taken


def test_the_rulebook_has_a_rule_for_each_event() -> None:
    (play,) = yaml.safe_load(RULEBOOK.read_text())
    conditions = " ".join(rule["condition"] for rule in play["rules"])
    assert [kind for kind in EVENT_KINDS if f'"{kind}"' not in conditions] == []
    (source,) = play["sources"]
    assert set(source["arkive.k8s.backups"]) <= set(WATCH.options)
