# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How one database is to be held, as a task's option or a pod's annotations say it: texts in, a declaration out."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._databases.credentials import (
    DEFAULT_SECRET_KEY,
    Credentials,
    SecretKey,
    takes_password,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kinds import KindRow, find_kind, kind_names
from ansible_collections.arkive.k8s.plugins.module_utils._databases.role import ROLE_QUESTIONS, Role
from ansible_collections.arkive.k8s.plugins.module_utils._databases.table_counts import check_table

DEFAULT_MODE = "auto"
#: What a standby that is chosen may lag, where nothing is said.
DEFAULT_MAX_LAG_SECONDS = 60.0
DEFAULT_LOCK_SECONDS = 30.0
_MOST_COUNTS = 20
Standby: t.TypeAlias = t.Literal["", "prefer", "require", "never"]
STANDBY: tuple[Standby, ...] = ("prefer", "require", "never")
_LONGEST_USER = 256
_OWN_CREDENTIALS = Credentials()
_SECRET_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseDeclaration:
    """The database of one pod, or of those of a selector.

    ``container`` empty: the first one. ``user`` empty: the one that the container itself was started with.
    ``standby`` empty: each pod is held, whatever its role. ``max_lag_seconds`` None: a standby that was not chosen for
    being one may lag. ``lease_seconds`` None: that of the task. ``lock_seconds``: for how long it is tried again where
    somebody is in the way. ``counts``: tables whose rows are counted. ``found_by``: the distribution that it was
    recognised by. ``operator``: who owns the pod. ``expected``: the role that it was chosen for. ``passed_over``: why
    it is not held, as another one is, a sentence; ``torn``: and its snapshots are no copy of one moment. ``refusal``:
    why it cannot be held as it is declared, a sentence: whoever declares something relies on it.
    """

    kind: str
    mode: str = DEFAULT_MODE
    container: str = ""
    user: str = ""
    standby: Standby = ""
    max_lag_seconds: float | None = None
    lease_seconds: float | None = None
    lock_seconds: float = DEFAULT_LOCK_SECONDS
    counts: tuple[str, ...] = ()
    credentials: Credentials = _OWN_CREDENTIALS
    found_by: str = ""
    operator: str = ""
    expected: Role | t.Literal[""] = ""
    passed_over: str = ""
    torn: bool = False
    refusal: str = ""

    @property
    def connects_as(self) -> str:
        """The user by name; empty for the one that the container knows."""
        return self.user or self.credentials.user


class Terms(t.NamedTuple):
    """What is said of one database, by the names of the option. ``where``: what says it, for one of these names."""

    given: t.Mapping[str, str]
    where: t.Callable[[str], str]
    credentials: Credentials = _OWN_CREDENTIALS


def read_terms(terms: Terms) -> DatabaseDeclaration:
    """Raises ``ValidationError``, with what says it and what it may be."""
    where = terms.where
    kind, mode = terms.given.get("kind", ""), terms.given.get("mode", "") or DEFAULT_MODE
    row = find_kind(kind)
    if row is None:
        raise ValidationError(
            f"{where('kind')}: the database '{readable(kind)}' is of no kind that can be held. The kinds are "
            f"{', '.join(kind_names())}."
        )
    if mode not in row.modes:
        raise ValidationError(
            f"{where('mode')}: {row.title} has no mode '{readable(mode)}'. Its modes are {', '.join(row.modes)}."
        )
    standby = _standby(terms, row)
    lock_seconds = _seconds(terms, "lock_timeout", least=0.0)
    return DatabaseDeclaration(
        kind=kind,
        mode=mode,
        container=_name(terms, "container"),
        user=_user(terms),
        standby=standby,
        max_lag_seconds=_max_lag(terms, row, standby),
        lease_seconds=_seconds(terms, "lease", least=1.0),
        lock_seconds=DEFAULT_LOCK_SECONDS if lock_seconds is None else lock_seconds,
        counts=_counts(terms, row),
        credentials=_checked_credentials(terms, row),
    )


