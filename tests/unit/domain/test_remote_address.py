from __future__ import annotations

import pytest

from orchestrator.domain.remote_address import remote_address


@pytest.mark.parametrize(
    "url",
    [
        "git@github.com:me/it.git",
        "github.com:me/it",
        "https://github.com/me/it.git",
        "https://user:secret@GitHub.com/me/it/",
        "ssh://git@github.com/me/it.git",
        "ssh://git@github.com:22/me/it.git",
        "git://github.com:9418/me/it",
        "  https://github.com:443/me/it.git  ",
    ],
)
def test_all_spellings_of_an_address_are_one(url: str) -> None:
    assert remote_address(url) == "github.com/me/it"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("ssh://git@host:2222/it.git", "host:2222/it"),
        ("https://host/a%20b.git", "host/a b"),
        ("git@[::1]:it.git", "[::1]/it"),
        ("host:~me/It.git", "host/~me/It"),
    ],
)
def test_what_makes_another_address_is_kept(url: str, address: str) -> None:
    assert remote_address(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/srv/it.git",
        "../it",
        "file:///srv/it.git",
        "C:/it",
        "C:\\it",
        "ext::sh -c true",
        "https://host",
        "https://host:port/it",
        "host:",
        "./odd:name",
    ],
)
def test_a_place_on_one_machine_is_no_address(url: str) -> None:
    assert remote_address(url) is None
