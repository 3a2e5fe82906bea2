"""Agents are found by name, and what is not there is told."""

import pytest

from orchestrator.agents.registry import AgentRegistry
from orchestrator.agents.script import Script
from orchestrator.agents.scripted import ScriptedAgent
from orchestrator.agents.shell import ShellAgent
from orchestrator.domain.errors import AgentUnavailable


def test_agents_are_found_by_name():
    scripted = ScriptedAgent(Script())
    registry = AgentRegistry(ShellAgent({}), scripted)
    assert registry.get("shell").name == "shell"
    assert registry.get("scripted") is scripted


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("scripted", "needs a script"),
        ("wizard", "There is no agent “wizard”."),
        ("Shel", "There is no agent “Shel”; did you mean “shell”?"),
    ],
)
def test_an_agent_that_is_not_there_is_refused_with_the_names_there_are(name, says):
    with pytest.raises(AgentUnavailable, match=r"The agents there are: shell\.") as caught:
        AgentRegistry(ShellAgent({})).get(name)
    assert says in str(caught.value)


async def test_the_first_ready_general_agent_is_the_scripted_one_when_it_has_a_script():
    scripted = ScriptedAgent(Script())
    assert await AgentRegistry(ShellAgent({}), scripted).first_ready() is scripted


async def test_without_a_general_agent_none_is_ready():
    assert await AgentRegistry(ShellAgent({})).first_ready() is None
