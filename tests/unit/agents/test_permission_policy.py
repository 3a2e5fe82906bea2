import pytest

from orchestrator.agents.permission_policy import verdict


@pytest.mark.parametrize(
    ("permissions", "allowed", "denied", "asked"),
    [
        ("full", "read edit delete move search execute think fetch switch_mode other tomorrow", "", ""),
        ("read-only", "read search fetch", "think edit delete move execute switch_mode other tomorrow", ""),
        ("edits", "read search fetch edit delete move", "think execute switch_mode other tomorrow", ""),
        ("ask", "read search fetch", "", "think edit delete move execute switch_mode other tomorrow"),
    ],
)
def test_every_policy_decides_about_every_kind(permissions, allowed, denied, asked):
    assert {verdict(permissions, kind) for kind in allowed.split()} == {"allow"}
    assert {verdict(permissions, kind) for kind in denied.split()} <= {"deny"}
    assert {verdict(permissions, kind) for kind in asked.split()} <= {"ask"}
