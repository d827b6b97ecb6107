# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who connects to a database, and where the password is."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

#: Where the clients of a kind look for a password.
PASSWORD_VARIABLES: t.Mapping[str, tuple[str, ...]] = {
    "postgresql": ("PGPASSWORD",),
    "redis": ("REDISCLI_AUTH", "VALKEYCLI_AUTH"),
    "valkey": ("REDISCLI_AUTH", "VALKEYCLI_AUTH"),
    "mariadb": ("MYSQL_PWD",),
    "mysql": ("MYSQL_PWD",),
    "mongodb": ("ARKIVE_PASSWORD",),
}
DEFAULT_SECRET_KEY = "password"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SecretKey:
    """A key of a Secret in the namespace of the pod.

    ``only_of_pod``: whoever may annotate a pod has named it, who may not be allowed to read each Secret: it has to be
    one that the pod uses, or that is marked for this.
    """

    name: str
    key: str
    only_of_pod: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """``secret`` None and ``password`` empty: the one that the container knows. Never shown."""

    user: str = ""
    password: str = dataclasses.field(default="", repr=False)
    secret: SecretKey | None = None

    @property
    def has_password(self) -> bool:
        return bool(self.password or self.secret)


def takes_password(kind: str) -> bool:
    """Whether the clients of ``kind`` can be given one."""
    return kind in PASSWORD_VARIABLES


__all__ = ("DEFAULT_SECRET_KEY", "PASSWORD_VARIABLES", "Credentials", "SecretKey", "takes_password")
