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
    "Amazon's temporary keys": "ASIA" + "Q7" * 8,
    "Google's clients": "GOCSPX-" + "a1-B" * 7,
    "Stripe's restricted keys": "rk_live_" + "a1B2" * 6,
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

NAMED = {
    "hex by its name": "STATS_API_KEY=9f8e7d6c5b4a39281706f5e4d3c2b1a0",
    "password by its name": "password=hunter2-hunter2",
    "password in JSON": '{"password": "correct-horse-7"}',
    "password in JSON that is a text in JSON": '"{\\"password\\": \\"correct-horse-7\\"}"',
    "Basic authentication": "Authorization: Basic YWxhZGRpbjpvcGVuc2VzYW1l",
    "bearer token": "Authorization: Bearer a1B2c3D4e5F6a1B2c3D4",
    "token in an address": "https://a1b2c3d4e5f6a7b8c9d0@example.org/x.git",
    "password in an address": "postgres://app:s3cr3t-s3cr3t@db.example.org/app",
    "parameter of an address": "https://example.org/?api_key=9f8e7d6c5b4a39281706&x=1",
    "cookie that is set": "Set-Cookie: session=a1b2c3d4e5f6; Path=/; HttpOnly",
    "cookies that are sent": "Cookie: session=a1b2c3d4e5f6; other=1234567",
    "Slack webhook": "https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnop",
    "Amazon's secret key": "aws_secret_access_key = wJalrXUtnFEMI0K7MDENG0bPxRfiCYzEXAMP7KEY",
    "YAML": "client_secret: a1b2c3d4e5f6a7b8c9d0",
}
"""Secrets that are known by what stands before them."""

PGP_KEY = (
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n"
    + "lQOYBGPaAbcBCADEa1B2c3D4\n" * 10
    + "=aB3d\n-----END PGP PRIVATE KEY BLOCK-----"
)

PASSWORD = 'p"ss\\w\u00f6rd\nof two lines'
"""A value of a variable that JSON has to escape."""


KEYED = "\n".join([KEYS["GitHub"]] * 300)
"""A text that cannot be cut anywhere without cutting a key, but at a line's end."""


def halves(secret: str, length: int = 6) -> set[str]:
    """The parts of a secret that must not be found anywhere."""
    return {secret[at : at + length] for at in range(5, len(secret) - length)}
