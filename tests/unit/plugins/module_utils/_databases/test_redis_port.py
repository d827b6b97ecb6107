# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of the servers of a pod is spoken with. The names of processes are those of Redis 7.0.15 and Valkey 9.1.2."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._databases.redis_port import OWN_PORT

_CLIENT = """#!/bin/sh
printf 'tls-port\\n%s\\n' "$TLS_PORT"
"""


@pytest.mark.parametrize(
    ("processes", "environment", "said"),
    [
        (["redis-server *:6379"], {}, "6379"),
        # Two containers of one pod, each with a server: measured, the one at 6379 was paused in the place of the other.
        (["redis-server *:6380"], {}, "6380"),
        (["/usr/bin/valkey-server 127.0.0.1:6380 [cluster]"], {}, "6380"),
        (["redis-server ::1:6380", "redis-rdb-bgsave ::1:6380"], {}, "6380"),
        (["redis-server *:6380", "redis-server *:6380"], {}, "6380"),
        (["redis-server *:6380"], {"REDIS_PORT_NUMBER": "6380"}, "6380"),
        # A sidecar, and a server that is named in another way: what the container is told.
        (["sleep infinity", "/bin/sh -c exec redis-server --port 6380"], {"VALKEY_PORT_NUMBER": "7000"}, "7000"),
        ([], {}, "6379"),
        (["redis-server *:0"], {}, "0"),
        # It has TLS at 6390, after which it is named, and none at 6379.
        (["redis-server *:6390"], {"TLS_PORT": "6390"}, "6379"),
        (["redis-server *:6380", "redis-server *:6381"], {}, None),
    ],
)
def test_the_port_is_that_of_the_server_in_the_container(
    tmp_path: Path, processes: list[str], environment: dict[str, str], said: t.Any
) -> None:
    for number, title in enumerate(processes, start=1):
        (tmp_path / "proc" / str(number)).mkdir(parents=True)
        (tmp_path / "proc" / str(number) / "cmdline").write_bytes(title.encode() + b"\0" * 20)
    client = tmp_path / "client"
    client.write_text(_CLIENT)
    client.chmod(0o755)
    script = f"c={client} user=\n{OWN_PORT.replace('/proc/', f'{tmp_path}/proc/')}\necho $port"
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        env={"PATH": "/usr/bin:/bin", "TLS_PORT": "0", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if said is None:
        assert (done.returncode, done.stderr) == (
            65,
            "arkive: the servers of this container are at the ports 6380 6381, and none is at 6379\n",
        )
        return
    assert (done.stdout.strip(), done.stderr) == (said, "")
