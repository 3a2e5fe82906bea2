/** Sentences about runs and tasks. */
import type { Blocker, OrchestratorStatus, TaskInfo, WaitingFor } from '@/api/client';
import { clock, dayAndTime } from '@/format/format';
import { kindsText } from '@/run/unapproved';

function at(until: string): string {
  const ms = Date.parse(until);
  return ms - Date.now() > 12 * 3_600_000 ? dayAndTime(ms) : clock(ms);
}

/** What a run is waiting for, and until when. */
export function waitingText({ what, until }: WaitingFor): string {
  const time = until ? at(until) : null;
  if (what === 'approval') return `Waiting for your answer${time ? `; denied at ${time}` : ''}`;
  if (what === 'retry') return time ? `Retrying at ${time}` : 'Waiting for a retry';
  if (what === 'resume') return 'Paused until you resume it';
  if (what === 'budget') return 'Paused: the budget is used up';
  if (what === 'approve-plan') return 'Waiting for you to approve what was changed in the plan';
  if (what === 'retry-task or skip-task') return 'Retry or skip the failed task';
  const agent = /^limit of (.*)$/s.exec(what)?.[1];
  return `Waiting for ${agent ? `${agent}’s rate limit` : what}${time ? ` until ${time}` : ''}`;
}

/** Why a task that is pending does not run, in a sentence; null when nothing stands in its way. */
export function whyPending(task: TaskInfo, status: OrchestratorStatus): string | null {
  if (task.status !== 'pending') return null;
  if (task.retry_at) return `Tries again at ${at(task.retry_at)}${task.reason ? `: ${task.reason}` : ''}`;
  const tasks = task.blocked_by.flatMap((one) => (one.kind === 'task' ? [one.task_id] : []));
  const reasons: string[] = [];
  if (tasks.length) {
    const shown = tasks.slice(0, 4).join(', ');
    reasons.push(`waits for ${tasks.length > 4 ? `${shown} and ${tasks.length - 4} more` : shown}`);
  }
  for (const blocker of task.blocked_by) if (blocker.kind !== 'task') reasons.push(`waits ${blockerText(blocker)}`);
  if (!reasons.length && status.status === 'paused') reasons.push('the run is paused');
  if (!reasons.length) return null;
  const text = reasons.join('; ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function blockerText(blocker: Exclude<Blocker, { kind: 'task' }>): string {
  switch (blocker.kind) {
    case 'phase':
      return `for phase ${blocker.phase}`;
    case 'gate':
      return `for a person to say go (gate: ${blocker.text})`;
    case 'retry':
      return 'to be tried again';
    case 'rate_limit':
      return `for the limit of ${blocker.agent} until ${at(blocker.until)}`;
    case 'files':
      return `for ${blocker.task_id}, which works on the same files`;
    case 'unapproved':
      if (blocker.is_approved)
        return `for the plan’s next run: the change of its ${kindsText(blocker.parts)} is approved`;
      return `for your approval: its ${kindsText(blocker.parts)} changed in the plan during an attempt`;
  }
}
