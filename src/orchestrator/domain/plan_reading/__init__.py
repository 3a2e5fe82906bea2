"""How a plan is read, from characters to tasks; `plan_parser` puts these steps together.

text and blocks (Markdown) → labels and references (the short texts that carry meaning) →
outline and tasks (drafts) → numbering, dependencies, order (what only the whole plan can tell).
"""
