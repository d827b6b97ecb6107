# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""The option ``storage_location`` (documented in the fragment ``_storage``)."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.aws_options import AWS
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation

_LOCATION = ArgumentSpec(
    options={
        "name": {"type": "str", "default": "default"},
        "path": {"type": "path"},
        "bucket": {"type": "str"},
        "prefix": {"type": "str"},
        "addressing_style": {"type": "str", "choices": ["auto", "path", "virtual"]},
        "sse": {"type": "str", "choices": ["AES256", "aws:kms"]},
        "object_lock": {"type": "bool", "default": False},
        "read_only": {"type": "bool", "default": False},
    },
    mutually_exclusive=(("path", "bucket"),),
    required_one_of=(("path", "bucket"),),
).merge(AWS)

STORAGE = ArgumentSpec(options={"storage_location": _LOCATION.to_option(required=True)})

#: For modules that need no location: defaults of the action group hold one, and all modules of it must know the option.
STORAGE_UNUSED = ArgumentSpec(options={"storage_location": _LOCATION.to_option(required=False)})


def storage_location(params: t.Mapping[str, t.Any]) -> StorageLocation:
    """The location that the option names; raises ``ValidationError`` when it contradicts itself."""
    given = {name: value for name, value in params["storage_location"].items() if value is not None}
    return StorageLocation(**given)


__all__ = ("STORAGE", "STORAGE_UNUSED", "storage_location")
