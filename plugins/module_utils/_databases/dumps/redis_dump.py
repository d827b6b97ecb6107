# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dumps of Redis and Valkey: ``redis-cli --rdb -``, which asks the server for its data as a replica does.

A dump ends with an opcode and a checksum of all that is before them. It is filled in as the server's own file: the
server reads it when it starts, so that the container is started anew.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import itertools
import posixpath
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.crc64 import Crc64
from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.dump_kind import (
    MISSING,
    NO_PROGRAM,
    RUN_FILL,
    DumpOrder,
    Ending,
    Target,
    run_dump,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError, StillLoading
from ansible_collections.arkive.k8s.plugins.module_utils._databases.redis_port import OWN_PORT

_CLIENT = f"""
c=redis-cli
if command -v valkey-cli >/dev/null 2>&1; then c=valkey-cli; fi
command -v "$c" >/dev/null 2>&1 || {{ echo "{MISSING} redis-cli or valkey-cli" >&2; exit {NO_PROGRAM}; }}
p=${{REDIS_PASSWORD:-${{VALKEY_PASSWORD:-}}}} f=${{REDIS_PASSWORD_FILE:-${{VALKEY_PASSWORD_FILE:-}}}}
if [ "$2" = given ]; then
  IFS= read -r p
  export REDISCLI_AUTH="$p" VALKEYCLI_AUTH="$p"
else
  if [ -z "$p" ] && [ -r "$f" ]; then p=$(cat "$f"); fi
  if [ -z "${{REDISCLI_AUTH:-}}" ] && [ -n "$p" ]; then export REDISCLI_AUTH="$p" VALKEYCLI_AUTH="$p"; fi
fi
user=$1
shift 2
{OWN_PORT}
ask() {{
  if [ -n "$user" ]; then "$c" -p "$port" --user "$user" "$@"; else "$c" -p "$port" "$@"; fi
}}
"""
_DUMP = f"""{_CLIENT}
if [ -n "$user" ]; then run "$c" -p "$port" --user "$user" --rdb -; fi
run "$c" -p "$port" --rdb -
"""
_LOOK = f"""{_CLIENT}
for s in dir dbfilename appendonly; do ask CONFIG GET "$s" </dev/null; done
echo role
ask ROLE </dev/null | head -n 1
echo loading
ask INFO persistence </dev/null | sed -n 's/^loading:\\([01]\\).*/\\1/p'
echo keys
ask INFO keyspace </dev/null | grep -c '^db' || true
"""
#: What ``_FILL`` says when only the new start is left to be done, and when that failed.
IN_PLACE = "arkive: in place"
NOT_DOWN = "arkive: not down"
#: The file is written beside the server's own, looked at by the server's own check, and takes its place. A server that
#: ends with NOSAVE leaves it there; its save points are off until then. What fails before that changes nothing.
_FILL = f"""{_CLIENT}
fill() (
set -e
directory=$1 file=$2 size=$3 new=$1/arkive-restored.rdb
trap 'rm -f "$new"' EXIT
cat > "$new"
[ "$(wc -c < "$new")" -eq "$size" ] || {{ echo "the dump did not arrive whole" >&2; exit 1; }}
check=redis-check-rdb
if ask INFO server </dev/null | grep -q '^valkey_version'; then check=valkey-check-rdb; fi
if command -v "$check" >/dev/null 2>&1; then "$check" "$new" >&2; fi
chmod --reference="$directory" "$new" 2>/dev/null && chmod a-x "$new" || true
chown --reference="$directory" "$new" 2>/dev/null || true
saves=$(ask CONFIG GET save </dev/null | sed -n 2p)
[ "$(ask CONFIG SET save '' </dev/null)" = OK ]
if ! mv "$new" "$directory/$file"; then ask CONFIG SET save "$saves" </dev/null; exit 1; fi
sync -f "$directory" 2>/dev/null || true
echo "{IN_PLACE}"
said=$(ask SHUTDOWN NOSAVE </dev/null 2>&1) || true
ask CONFIG SET save "$saves" </dev/null || true
echo "{NOT_DOWN}"
echo "it cannot be ended: $said" >&2
exit 1
)
{RUN_FILL}
run fill "$@"
"""
_MAGIC = re.compile(rb"(REDIS|VALKEY)[0-9]{3,4}")
_EOF = 0xFF
_CHECKSUM_BYTES = 8
#: Behind a dump that was not written to a disk first: redis-cli cannot cut it off when it writes to a pipe.
_MARK_BYTES = 40
_MARK = re.compile(rb"[0-9a-f]{40}")
_KEPT = 1 + _CHECKSUM_BYTES + _MARK_BYTES


class RedisDump:
    """The kind, of Redis and of Valkey: see ``DumpKind``."""

    def program(self, order: DumpOrder) -> str:
        return "redis-cli --rdb"

    def extension(self, order: DumpOrder) -> str:
        return "rdb"

    def dump_command(self, order: DumpOrder) -> tuple[str, ...]:
        return ("/bin/sh", "-c", f"{run_dump(order)}{_DUMP}", "arkive", *order.words)

    def ending(self, order: DumpOrder) -> Ending:
        return RdbEnding()

    def look_command(self, order: DumpOrder) -> tuple[str, ...]:
        return ("/bin/sh", "-c", _LOOK, "arkive", *order.words)

    def look(self, order: DumpOrder, answer: str) -> Target:
        words = [line.strip() for line in answer.splitlines()]
        found = dict(itertools.pairwise(words))
        directory, file = found.get("dir", ""), found.get("dbfilename", "")
        is_known = found.get("loading") in ("0", "1") and found.get("keys", "").isdigit()
        if not (is_known and directory.startswith("/") and file and "/" not in file):
            raise DatabaseError(
                "What the server has, and where it keeps its dump, could not be found out.",
                hint="The user needs the rights +config|get, +config|set, +info, +role and +shutdown.",
            )
        if found["loading"] == "1":
            # It answers meanwhile, and has none of its keys yet.
            raise StillLoading("It is still loading its data.", hint="Restore when it has.")
        if found.get("appendonly") == "yes":
            raise DatabaseError(
                "It has an append-only file, which it would read instead of the dump.",
                hint="Start it with 'appendonly no', restore, and switch it on again with CONFIG SET appendonly yes.",
            )
        if found.get("role") != "master":
            raise DatabaseError("It is a replica, whose data come from its primary.", hint="Restore into the primary.")
        keys = "keys" if found["keys"] != "0" else ""
        return Target(found=keys, place=posixpath.join(directory, file))

    def fill_command(self, order: DumpOrder, size: int, target: Target) -> tuple[str, ...]:
        directory, file = posixpath.split(target.place)
        return ("/bin/sh", "-c", _FILL, "arkive", *order.words, directory, file, str(size))

    def filling(self, order: DumpOrder, target: Target, pieces: t.Iterable[bytes]) -> t.Iterator[bytes]:
        yield from pieces


class RdbEnding:
    """A dump of Redis, without what redis-cli leaves behind it. A server may have its checksums off: it is 0 then."""

    def __init__(self) -> None:
        self._start = b""
        self._end = b""
        self._checksum = Crc64()

    def feed(self, data: bytes) -> bytes:
        self._start = (self._start + data[:16])[:16]
        whole = self._end + data
        surely, self._end = whole[:-_KEPT], whole[-_KEPT:]
        self._checksum.update(surely)
        return surely

    def finish(self) -> bytes:
        if not _MAGIC.match(self._start):
            raise DatabaseError("The dump does not begin as a dump of Redis does.")
        ends = [self._end]
        if _MARK.fullmatch(self._end[-_MARK_BYTES:]):
            ends.append(self._end[:-_MARK_BYTES])
        for end in ends:
            if self._is_whole(end):
                return end
        raise DatabaseError("The dump does not end with the checksum of all that is before it: it is not whole.")

    def _is_whole(self, end: bytes) -> bool:
        text, checksum = end[:-_CHECKSUM_BYTES], int.from_bytes(end[-_CHECKSUM_BYTES:], "little")
        if not text or text[-1] != _EOF:
            return False
        return checksum in (0, self._checksum.after(text))


__all__ = ("IN_PLACE", "NOT_DOWN", "RdbEnding", "RedisDump")
