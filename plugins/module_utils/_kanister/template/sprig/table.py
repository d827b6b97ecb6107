# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sprig 2.22: all of its text functions, but for those that are refused."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.dates import DATE_FUNCTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.defaults import DEFAULT_FUNCTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.encoding import ENCODING_FUNCTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.json_texts import JSON_FUNCTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.lists import LIST_FUNCTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.maps import MAP_FUNCTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.numbers import NUMBER_FUNCTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.paths import PATH_FUNCTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.random_texts import RANDOM_FUNCTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.reflection import REFLECTION_FUNCTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.regexes import REGEX_FUNCTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.texts import TEXT_FUNCTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.urls import URL_FUNCTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.versions import VERSION_FUNCTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.words import WORD_FUNCTIONS

SPRIG: Table = {
    **DATE_FUNCTIONS,
    **DEFAULT_FUNCTIONS,
    **ENCODING_FUNCTIONS,
    **JSON_FUNCTIONS,
    **LIST_FUNCTIONS,
    **MAP_FUNCTIONS,
    **NUMBER_FUNCTIONS,
    **PATH_FUNCTIONS,
    **RANDOM_FUNCTIONS,
    **REFLECTION_FUNCTIONS,
    **REGEX_FUNCTIONS,
    **TEXT_FUNCTIONS,
    **URL_FUNCTIONS,
    **VERSION_FUNCTIONS,
    **WORD_FUNCTIONS,
}

__all__ = ("SPRIG",)
