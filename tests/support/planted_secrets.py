"""Secrets of every kind that is known, none of them anybody's."""

from __future__ import annotations

KEYS = {
    "vendors of models": "sk-ant-api03-" + "a1B2" * 8,
    "Stripe": "sk_live_" + "a1B2" * 6,
    "GitHub": "ghp_" + "A1b2" * 9,
    "GitHub, fine-grained": "github_pat_" + "A1_b" * 10,
    "GitLab": "glpat-" + "x1-Y" * 5,
    "Slack": "xoxb-123456789012-abcdefghij",
    "Slack's apps": "xapp-1-A0123456789-abcdefghij",
    "Amazon Web Services": "AKIA" + "Q7" * 8,
    "Google": "AIza" + "B_" * 17 + "x",
    "Google's access tokens": "ya29." + "a0Af_" * 8,
    "npm": "npm_" + "a1B2" * 9,
    "PyPI": "pypi-AgEIcHlwaS5vcmc" + "C1_d" * 14,
    "Hugging Face": "hf_" + "aBcD" * 8,
    "SendGrid": "SG." + "a1-B" * 5 + "." + "c2_D" * 10,
    "JSON Web Token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlMTIz",
}

PRIVATE_KEY = (
    "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "b3BlbnNzaC1rZXk\n" * 40 + "-----END OPENSSH PRIVATE KEY-----"
)

PASSWORD = 'p"ss\\w\u00f6rd\nof two lines'
"""A value of a variable that JSON has to escape."""


KEYED = "\n".join([KEYS["GitHub"]] * 300)
"""A text that cannot be cut anywhere without cutting a key, but at a line's end."""


def halves(secret: str, length: int = 6) -> set[str]:
    """The parts of a secret that must not be found anywhere."""
    return {secret[at : at + length] for at in range(5, len(secret) - length)}
