"""The kinds of secrets that are known by their form, each with the page of those who give them out.

A form is as narrow as its vendor's documentation allows: a rule that takes out a harmless text hides what a
person needs to read. Where the form alone does not tell a secret from code or prose, `secret_checks` does.
"""

from __future__ import annotations

from functools import cache

from orchestrator.domain.private_blocks import NAME_LENGTH_MAX, BlockTail
from orchestrator.domain.secret_checks import is_basic, is_bearer, is_password, is_quoted_password, is_random
from orchestrator.domain.secret_patterns import Choice, Kind, Literal, Part, Run

MARK = "[redacted]"
KEY_LENGTH_MAX = 20_000
"""No key is longer, a private one in its lines neither."""

HOLD_LENGTH_MAX = 2_048
"""No form needs more characters than this before it is known to be a secret or none."""

LEAD_LENGTH_MAX = 64
"""No lead is longer."""

_WORD = r"A-Za-z0-9_-"
_ALNUM = "A-Za-z0-9"
_BLANK = Run(r" \t", 0, 4)
_QUOTES = Run(r"\\\"'`", 0, 4)

_SECRET_NAMES = (
    "api_key", "api-key", "apikey", "secret_key", "secret-key", "secretkey", "access_key", "access-key",
    "accesskey", "private_key", "private-key", "privatekey", "signing_key", "encryption_key", "account_key",
    "accountkey", "master_key", "auth_key", "client_secret", "clientsecret", "secret", "token", "credential",
    "credentials",
)  # fmt: skip
_PASSWORD_NAMES = ("password", "passwd", "passphrase", "pwd", "_pass")
_ASSIGNED = Choice(("=>", ":=", "==", "=", ":"))


def _token(name: str, *parts: Part, tail: str) -> Kind:
    """A key that is a word of its own, from its first character on."""
    return Kind(name, parts, is_word=True, tail_class=tail)


def _prefixed(name: str, *prefixes: str, of: str = _ALNUM, length: int = 20) -> Kind:
    """A prefix, then at least `length` characters of the class `of`."""
    parts = (Choice(prefixes) if len(prefixes) > 1 else Literal(prefixes[0]), Run(of, length, length))
    return _token(name, *parts, tail=of)


def _model_vendors() -> tuple[Kind, ...]:
    """Keys of vendors of models; most begin with `sk-`, as OpenAI's did first.

    https://platform.openai.com/docs/api-reference/authentication, https://docs.anthropic.com/en/api/overview,
    https://openrouter.ai/docs/api-reference/authentication, https://console.groq.com/docs/quickstart,
    https://docs.x.ai/docs/overview
    """
    name = "key of a model vendor"
    families = Choice(("ant-", "proj-", "or-", "svcacct-", "admin-", "lf-"))
    return (
        _token(name, Literal("sk-"), families, Run(_WORD, 16, 16), tail=_WORD),
        _token(name, Literal("sk-"), Run(_ALNUM, 20, 20), tail=_WORD),
        _prefixed(name, "gsk_", "xai-", "pplx-"),
    )


