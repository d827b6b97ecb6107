# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a pod has told by its log, since it is too long for its message (see ``upkeep_scripts``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import binascii
import typing as t
import zlib

from ansible_collections.arkive.k8s.plugins.module_utils._core.accelerators import parse_json
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobEnd

_TOLD = "arkive-told "
#: Unpacked, of one answer.
_MOST_BYTES = 256 << 20
_GZIP = 31


def told(end: JobEnd, name: str) -> bytes:
    """What the first container has told under ``name``. Raises ``MoverError`` where it did not arrive whole."""
    outcome = end.outcomes[0] if end.outcomes else None
    sizes = (
        [size for first, _blank, size in (each.partition(" ") for each in outcome.of("told")) if first == name]
        if outcome is not None
        else []
    )
    beginning = f"{_TOLD}{name} "
    lines = end.logs[0].splitlines() if end.logs else []
    text = "".join(line.removeprefix(beginning).strip() for line in lines if line.startswith(beginning))
    try:
        data = zlib.decompressobj(wbits=_GZIP).decompress(base64.b64decode(text, validate=True), _MOST_BYTES)
    except (binascii.Error, zlib.error):
        data = b""
    if not sizes or sizes[-1] != str(len(data)):
        raise MoverError(
            "The answer of the pod did not arrive whole: its log could not be read to the end.",
            hint="Run the task again. If it stays so, nodes keep too little of the logs of containers "
            "(containerLogMaxSize).",
        )
    return data


def told_object(end: JobEnd, name: str) -> dict[str, t.Any]:
    """The same, of an object in JSON."""
    return as_object(told(end, name))


def as_object(data: bytes) -> dict[str, t.Any]:
    """An object in JSON. Raises ``MoverError``."""
    found = _parse(data)
    if not isinstance(found, dict):
        raise _misfit()
    return found


def as_objects(data: bytes) -> list[dict[str, t.Any]]:
    """A list of objects in JSON. Raises ``MoverError``."""
    found = _parse(data)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise _misfit()
    return found


def _parse(data: bytes) -> t.Any:
    try:
        return parse_json(data)
    except ValueError:
        return None


def _misfit() -> MoverError:
    return MoverError(
        "The answer of the pod is not that of a kopia known here.", hint="Check mover.image: it should be kopia 0.22."
    )


__all__ = ("as_object", "as_objects", "told", "told_object")
