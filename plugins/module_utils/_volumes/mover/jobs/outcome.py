# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a container says at its end (see ``scripts``), and what its words mean, as a sentence.

The words of kopia and of S3 servers are those of kopia 0.22 and minio-go 7.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import mask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import RepositoryPlace

_HEAD = re.compile(r"(?m)^(?:arkive-mover> )?arkive-mover (done|failed|cancelled) ([a-z]+) (\d+)$")
_QUOTED = "arkive-mover> "
_LONGEST = 500
#: Of ``timeout``, and of a command that it had to kill.
_TIMED_OUT = (124, 137)
#: Of a command that somebody else has killed; while it connects, the script says that it was not ``timeout``.
_KILLED, _KILLED_CONNECTING = 137, 9


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``state``: ``done``, ``failed`` or ``cancelled``. ``lines``: what follows, each with its first word apart."""

    state: str
    step: str
    code: int
    lines: tuple[tuple[str, str], ...] = ()
    text: str = ""

    def of(self, word: str) -> list[str]:
        """The rest of the lines that begin with ``word``."""
        return [rest for first, rest in self.lines if first == word]

    def one(self, word: str) -> str:
        return next(iter(self.of(word)), "")


def parse_outcome(message: str) -> Outcome | None:
    """The last that is in a termination message, or in a log; None where there is none: the container was killed."""
    heads = list(_HEAD.finditer(message))
    if not heads:
        return None
    last = heads[-1]
    quoted = message[last.start() :].startswith(_QUOTED)
    rest = message[last.end() :].lstrip("\n").split("\n")
    if quoted:
        rest = [line.removeprefix(_QUOTED) for line in rest if line.startswith(_QUOTED)]
    lines = tuple((first, more) for first, _blank, more in (line.partition(" ") for line in rest if line.strip()))
    return Outcome(
        state=last[1],
        step=last[2],
        code=int(last[3]),
        lines=lines,
        text="\n".join(line.strip() for line in rest).strip(),
    )


#: What of a container is to be another one where its work is to go well.
Lack: t.TypeAlias = t.Literal["", "image", "memory", "disk", "user"]


class _Meaning(t.NamedTuple):
    """Where ``words`` are in the text, this is the sentence. ``again``: another try may go well. ``lack`` as there."""

    words: str
    sentence: str
    again: bool = False
    lack: Lack = ""


_KEYS = "Check the keys of the storage location."
_WRONG_PASSWORD = (
    "The repository at {where} does not open with this password. Give the one that it was made with as "
    "'repository_password'; Velero keeps its own in the Secret velero-repo-credentials."
)
_MEANINGS = (
    _Meaning(
        r"failed to run command .?kopia|\bkopia: (command )?not found|can't execute 'kopia'",
        "The image of the pods in namespace {namespace} has no program kopia. Name one that has it, and a shell, as "
        "mover.image, or leave that out.",
        lack="image",
    ),
    _Meaning(r"repository not initialized in the provided storage", "There is no repository at {where}."),
    _Meaning(
        r"invalid repository password",
        _WRONG_PASSWORD,
    ),
    _Meaning(
        r"unable to decrypt repository blobcfg blob",
        "The repository at {where} cannot be opened by anybody: it was made twice at the same time.",
    ),
    _Meaning(
        r"found existing data in storage location", "At {where} lie objects already, so no repository is made there."
    ),
    _Meaning(
        r"lookup \S+.*: no such host|server misbehaving",
        "Pods in namespace {namespace} cannot resolve the name of the S3 server {endpoint}. Give the address by which "
        "pods reach it as {option}.",
        True,
    ),
    _Meaning(
        r"connection refused|no route to host|network is unreachable|i/o timeout|connection reset|\": EOF\b"
        r"|TLS handshake timeout|context deadline exceeded|bad gateway|503 Service|SlowDown|Service Unavailable"
        r"|InternalError",
        "Pods in namespace {namespace} do not reach the S3 server {endpoint}: {said}. Give the address by which pods "
        "reach it as {option}, and see that network policies let them out.",
        True,
    ),
    _Meaning(
        r"x509: ",
        "Pods in namespace {namespace} do not trust the certificate of the S3 server {endpoint}: {said}. Name its CA "
        "as 'ca_bundle' of the storage location.",
    ),
    _Meaning(
        r"server gave HTTP response to HTTPS client",
        "The S3 server {endpoint} does not speak TLS. Write http:// into the URL.",
    ),
    _Meaning(
        r"RequestTimeTooSkewed|difference between the request time and the (server|current) time|clock skew"
        r"|clock drift",
        "The clock of the node differs too much from that of the S3 server {endpoint}. Set the clocks of the nodes.",
    ),
    _Meaning(
        r"ExpiredToken|security token included in the request is expired",
        "The keys of the pod have expired. " + _KEYS,
        again=True,
    ),
    _Meaning(
        r"InvalidAccessKeyId|access key Id you provided does not exist",
        "The S3 server {endpoint} does not know the access key. " + _KEYS,
    ),
    _Meaning(
        r"SignatureDoesNotMatch|signature we calculated does not match",
        "The secret key does not belong to the access key. " + _KEYS,
    ),
    _Meaning(r"NoSuchBucket|bucket does not exist", "The bucket of {where} does not exist."),
    _Meaning(
        r"AccessDenied|Access Denied|403 Forbidden",
        "The keys of the storage location may not do at {where} what moving data takes: {said}.",
    ),
    _Meaning(
        r"No space left on device|no space left on device",
        "Cannot {doing}: there is no room left: {said}.",
        lack="disk",
    ),
    # kopia looks at what it has written, and tells how that went in the place of why the writing failed.
    _Meaning(
        r"unable to write session marker.*BLOB not found",
        "Cannot {doing}: what pods write to {where} does not come to be there, and kopia does not say why. See that "
        "the keys of the storage location may write, and that the storage has room.",
        True,
    ),
)

#: What helps where memory runs out, from the middle of a sentence on; a container in an application's pod has another.
MORE_MEMORY = "raise the limit in mover.resources."


#: Of the node's kernel, in what kopia and the script say.
_NOT_PERMITTED = re.compile(r"[Pp]ermission denied|[Oo]peration not permitted|[Rr]ead-only file system")


class Explained(t.NamedTuple):
    """A sentence; ``again``: whether another try may go well. ``lack``: what its container is short of."""

    sentence: str
    again: bool = False
    lack: Lack = ""


def explain(
    outcome: Outcome, place: RepositoryPlace, *, namespace: str, doing: str, more_memory: str = MORE_MEMORY
) -> Explained:
    """Why a container failed. ``doing``: what it was to do, as ``copy shop/files``. ``more_memory``: a remedy."""
    said = last_words(outcome.text)
    names = {"where": place.where, "namespace": namespace, "endpoint": place.endpoint, "said": said, "doing": doing}
    names["option"] = place.url_option
    if outcome.step in ("connect", "create") and outcome.code in _TIMED_OUT:
        return Explained(
            f"Pods in namespace {namespace} get no answer of the S3 server {place.endpoint}. Give the address by which "
            f"pods reach it as {place.url_option}, and see that network policies let them out.",
            again=True,
        )
    if outcome.code in (_KILLED, _KILLED_CONNECTING):
        why = f"its program was killed on its node. Where memory runs out there, {more_memory}"
        return Explained(f"Cannot {doing}: {why}", again=True, lack="memory")
    if found := _BY_CODE.get((outcome.step, outcome.code)):
        return Explained(f"Cannot {doing}: {found.format(**names)}", lack="disk" if outcome.step == "space" else "")
    if _UNREADABLE.search(outcome.text):
        return Explained(f"Cannot {doing}: not all of it can be read{_first_unreadable(outcome)}.")
    for meaning in _MEANINGS:
        if re.search(meaning.words, outcome.text):
            return Explained(meaning.sentence.format(**names), meaning.again, meaning.lack)
    why = said or f"it ended with exit code {outcome.code}"
    return Explained(
        f"Cannot {doing}: {_STEPS.get(outcome.step, outcome.step)}: {why.rstrip('.')}.",
        again=not said,
        lack="user" if _NOT_PERMITTED.search(outcome.text) else "",
    )


def wrong_password(where: str) -> str:
    """The same sentence, of a repository that was asked without a container."""
    return _WRONG_PASSWORD.format(where=where)


#: What the scripts find themselves, by the step and their code.
_BY_CODE = {
    ("look", 16): "another run is doing it. Wait until that has ended.",
    ("look", 17): "the volume is not empty; {said} is in it. Delete what is there, or restore to another claim.",
    ("look", 18): "another snapshot was being restored into the volume. Delete the claim, and restore again.",
    ("snapshot", 2): "the repository at {where} does not have the snapshot.",
    ("snapshot", 3): "its snapshot in the repository at {where} is incomplete.",
    ("space", 28): "the volume is too small: {said}.",
}
#: What kopia says where it has saved the rest, and the entries of its manifest.
_UNREADABLE = re.compile(r"Found \d+ fatal error\(s\) while snapshotting")
_ENTRY = re.compile(r'\{"path":("(?:[^"\\]|\\.)*"),"error":("(?:[^"\\]|\\.)*")')


def _first_unreadable(outcome: Outcome) -> str:
    found = _ENTRY.search(outcome.one("errors"))
    try:
        words = [json.loads(found[number]) for number in (1, 2)] if found else []
    except ValueError:
        words = []
    return one_line(mask(f", such as {words[0]}: {words[1]}"))[:_LONGEST].rstrip(".") if words else ""


_STEPS = {
    "connect": "the repository could not be opened",
    "create": "the repository could not be made",
    "discard": "what an earlier pod had left could not be forgotten",
    "policy": "the policy of its snapshots could not be written",
    "upload": "kopia failed",
    "download": "kopia failed",
    "forget": "kopia failed",
    "look": "the volume could not be looked at",
    "snapshot": "the snapshot could not be found",
    "space": "the volume could not be written to",
    "sync": "the volume could not be synced",
    "start": "its program did not start",
    "wait": "nobody has given its container what it needs",
    "list": "its snapshots could not be listed",
    "state": "kopia did not say when it was maintained",
    "maintain": "kopia failed",
    "verify": "kopia failed",
    "name": "the files of its snapshots could not be listed",
    "whole": "the repository is not whole, so nothing is deleted from its copy",
    "copy": "kopia failed",
    "prove": "the copy is not whole",
}


def last_words(text: str) -> str:
    """The last line that says something, on one line, short and without secrets."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith(("errors ", "left "))]
    words = one_line(mask(lines[-1] if lines else "")).rstrip(".")
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."


__all__ = ("MORE_MEMORY", "Explained", "Lack", "Outcome", "explain", "last_words", "parse_outcome", "wrong_password")
