/** What attempts have changed in the plan, in the words of the pages. */
import type { OrchestratorStatus, UnapprovedPart } from '@/api/client';

export type PartKind = UnapprovedPart['kind'];

const KINDS: Record<PartKind, string> = {
  block: 'shell block',
  verify: 'check',
  agent: 'agent',
  permissions: 'permissions',
  gate: 'gate',
  tick: 'ticked box',
};

/** "check", "check and gate", "agent, check and gate"; each kind once. */
export function kindsText(kinds: readonly PartKind[]): string {
  return joined([...new Set(kinds)].map((kind) => KINDS[kind]));
}

/** What happened to a part, and when: "Its check was added during attempt 1 of task 1.1". */
export function changeText({ kind, before, after, attempts }: UnapprovedPart): string {
  const done = after === '' ? 'removed' : before === '' ? 'added' : 'changed';
  const plural = kind === 'permissions' ? 'were' : 'was';
  const when = attempts.map(({ task_id, attempt }) => `attempt ${attempt} of task ${task_id}`);
  return `Its ${KINDS[kind]} ${plural} ${done}${when.length ? ` during ${joined(when)}` : ''}`;
}

/** The tasks that do not start before a person has approved what was changed. */
export function heldTaskIds({ tasks }: Pick<OrchestratorStatus, 'tasks'>): string[] {
  return tasks.filter((task) => task.blocked_by.some((one) => one.kind === 'unapproved')).map((task) => task.id);
}

/** The command that approves it, for a shell. */
export function approveCommand(planName: string): string {
  const word = /^[\w.][\w./-]*$/.test(planName) ? planName : `'${planName.replaceAll("'", "'\\''")}'`;
  return `orchestrator approve-plan ${word}`;
}

function joined(texts: readonly string[]): string {
  return texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`;
}
