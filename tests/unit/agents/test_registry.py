"""Agents are found by name, and what is not there is told."""

import pytest

from orchestrator.agents.registry import AgentRegistry
from orchestrator.agents.script import Script
from orchestrator.agents.scripted import ScriptedAgent
from orchestrator.agents.shell import ShellAgent
from orchestrator.domain.errors import AgentUnavailable
from orchestrator.engine.records import AgentCheck


def test_agents_are_found_by_name():
    scripted = ScriptedAgent(Script())
    registry = AgentRegistry(ShellAgent({}), scripted)
    assert registry.get("shell").name == "shell"
    assert registry.get("scripted") is scripted


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("scripted", "The agent “scripted” needs a script: give it one with --script."),
        ("skripted", "There is no agent “skripted”; did you mean “scripted”?"),
        ("wizard", "There is no agent “wizard”."),
        ("Shel", "There is no agent “Shel”; did you mean “shell”?"),
    ],
)
def test_an_agent_that_is_not_there_is_refused_with_the_names_there_are(name, says):
    with pytest.raises(
        AgentUnavailable, match=r"Known agents: scripted \(needs --script\), shell\.$"
    ) as caught:
        AgentRegistry(ShellAgent({})).get(name)
    assert says in str(caught.value)


def test_the_scripted_agent_is_listed_without_its_need_where_it_has_a_script():
    with pytest.raises(AgentUnavailable, match=r"Known agents: scripted, shell\.$"):
        AgentRegistry(ShellAgent({}), ScriptedAgent(Script())).get("wizard")


async def test_the_first_ready_general_agent_is_the_scripted_one_when_it_has_a_script():
    scripted = ScriptedAgent(Script())
    assert await AgentRegistry(ShellAgent({}), scripted).first_ready() is scripted


class Asked:
    """An agent that answers this when it is asked."""

    def __init__(self, name: str, check: AgentCheck) -> None:
        self.name, self._check = name, check

    async def check(self) -> AgentCheck:
        return self._check


WITHHELD = Asked("theirs", AgentCheck(is_ready=False, named_by_repository=True))
READY = Asked("ours", AgentCheck(is_ready=True))


async def test_an_agent_that_the_repository_names_is_passed_over_unless_it_is_only_shown():
    general = (WITHHELD, READY)
    assert (await AgentRegistry(ShellAgent({}), None, general).first_ready()).name == "ours"
    shown = AgentRegistry(ShellAgent({}), None, general, shows_withheld=True)
    assert (await shown.first_ready()).name == "theirs"


def test_where_the_file_of_agents_cannot_be_read_an_unknown_one_may_stand_in_it():
    registry = AgentRegistry(ShellAgent({}), problem="agents.toml, line 3: [goose] needs a command.")
    with pytest.raises(AgentUnavailable, match=r"no agent “goose”.*agents\.toml, line 3"):
        registry.get("goose")
    assert registry.get("shell").name == "shell"


async def test_without_a_general_agent_none_is_ready():
    assert await AgentRegistry(ShellAgent({})).first_ready() is None
