# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates and keys. Their content is kept in memory, and never gets a name in a file system."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import tempfile
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.files import read_named, shown

_BLOCK = re.compile(rb"-----BEGIN [A-Z0-9 ]+-----.*?-----END [A-Z0-9 ]+-----", re.DOTALL)


@dataclasses.dataclass(frozen=True, slots=True)
class Pem:
    """``what`` names it in sentences, such as "client_key /key.pem"; it never holds any of ``data``."""

    what: str
    data: bytes = dataclasses.field(repr=False)

    @property
    def blocks(self) -> bytes:
        """The certificates and keys without the comments between them."""
        return b"\n".join(_BLOCK.findall(self.data)) + b"\n"

    @property
    def is_empty(self) -> bool:
        return _BLOCK.search(self.data) is None


def pem_from_option(option: str, value: str | None) -> Pem | None:
    """The file that an option names, or the PEM text that it holds itself."""
    if not value:
        return None
    if "-----BEGIN " in value:
        return Pem(f"the text given as {option}", value.encode())
    full, name = os.path.expanduser(value), shown(value)
    if "\0" in full or not os.path.exists(full):
        raise KubeError(f"The file {name}, given as {option}, does not exist.", hint=f"Check the path of {option}.")
    what = f"the file {name}, given as {option},"
    return Pem(what.rstrip(","), read_named(full, what=what))


@contextlib.contextmanager
def as_path(pem: Pem) -> t.Iterator[str]:
    """A path for libraries that take nothing else. It ends with the context, and with the process."""
    with _nameless_file() as file:
        file.write(pem.data)
        file.flush()
        file.seek(0)
        folder = "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"
        yield f"{folder}/{file.fileno()}"


def _nameless_file() -> t.Any:
    create: t.Any = getattr(os, "memfd_create", None)
    if create is not None:
        with contextlib.suppress(OSError):
            return os.fdopen(create("arkive", os.MFD_CLOEXEC), "w+b")
    return tempfile.TemporaryFile()


__all__ = ("Pem", "as_path", "pem_from_option")
