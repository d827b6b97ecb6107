# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sprig's functions that a blueprint does not get here, and why."""

# Private: not for use outside of this collection.

from __future__ import annotations

_CONTROLLER = (
    "it would show what is in the environment of the Ansible controller",
    "Hand over what is needed as an option of the action.",
)
_NETWORK = ("a template reaches no network", "Let a command in a pod look the name up.")
_KEYS = (
    "a template makes no keys and no passwords",
    "Make them before, and keep them in a Secret that the blueprint reads.",
)

#: Why, and what to do instead.
REFUSED = {
    "env": _CONTROLLER,
    "expandenv": _CONTROLLER,
    "getHostByName": _NETWORK,
    "genPrivateKey": _KEYS,
    "genCA": _KEYS,
    "genSelfSignedCert": _KEYS,
    "genSignedCert": _KEYS,
    "buildCustomCert": _KEYS,
    "derivePassword": _KEYS,
    "encryptAES": _KEYS,
    "decryptAES": _KEYS,
}

__all__ = ("REFUSED",)
