"""Walks the blocks of a plan from top to bottom: phases, tasks, VERIFY sections, notes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.domain.plan_problems import ProblemLog
from orchestrator.domain.plan_reading.blocks import Block, BlockKind, count_boxes
from orchestrator.domain.plan_reading.drafts import (
    ExecutionNote,
    Outline,
    PhaseDraft,
    TaskDraft,
    WrittenDependency,
)
from orchestrator.domain.plan_reading.labels import (
    VerifyLabel,
    almost_id,
    label,
    split_id,
    strip_bold,
    verify_label,
)
from orchestrator.domain.plan_reading.open_section import OpenSection
from orchestrator.domain.plan_reading.sections import Section, items_of, sections_of
from orchestrator.domain.plan_reading.shell_blocks import shell_block
from orchestrator.domain.plan_reading.tasks import TaskReader
from orchestrator.domain.plan_reading.text import PlanText

PHASES_MAX = 1_000
TASKS_MAX = 20_000

_NOTE_NAMES = ("execution note", "execution notes")
_ALMOST_A_BOX = re.compile(r"\[(?:[ xX\t]*|[-~✓✔✗vV])\](?![(\[:])")


@dataclass(slots=True)
class _Group:
    """An open heading with an id that only groups tasks; what it depends on, they do."""

    level: int
    tasks: list[TaskDraft]
    dependencies: list[WrittenDependency]


def read_outline(source: PlanText, blocks: Sequence[Block], log: ProblemLog) -> Outline:
    """Phases with their task drafts, execution notes and groups, in the order of the file."""
    return _OutlineReader(source, log).read(sections_of(blocks))


class _OutlineReader:
    """The walk itself: which phase, heading task and VERIFY are open at this point of the file."""

    def __init__(self, source: PlanText, log: ProblemLog) -> None:
        self._source = source
        self._log = log
        self._reader = TaskReader(source, log)
        self._outline = Outline()
        self._phase: PhaseDraft | None = None
        self._heading: OpenSection | None = None
        self._verify: OpenSection | None = None
        self._groups: list[_Group] = []
        self._task_count = 0
        self._note_is_open = False

    def read(self, sections: Sequence[Section]) -> Outline:
        outline = self._outline
        titles = (s.heading.content for s in sections if s.heading and s.level == 1)
        outline.title = strip_bold(next(titles, "").replace("\n", " "))
        has_phases = any(section.phase for section in sections)
        if not has_phases:
            self._phase = PhaseDraft(1, outline.title, 0, len(self._source.lines), 0)
            outline.phases.append(self._phase)
        for section in sections:
            self._enter(section, has_phases=has_phases)
            if self._phase is None:
                self._report_outside(section)
            for block in section.blocks:
                self._block(block)
        self._close_verify()
        self._close_heading()
        for tasks in (*(phase.tasks for phase in outline.phases), *outline.groups.values()):
            tasks[:] = [task for task in tasks if not task.is_empty]
        return outline

    def _enter(self, section: Section, *, has_phases: bool) -> None:
        """Close what the heading ends, open what it begins."""
        self._close_verify()
        heading = section.heading
        if heading is None:
            return
        if self._heading and heading.level <= self._heading.level:
            self._close_heading()
        self._groups = [group for group in self._groups if group.level < heading.level]
        phase = section.phase
        if phase or (has_phases and self._phase and heading.level <= self._phase.level):
            self._close_heading()
            self._groups = []
            self._end_phase(heading.first)
        if phase:
            self._open_phase(phase, heading)
        elif self._phase:
            self._heading_in_phase(section, heading)

    def _open_phase(self, phase: tuple[int, str], heading: Block) -> None:
        count = len(self._outline.phases)
        if count < PHASES_MAX:
            self._phase = PhaseDraft(*phase, heading.first, len(self._source.lines), heading.level)
            self._outline.phases.append(self._phase)
        else:
            message = f"more than {PHASES_MAX} phases"
            self._log.add("plan_too_large", message, heading.first + 1)

    def _end_phase(self, line: int) -> None:
        if self._phase:
            self._phase.end = line
        self._phase = None

    def _heading_in_phase(self, section: Section, heading: Block) -> None:
        found = verify_label(heading.content)
        if found:
            self._open_verify(found, Block(BlockKind.PARAGRAPH, heading.first, heading.end))
        elif section.task and section.only_groups:
            self._open_group(section.task, heading)
        elif section.task:
            self._open_heading_task(section.task, heading)
        elif self._heading:
            self._heading.ranges.append((heading.first, heading.end))
            self._heading.draft.has_instruction = True

    def _open_group(self, task: tuple[str, str] | tuple[int, str], heading: Block) -> None:
        draft = self._heading_draft(task, heading)
        name = draft.id or f"{self._phase.number if self._phase else 1}.{draft.number}"
        tasks = self._outline.groups.setdefault(name, [])
        self._groups.append(_Group(heading.level, tasks, draft.written_dependencies))

    def _open_heading_task(self, task: tuple[str, str] | tuple[int, str], heading: Block) -> None:
        draft = self._heading_draft(task, heading)
        self._heading = OpenSection(draft, level=heading.level)
        self._add_task(draft)

    def _heading_draft(self, task: tuple[str, str] | tuple[int, str], heading: Block) -> TaskDraft:
        draft = TaskDraft(heading.first, heading.end, heading.first + 1)
        name, text = task
        if isinstance(name, int):
            draft.number = name
        else:
            draft.id = name
        self._reader.describe(draft, text, heading.content_line)
        return draft

    def _block(self, block: Block) -> None:
        follows_note, self._note_is_open = self._note_is_open, False
        if block.kind is BlockKind.PARAGRAPH:
            self._paragraph(block)
            return
        self._notes_within(block, follows_note=follows_note)
        if self._phase is None:
            return
        if block.kind is BlockKind.LIST:
            for item in block.children:
                self._item(item, block)
        elif block.kind is BlockKind.RULE:
            self._close_verify()
        else:
            self._content(block)

    def _paragraph(self, block: Block) -> None:
        first_line, _, rest = block.content.lstrip().partition("\n")
        name, text = label(first_line) or ("", "")
        if name in _NOTE_NAMES:
            self._note(f"{text}\n{rest}", block.content_line)
        if self._phase is None:
            return
        found = verify_label(first_line)
        if found:
            self._close_verify()
            self._open_verify(found, block)
            return
        if name:
            self._close_verify()
        if name == "objective" and not self._phase.objective and not self._heading:
            self._phase.objective = " ".join(f"{text}\n{rest}".split())
        self._content(block)

    def _note(self, text: str, line: int) -> None:
        self._outline.notes.append(ExecutionNote(text, line + 1, self._phase))
        self._note_is_open = not text.strip()

    def _notes_within(self, block: Block, *, follows_note: bool) -> None:
        """An execution note may stand in a quote, and may go on in a list."""
        for child in block.children:
            if block.kind is BlockKind.QUOTE:
                name, text = label(child.content) or ("", "")
                if name in _NOTE_NAMES:
                    self._note(text, child.content_line)
            elif block.kind is BlockKind.LIST and follows_note and not child.box:
                self._note(child.content, child.content_line)

    def _item(self, item: Block, parent: Block) -> None:
        task_id, text = split_id(item.content) if item.box else (None, item.content)
        found = verify_label(text.partition("\n")[0]) if task_id is None else None
        if found and (item.box or text.startswith(("**", "__"))):
            rest = item.content.partition("\n")[2]
            draft = self._reader.item(item, f"{found.text}\n{rest}", found)
            self._add_task(draft)
            if self._heading:
                self._heading.verify_boxes.append(draft.checked)
            if self._verify:
                self._verify.has_id_boxes = True
        elif task_id is not None or (item.box and not self._verify and not self._heading):
            draft = self._reader.item(item, text)
            draft.id = task_id or ""
            draft.looks_like = None if task_id else almost_id(text)
            draft.runs_after_preceding = self._verify is not None
            self._add_task(draft)
            if self._verify:
                self._verify.has_id_boxes = True
        else:
            self._report_no_task(item)
            self._content(item, parent)

    def _content(self, block: Block, parent: Block | None = None) -> None:
        """Text and boxes that are no tasks belong to the VERIFY or heading task that is open."""
        owner = self._verify or self._heading
        if owner:
            owner.add(block, parent)
        elif shell_block(block) and self._phase and self._phase.tasks:
            last = self._phase.tasks[-1]
            if last.box and self._source.span(last.first, block.first) == self._source.span(
                last.first, last.end
            ):
                message = f"indent it under the task of line {last.line}, or it will not be run"
                column = self._source.indent_of(block.first)
                self._log.add("stray_shell_block", message, block.first + 1, column)

    def _open_verify(self, found: VerifyLabel, block: Block) -> None:
        draft = TaskDraft(block.first, block.end, block.first + 1)
        draft.column = self._source.indent_of(block.first)
        self._reader.make_verify(draft, found)
        rest = block.content.partition("\n")[2]
        self._reader.describe(draft, f"{found.text}\n{rest}", block.first)
        self._verify = OpenSection(draft)
        self._verify.begin(block)
        # It stands before the boxes with an id beneath it; whether it is a task shows at its end.
        self._add_task(draft)

    def _close_verify(self) -> None:
        section, self._verify = self._verify, None
        if section is None or self._phase is None:
            return
        draft = section.close(self._reader)
        if section.has_content:
            if self._heading:
                self._heading.verify_boxes.append(draft.checked)
            return
        draft.is_empty = True
        if not section.has_id_boxes:
            self._log.add("empty_verify", "this VERIFY says nothing to check", draft.line, draft.column)

    def _close_heading(self) -> None:
        section, self._heading = self._heading, None
        if section:
            section.close(self._reader)

    def _add_task(self, draft: TaskDraft) -> None:
        if self._phase is None or self._task_count > TASKS_MAX:
            return
        self._task_count += 1
        if self._task_count > TASKS_MAX:
            self._log.add("plan_too_large", f"more than {TASKS_MAX} tasks", draft.line, draft.column)
            return
        self._phase.tasks.append(draft)
        for group in self._groups:
            group.tasks.append(draft)
            draft.written_dependencies.extend(group.dependencies)

    def _report_outside(self, section: Section) -> None:
        if section.heading and section.task and not section.only_groups:
            message = f"“{_shorten(section.heading.content)}” outside every phase: not a task"
            self._log.add("heading_outside_phase", message, section.heading.first + 1)
        items = [item for item in items_of(section.blocks) if count_boxes([item])[0]]
        if not items:
            return
        total, _ = count_boxes(items)
        where = f" under “{_shorten(section.heading.content)}”" if section.heading else ""
        boxes = "1 checkbox" if total == 1 else f"{total} checkboxes"
        message = f"{boxes}{where} outside every phase: not a task"
        line = items[0].content_line
        self._log.add("checkbox_outside_phase", message, line + 1, self._source.column_of(line, "["))

    def _report_no_task(self, item: Block) -> None:
        """Tell the writer of an item that looks as if it, or what it holds, was meant as a task."""
        match = None if item.box else _ALMOST_A_BOX.match(item.content)
        line = item.content_line
        if match:
            message = f"`{match[0]}` is no checkbox: write `[ ]` or `[x]` and a space behind it"
            column = self._source.column_of(line, "[")
            self._log.add("malformed_checkbox", message, line + 1, column)
        elif not (item.box or self._verify or self._heading) and (nested := count_boxes([item])[0]):
            boxes = "a checkbox" if nested == 1 else f"{nested} checkboxes"
            message = f"{boxes} nested under a list item that is no task: take this level of the list away"
            self._log.add("nested_checkbox", message, item.first + 1, self._source.indent_of(item.first))


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:59] + "…"
