# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kill a module that waits for its server, and look for its secret in files: ``killed.py CANARY FORM PYTHON``."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import typing as t


def kubeconfig(server: str, token: str) -> str:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "slow",
        "clusters": [{"name": "slow", "cluster": {"server": server}}],
        "contexts": [{"name": "slow", "context": {"cluster": "slow", "user": "slow"}}],
        "users": [{"name": "slow", "user": {"token": token}}],
    }
    return json.dumps(config, indent=1)


def given_as(form: str, text: str) -> str:
    """The value of the option; in a file that is encrypted, or as it is."""
    if form == "text":
        return text
    file = pathlib.Path("files/slow.yml")
    file.write_text(text)
    subprocess.run(["ansible-vault", "encrypt", "--vault-password-file=password", str(file)], check=True)
    return file.name


def write_playbook(form: str, value: str, python: str) -> None:
    pathlib.Path("store").mkdir(exist_ok=True)
    options = {
        "name": form,
        "kubeconfig": value,
        "included_namespaces": ["x"],
        "storage_location": {"path": os.path.abspath("store")},
    }
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [{"arkive.k8s.k8s_backup": options}]}
    play["vars"] = {"ansible_connection": "local", "ansible_python_interpreter": python}
    pathlib.Path("slow.json").write_text(json.dumps([play]))


def descendants(pid: int) -> list[int]:
    """The processes below ``pid``, the deepest last."""
    found = [pid]
    for parent in found:
        printed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, check=False).stdout
        found += [int(word) for word in printed.split()]
    return found[1:]


def files_with(canary: bytes, folders: t.Iterable[str], since: float) -> list[str]:
    """The regular files changed since then that hold ``canary``."""
    found = []
    for folder in folders:
        for base, _folders, names in os.walk(folder):
            for path in (pathlib.Path(base, name) for name in names):
                try:
                    new = path.is_file() and path.stat().st_mtime >= since
                    if new and canary in path.read_bytes():
                        found.append(str(path))
                except OSError:
                    continue  # another process's, and gone
    return found


def main() -> None:
    canary, form, python = sys.argv[1:]
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(120)
    write_playbook(form, given_as(form, kubeconfig(f"http://127.0.0.1:{server.getsockname()[1]}", canary)), python)
    since = time.time()
    # Later than the playbook, whose text form holds the canary itself.
    with tempfile.TemporaryDirectory() as home:
        folder = pathlib.Path(home, "tmp")
        folder.mkdir()
        variables = {**os.environ, "HOME": home, "TMPDIR": str(folder), "ANSIBLE_LOCAL_TEMP": f"{home}/.ansible/tmp"}
        argv = ["ansible-playbook", "--inventory=localhost,", "--vault-password-file=password", "-vvv", "slow.json"]
        with (
            tempfile.TemporaryFile() as output,
            subprocess.Popen(argv, env=variables, stdout=output, stderr=subprocess.STDOUT) as running,
        ):
            try:
                connection, _address = server.accept()
                os.kill(descendants(running.pid)[-1], signal.SIGKILL)
                running.wait(timeout=120)
                connection.close()
            except TimeoutError:
                running.terminate()
                output.seek(0)
                sys.exit(f"The module has not come to its server:\n{output.read().decode()}")
            output.seek(0)
            printed = output.read()
        left = files_with(canary.encode(), [home, "/tmp", "/var/tmp"], since)
    left = [path for path in left if os.path.abspath(path) != os.path.abspath("slow.json")]
    if left or canary.encode() in printed:
        sys.exit(f"The secret is in {left or 'what was printed'}.")
    if b"unreachable=0" not in printed or b"failed=1" not in printed:
        sys.exit(printed.decode())


main()
