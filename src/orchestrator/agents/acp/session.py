"""A session with an ACP agent: greeted, opened or taken up again, set up, and prompted.

See https://agentclientprotocol.com/protocol/initialization, and beside it session-setup, session-modes and
session-config-options.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import Any

from orchestrator.agents.acp.endings import AUTHENTICATION_REQUIRED
from orchestrator.agents.acp.profiles import MODEL_PLACE, AcpProfile
from orchestrator.agents.json_rpc import JsonRpcPeer, RequestFailed
from orchestrator.domain.events import clip
from orchestrator.domain.permissions import unkept
from orchestrator.engine.records import Job

PROTOCOL_VERSION = 1


class NoSession(Exception):
    """The agent cannot be worked with; the text is a sentence that says why."""


class AcpSession:
    """What the agent tells of itself and the session; `notes` are for its log."""

    def __init__(self, peer: JsonRpcPeer, profile: AcpProfile, job: Job) -> None:
        self._peer = peer
        self._profile = profile
        self._job = job
        self.id = ""
        self.version: str | None = None
        self.model: str | None = None
        self.notes: list[str] = []

    async def open(self) -> None:
        """Greet the agent, open a session and set it up; raises RequestFailed, PeerGone, NoSession."""
        greeting = _object(await self._peer.request("initialize", _greeting()))
        if greeting.get("protocolVersion") != PROTOCOL_VERSION:
            raise NoSession(
                f"{self._profile.name} speaks version {greeting.get('protocolVersion')} of the Agent Client "
                f"Protocol, and this driver version {PROTOCOL_VERSION}."
            )
        version = _object(greeting.get("agentInfo")).get("version")
        self.version = clip(self._job.redact(version), 60) if isinstance(version, str) else None
        setup = await self._resumed(_object(greeting.get("agentCapabilities"))) or await self._fresh()
        self.model = _current_model(setup)
        await self._choose_model(setup)
        await self._choose_mode(setup)

    async def prompt(self, text: str) -> Any:
        """Send the prompt; returns the answer, which comes when the turn is over."""
        block = {"type": "text", "text": text}
        return await self._peer.request("session/prompt", {"sessionId": self.id, "prompt": [block]})

    async def cancel(self) -> None:
        """Ask the agent to end its turn."""
        await self._peer.notify("session/cancel", {"sessionId": self.id})

    async def _resumed(self, abilities: dict[str, Any]) -> dict[str, Any] | None:
        """The job's earlier session, where the agent can go on with one."""
        earlier = self._job.session_id
        if not earlier:
            return None
        if _object(abilities.get("sessionCapabilities")).get("resume") is not None:
            method = "session/resume"
        elif abilities.get("loadSession"):
            method = "session/load"  # tells its whole story again
        else:
            return None
        try:
            setup = await self._peer.request(method, {"sessionId": earlier, **self._place()})
        except RequestFailed as failure:
            if failure.code == AUTHENTICATION_REQUIRED:
                raise
            self.notes.append(f"The earlier session {earlier} could not be taken up again: {failure.message}")
            return None
        if not self._can_be_held(_object(setup)):
            self.notes.append(f"The earlier session {earlier} has no mode that asks: a new one begins.")
            return None
        self.id = earlier
        return _object(setup) or {"sessionId": earlier}

    async def _fresh(self) -> dict[str, Any]:
        setup = _object(await self._peer.request("session/new", self._place()))
        if not isinstance(setup.get("sessionId"), str) or not setup["sessionId"]:
            raise NoSession(f"{self._profile.name} opened a session and gave it no id.")
        self.id = setup["sessionId"]
        return setup

    def _place(self) -> dict[str, Any]:
        return {"cwd": str(self._job.root.absolute()), "mcpServers": []}

    async def _choose_model(self, setup: dict[str, Any]) -> None:
        """Set the job's model through the protocol, unless the command names it already."""
        wanted = self._job.model
        if wanted is None or self._profile.model_arguments or wanted == self.model:
            self.model = wanted or self.model
            return
        if (option := _option(setup, "model")) is not None:
            self.model = _nearest(wanted, _values(option))
            await self._set("session/set_config_option", {"configId": option["id"], "value": self.model})
        elif isinstance(setup.get("models"), dict):
            offered = [
                _object(model).get("modelId") for model in _list(setup["models"].get("availableModels"))
            ]
            self.model = _nearest(wanted, offered)
            await self._set("session/set_model", {"modelId": self.model})
        else:
            raise NoSession(
                f"{self._profile.name} lets no model be chosen, and “{wanted}” is wanted: leave out "
                "`model:`, or give model_arguments in agents.toml."
            )

    async def _choose_mode(self, setup: dict[str, Any]) -> None:
        """Have the agent ask before it acts, unless everything is allowed.

        Raises NoSession where nothing makes it: then nothing would keep it from acting either.
        """
        if self._job.permissions == "full":
            return
        if not self._can_be_held(setup):
            raise NoSession(unkept(self._profile.name, self._job.permissions))
        mode = self._asking_mode(setup)
        option = _option(setup, "mode")
        if mode is None or self._profile.asking_environment:
            return
        if mode in _modes(setup):
            await self._set("session/set_mode", {"modeId": mode})
        elif option is not None:
            await self._set("session/set_config_option", {"configId": option["id"], "value": mode})

    def _can_be_held(self, setup: dict[str, Any]) -> bool:
        """Whether the session that was opened so asks, or can be made to, where not everything is allowed."""
        is_vouched = self._profile.asks or bool(self._profile.asking_environment)
        return self._job.permissions == "full" or is_vouched or self._asking_mode(setup) is not None

    def _asking_mode(self, setup: dict[str, Any]) -> str | None:
        """The first of the modes that ask which the session has."""
        offered = [*_modes(setup), *_values(_option(setup, "mode"))]
        return next((mode for mode in self._profile.asking_modes if mode in offered), None)

    async def _set(self, method: str, params: dict[str, Any]) -> None:
        await self._peer.request(method, {"sessionId": self.id, **params})


