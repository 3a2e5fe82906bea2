"""Every strict option that a TypeScript project can set."""

from __future__ import annotations

import pytest

STRICT = (
    "strict", "exactOptionalPropertyTypes", "noUncheckedIndexedAccess", "noImplicitOverride",
    "noPropertyAccessFromIndexSignature", "noUnusedLocals", "noUnusedParameters", "noImplicitReturns",
    "noFallthroughCasesInSwitch", "noUncheckedSideEffectImports", "verbatimModuleSyntax", "isolatedModules",
    "isolatedDeclarations", "erasableSyntaxOnly", "declaration", "noEmit",
)  # fmt: skip


@pytest.fixture(scope="session")
def strict_options() -> dict[str, object]:
    return dict.fromkeys(STRICT, True)
