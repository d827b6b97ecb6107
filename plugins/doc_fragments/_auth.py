# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a module reaches the API server: option names, aliases and environment variables of ``kubernetes.core``."""

# Private: not for use outside of this collection.

from __future__ import annotations


class ModuleDocFragment:
    """The authentication options."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - The path of a kubeconfig file, or the content of one as a dictionary or as text.
      - Where the module runs on the controller, a relative path is looked for in C(files) of the role and of the
        playbook too, and a file that is encrypted with Ansible Vault is decrypted. So it is with O(ca_cert),
        O(client_cert) and O(client_key).
      - What is decrypted goes to the module by a pipe and never lies in a file, but in a task with C(async) or
        C(become). Ansible then writes the module with all its options to a file, and removes it when the module ends.
      - A credential plugin that it names gets no terminal and at most 60 seconds.
      - Whom its user acts as (C(as), C(as-uid), C(as-groups) and C(as-user-extra)) is told to the API server as
        kubectl does it, unless O(impersonate_user) says another one.
      - Without O(kubeconfig) and O(host), the service account of the pod is used when the module runs inside a
        cluster, else the files named in E(KUBECONFIG), else C(~/.kube/config).
      - If not set, the value of E(K8S_AUTH_KUBECONFIG) is used.
    type: raw
  context:
    description:
      - The context to use of the kubeconfig; its current context if not set.
      - If not set, the value of E(K8S_AUTH_CONTEXT) is used.
    type: str
  host:
    description:
      - The URL of the API server. It takes the place of the server that the kubeconfig names.
      - If not set, the value of E(K8S_AUTH_HOST) is used.
    type: str
  api_key:
    description:
      - The bearer token to send to the API server.
      - If not set, the value of E(K8S_AUTH_API_KEY) is used.
    type: str
  username:
    description:
      - The user name for basic authentication, which the API server itself has not offered since Kubernetes 1.19
        but a proxy in front of it may.
      - If not set, the value of E(K8S_AUTH_USERNAME) is used.
    type: str
  password:
    description:
      - The password for basic authentication. See O(username).
      - If not set, the value of E(K8S_AUTH_PASSWORD) is used.
    type: str
  validate_certs:
    description:
      - Whether the certificate of the API server must be valid.
      - If not set, the value of E(K8S_AUTH_VERIFY_SSL) is used, else what the kubeconfig says, else V(true).
      - A credential of AWX sets the variable to V(false) when it has no certificate authority. A warning says so.
    type: bool
    aliases: [verify_ssl]
  ca_cert:
    description:
      - The path of the CA certificate that signs the certificate of the API server, or the certificate itself as PEM.
      - If not set, the value of E(K8S_AUTH_SSL_CA_CERT) is used.
    type: path
    aliases: [ssl_ca_cert]
  client_cert:
    description:
      - The path of a client certificate, or the certificate itself as PEM. Needs O(client_key).
      - If not set, the value of E(K8S_AUTH_CERT_FILE) is used.
    type: path
    aliases: [cert_file]
  client_key:
    description:
      - The path of the key of the client certificate, or the key itself as PEM. Needs O(client_cert).
      - If not set, the value of E(K8S_AUTH_KEY_FILE) is used.
    type: path
    aliases: [key_file]
  proxy:
    description:
      - The URL of an HTTP proxy for all requests, commands in pods included, such as
        V(http://proxy.example.com:3128).
      - If not set, the value of E(K8S_AUTH_PROXY) is used.
    type: str
  no_proxy:
    description:
      - Hosts that are reached without O(proxy), separated by commas.
      - If not set, the value of E(K8S_AUTH_NO_PROXY) is used.
    type: str
  proxy_headers:
    description:
      - Headers that are sent to the proxy.
    type: dict
    suboptions:
      basic_auth:
        description:
          - User name and password for basic authentication, separated by a colon.
          - If not set, the value of E(K8S_AUTH_PROXY_HEADERS_BASIC_AUTH) is used.
        type: str
      proxy_basic_auth:
        description:
          - User name and password for basic authentication at the proxy, separated by a colon.
          - If not set, the value of E(K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH) is used.
        type: str
      user_agent:
        description:
          - The user agent.
          - If not set, the value of E(K8S_AUTH_PROXY_HEADERS_USER_AGENT) is used.
        type: str
  impersonate_user:
    description:
      - The user to act as. It holds for every request, commands in pods included.
      - If not set, the value of E(K8S_AUTH_IMPERSONATE_USER) is used.
    type: str
  impersonate_groups:
    description:
      - The groups to act as. Needs O(impersonate_user).
      - If not set, the value of E(K8S_AUTH_IMPERSONATE_GROUPS) is used, a list separated by commas.
    type: list
    elements: str
notes:
  - The options that say how to reach the API server have the names, aliases and environment variables of the
    P(kubernetes.core.k8s_info#module) module. That collection is not needed.
  - A request that the API server does not answer ends after 30 seconds of silence, and after 120 seconds in any case.
"""


__all__ = ("ModuleDocFragment",)
