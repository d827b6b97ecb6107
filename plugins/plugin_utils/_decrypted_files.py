# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of the controller that options name: found where Ansible looks for files, and decrypted with Ansible Vault.

Only where the module runs on this machine: elsewhere the options name files of that machine, as with kubernetes.core.
What is decrypted goes to the module as text where the option takes text, so that it has no file at all.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import os
import tempfile
import typing as t

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

Arguments: t.TypeAlias = "dict[str, t.Any]"

_VAULT_HEADER = b"$ANSIBLE_VAULT;"
_TEXT_OPTIONS = ("ca_cert", "client_cert", "client_key")
_ALIASES = {"ca_cert": "ssl_ca_cert", "client_cert": "cert_file", "client_key": "key_file"}


class FilesAction(ActionBase):
    """``_with_files`` gives the arguments of the module."""

    @contextlib.contextmanager
    def _with_files(self) -> t.Iterator[Arguments]:
        """The task's arguments with what their files hold; decrypted files are there as long as the context is."""
        arguments: Arguments = dict(self._task.args)
        with contextlib.ExitStack() as stack:
            if self._is_on_this_machine():
                self._take_kubeconfig(arguments)
                for option in _TEXT_OPTIONS:
                    self._take_text(arguments, option if option in arguments else _ALIASES[option])
                self._take_file(arguments, "src", stack)
            yield arguments

    def _is_pipelining_enabled(self, module_style: str, wrap_async: bool = False) -> bool:
        """On this machine the module comes by a pipe: its options may hold keys, and a file of it outlives a kill."""
        enabled: bool = super()._is_pipelining_enabled(module_style, wrap_async)
        local = self._is_on_this_machine() and self._connection.become is None and self._connection.has_pipelining
        kept = bool(C.DEFAULT_KEEP_REMOTE_FILES)  # type: ignore[attr-defined]
        return enabled or bool(local and module_style == "new" and not wrap_async and not kept)

    def _is_on_this_machine(self) -> bool:
        return self._connection.transport.rpartition(".")[2] == "local"

    def _take_kubeconfig(self, arguments: Arguments) -> None:
        given = arguments.get("kubeconfig")
        if not isinstance(given, str) or not given or "\n" in given:
            return
        paths = [self._find(path) for path in given.split(os.pathsep) if path]
        if any(_is_encrypted(path) for path in paths):
            if len(paths) > 1:
                raise AnsibleError(
                    "One of several files in kubeconfig is encrypted with Ansible Vault: give it alone, or decrypt it."
                )
            arguments["kubeconfig"] = self._decrypt(paths[0])
        elif all(os.path.exists(path) for path in paths):
            arguments["kubeconfig"] = os.pathsep.join(paths)

    def _take_text(self, arguments: Arguments, option: str) -> None:
        given = arguments.get(option)
        if not isinstance(given, str) or not given or "\n" in given:
            return
        path = self._find(given)
        if _is_encrypted(path):
            arguments[option] = self._decrypt(path)
        elif os.path.exists(path):
            arguments[option] = path

    def _take_file(self, arguments: Arguments, option: str, stack: contextlib.ExitStack) -> None:
        given = arguments.get(option)
        if not isinstance(given, str) or not given:
            return
        path = self._find(given)
        if _is_encrypted(path):
            if self._task.async_val:
                raise AnsibleError(f"{option} is encrypted with Ansible Vault, which a task with async cannot take.")
            arguments[option] = stack.enter_context(_readable_copy(self._decrypt(path)))
        elif os.path.exists(path):
            arguments[option] = path

    def _find(self, path: str) -> str:
        """The file in ``files`` of the role or the playbook, or as it is written: the module misses it then."""
        full = os.path.expanduser(path)
        if os.path.isabs(full):
            return full
        try:
            return str(self._find_needle("files", full))  # type: ignore[no-untyped-call]
        except (AnsibleError, ValueError):
            return full

    def _decrypt(self, path: str) -> str:
        with open(path, "rb") as file:
            encrypted = file.read()
        secrets: t.Any = self._loader
        data = secrets._vault.decrypt(encrypted)
        try:
            return bytes(data).decode("utf-8")
        except UnicodeDecodeError as exc:
            raise AnsibleError(f"The decrypted content of {path} is not text in UTF-8.") from exc


def _is_encrypted(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return os.path.isfile(path) and file.read(len(_VAULT_HEADER)) == _VAULT_HEADER
    except (OSError, ValueError):
        return False


@contextlib.contextmanager
def _readable_copy(text: str) -> t.Iterator[str]:
    """A path for the module, which is another process of the same user. Where it can be, of a file without a name."""
    create: t.Any = getattr(os, "memfd_create", None)
    if create is not None and os.path.isdir("/proc/self/fd"):
        with os.fdopen(create("arkive", os.MFD_CLOEXEC), "w+b") as file:
            file.write(text.encode())
            file.flush()
            yield f"/proc/{os.getpid()}/fd/{file.fileno()}"
        return
    with tempfile.NamedTemporaryFile(dir=C.DEFAULT_LOCAL_TMP) as file:  # type: ignore[attr-defined]
        file.write(text.encode())
        file.flush()
        yield file.name


__all__ = ("FilesAction",)
