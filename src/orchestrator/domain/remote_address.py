"""The address of a git remote in one spelling, whichever way it is written."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

_DEFAULT_PORTS = {"ssh": 22, "git": 9418, "http": 80, "https": 443, "git+ssh": 22, "ssh+git": 22}
_SCP_FORM = re.compile(r"(?:[^/@:]+@)?(?P<host>\[[^\]]+\]|[^/:\[\]]+):(?P<path>[^:].*)")
"""`git@host:path`, as git takes it where no slash stands before the colon."""


def remote_address(url: str) -> str | None:
    """`host/path` without scheme, user, password, usual port and `.git`; None for a place on one machine.

    `git@github.com:me/it.git` and `https://user:secret@github.com/me/it` are both `github.com/me/it`.
    """
    url = url.strip()
    if "://" not in url:
        scp = _SCP_FORM.fullmatch(url)
        return _joined(scp["host"], scp["path"]) if scp else None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    host = parts.hostname if port in {None, _DEFAULT_PORTS[scheme]} else f"{parts.hostname}:{port}"
    return _joined(host, unquote(parts.path))


def _joined(host: str, path: str) -> str | None:
    path = path.strip("/").removesuffix(".git").strip("/")
    is_drive = len(host) == 1
    return f"{host.lower()}/{path}" if path and not is_drive else None
