/** Why a completed task counts as done, and what makes that doubtful, in the words of the pages. */
import type { OrchestratorStatus, Remark, TaskInfo } from '@/api/client';
import { plural } from '@/format/format';

export type Evidence = 'checked' | 'unchecked';

/** What is known of a task, or of one attempt at it, that says how far its completion can be trusted. */
export interface Evident {
  status: TaskInfo['status'];
  verified: boolean;
  remarks: readonly Remark[];
  /** Done for an earlier wording of the task; unknown of an attempt, since the plan is edited after it. */
  stale?: TaskInfo['stale'];
}

const FILES_MAX = 3;
const CHECK_CHANGED = 'its check was changed since';

/** What a completed task's completion rests on; null for a task that is not completed. */
export function evidenceOf({ status, verified }: Pick<Evident, 'status' | 'verified'>): Evidence | null {
  if (status !== 'completed') return null;
  return verified ? 'checked' : 'unchecked';
}

/** A remark as a clause: "no tool call was made". */
export function remarkText({ kind, count, files }: Remark): string {
  switch (kind) {
    case 'no_tool_call':
      return 'no tool call was made';
    case 'no_declared_file':
      return `none of its declared files was touched: ${listed(files)}`;
    case 'calls_denied':
      return `${plural(count ?? 1, 'call was', 'calls were')} denied`;
    case 'nothing_changed':
      return 'nothing changed';
  }
}

function listed(files: readonly string[]): string {
  const shown = files.slice(0, FILES_MAX).join(', ');
  return files.length > FILES_MAX ? `${shown} and ${files.length - FILES_MAX} more` : shown;
}

/** All remarks in a sentence without its full stop; null where there are none. */
export function remarksText(remarks: readonly Remark[]): string | null {
  if (!remarks.length) return null;
  const text = remarks.map(remarkText).join('; ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "12 completed, 5 of them unchecked"; for at least one completed task. */
export function completedText(completed: number, unchecked: number): string {
  const all = completed === 1 ? '' : 'all ';
  if (!unchecked) return `${completed} completed, ${all}checked`;
  if (unchecked === completed) return `${completed} completed, ${all}unchecked`;
  return `${completed} completed, ${unchecked} of them unchecked`;
}

/** What a task's completion rests on, in a sentence without its full stop. */
export function evidenceText(
  task: Pick<TaskInfo, 'status' | 'verified' | 'agent' | 'attempt' | 'reason' | 'stale'>,
): string {
  const evidence = evidenceOf(task);
  if (task.stale && evidence !== null) return `${evidence}, for an earlier wording of the task`;
  switch (evidence) {
    case null:
      return 'none';
    case 'checked':
      return task.agent === 'shell' ? 'its commands ended with exit code 0' : 'its checks passed';
    case 'unchecked':
      if (task.reason === CHECK_CHANGED) return `it was checked, but ${task.reason}`;
      if (task.attempt) return 'only its agent’s word: nothing checked it';
      return task.reason ?? 'only the ticked box in the plan';
  }
}

/** What is to be said of a task that was done for an earlier wording; null where that is not so. */
export function staleText({ stale, status }: Pick<Evident, 'stale' | 'status'>): string | null {
  return stale ? `${status} for an earlier wording` : null;
}

/** How many of each phase's completed tasks are unchecked, by the phase's number. */
export function uncheckedByPhase({ tasks }: Pick<OrchestratorStatus, 'tasks'>): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const task of tasks)
    if (evidenceOf(task) === 'unchecked') counts.set(task.phase, (counts.get(task.phase) ?? 0) + 1);
  return counts;
}
