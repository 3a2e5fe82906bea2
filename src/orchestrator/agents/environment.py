"""The environment of an attempt's commands: an allow-list, what the job asks for, and the marker.

An allow-list, because the orchestrator's own environment holds what no task should see or obey by accident:
its token, its database's URL, keys of agents' vendors, settings that change how a tool behaves. What a task
needs beyond it is given by name.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Mapping

from orchestrator.agents.processes import ATTEMPT_VARIABLE
from orchestrator.engine.records import Job

ALLOWED = (
    # who and where
    *("HOME", "USER", "LOGNAME", "SHELL", "PATH", "TMPDIR", "TZ", "XDG_*", "SSH_AUTH_SOCK"),
    # language and terminal
    *("LANG", "LANGUAGE", "LC_*", "TERM", "COLORTERM", "NO_COLOR"),
    # network: proxies and certificate authorities
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"),
    *("NODE_EXTRA_CA_CERTS", "PIP_CERT", "PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX"),
    # where tool chains live
    *("VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "PYENV_ROOT", "NVM_DIR", "PNPM_HOME", "JAVA_HOME"),
    *("CARGO_HOME", "RUSTUP_HOME", "GOPATH", "GOROOT", "GOCACHE", "GOPROXY", "DOCKER_HOST", "KUBECONFIG"),
    *("LD_LIBRARY_PATH", "PKG_CONFIG_PATH", "NIX_PATH", "NIX_PROFILES", "CI"),
)
"""Names, or patterns with `*`."""

DEFAULTS = {"TERM": "dumb", "PATH": "/usr/local/bin:/usr/bin:/bin"}

UNATTENDED = {
    # whatever pages prints all of it at once
    **dict.fromkeys(("PAGER", "GIT_PAGER", "MANPAGER", "SYSTEMD_PAGER", "GH_PAGER", "AWS_PAGER"), "cat"),
    # an editor leaves its file as it is
    **dict.fromkeys(("EDITOR", "VISUAL", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR"), "true"),
    # logins are not asked for; git takes an empty name of a program for none
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "GCM_INTERACTIVE": "never",
    "PIP_NO_INPUT": "1",
    "DEBIAN_FRONTEND": "noninteractive",
}
"""Nobody watches an attempt's terminal: what would wait there for a person goes on, or fails, at once."""


def attempt_environment(job: Job, own: Mapping[str, str], also: Collection[str] = ()) -> dict[str, str]:
    """The environment for the job's commands, from our `own`; `also` names more variables to pass on.

    What the job sets wins over `UNATTENDED`, and that over ours. Where no language is set, characters are
    UTF-8. The marker comes last: nothing can replace it.
    """
    passed = {name: value for name, value in own.items() if is_allowed(name) or name in also}
    if not passed.keys() & {"LANG", "LC_ALL", "LC_CTYPE"}:
        passed["LC_CTYPE"] = "C.UTF-8"
    return {**DEFAULTS, **passed, **UNATTENDED, **job.environment, ATTEMPT_VARIABLE: marker(job)}


def is_allowed(name: str) -> bool:
    """Whether a variable of ours is passed on without being asked for."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in ALLOWED)


def marker(job: Job) -> str:
    """What every process of the attempt carries: `<instance>/<task>/<attempt>`."""
    return f"{job.instance_id}/{job.task.id}/{job.attempt}"
