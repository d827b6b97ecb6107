# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask real restics which snapshots ``forget`` keeps, and write the histories with their answers to ``expected.json``.

``ask_restic.py OLD NEW``: the program of restic 0.14, as in Debian 12, and one of 0.16 or later. The snapshots are
written into a repository in restic's own format, because ``restic backup`` would take an hour for them. Needs the
library cryptography.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import typing as t
import zoneinfo

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

HISTORIES = 60
_PERIODS = ("last", "hourly", "daily", "weekly", "monthly", "yearly")
_ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")


def make_history(seed: int) -> dict[str, t.Any]:
    """Moments with some rhythm and much chance, and rules that fit them more or less."""
    chance = random.Random(seed)
    zone = _ZONES[seed % len(_ZONES)]
    hourly = chance.random() < 0.4 and zone in ("UTC", "Asia/Kathmandu")
    moment = dt.datetime(2026, 11, 27, 1, tzinfo=dt.UTC) - dt.timedelta(hours=chance.randrange(20_000))
    moments = []
    step = dt.timedelta(hours=chance.choice((1, 6))) if hourly else dt.timedelta(days=chance.choice((1, 1, 7, 20)))
    for _number in range(chance.randrange(1, 70)):
        moments.append(moment)
        if chance.random() < 0.1:
            moment -= step * chance.randrange(2, 30)
        moment -= step + dt.timedelta(seconds=chance.randrange(0, 3000))
    if seed % 10 == 3:
        moments.append(dt.datetime(2190, 2, 3, 4, 5, 6, tzinfo=dt.UTC))
    rules: dict[str, t.Any] = {}
    for name in chance.sample(_PERIODS, chance.randrange(0, 5)):
        rules[name] = chance.choice((1, 2, 3, 4, 7, 12, -1)) if name != "hourly" or hourly else 0
    if chance.random() < 0.4 or not any(rules.values()):
        rules["within"] = chance.choice(("7d", "1m", "1y", "36h", "2m10d", "1y5m7d2h"))
    told = [at.astimezone(zoneinfo.ZoneInfo(zone)).isoformat() for at in sorted(moments)]
    return {"rules": {name: value for name, value in rules.items() if value}, "zone": zone, "moments": told}


class Repository:
    """A new repository, in which snapshots are written without the program."""

    def __init__(self, folder: str, program: str) -> None:
        self._folder = pathlib.Path(folder)
        self._environment = {**os.environ, "RESTIC_REPOSITORY": folder, "RESTIC_PASSWORD": "golden"}
        self.run(program, "init")
        keys = json.loads(self.run(program, "cat", "masterkey"))
        self._encrypt = base64.b64decode(keys["encrypt"])
        self._mac_k, self._mac_r = (base64.b64decode(keys["mac"][name]) for name in ("k", "r"))

    def run(self, program: str, *words: str) -> str:
        command = [program, "--no-cache", *words]
        return subprocess.run(command, env=self._environment, check=True, capture_output=True, text=True).stdout

    def add(self, host: str, moment: str) -> None:
        snapshot = {"time": moment, "tree": "0" * 64, "paths": ["/data"], "hostname": host, "username": "golden"}
        nonce = os.urandom(16)
        ciphertext = (
            Cipher(algorithms.AES(self._encrypt), modes.CTR(nonce)).encryptor().update(json.dumps(snapshot).encode())
        )
        one_time = Cipher(algorithms.AES(self._mac_k), modes.ECB()).encryptor().update(nonce)
        data = nonce + ciphertext + Poly1305.generate_tag(self._mac_r + one_time, ciphertext)
        (self._folder / "snapshots" / hashlib.sha256(data).hexdigest()).write_bytes(data)

    def kept(self, program: str, host: str, history: dict[str, t.Any]) -> list[int]:
        """Places in the history's moments."""
        words = [f"--keep-{name}={'unlimited' if value == -1 else value}" for name, value in history["rules"].items()]
        answer = self.run(program, "forget", "--dry-run", "--json", "--group-by=host", f"--host={host}", *words)
        (group,) = json.loads(answer.splitlines()[0])
        kept = {dt.datetime.fromisoformat(snapshot["time"]) for snapshot in group["keep"]}
        return [place for place, at in enumerate(history["moments"]) if dt.datetime.fromisoformat(at) in kept]


def main() -> None:
    old, new = sys.argv[1:]
    histories = [make_history(seed) for seed in range(HISTORIES)]
    with tempfile.TemporaryDirectory() as folder:
        repository = Repository(folder, old)
        for number, history in enumerate(histories):
            for moment in history["moments"]:
                repository.add(f"h{number}", moment)
        for number, history in enumerate(histories):
            # The old one knows no rule without a number.
            knows = -1 not in history["rules"].values()
            history["old"] = repository.kept(old, f"h{number}", history) if knows else None
            history["new"] = repository.kept(new, f"h{number}", history)
    versions = {
        name: subprocess.run([program, "version"], check=True, capture_output=True, text=True).stdout.split()[1]
        for name, program in (("old", old), ("new", new))
    }
    file = pathlib.Path(__file__).with_name("expected.json")
    lines = ",\n".join(json.dumps(history) for history in histories)
    file.write_text(f'{{"versions": {json.dumps(versions)}, "histories": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
