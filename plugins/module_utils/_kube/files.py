# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading files that a user named, and naming them in sentences without showing what is no path."""

# Private: not for use outside of this collection.

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import PurePosixPath

from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

#: No kubeconfig, certificate or token is larger.
LARGEST = 16 << 20
_LONGEST_PATH = 4096
VAULT_HEADER = b"$ANSIBLE_VAULT;"
#: A path with the ending of a file that belongs to a kubeconfig.
_FILE_NAME = re.compile(r"[\w./~@+-]{1,255}\.(?:ya?ml|json|conf|config|kubeconfig|pem|crt|cer|key)")
#: A path of few lower-case words: secrets that begin like one have digits or capitals, or are longer.
_PLAIN_PATH = re.compile(r"(?=.{2,32}\Z)(?:~|\.\.?)?(?:/[a-z._-]+)+")


def read_named(path: str, *, what: str, largest: int = LARGEST) -> bytes:
    """The content of a regular file; ``what`` names the file in sentences, such as "the CA certificate /ca.pem"."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError) as exc:
        raise KubeError(f"{capital(what)} {_why_not(exc)}.") from exc
    try:
        data = _read(descriptor, what, largest)
    finally:
        os.close(descriptor)
    if len(data) > largest:
        raise KubeError(f"{capital(what)} is larger than {largest >> 20} MiB.", hint="Check that it is the right file.")
    if data.startswith(VAULT_HEADER):
        raise KubeError(
            f"{capital(what)} is encrypted with Ansible Vault.",
            hint="Name it by an option of the task, which runs on the controller: it is decrypted there.",
        )
    return data


def _read(descriptor: int, what: str, largest: int) -> bytes:
    """At most one byte more than ``largest``."""
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        kind = "a directory" if stat.S_ISDIR(mode) else "no regular file"
        raise KubeError(f"{capital(what)} cannot be read: it is {kind}.")
    try:
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(largest + 1)
    except OSError as exc:
        raise KubeError(f"{capital(what)} cannot be read: {exc.strerror}.") from exc


def shown(text: str) -> str:
    """``text`` when it surely is a path, else only how long it is: it may be a secret in the wrong place."""
    return path_of(text) or f"of {len(text)} characters"


def path_of(text: str) -> str:
    """The path that ``text`` surely is, with the home folder; empty for what may be a secret.

    It is one when a folder above it is there, and else when no password, token or key looks like it.
    """
    full = os.path.expanduser(text)
    if not full or len(full) > _LONGEST_PATH or not full.isprintable():
        return ""
    is_there = os.path.isabs(full) and (_exists(full) or any(os.path.isdir(folder) for folder in _folders_above(full)))
    return full if is_there or _FILE_NAME.fullmatch(text) or _PLAIN_PATH.fullmatch(text) else ""


def _folders_above(path: str) -> list[str]:
    """The nearest first; without the root, with which a secret may begin as well."""
    return [str(folder) for folder in PurePosixPath(path).parents if str(folder).strip("/")]


def _exists(path: str) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:
        return False


def _why_not(exc: OSError | ValueError) -> str:
    code = getattr(exc, "errno", None)
    if code == errno.ENOENT or isinstance(exc, ValueError):
        return "does not exist"
    return f"cannot be read: {getattr(exc, 'strerror', None) or 'unknown reason'}"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


__all__ = ("LARGEST", "VAULT_HEADER", "capital", "path_of", "read_named", "shown")
