/** A plan's text cut at its tasks, so that each can stand beside its live state. */
import type { PlanDocument } from '@/api/client';

export type Piece =
  | { kind: 'settings'; line: number; text: string }
  | { kind: 'text'; line: number; text: string }
  | { kind: 'task'; line: number; taskId: string; text: string };

/** The front matter (YAML between two lines of dashes, at the very beginning), without its dashes; null: none. */
function frontMatter(lines: readonly string[]): string[] | null {
  if (lines[0]?.trimEnd() !== '---') return null;
  const end = lines.findIndex((line, index) => index > 0 && /^(---|\.\.\.)\s*$/.test(line));
  return end < 0 ? null : lines.slice(1, end);
}

/** Tasks as pieces of one line each; what stands between them as Markdown. */
export function piecesOf({ markdown, tasks }: Pick<PlanDocument, 'markdown' | 'tasks'>): Piece[] {
  const taskAt = new Map(tasks.map((task) => [task.line, task.task_id]));
  const lines = markdown.split('\n');
  const settings = frontMatter(lines);
  const head = settings ? settings.length + 2 : 0;
  const pieces: Piece[] = settings?.length ? [{ kind: 'settings', line: 1, text: settings.join('\n') }] : [];
  let text: string[] = [];
  let begin = head + 1;
  let fence: string | null = null;
  const flush = () => {
    if (text.some((line) => line.trim())) pieces.push({ kind: 'text', line: begin, text: dedent(text).join('\n') });
    text = [];
  };
  lines.slice(head).forEach((line, index) => {
    const number = head + index + 1;
    const taskId = fence === null ? taskAt.get(number) : undefined;
    const mark = /^\s*(```+|~~~+)/.exec(line)?.[1];
    if (mark) fence = fence === null ? mark : line.trim().startsWith(fence) ? null : fence;
    if (taskId === undefined) {
      if (!text.length) begin = number;
      text.push(line);
      return;
    }
    flush();
    pieces.push({
      kind: 'task',
      line: number,
      taskId,
      text: line
        .replace(/^\s*(?:[-*+]|\d+[.)])\s+\[[ xX]\]\s*/, '')
        .replace(/^#+\s*/, '')
        .replace(/\*\*(.+?)\*\*/g, '$1'),
    });
  });
  flush();
  return pieces;
}

/** What stands below a task's line, up to the next task or heading, as Markdown; empty where there is nothing. */
export function detailsOf({ markdown, tasks }: Pick<PlanDocument, 'markdown' | 'tasks'>, taskId: string): string {
  const begin = tasks.find((task) => task.task_id === taskId)?.line;
  if (begin === undefined) return '';
  const next = Math.min(...tasks.map((task) => task.line).filter((line) => line > begin));
  const below = markdown.split('\n').slice(begin, Number.isFinite(next) ? next - 1 : undefined);
  let fence = false;
  const end = below.findIndex((line) => {
    if (/^\s*(```|~~~)/.test(line)) fence = !fence;
    return !fence && /^#{1,6}\s|^\*\*VERIFY/.test(line);
  });
  return dedent(end < 0 ? below : below.slice(0, end))
    .join('\n')
    .trim();
}

/** Without the indent that all lines share: details of a task are indented, and would be code by themselves. */
function dedent(lines: readonly string[]): string[] {
  const indents = lines.filter((line) => line.trim()).map((line) => /^ */.exec(line)![0].length);
  const least = indents.length ? Math.min(...indents) : 0;
  return lines.map((line) => line.slice(Math.min(least, /^ */.exec(line)![0].length)));
}
