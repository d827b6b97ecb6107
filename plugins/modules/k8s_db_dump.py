# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_db_dump
short_description: Dump a database of a pod beside a backup, and fill one from such a dump
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Runs the database's own program in its container (C(pg_dump) or C(pg_dumpall), C(mariadb-dump) or C(mysqldump),
    C(mongodump), C(redis-cli --rdb)), and stores what it writes beside a backup, compressed on its way. No disk of the
    controller is used, and memory does not grow with the dump.
  - A dump is there when it is whole, and not before. The program has to end with code 0, and the dump with its own mark
    of the end (the last line of a dump in SQL, the checksum of a dump of Redis, the terminator of an archive of
    MongoDB). Else the write is given up, and nothing of it is to be seen.
  - The dump belongs to the backup. It goes with it, by whatever deletes the backup, a Velero server included.
    M(arkive.k8s.k8s_backup_verify) compares it with its digest, and M(arkive.k8s.k8s_backup_info) lists it.
  - With O(state=restored), a database is filled from a dump. The whole dump is compared with its digests before any of
    it is used, and again as it is used.
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._auth
  - arkive.k8s._mover.unused
  - arkive.k8s._progress
  - arkive.k8s._requirements
  - arkive.k8s._requirements.kubernetes
  - arkive.k8s._requirements.s3
  - arkive.k8s._results.without_store
  - arkive.k8s._storage
attributes:
  check_mode:
    support: full
    details:
      - Nothing is written. With O(state=dumped), no program runs in the pod. With O(state=restored), the dump is
        compared with its digests, and the database is asked what it has, as the run asks it.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - With O(state=dumped), nothing is done where the dump is there. What has its name and is a dump of another
        database is an error. With O(state=restored), the dump is restored each time.
options:
  state:
    description:
      - With V(dumped), the dump is made unless it is there. With V(restored), the database is filled from it.
    type: str
    choices: [dumped, restored]
    default: dumped
  backup:
    description:
      - The backup that the dump belongs to. It must be there, C(Completed) or C(PartiallyFailed).
      - No other run may make, delete or dump into this backup meanwhile.
    type: str
    required: true
  namespace:
    description:
      - The namespace of the pod.
    type: str
    required: true
  pod:
    description:
      - The pod with the database. For O(state=restored), the one that is filled.
    type: str
    required: true
  container:
    description:
      - The container with the database's programs.
      - If not set, what the annotation C(arkive.k8s/database-container) of the pod says, else the first one.
    type: str
  kind:
    description:
      - What the database is. If not set, what the annotation C(arkive.k8s/database) of the pod says.
      - V(mysql) with a server of MySQL 8, and V(mongodb), have not been run against a real server.
    type: str
    choices: [postgresql, mariadb, mysql, mongodb, redis, valkey]
  database:
    description:
      - The database to be dumped, or filled; that is to be there. If not set, the whole server.
      - Redis and Valkey are dumped as a whole.
    type: str
  user:
    description:
      - The user of the database. If not set, what the annotation C(arkive.k8s/database-user) of the pod says, else the
        one that the container was started with (environment variables of the official images and of Bitnami's, their
        C(_FILE) forms included).
    type: str
  password:
    description:
      - The password of the user. If not set, the one that the container was started with.
      - It goes to the container by the standard input of the command, and is on no command line, so that it stands in
        no log of the API server.
    type: str
  dump_name:
    description:
      - The name of the dump beside the backup.
      - If not set, it is the namespace and the pod with C(-) in between. A second dump of a pod needs another name. To
        restore the dump of a pod into another one, its name is to be given.
    type: str
  compression:
    description:
      - How the dump is stored, by C(gzip) as C(.gz) or by C(zstd) as C(.zst).
      - If not set, it is V(zstd) where the Python that runs the module has it (3.14, or the package C(backports.zstd)),
        and else V(gzip). What was stored as V(zstd) can be restored only by a Python that has it.
      - The dump leaves the pod as its program writes it, so that its end can be seen, and is compressed here.
    type: str
    choices: [gzip, zstd]
  into_non_empty:
    description:
      - Whether a database that has something in it already is filled. Nothing of it is removed before.
    type: bool
    default: false
  timeout:
    description:
      - How long the database's program may take, and a server that starts with its dump may load it, as a duration such
        as V(90m).
    type: str
    default: 6h
