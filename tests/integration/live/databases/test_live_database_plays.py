# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles for databases, and a dump, as plays have them: the examples of their pages."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from mariadb_app import MariadbApp
from mongodb_standin import MongodbStandin
from play_runner import PlayRunner, Task, text_of
from postgres_app import PostgresApp
from redis_app import RedisApp
from volume_lab import until

ROLES = Path(__file__).parents[4] / "roles"


def examples(role: str, namespace: str, path: Path) -> list[Task]:
    """The tasks of the page's examples, for this namespace and this location."""
    text = (ROLES / role / "README.md").read_text(encoding="utf-8")
    blocks = [block.partition("```")[0] for block in text.split("```yaml\n")[1:]]
    found = []
    for block in blocks:
        (play,) = yaml.safe_load(block.replace(": shop\n", f": {namespace}\n").replace("/srv/backups", str(path)))
        found += play["tasks"]
    return found


def taken(role: str) -> Task:
    return {"ansible.builtin.set_fact": {"found": f"{{{{ {role}_quiesces }}}}"}}


PASSWORD = "s3cret-of-the-backup"
APPS: t.Mapping[str, t.Any] = {
    "postgresql": PostgresApp,
    "redis": RedisApp,
    "mysql": MariadbApp,
    "mongodb": MongodbStandin,
}
#: The user of the example with ``credentials``, as far as the server has users; and a mode that holds by all means.
USERS: t.Mapping[str, t.Callable[[t.Any], object]] = {
    "postgresql": lambda app: app.sql(f"create role backup superuser login password '{PASSWORD}'"),
    "redis": lambda app: app.ask(f"ACL SETUSER backup on '>{PASSWORD}' '~*' +@all"),
    "mysql": lambda app: app.sql(
        f"create user backup@localhost identified by '{PASSWORD}'",
        "grant reload, select, replica monitor on *.* to backup@localhost",
    ),
    "mongodb": lambda _app: None,
}
HOLDS = {"postgresql": "backup", "redis": "pause", "mysql": "stages", "mongodb": "lock"}


def is_free(role: str, app: t.Any) -> bool:
    """Nothing holds it any more."""
    if role == "mongodb":
        return bool(app.locks == 0)
    if role == "redis":
        return bool(app.ask("SET free yes") == "OK")
    return not (role == "mysql" and app.is_held) and bool(app.sessions == 0)


@pytest.mark.parametrize("role", list(APPS))
def test_the_examples_of_a_role(kubectl: t.Any, kubeconfig: str, namespace: str, tmp_path: Path, role: str) -> None:
    app = APPS[role](kubectl, namespace)
    app.create()
    kubectl("-n", namespace, "create", "secret", "generic", "backup-user", f"--from-literal=password={PASSWORD}")
    USERS[role](app)
    (tmp_path / "backups").mkdir()
    runner = PlayRunner(tmp_path, kubeconfig)
    tasks = examples(role, namespace, tmp_path / "backups")
    for task in tasks:
        task["vars"].pop(f"{role}_counts", None)
        found = runner.results([task, taken(role)], "found")["found"]
        (entry,) = found
        assert (entry["pod"], entry["consistent"], entry["ended_by"]) == ("db", True, "release")
    if role in ("postgresql", "mysql"):
        assert found[0]["facts"]["user"].partition("@")[0] == "backup"
    task = tasks[0]
    task["vars"] |= {f"{role}_mode": HOLDS[role], f"{role}_snapshot": {"name": "failing", "claims": ["db"]}}
    kubectl("-n", namespace, "annotate", "pod", "db", 'pre.hook.backup.velero.io/command=["/bin/false"]')
    done = runner.run([task])
    assert done.returncode != 0
    assert '"ended_by": "release"' in text_of(done)
    until(lambda: is_free(role, app), "it is let go", seconds=10)
    assert kubectl("-n", namespace, "get", "volumesnapshots", "-l", "arkive.k8s/snapshot=failing", "-o", "name") == ""
    task["vars"] |= {f"{role}_label_selector": "app=web", f"{role}_modus": "light"}
    assert f"{role}_modus" in text_of(runner.run([task]))


def test_a_role_that_holds_nothing_fails(kubectl: t.Any, kubeconfig: str, namespace: str, tmp_path: Path) -> None:
    app = RedisApp(kubectl, namespace)
    app.create()
    task = examples("redis", namespace, tmp_path)[0]
    task["vars"] |= {"redis_label_selector": "app=web", "redis_snapshot": {"name": "other", "claims": ["db"]}}
    done = PlayRunner(tmp_path, kubeconfig).run([task])
    assert done.returncode != 0
    assert "with the labels of redis_label_selector" in text_of(done)


def test_a_dump_as_a_task(kubectl: t.Any, kubeconfig: str, namespace: str, tmp_path: Path) -> None:
    password = "s3cret-of-the-dumper"
    app = PostgresApp(kubectl, namespace, annotations={"arkive.k8s/database": "postgresql"})
    app.create()
    app.sql(f"create role dumper superuser login password '{password}'", "create database orders")
    app.sh("psql -U postgres -d orders -c 'create table t as select generate_series(1, 100) i'")
    (tmp_path / "backups").mkdir()
    place = {"storage_location": {"path": str(tmp_path / "backups")}}
    backup = {"name": "one", "included_namespaces": [namespace], "included_resources": ["configmaps"], **place}
    dump = {"backup": "one", "namespace": namespace, "pod": "db", "database": "orders", **place}
    given = {"user": "dumper", "password": password}
    runner = PlayRunner(tmp_path, kubeconfig)
    screen = runner.run(
        [
            {"arkive.k8s.k8s_backup": backup},
            {"arkive.k8s.k8s_db_dump": {**dump, **given}},
            {"arkive.k8s.k8s_backup_verify": {"name": "one", **place}},
        ],
        "-vvv",
    )
    assert screen.returncode == 0, text_of(screen)
    assert password not in text_of(screen)
    assert "dump " in text_of(screen)
    results = runner.results(
        [
            {"arkive.k8s.k8s_db_dump": {**dump, **given}, "register": "again"},
            {"arkive.k8s.k8s_backup_info": {"name": "one", "details": ["dumps"], **place}, "register": "info"},
        ],
        "again",
        "info",
    )
    assert not results["again"]["changed"]
    assert results["info"]["backups"][0]["dumps"] == [results["again"]["dump"]]
