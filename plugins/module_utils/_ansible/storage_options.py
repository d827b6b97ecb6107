# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option ``storage_location`` (documented in the fragment ``_storage``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.aws_options import AWS
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._store.kinds import KINDS, find_kind, make_location
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation

#: The options of one location.
LOCATION = ArgumentSpec(
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
    mutually_exclusive=(tuple(kind.option for kind in KINDS),),
    required_one_of=(tuple(kind.option for kind in KINDS),),
).merge(AWS)

STORAGE = ArgumentSpec(options={"storage_location": LOCATION.to_option(required=True)})

#: For modules that need no location: defaults of the action group hold one, and all modules of it must know the option.
STORAGE_UNUSED = ArgumentSpec(options={"storage_location": LOCATION.to_option(required=False)})


def storage_location(params: t.Mapping[str, t.Any]) -> StorageLocation:
    """The location that the option names; raises ``ValidationError`` when it contradicts itself."""
    return make_location(params["storage_location"])


def require_store_library(params: t.Mapping[str, t.Any]) -> None:
    """Raise ``MissingLibraryError`` unless the library is there that the location's kind of store needs, if any."""
    library = find_kind(params["storage_location"]).library
    if library:
        require_library(library)


__all__ = ("LOCATION", "STORAGE", "STORAGE_UNUSED", "require_store_library", "storage_location")
