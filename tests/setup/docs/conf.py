# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of Sphinx for ``make docs``.

Nothing is read from the network, so that references to Ansible's own pages are a table.
"""

from __future__ import annotations

import re
import typing as t

from docutils import nodes

project = "arkive.k8s"
author = "the arkive.k8s contributors"
project_copyright = f"2026, {author}"
html_title = html_short_title = project

extensions = ["sphinx_antsibull_ext"]
default_role = "any"
highlight_language = "YAML+Jinja"
pygments_style = "ansible"

html_theme = "sphinx_ansible_theme"
html_theme_options = {"vcs_pageview_mode": "edit"}
html_show_sphinx = False
html_use_index = False
html_copy_source = False

_ANSIBLE = "https://docs.ansible.com/ansible/latest"
#: Labels of Ansible's documentation that pages which antsibull-docs writes refer to.
_ANSIBLE_PAGES = {
    "common_return_values": "reference_appendices/common_return_values.html",
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
}
_MODULE = re.compile(r"ansible_collections\.(?!arkive\.)([a-z_]+)\.([a-z_]+)\.([a-z_0-9]+_[a-z]+)")


def _refer_to_ansible(
    _app: t.Any, _environment: t.Any, node: t.Any, content: nodes.TextElement
) -> nodes.reference | None:
    target = str(node.get("reftarget", ""))
    page = _ANSIBLE_PAGES.get(target)
    if found := _MODULE.match(target):
        page = f"collections/{found[1]}/{found[2]}/{found[3]}.html"
    if page is None:
        return None
    return nodes.reference("", "", content, refuri=f"{_ANSIBLE}/{page}", internal=False)


def setup(app: t.Any) -> None:
    """What Sphinx calls once it has read the settings."""
    app.connect("missing-reference", _refer_to_ansible)