notes:
  - A dump of one database of PostgreSQL is filled in one transaction, whose end is sent when all of the dump was read
    and has the right digest. Where anything fails, nothing is there. With large objects in it there are two
    transactions, as C(pg_dump) ends one behind these.
  - A dump of a whole PostgreSQL server makes roles and databases, which no transaction can hold. Those that are there
    are not made again, and get the settings and passwords of the dump.
  - The roles that own what is in a dump of one database have to be there.
  - A dump of MariaDB or MySQL is filled statement by statement up to the first that fails. C(--single-transaction)
    makes the dump one moment of tables of InnoDB; tables of other engines are as they were when their turn came.
  - A dump of Redis or Valkey is the server's own file. It is put in its place, and the server is ended without another
    dump, so that the container starts anew and reads it. The pod has to be restarted by its kubelet
    (its C(restartPolicy) has to be C(Always)), the file has to lie on a volume, and the server must have no
    append-only file. The task ends when the server has loaded it. A server that is still loading is not filled.
  - A dump of MongoDB is made without C(--oplog), so that collections that are written to meanwhile are of different
    moments.
  - An API server of Kubernetes 1.30 or newer is needed for O(password) and for O(state=restored).
  - The container needs a shell beside the database's programs.
  - The least rights are C(get) on pods, and C(get) and C(create) on C(pods/exec) in the namespace;
    M(arkive.k8s.k8s_access_info) returns them.
  - C(pg_dump) needs to read what it dumps, and C(pg_dumpall) a superuser. MariaDB and MySQL ask for C(SELECT),
    C(SHOW VIEW), C(TRIGGER), C(EVENT) and C(LOCK TABLES), and for C(PROCESS) and C(RELOAD) in some versions. A user of
    an access control list of Redis needs C(+sync +psync +replconf +ping), and for a restore
    C(+config|get +config|set +info +role +shutdown).
seealso:
  - module: arkive.k8s.k8s_backup
  - module: arkive.k8s.k8s_backup_info
  - module: arkive.k8s.k8s_backup_verify
"""

EXAMPLES = r"""
- name: Make a backup of the shop
  arkive.k8s.k8s_backup:
    name: shop-2026-06-01
    included_namespaces: [shop]
    storage_location:
      bucket: backups
      prefix: production

- name: Put a dump of its database beside it
  arkive.k8s.k8s_db_dump:
    backup: shop-2026-06-01
    namespace: shop
    pod: db-0
    kind: postgresql
    database: orders
    storage_location:
      bucket: backups
      prefix: production

- name: Dump the whole server as a user of its own, under a name of its own
  arkive.k8s.k8s_db_dump:
    backup: shop-2026-06-01
    namespace: shop
    pod: db-0
    kind: mariadb
    container: mariadb
    user: dumper
    password: "{{ dumper_password }}"
    dump_name: shop-db-all
    compression: gzip
    timeout: 2h
    storage_location:
      bucket: backups
      prefix: production

- name: Fill an empty database of another pod from it
  arkive.k8s.k8s_db_dump:
    state: restored
    backup: shop-2026-06-01
    dump_name: shop-db-0
    namespace: rehearsal
    pod: db-0
    kind: postgresql
    database: orders
    storage_location:
      bucket: backups
      prefix: production

- name: Restore a server that has something in it already
  arkive.k8s.k8s_db_dump:
    state: restored
    backup: shop-2026-06-01
    dump_name: shop-cache-0
    namespace: shop
    pod: cache-0
    kind: redis
    into_non_empty: true
    storage_location:
      bucket: backups
      prefix: production
"""

RETURN = r"""
dump:
  description: The dump, as it is recorded. Empty where there is none.
  returned: always
  type: dict
  contains:
    name: {description: Its name., type: str, returned: success, sample: shop-db-0}
    file:
      description: Its file beside the backup.
      type: str
      returned: success
      sample: shop-2026-06-01-arkive-dump-shop-db-0.sql.gz
    namespace: {description: The namespace of the pod that was dumped., type: str, returned: success, sample: shop}
    pod: {description: That pod., type: str, returned: success, sample: db-0}
    container: {description: The container., type: str, returned: success, sample: postgres}
    kind: {description: The kind of the database., type: str, returned: success, sample: postgresql}
    program: {description: What made the dump., type: str, returned: success, sample: pg_dump}
    database: {description: "The database, empty for the whole server.", type: str, returned: success, sample: orders}
    compression: {description: How it is stored., type: str, returned: success, sample: gzip}
    size: {description: Bytes of the file., type: int, returned: success, sample: 123456}
    sha256: {description: The digest of the file., type: str, returned: success, sample: 9f86d081884c7d65}
    dump_size: {description: Bytes of the dump in it., type: int, returned: success, sample: 1234567}
    dump_sha256: {description: The digest of the dump in it., type: str, returned: success, sample: 60303ae22b998861}
    started: {description: When it was begun., type: str, returned: success, sample: "2026-06-01T02:00:00Z"}
    completed: {description: When it was whole., type: str, returned: success, sample: "2026-06-01T02:03:00Z"}