def read_secret(text: str, where: str, *, only_of_pod: bool = False) -> SecretKey:
    """From ``name`` or ``name/key``. Raises ``ValidationError``."""
    name, slash, key = text.partition("/")
    if not is_subdomain_name(name):
        raise ValidationError(
            f"{where}: '{readable(text)}' is no name of a Secret.", hint="Write it as name, or as name/key."
        )
    if slash and not _SECRET_KEY.fullmatch(key):
        raise ValidationError(
            f"{where}: '{readable(text)}' names no key of a Secret.", hint="Write it as name, or as name/key."
        )
    return SecretKey(name=name, key=key or DEFAULT_SECRET_KEY, only_of_pod=only_of_pod)


def _standby(terms: Terms, row: KindRow) -> Standby:
    text = terms.given.get("standby", "")
    if text and text not in STANDBY:
        raise ValidationError(f"{terms.where('standby')} is '{readable(text)}'; it must be {', '.join(STANDBY)}.")
    if text and row.name not in ROLE_QUESTIONS:
        raise ValidationError(f"{terms.where('standby')}: who is the primary is not asked of {row.title}.")
    return text


def _max_lag(terms: Terms, row: KindRow, standby: Standby) -> float | None:
    found = _seconds(terms, "max_lag", least=0.0)
    if found is not None and row.name not in ROLE_QUESTIONS:
        raise ValidationError(f"{terms.where('max_lag')}: how far a standby lags is not asked of {row.title}.")
    return DEFAULT_MAX_LAG_SECONDS if found is None and standby in ("prefer", "require") else found


def _seconds(terms: Terms, name: str, *, least: float) -> float | None:
    text = terms.given.get(name, "")
    if not text:
        return None
    try:
        found = parse_duration(text)
    except ValidationError as exc:
        raise ValidationError(f"{terms.where(name)}: '{readable(text)}' is not a duration.", hint=exc.hint) from exc
    if found < least:
        raise ValidationError(f"{terms.where(name)} is {readable(text)}; it must be at least {least:g}s.")
    return found


def _counts(terms: Terms, row: KindRow) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(name.strip() for name in terms.given.get("counts", "").split(",") if name.strip()))
    for name in found:
        why = check_table(row.name, name)
        if why:
            raise ValidationError(f"{terms.where('counts')}: {why}.")
    if len(found) > _MOST_COUNTS:
        raise ValidationError(f"{terms.where('counts')} has {len(found)} tables; {_MOST_COUNTS} are counted at most.")
    return found


def _name(terms: Terms, name: str) -> str:
    text = terms.given.get(name, "")
    if text and not is_subdomain_name(text):
        raise ValidationError(f"{terms.where(name)}: '{readable(text)}' can be no container's name.")
    return text


def _user(terms: Terms) -> str:
    """It goes to a client as one argument, and to no shell as text; yet what is not printable is no user's name."""
    text = terms.given.get("user", "")
    if text and not (text.isprintable() and len(text) <= _LONGEST_USER and not text.startswith("-")):
        raise ValidationError(
            f"{terms.where('user')}: '{readable(text)}' is no name of a user.",
            hint="It is one line, and does not begin with a hyphen.",
        )
    return text


def _checked_credentials(terms: Terms, row: KindRow) -> Credentials:
    found = terms.credentials
    if found.has_password and not takes_password(row.name):
        raise ValidationError(
            f"{terms.where('credentials')}: the client of {row.title} can be told no password without showing it.",
            hint="Leave it out; then the one that the container was started with is used.",
        )
    return found


__all__ = (
    "DEFAULT_MAX_LAG_SECONDS",
    "DEFAULT_MODE",
    "STANDBY",
    "DatabaseDeclaration",
    "Standby",
    "Terms",
    "read_secret",
    "read_terms",
)
