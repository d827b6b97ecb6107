# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A PostgreSQL primary, and a standby that streams from it."""

from __future__ import annotations

import typing as t

from postgres_app import PostgresApp
from volume_lab import Object, until

#: A copy of the primary, made when the volume is empty.
_START = """
set -e
rm -f "$PGDATA/postmaster.pid"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chown -R postgres:postgres "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  setpriv --reuid=postgres --regid=postgres --clear-groups \
    pg_basebackup -h "$PRIMARY" -U postgres -D "$PGDATA" -R -X stream -c fast --no-sync
fi
exec docker-entrypoint.sh postgres "$@"
"""


class Standby(PostgresApp):
    """``primary``: its address."""

    def __init__(self, kubectl: t.Any, namespace: str, *, primary: str, **options: t.Any) -> None:
        super().__init__(kubectl, namespace, name="standby", environment={"PRIMARY": primary}, **options)

    def _pod(self) -> Object:
        pod = super()._pod()
        pod["spec"]["containers"][0]["command"][2] = _START
        return pod

    def promote(self) -> None:
        self.sql("select pg_promote()")


class Replicated:
    """``primary`` and ``standby``, each with a volume of its own."""

    def __init__(self, kubectl: t.Any, namespace: str, **options: t.Any) -> None:
        self.namespace = namespace
        options = {"settings": ["listen_addresses=*"], **options}
        self.primary = PostgresApp(kubectl, namespace, name="primary", **options)
        self.primary.create()
        self.primary.sh(r"printf 'host all all all trust\nhost replication all all trust\n' >>$PGDATA/pg_hba.conf")
        self.primary.sql("select pg_reload_conf()")
        address = kubectl("-n", namespace, "get", "pod", "primary", "-o", "jsonpath={.status.podIP}").strip()
        self.standby = Standby(kubectl, namespace, primary=address, **options)
        self.standby.create()
        until(self.streams, "the standby streams", seconds=30)

    @property
    def claims(self) -> tuple[str, ...]:
        return self.primary.claims + self.standby.claims

    def streams(self) -> bool:
        return self.standby.sql("select status from pg_stat_wal_receiver") == "streaming"


__all__ = ("Replicated", "Standby")
