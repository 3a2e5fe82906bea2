/** Which rows the list of tasks has. */
import type { OrchestratorStatus, PhaseInfo, TaskInfo, TaskStatus } from '@/api/client';

export type Row = { kind: 'phase'; phase: PhaseInfo; isOpen: boolean } | { kind: 'task'; task: TaskInfo };

export interface Filter {
  q?: string | undefined;
  status?: string | undefined;
  phase?: string | undefined;
}

/** So many tasks are shown with every phase unfolded; in a longer plan, phases that are done begin folded. */
const UNFOLDED_MAX = 100;

export function matches(task: TaskInfo, { q, status, phase }: Filter): boolean {
  if (status && task.status !== (status as TaskStatus)) return false;
  if (phase && String(task.phase) !== phase) return false;
  const words = q?.toLowerCase().split(/\s+/).filter(Boolean) ?? [];
  const text = `${task.id} ${task.description} ${task.agent ?? ''} ${task.last_error ?? ''}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Phases with their tasks, one row each; `folds` is what the user has folded or unfolded by hand. */
export function rowsOf(status: OrchestratorStatus, filter: Filter, folds: ReadonlyMap<number, boolean>): Row[] {
  const isFiltered = Boolean(filter.q || filter.status || filter.phase);
  const isLong = status.tasks.length > UNFOLDED_MAX;
  const rows: Row[] = [];
  for (const phase of status.phases) {
    const tasks = status.tasks.filter((task) => task.phase === phase.number && matches(task, filter));
    if (isFiltered && !tasks.length) continue;
    const isDone = phase.completed + phase.skipped === phase.total_tasks;
    const isOpen = folds.get(phase.number) ?? (isFiltered || !(isLong && isDone));
    rows.push({ kind: 'phase', phase, isOpen });
    if (isOpen) for (const task of tasks) rows.push({ kind: 'task', task });
  }
  return rows;
}