planned:
  description: In check mode, what would be done. Empty where nothing would be.
  returned: always
  type: str
  sample: pg_dump would run in container postgres of pod shop/db-0.
location:
  description: The storage location.
  returned: always
  type: str
  sample: s3://backups/production
left_out:
  description:
    - What is not in this result whole, because it is too large, and of how many entries of each part something is
      missing.
  returned: always
  type: dict
  sample: {}
result_path:
  description: The file with the parts of RV(left_out) as JSON, readable by its owner only. Null without one.
  returned: always
  type: str
  sample: null
warnings_list:
  description:
    - What was noticed, each with C(resource), C(namespace), C(name), C(message), C(reason) and C(hint). The first of
      them are shown as warnings of the task, too.
  returned: always
  type: list
  elements: dict
  sample: []
errors_list:
  description:
    - What went wrong, in the form of RV(warnings_list). The first of them are in C(msg), too.
  returned: always
  type: list
  elements: dict
  sample: []
error_details:
  description:
    - What is known about the error that ended the task beside its sentence. Empty when the task did not end by an
      error, or nothing more is known.
  returned: always
  type: dict
  sample: {}
"""

import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH, kube_auth
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.duration_options import seconds
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.group_options import MOVER_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.location_store import open_location
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_DB_DUMP
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import (
    STORAGE,
    require_store_library,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import PROGRESS, RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.dump_kinds import dump_kind_names
from ansible_collections.arkive.k8s.plugins.module_utils._dump.request import DumpRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun

SPEC = ArgumentSpec(
    meant={"name": "backup"},
    options={
        "state": {"type": "str", "choices": ["dumped", "restored"], "default": "dumped"},
        "backup": {"type": "str", "required": True},
        "namespace": {"type": "str", "required": True},
        "pod": {"type": "str", "required": True},
        "container": {"type": "str"},
        "kind": {"type": "str", "choices": dump_kind_names()},
        "database": {"type": "str"},
        "user": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "dump_name": {"type": "str"},
        "compression": {"type": "str", "choices": ["gzip", "zstd"]},
        "into_non_empty": {"type": "bool", "default": False},
        "timeout": {"type": "str", "default": "6h"},
    },
).merge(AUTH, STORAGE, PROGRESS, RESULT, MOVER_UNUSED)


def dump_request(params: t.Mapping[str, t.Any]) -> DumpRequest:
    """The options as the engine takes them; raises ``ValidationError``."""
    texts = {name: params[name] or "" for name in ("kind", "container", "database", "user")}
    return DumpRequest(
        backup=params["backup"],
        namespace=params["namespace"],
        pod=params["pod"],
        password=params["password"],
        dump=params["dump_name"] or "",
        compression=params["compression"],
        into_non_empty=params["into_non_empty"],
        seconds=seconds(params, "timeout", least=1.0),
        **texts,
    )


def work(task: Task) -> Result:
    from ansible_collections.arkive.k8s.plugins.module_utils._dump.make import make_dump
    from ansible_collections.arkive.k8s.plugins.module_utils._dump.restore import restore_dump

    request = dump_request(task.params)
    request.validate()
    require_store_library(task.params)
    require_library("kubernetes")
    store = open_location(task)
    client = connect(kube_auth(task.params), cancel=task.cancel)
    run = ClusterRun(client=client, progress=task.progress, cancel=task.cancel, run_id=secrets.token_hex(8))
    carry_out = make_dump if task.params["state"] == "dumped" else restore_dump
    outcome = carry_out(request, run=run, store=store, check_mode=task.check_mode)
    return outcome.to_return() | {"warnings_list": to_return(Issues.of(warnings=outcome.warnings).warnings)}


def main() -> t.NoReturn:
    run_task(SPEC, K8S_DB_DUMP, work)


if __name__ == "__main__":
    main()
