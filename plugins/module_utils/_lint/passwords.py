# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passwords in the arguments of a command. What is found is never repeated.

Arguments are in the process list of the node, and those of a hook in the pod, the backup and its log. Sources: the
manual pages of mysql(1), mongosh, redis-cli, psql(1) and curl(1).
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._lint.finding import Finding, Place
from ansible_collections.arkive.k8s.plugins.module_utils._lint.simple_commands import SimpleCommand
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.shell_words import Word

_MYSQL = re.compile(
    r"(?:mysql|mariadb)(?:-?(?:admin|dump|check|import|show|slap|pump|backup|binlog))?|xtrabackup|innobackupex"
)
_MONGO = re.compile(r"mongo(?:sh|dump|restore|export|import|top|stat)?")
_REDIS = re.compile(r"(?:redis|valkey|keydb)-cli")
#: The variable from which each client takes its password, when it is not in its arguments.
_VARIABLES = {
    "PGPASSWORD": "psql",
    "MYSQL_PWD": "mysql",
    "REDISCLI_AUTH": "redis-cli",
    "VALKEYCLI_AUTH": "valkey-cli",
}
_IN_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@]*:([^\s/@]+)@", re.IGNORECASE)
_CONNINFO = re.compile(r"(?:^|\s)password\s*=\s*(\S+)", re.IGNORECASE)
_EXPANDS = re.compile(r"[$`]")


def password_findings(commands: t.Iterable[SimpleCommand], place: Place) -> list[Finding]:
    """One for each command that has a password among its words."""
    return [_finding(command, word, place) for command in commands if (word := _password(command)) is not None]


def _finding(command: SimpleCommand, word: Word, place: Place) -> Finding:
    literal = word.fixed and not (command.in_shell and _EXPANDS.search(word.text))
    who = f"{command.name} is given" if command.name else "The command has"
    if literal:
        said = (
            f"{who} a password as it is written: everybody sees it who may read the pod, its backup or the log of one."
        )
    else:
        said = f"{who} a password in its arguments, which everybody on the node sees who may list processes."
    return Finding.of(
        "password-in-command",
        place,
        said,
        hint=_remedy(command.name),
        severity="error" if literal else "warning",
    )


def _remedy(name: str) -> str:
    if _MYSQL.fullmatch(name):
        return 'Have the shell set it for the client: MYSQL_PWD="$MYSQL_ROOT_PASSWORD" exec mysql ...'
    if _REDIS.fullmatch(name):
        return 'Have the shell set it for the client: REDISCLI_AUTH="$REDIS_PASSWORD" exec redis-cli ...'
    if name.startswith(("psql", "pg_")):
        return "Connect by the socket in the container, or set PGPASSWORD of the container from a Secret."
    return "Take it from a variable of the container that comes from a Secret, or from a file."


def _password(command: SimpleCommand) -> Word | None:
    """The word with it; None without one."""
    name = command.name
    if _MYSQL.fullmatch(name):
        found = _after(command.words, joined=("-p", "--password="))
    elif _MONGO.fullmatch(name):
        found = _after(command.words, joined=("--password=",), next_word=("-p", "--password"))
    elif _REDIS.fullmatch(name):
        found = _after(command.words, next_word=("-a", "--pass"))
    elif name == "curl":
        found = next(
            (word for word in _values(command.words, ("-u", "--user"), ("--user=",)) if ":" in word.text), None
        )
    else:
        found = None
    if found is not None:
        return found
    for variable, word in command.assignments:
        if variable in _VARIABLES and word.text and word.fixed and not _EXPANDS.search(word.text):
            return word
    return next((word for word in command.words if _named(word, name)), None)


def _named(word: Word, name: str) -> bool:
    if _IN_URL.search(word.text):
        return True
    return name.startswith(("psql", "pg_")) and _CONNINFO.search(word.text) is not None


def _after(words: t.Sequence[Word], *, joined: tuple[str, ...] = (), next_word: tuple[str, ...] = ()) -> Word | None:
    return next(_values(words, next_word, joined), None)


def _values(words: t.Sequence[Word], next_word: tuple[str, ...], joined: tuple[str, ...]) -> t.Iterator[Word]:
    """What stands behind one of these options."""
    for at, word in enumerate(words):
        if word.text in next_word and at + 1 < len(words) and words[at + 1].text:
            yield words[at + 1]
        for start in joined:
            # -p alone asks for it.
            if word.text.startswith(start) and len(word.text) > len(start):
                yield Word(word.text[len(start) :], word.fixed)


__all__ = ("password_findings",)
