"""Scripts are read strictly, and errors name file and key."""

import pytest

from orchestrator.agents.script import Fail, Finish, Say, parse_script
from orchestrator.domain.errors import UsageError


def test_a_task_has_its_steps_in_every_attempt():
    script = parse_script('tasks: {"1.1": [{say: a}, {fail: b}]}', "demo.yaml")
    assert script.steps("1.1", 1) == [Say(say="a"), Fail(fail="b")]
    assert script.steps("1.1", 9) == script.steps("1.1", 1)


def test_steps_by_attempt_go_on_with_the_last():
    script = parse_script('tasks: {"1.2": {attempts: [[{fail: flaky}], [{finish: good}]]}}', "demo.yaml")
    assert script.steps("1.2", 1) == [Fail(fail="flaky")]
    assert script.steps("1.2", 2) == [Finish(finish="good")]
    assert script.steps("1.2", 5) == [Finish(finish="good")]


def test_a_task_that_is_not_named_gets_the_default():
    assert parse_script("default: [{finish: mine}]", "x").steps("7.7", 1) == [Finish(finish="mine")]
    assert list(parse_script("", "x").steps("7.7", 1)) == [Finish(finish="done")]


def test_json_is_a_script_too():
    assert parse_script('{"tasks": {"1": [{"finish": "ok", "exit": 0}]}}', "x").steps("1", 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tasks: {1.1: []}", "tasks.1.1: a task's id must stand in quotes"),
        ('tasks: {"1": [{say: a, wait: 3}]}', "tasks.1[1]: a step has exactly one of say, wait"),
        ('tasks: {"1": [{say: a}, {tool: x, second: 3}]}', "tasks.1[2].second: there is no such key here"),
        ('tasks: {"1": [{say: a}, {tool: x, seconds: soon}]}', "tasks.1[2].seconds"),
        ('tasks: {"1": {attempts: [[{wait: -1}]]}}', "tasks.1.attempts[1][1].wait"),
        ('tasks: {"1": {attempts: []}}', "tasks.1.attempts"),
        ('tasks: {"1": [{hang: false}]}', "tasks.1[1].hang"),
        ('tasks: {"1": [{finish: ok, exit: 999}]}', "tasks.1[1].exit"),
        ('tasks: {"1": [], "1": []}', "“1” twice"),
        ("task: {}", "task: there is no such key here"),
        ("default: [3]", "default[1]: a step has exactly one of"),
        ("a: [", "is no YAML"),
        ("? [a, b]\n: 1", "is no YAML"),
        ("[1]", "the document"),
    ],
)
def test_what_is_not_understood_is_an_error_with_file_and_key(text, says):
    with pytest.raises(UsageError) as caught:
        parse_script(text, "demo.yaml")
    assert "demo.yaml" in str(caught.value)
    assert says in str(caught.value)
