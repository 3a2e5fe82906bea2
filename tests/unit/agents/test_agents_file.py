import pytest

from orchestrator.agents.acp.profiles import PROFILES, AcpProfile
from orchestrator.agents.agents_file import read_profiles
from orchestrator.domain.errors import AgentUnavailable

KNOWN = [profile.name for profile in PROFILES]


def read(text: str):
    return read_profiles(text.encode(), "agents.toml")


def problem(text: str) -> str:
    with pytest.raises(AgentUnavailable) as caught:
        read(text)
    return str(caught.value)


def test_an_empty_file_leaves_the_known_agents():
    assert read("") == PROFILES
    assert {"opencode", "gemini", "vibe", "qwen"} <= set(KNOWN)


def test_an_agent_of_ones_own_comes_first():
    profiles = read(
        """
        [goose]
        command = ["goose", "acp"]
        pass_environment = ["GOOSE_*"]
        environment = { GOOSE_MODE = "approve" }
        model_arguments = ["--model", "{model}"]
        tells_cost = true
        failure = "^(Error|Info): "
        asks = true
        """
    )
    assert profiles[0] == AcpProfile(
        "goose",
        ("goose", "acp"),
        pass_environment=("GOOSE_*",),
        environment={"GOOSE_MODE": "approve"},
        model_arguments=("--model", "{model}"),
        tells_cost=True,
        failure="^(Error|Info): ",
        asks=True,
        is_from_repository=True,
    )
    assert [profile.name for profile in profiles[1:]] == KNOWN


def test_a_known_agent_keeps_what_is_not_changed():
    changed = {p.name: p for p in read('[opencode]\ncommand = ["/opt/opencode", "acp"]')}["opencode"]
    assert changed.command == ("/opt/opencode", "acp")
    assert changed.asking_environment
    assert changed.tells_cost


@pytest.mark.parametrize(
    "line",
    [
        'command = ["x"]',
        'version_arguments = ["x"]',
        'environment = { LD_PRELOAD = "x" }',
        'asking_environment = { A = "x" }',
        'pass_environment = ["*"]',
        'model_arguments = ["{model}"]',
        'asking_modes = ["x"]',
        'login = "x"',
        "",
    ],
)
def test_whatever_the_file_changes_of_a_known_agent_makes_it_the_repositorys(line):
    marked = {profile.name: profile.is_from_repository for profile in read(f"[opencode]\n{line}")}
    assert marked == {name: name == "opencode" for name in KNOWN}


def test_a_file_cannot_say_whose_its_agents_are():
    assert "“is_from_repository” is unknown" in problem('[a]\ncommand = ["a"]\nis_from_repository = false')


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[goose]\ncommand = ["goose"]\ncomand = ["x"]', 3, "“comand” is unknown; there are command,"),
        ('\n[goose]\nlogin = "x"', 2, 'needs a command, such as command = ["goose", "acp"]'),
        ('[goose]\ncommand = "goose acp"', 2, "must be a list of texts"),
        ("[goose]\ncommand = []", 2, "must be a list of texts"),
        ('[goose]\ncommand = ["a", 1]', 2, "must be a list of texts"),
        ('[goose]\ncommand = ["a\\u0000"]', 2, "must be a list of texts"),
        ('[goose]\ncommand = ["a"]\nenvironment = { A = 1 }', 3, "must be a table of texts"),
        ('[goose]\ncommand = ["a"]\n[goose.environment]\nA = 1', 3, "must be a table of texts"),
        ('[goose]\ncommand = ["a"]\ncan_resume = "yes"', 3, "must be true or false"),
        ('[goose]\ncommand = ["a"]\nlogin = 1', 3, "must be a text in quotes"),
        ('[goose]\ncommand = ["a"]\ncomplaint = "("', 3, "must be a regular expression"),
        ('[goose]\ncommand = ["a"]\ncomplaint = "x"', 3, "must be a regular expression"),
        ('[goose]\ncommand = ["a"]\nfailure = "("', 3, "must be a regular expression"),
        ('[goose]\ncommand = ["a"]\nasks = "yes"', 3, "must be true or false"),
        ('[claude]\ncommand = ["a"]', 1, "an agent of the orchestrator's own"),
        ('["Big Goose"]\ncommand = ["a"]', 1, "no name for an agent"),
        ('command = ["a"]', 1, "stands outside a table"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_what_to_do(text, line, words):
    message = problem(text)
    assert words in message
    assert message.startswith(f"agents.toml, line {line}: ")


@pytest.mark.parametrize("data", [b"[goose", b"\xff\xfe", b"a = \n"])
def test_what_is_no_toml_is_told(data):
    with pytest.raises(AgentUnavailable, match=r"agents\.toml is no TOML.*remove the file"):
        read_profiles(data, "agents.toml")
