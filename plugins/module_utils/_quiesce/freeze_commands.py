# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands that freeze several paths as one, and their end."""

# Private: not for use outside of this collection.

from __future__ import annotations

import shlex
import typing as t


def freeze_command(paths: t.Sequence[str]) -> tuple[str, ...]:
    """One command for all of ``paths``. Where one cannot be frozen, those before it are thawed again."""
    if len(paths) == 1:
        return ("fsfreeze", "--freeze", paths[0])
    quoted = [shlex.quote(path) for path in paths]
    steps = [f"n={at} && fsfreeze --freeze {path}" for at, path in enumerate(quoted)]
    undo = [f"[ $n -le {at} ] || fsfreeze --unfreeze {path}" for at, path in enumerate(quoted[:-1])]
    return ("/bin/sh", "-c", f"{' && '.join(steps)} || {{ r=$?; {'; '.join(undo)}; exit $r; }}")


def thaw_command(paths: t.Sequence[str]) -> tuple[str, ...]:
    """What undoes ``freeze_command``."""
    if len(paths) == 1:
        return ("fsfreeze", "--unfreeze", paths[0])
    steps = [f"fsfreeze --unfreeze {shlex.quote(path)} || r=1" for path in paths]
    return ("/bin/sh", "-c", f"r=0; {'; '.join(steps)}; exit $r")


__all__ = ("freeze_command", "thaw_command")
