"""The ACP agents that are known by name: how each is started, and what differs from one to the next.

The protocol leaves open how an agent gets its key, how its model is chosen and whether it asks before it
acts. A project's own agents, and changes to these, stand in its `agents.toml` (see `agents_file`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MODEL_PLACE = "{model}"


@dataclass(frozen=True, slots=True)
class AcpProfile:
    """How to start an agent. `command[0]` is looked for on the PATH.

    `pass_environment` names variables of ours that it may see beside the usual ones, as names or patterns
    with `*`; `environment` are further ones with their values, and `asking_environment` those that make it
    ask before it acts, set unless everything is allowed. `asking_modes` are names of session modes to the
    same end, of which the first that the agent has is taken; `asks` says that it asks in whatever mode it is.
    `model_arguments` are added to the command where a model is wanted, with `{model}` in them; without them
    the model is set through the protocol. `complaint` is a regular expression for a line of its stderr that
    says, in its first group, what the vendor has answered: for agents that try again without a word.
    `failure` is one for a last message that is no answer but an error, for agents that end their turn all the
    same. `reports_calls` says that it reports every tool call, so that none reported means none made.
    `is_from_repository` says that the project's `agents.toml` added this agent, or changed it in any way.
    """

    name: str
    command: tuple[str, ...]
    version_arguments: tuple[str, ...] = ("--version",)
    pass_environment: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    asking_environment: Mapping[str, str] = field(default_factory=dict)
    asking_modes: tuple[str, ...] = ()
    asks: bool = False
    model_arguments: tuple[str, ...] = ()
    complaint: str = ""
    failure: str = ""
    login: str = ""
    install: str = ""
    can_resume: bool = True
    tells_cost: bool = False
    reports_calls: bool = False
    is_from_repository: bool = False

    @property
    def can_be_held(self) -> bool:
        """Whether anything is known that may make it ask; an agent without is given full permissions only."""
        return self.asks or bool(self.asking_environment or self.asking_modes)


_MODEL_VENDORS = (
    *("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"),
    *("GOOGLE_GENERATIVE_AI_API_KEY", "MISTRAL_API_KEY", "GROQ_API_KEY", "DEEPSEEK_API_KEY", "XAI_API_KEY"),
)

# What a sub-agent asks for does not reach the client (measured with 1.18.33): it would wait for ever.
_OPENCODE_ASKS = (
    '{"*":"ask","task":"deny","read":"allow","list":"allow","glob":"allow",'
    '"grep":"allow","todowrite":"allow"}'
)

PROFILES: tuple[AcpProfile, ...] = (
    AcpProfile(
        name="opencode",
        command=("opencode", "acp", "--print-logs", "--log-level", "ERROR"),
        pass_environment=(*_MODEL_VENDORS, "OPENCODE_*"),
        environment={"OPENCODE_DISABLE_AUTOUPDATE": "1"},
        asking_environment={"OPENCODE_PERMISSION": _OPENCODE_ASKS},
        # `small` are side calls, such as the one for a title.
        complaint=r'message="stream error" .*\bsmall=false .*\berror\.error="(.*)"',
        login="Log in with `opencode auth login`, or set its model's key, such as ANTHROPIC_API_KEY.",
        install="npm install -g opencode-ai",
        tells_cost=True,
        reports_calls=True,
    ),
    AcpProfile(
        name="gemini",
        command=("gemini", "--acp"),
        pass_environment=(
            *("GEMINI_*", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_GENAI_USE_VERTEXAI"),
            *("GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "GOOGLE_APPLICATION_CREDENTIALS"),
        ),
        environment={"GEMINI_CLI_TRUST_WORKSPACE": "true"},
        asking_modes=("default",),
        model_arguments=("--model", MODEL_PLACE),
        login="Set GEMINI_API_KEY, and choose the way of logging in once by running `gemini`.",
        install="npm install -g @google/gemini-cli",
        reports_calls=True,
    ),
    AcpProfile(
        name="vibe",
        command=("vibe-acp",),
        pass_environment=("MISTRAL_API_KEY", "VIBE_*"),
        asking_modes=("ask", "default"),  # `ask` was `default` in older versions
        login="Set MISTRAL_API_KEY, or run `vibe --setup` once.",
        install="uv tool install mistral-vibe",
        tells_cost=True,
        reports_calls=True,
    ),
    AcpProfile(
        name="qwen",
        command=("qwen", "--acp"),
        pass_environment=("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL", "DASHSCOPE_API_KEY", "QWEN_*"),
        asking_modes=("default",),
        model_arguments=("--model", MODEL_PLACE),
        login="Set OPENAI_API_KEY and OPENAI_BASE_URL, or run `qwen` once and log in.",
        install="npm install -g @qwen-code/qwen-code",
        reports_calls=True,
    ),
)
