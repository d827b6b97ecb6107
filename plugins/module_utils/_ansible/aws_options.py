# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that say how AWS is reached; their names are those of amazon.aws where it has them."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec

AWS = ArgumentSpec(
    options={
        "region": {"type": "str"},
        "endpoint_url": {"type": "str"},
        # An access key id is no secret: amazon.aws shows it as well.
        "access_key": {"type": "str", "no_log": False},
        "secret_key": {"type": "str", "no_log": True},
        "session_token": {"type": "str", "no_log": True},
        "profile": {"type": "str"},
        "ca_bundle": {"type": "path"},
        "validate_certs": {"type": "bool", "default": True},
        "kms_key_id": {"type": "str", "no_log": False},
    },
    mutually_exclusive=(("profile", "access_key"),),
    required_together=(("access_key", "secret_key"),),
    required_by={"session_token": ("access_key",)},
)

__all__ = ("AWS",)
