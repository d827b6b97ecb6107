# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the environment says about AWS, read as people mean it.

AWX sets the variables of a credential whose fields are empty as well, to nothing. boto3 takes that for "not set" with
some variables, for a value that it refuses with others.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._aws.access import AwsAccess
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError

_KEY, _SECRET, _PROFILE = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"


def forget_empty(environ: t.MutableMapping[str, str]) -> None:
    """Variables of AWS that are set to nothing are not set."""
    for name in [name for name, value in environ.items() if name.startswith("AWS_") and not value.strip()]:
        del environ[name]


def check_keys(environ: t.Mapping[str, str], access: AwsAccess, *, what: str, error: type[ArkiveError]) -> None:
    """Raise ``error`` when the environment has one half of a credential, and nobody has given another one."""
    if access.access_key or access.profile or environ.get(_PROFILE):
        return
    if (_KEY in environ) == (_SECRET in environ):
        return
    there, missing = (_KEY, _SECRET) if _KEY in environ else (_SECRET, _KEY)
    raise error(
        f"The environment has {there} and not {missing}, so {what} cannot be used.",
        hint="Set both, or neither. In AWX, fill in both fields of the credential.",
    )


__all__ = ("check_keys", "forget_empty")
