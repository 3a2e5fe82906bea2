/** Which rows the list of tasks has. */
import type { OrchestratorStatus, PhaseInfo, TaskInfo } from '@/api/client';
import { evidenceOf, uncheckedByPhase } from '@/run/evidence';

export type Row =
  { kind: 'phase'; phase: PhaseInfo; unchecked: number; isOpen: boolean } | { kind: 'task'; task: TaskInfo };

export interface Filter {
  q?: string | undefined;
  /** A task's status, what its completion rests on, or `stale`. */
  status?: string | undefined;
  phase?: string | undefined;
}

/** Up to this many tasks, every phase begins unfolded; in a longer plan, phases that are done begin folded. */
const UNFOLDED_MAX = 100;

export function matches(task: TaskInfo, { q, status, phase }: Filter): boolean {
  if (status && ![task.status, evidenceOf(task), task.stale && 'stale'].includes(status)) return false;
  if (phase && String(task.phase) !== phase) return false;
  const words = q?.toLowerCase().split(/\s+/).filter(Boolean) ?? [];
  const text = `${task.id} ${task.description} ${task.agent ?? ''} ${task.last_error ?? ''}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Phases with their tasks, one row each; `folds` is what the user has folded or unfolded by hand. */
export function rowsOf(status: OrchestratorStatus, filter: Filter, folds: ReadonlyMap<number, boolean>): Row[] {
  const isFiltered = Boolean(filter.q || filter.status || filter.phase);
  const isLong = status.tasks.length > UNFOLDED_MAX;
  const unchecked = uncheckedByPhase(status);
  const rows: Row[] = [];
  for (const phase of status.phases) {
    const tasks = status.tasks.filter((task) => task.phase === phase.number && matches(task, filter));
    if (isFiltered && !tasks.length) continue;
    const isDone = phase.completed + phase.skipped === phase.total_tasks;
    const isOpen = folds.get(phase.number) ?? (isFiltered || !(isLong && isDone));
    rows.push({ kind: 'phase', phase, unchecked: unchecked.get(phase.number) ?? 0, isOpen });
    if (isOpen) for (const task of tasks) rows.push({ kind: 'task', task });
  }
  return rows;
}
