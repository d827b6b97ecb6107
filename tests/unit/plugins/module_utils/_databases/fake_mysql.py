# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A MariaDB or MySQL server that answers by a table, and whose client ends with an error, as the real ones do."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import SessionLost
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import HoldOrder, Waves

#: Of ``datadir`` and the others in the container of MariaDB 10.11.19.
VARIABLES = {
    "aria_log_dir_path": "/var/lib/mysql/",
    "datadir": "/var/lib/mysql/",
    "innodb_data_home_dir": "",
    "innodb_flush_log_at_trx_commit": "1",
    "innodb_flush_method": "O_DIRECT",
    "innodb_log_group_home_dir": "./",
    "innodb_undo_directory": "./",
    "log_bin_basename": "/var/lib/mysql/binlog",
    "read_only": "OFF",
    "wsrep_on": "OFF",
}
#: Rows, or what the client writes to stderr when the statement is refused.
Answer: t.TypeAlias = "list[list[str]] | str"


class FakeServer:
    """A ``Server``. Statements that are in no table are answered by nothing."""

    def __init__(self, table: t.Mapping[str, Answer], **variables: str) -> None:
        self.asked: list[str] = []
        self.table: dict[str, Answer] = {
            "select connection_id()": [["18"]],
            "show global variables": [list(item) for item in (VARIABLES | variables).items()],
            "select count(*) from information_schema.innodb_trx": [["0"]],
            **table,
        }
        self.links: dict[str, str] = {}
        self.places: dict[str, str] = {}
        self.unwritten = ""
        self.far_files: str | None = ""
        self.flushes = True

    def ask(self, statement: str) -> list[list[str]]:
        self.asked.append(statement)
        answer = self.table[max((key for key in ("", *self.table) if statement.startswith(key)), key=len) or ""]
        if isinstance(answer, str):
            raise SessionLost("The session was lost: the client ended.", said=answer)
        return answer

    def look(self, *argv: str) -> str | None:
        return self.far_files

    def real_path(self, path: str) -> str:
        return self.links.get(path, path)

    def wait(self, seconds: float) -> None:
        self.asked.append("wait")

    def flush(self, path: str) -> bool:
        self.asked.append(f"sync {path}")
        return self.flushes

    def check_places(
        self, places: t.Mapping[str, str], *, unwritten: str = "", ranks: t.Mapping[str, int] | None = None
    ) -> Waves:
        self.places, self.unwritten = dict(places), unwritten
        return ()

    def between(self, first: str, last: str) -> list[str]:
        """What was asked from one statement to another."""
        start = self.asked.index(first)
        return self.asked[start : self.asked.index(last, start) + 1]


def refused(number: int, words: str) -> str:
    """As the client says it: the statement, and the error."""
    return f"--------------\nbackup stage start\n--------------\n\nERROR {number} (HY000) at line 3: {words}\n"


def order(mode: str = "auto", **more: t.Any) -> HoldOrder:
    return HoldOrder(mode=mode, label="arkive", **more)


__all__ = ("VARIABLES", "Answer", "FakeServer", "order", "refused")
