"""A model server on loopback that plays scenarios to real agent programs, in the protocols they speak.

The prompt names the scenario, `[[scenario:three_tools]]` or with a number `[[scenario:many:50]]`, and the
conversation in each request shows how far it is: the server remembers no session, and any number of agents can
talk with one server.
"""

from fake_model.question import Question
from fake_model.scenarios import SCENARIOS
from fake_model.server import FakeModel, Request

__all__ = ["SCENARIOS", "FakeModel", "Question", "Request"]
