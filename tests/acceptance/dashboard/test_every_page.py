"""Every page in every look: it shows itself, and axe finds nothing wrong with it."""

from __future__ import annotations

import pytest
from screenshots import LOOKS, addresses, show


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_wrong_with_any_page(tab, stage, violations, look):
    options = LOOKS[look]
    tab.page.set_viewport_size(options["viewport"])
    tab.page.emulate_media(color_scheme=options["color_scheme"])
    wrong = {}
    for name, address in addresses(stage).items():
        show(tab.page, f"{stage.url}/#/{address}")
        if found := violations(tab):
            wrong[name] = found
        width = tab.page.evaluate("document.documentElement.scrollWidth")
        assert width <= options["viewport"]["width"], f"{name} must be scrolled sideways"
    assert wrong == {}