def with_model(profile: AcpProfile, model: str | None) -> tuple[str, ...]:
    """What is added to the command where a model is wanted."""
    if model is None:
        return ()
    return tuple(argument.replace(MODEL_PLACE, model) for argument in profile.model_arguments)


def _greeting() -> dict[str, Any]:
    try:
        version = installed_version("plan-orchestrator")
    except PackageNotFoundError:
        version = "0"
    return {
        "protocolVersion": PROTOCOL_VERSION,
        "clientCapabilities": {"fs": {"readTextFile": False, "writeTextFile": False}, "terminal": False},
        "clientInfo": {"name": "plan-orchestrator", "title": "Plan Orchestrator", "version": version},
    }


def _modes(setup: dict[str, Any]) -> list[Any]:
    """The ids of the session's modes."""
    return [_object(mode).get("id") for mode in _list(_object(setup.get("modes")).get("availableModes"))]


def _option(setup: dict[str, Any], category: str) -> dict[str, Any] | None:
    """The session's setting of this category, where the agent offers one with an id."""
    for option in map(_object, _list(setup.get("configOptions"))):
        if category in (option.get("category"), option.get("id")) and isinstance(option.get("id"), str):
            return option
    return None


def _values(option: dict[str, Any] | None) -> list[Any]:
    """What a setting can be; choices may stand in groups."""
    found: list[Any] = []
    for choice in map(_object, _list((option or {}).get("options"))):
        found += [_object(inner).get("value") for inner in _list(choice.get("options"))] or [
            choice.get("value")
        ]
    return found


def _current_model(setup: dict[str, Any]) -> str | None:
    current = (_option(setup, "model") or {}).get("currentValue")
    if not isinstance(current, str):
        current = _object(setup.get("models")).get("currentModelId")
    return current if isinstance(current, str) and current else None


def _nearest(wanted: str, offered: list[Any]) -> str:
    """The model as the agent calls it: `gpt-5` is enough for `openai/gpt-5` where only one ends so."""
    if wanted in offered:
        return wanted
    ending = [name for name in offered if isinstance(name, str) and name.endswith(f"/{wanted}")]
    return ending[0] if len(ending) == 1 else wanted


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