def _code_hosts() -> tuple[Kind, ...]:
    """GitHub, GitLab and the registries of packages.

    https://github.blog/changelog/2021-03-31-authentication-token-format-updates-are-generally-available/
    (up to 255 characters), https://docs.gitlab.com/security/tokens/#token-prefixes,
    https://docs.npmjs.com/about-access-tokens/, https://pypi.org/help/#apitoken (`pypi-`, then a
    macaroon: they all begin alike), https://huggingface.co/docs/hub/security-tokens
    """
    gitlab = (
        "glpat-",
        "gldt-",
        "glrt-",
        "glcbt-",
        "glptt-",
        "glft-",
        "glagent-",
        "gloas-",
        "glsoat-",
        "glimt-",
    )
    return (
        _prefixed("GitHub token", "ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
        _prefixed("GitHub token", "github_pat_", of="A-Za-z0-9_"),
        _prefixed("GitLab token", *gitlab, of=_WORD, length=16),
        _prefixed("npm token", "npm_", length=36),
        _prefixed("PyPI token", "pypi-AgE", of=_WORD, length=50),
        _prefixed("Hugging Face token", "hf_", length=30),
    )


def _clouds() -> tuple[Kind, ...]:
    """Amazon, Google, DigitalOcean.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids,
    https://cloud.google.com/docs/authentication/api-keys, https://developers.google.com/identity/protocols/oauth2
    (access tokens and the secrets of clients), https://docs.digitalocean.com/reference/api/create-personal-access-token/
    """
    return (
        _token("Amazon access key", Choice(("AKIA", "ASIA")), Run("0-9A-Z", 16, 16), tail=_ALNUM),
        _prefixed("Google API key", "AIza", of=_WORD, length=35),
        _prefixed("Google OAuth token", "ya29.", of=_WORD, length=20),
        _prefixed("Google OAuth secret", "GOCSPX-", of=_WORD, length=24),
        _prefixed("DigitalOcean token", "dop_v1_", "doo_v1_", "dor_v1_", of="0-9a-f", length=64),
    )


def _services() -> tuple[Kind, ...]:
    """Slack, Stripe, SendGrid.

    https://docs.slack.dev/authentication/tokens, https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks,
    https://docs.stripe.com/keys and https://docs.stripe.com/webhooks/signature,
    https://www.twilio.com/docs/sendgrid/api-reference/api-keys (69 characters: `SG.`, 22, a dot, 43),
    https://discord.com/developers/docs/resources/webhook, https://core.telegram.org/bots/api#authorizing-your-bot
    """
    slack = (
        "xoxa-",
        "xoxb-",
        "xoxc-",
        "xoxd-",
        "xoxe-",
        "xoxo-",
        "xoxp-",
        "xoxr-",
        "xoxs-",
        "xoxe.xoxp-",
        "xapp-",
    )
    hooks = (
        *(f"hooks.slack.com/{kind}/" for kind in ("services", "workflows", "triggers")),
        "discord.com/api/webhooks/",
        "discordapp.com/api/webhooks/",
        "api.telegram.org/bot",
    )
    sendgrid = (Literal("SG."), Run(_WORD, 16, 24), Literal("."), Run(_WORD, 16, 16))
    return (
        _prefixed("Slack token", *slack, of="A-Za-z0-9-", length=10),
        _prefixed("Stripe key", "sk_live_", "rk_live_", "sk_test_", "rk_test_", length=10),
        _prefixed("Stripe key", "whsec_", of="A-Za-z0-9+/=", length=20),
        _token("SendGrid key", *sendgrid, tail=_WORD),
        Kind("webhook", (Run(r"\w/:-", 20, 20),), lead=(Choice(hooks),), tail_class=r"\w/:-"),
    )


def _headers() -> tuple[Kind, ...]:
    """What headers of HTTP carry: RFC 6750 (Bearer), RFC 7617 (Basic), RFC 6265 (cookies), RFC 7519 (JWT)."""
    jwt = (Literal("eyJ"), Run(_WORD, 10, 1_000), Literal("."), Run(_WORD, 10, 10))
    name = (Run("A-Za-z0-9_.-", 1, 40), Literal("="))
    colon = (Run("\\\\\"'", 0, 4), Literal(":"), _BLANK, Run("\\\\\"'", 0, 4))
    return (
        _token("JSON Web Token", *jwt, tail=r"\w.-"),
        Kind(
            "bearer token",
            (Run(r"A-Za-z0-9._~+/-", 16, 128),),
            lead=(Choice(("Bearer ", "bearer ")),),
            check=is_bearer,
            tail_class="A-Za-z0-9._~+/=-",
        ),
        Kind(
            "Basic authentication",
            (Run("A-Za-z0-9+/=_-", 8, 400),),
            lead=(Choice(("Basic ", "basic ")),),
            check=is_basic,
            tail_class="A-Za-z0-9+/=_-",
        ),
        Kind(
            "cookie",
            (Run(r"^\s;,\"'\\\[<{$", 4, 4),),
            lead=(Literal("set-cookie", fold=True), *colon, *name),
            tail_class=r"^\s;,\"'\\",
        ),
        Kind(
            "cookie",
            (Run(r"^\s,\"'\\\[<{$", 4, 4),),
            lead=(Literal("cookie", fold=True), *colon, *name),
            tail_class=r"^\r\n\"'\\",
        ),
    )


def _addresses() -> tuple[Kind, ...]:
    """What stands before the host in an address: RFC 3986, section 3.2.1."""
    pair = (Run(r"^\s/:@\"'<>", 0, 256), Literal(":"), Run(r"^\s/@\"'<>", 1, 256))
    return (
        Kind("password in an address", pair, lead=(Literal("://"),), after=(Literal("@"),)),
        Kind(
            "token in an address",
            (Run("A-Za-z0-9_.~%-", 16, 256),),
            lead=(Literal("://"),),
            after=(Literal("@"),),
            check=is_random,
        ),
    )


def _assignments() -> tuple[Kind, ...]:
    """What is given to a name that says that it is secret, in shells, programs, JSON, YAML and addresses."""
    assigned = (_QUOTES, _BLANK, _ASSIGNED, _BLANK)
    named = Choice(_PASSWORD_NAMES, fold=True)
    return (
        Kind(
            "secret by its name",
            (Run("A-Za-z0-9+/=_~.-", 16, 128),),
            lead=(Choice(_SECRET_NAMES, fold=True), *assigned, _QUOTES),
            check=is_random,
            tail_class="A-Za-z0-9+/=_~.-",
        ),
        Kind(
            "password by its name",
            (Run(r"^\s\\\"'`\[\]", 6, 128),),
            lead=(named, *assigned, Run(r"\\", 0, 3), Choice(('"', "'", "`"))),
            check=is_quoted_password,
            tail_class=r"^\r\n\\\"'`",
        ),
        Kind(
            "password by its name",
            (Run(r"^\s\\\"'`<>{}()\[\],;&|$", 6, 128),),
            lead=(named, *assigned),
            check=is_password,
            tail_class=r"^\s\\\"'`<>{}()\[\],;&|$",
        ),
    )


def _blocks() -> tuple[Kind, ...]:
    """Private keys in lines: PEM (RFC 7468), OpenSSH (PROTOCOL.key), PGP (RFC 9580, section 6.2)."""
    begins = (
        Literal("-----BEGIN "),
        Run("A-Z0-9 ", 0, NAME_LENGTH_MAX),
        Choice(("PRIVATE KEY-----", "PRIVATE KEY BLOCK-----")),
    )
    new_line = Run(r"\s\\nr>|+-", 1, 40)
    headers = Choice(("Proc-Type:", "DEK-Info:", "Version:", "Comment:", "Charset:", "Hash:"))
    name = "private key"
    return (
        Kind(name, (*begins, new_line, Run("A-Za-z0-9+/=", 12, 12)), block_tail=BlockTail),
        Kind(name, (*begins, new_line, headers), block_tail=BlockTail),
        Kind(
            name, (*begins, new_line, Run("^-", 0, 200)), after=(Literal("-----END "),), block_tail=BlockTail
        ),
    )


@cache
def kinds() -> tuple[Kind, ...]:
    """All of them; where two begin at one place, the first that fits counts."""
    return (
        *_blocks(), *_model_vendors(), *_code_hosts(), *_clouds(), *_services(), *_headers(), *_addresses(),
        *_assignments(),
    )  # fmt: skip
