import {
  Archive,
  BadgeCheck,
  Ban,
  Check,
  CircleAlert,
  CircleDashed,
  CircleDot,
  CirclePause,
  CircleQuestionMark,
  CircleSlash,
  History,
  Hourglass,
  LoaderCircle,
  OctagonX,
  Power,
  Skull,
  TriangleAlert,
  type LucideIcon,
} from 'lucide-react';
import type { OrchestratorInfo, RunStatus, StatusSummary, TaskStatus } from '@/api/client';
import { evidenceOf, remarksText, staleText, type Evident } from '@/run/evidence';
import type { Attempt } from '@/run/history';

export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'idle';

/** Classes of text and soft ground for each tone. */
export const TONES: Record<Tone, string> = {
  good: 'bg-good-soft text-good',
  bad: 'bg-bad-soft text-bad',
  warn: 'bg-warn-soft text-warn',
  busy: 'bg-busy-soft text-busy',
  idle: 'bg-idle-soft text-idle',
};

export interface Look {
  tone: Tone;
  label: string;
  Icon: LucideIcon;
}

export const TASK_LOOKS: Record<TaskStatus, Look> = {
  pending: { tone: 'idle', label: 'pending', Icon: CircleDashed },
  in_progress: { tone: 'busy', label: 'in progress', Icon: LoaderCircle },
  completed: { tone: 'good', label: 'completed', Icon: Check },
  failed: { tone: 'bad', label: 'failed', Icon: OctagonX },
  skipped: { tone: 'idle', label: 'skipped', Icon: CircleSlash },
};

export const RUN_LOOKS: Record<RunStatus, Look> = {
  starting: { tone: 'busy', label: 'starting', Icon: LoaderCircle },
  running: { tone: 'busy', label: 'running', Icon: CircleDot },
  paused: { tone: 'warn', label: 'paused', Icon: CirclePause },
  blocked: { tone: 'bad', label: 'blocked', Icon: CircleAlert },
  stopping: { tone: 'warn', label: 'stopping', Icon: Power },
  completed: { tone: 'good', label: 'completed', Icon: Check },
  failed: { tone: 'bad', label: 'failed', Icon: OctagonX },
  stopped: { tone: 'idle', label: 'stopped', Icon: Ban },
  crashed: { tone: 'bad', label: 'crashed', Icon: Skull },
};

/** What a completed task rests on. Each has a word and an icon of its own: colour is never the only mark. */
const CHECKED_LOOK: Look = { tone: 'good', label: 'checked', Icon: BadgeCheck };
const UNCHECKED_LOOK: Look = { tone: 'idle', label: 'unchecked', Icon: CircleQuestionMark };
const DOUBTFUL_LOOK: Look = { tone: 'warn', label: 'unchecked', Icon: TriangleAlert };

/** How a task is shown: its status, of a completed one what that rests on, and whether it is for an earlier wording. */
export function taskLook(task: Evident): Look {
  const stale = staleText(task);
  if (stale !== null) return { tone: 'warn', label: stale, Icon: History };
  const evidence = evidenceOf(task);
  if (evidence === null) return TASK_LOOKS[task.status];
  const look = evidence === 'checked' ? CHECKED_LOOK : task.remarks.length ? DOUBTFUL_LOOK : UNCHECKED_LOOK;
  return { ...look, label: `completed, ${look.label}` };
}

export const WAITING_LOOK: Look = { tone: 'warn', label: 'waiting', Icon: Hourglass };

/** A pill in one of the tones. */
export function Pill({ tone, children, title }: { tone: Tone; children: React.ReactNode; title?: string }) {
  return (
    <span
      title={title}
      className={`inline-flex items-center gap-1 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap ${TONES[tone]}`}
    >
      {children}
    </span>
  );
}

function Badge({ look, isBusy, title = null }: { look: Look; isBusy: boolean; title?: string | null }) {
  return (
    <Pill tone={look.tone} {...(title ? { title } : {})}>
      <look.Icon size={13} aria-hidden="true" className={isBusy ? 'animate-spin motion-reduce:animate-none' : ''} />
      {look.label}
    </Pill>
  );
}

export function TaskBadge({ task }: { task: Evident }) {
  return <Badge look={taskLook(task)} isBusy={task.status === 'in_progress'} title={remarksText(task.remarks)} />;
}

/** How many completed tasks are unchecked, where any are. `isShort`: the number alone, with its word for those who listen. */
export function UncheckedCount({ unchecked, isShort = false }: { unchecked: number; isShort?: boolean }) {
  if (!unchecked) return null;
  return (
    <span className="nums inline-flex items-center gap-1 whitespace-nowrap text-muted">
      <CircleQuestionMark size={14} aria-hidden="true" />
      {unchecked} <span className={isShort ? 'max-sm:sr-only' : undefined}>unchecked</span>
    </span>
  );
}

type AttemptEnd = Pick<Attempt, 'outcome' | 'error' | 'verified' | 'remarks'>;

/** What came of one attempt at a task; one that is tried again leaves the task pending, but has itself failed. */
export function attemptLook({ outcome, error, verified, remarks }: AttemptEnd): Look {
  switch (outcome) {
    case 'completed':
      return taskLook({ status: outcome, verified, remarks });
    case 'running':
      return TASK_LOOKS.in_progress;
    case 'interrupted':
      return { ...TASK_LOOKS.skipped, label: 'interrupted' };
    case 'pending':
      return error ? TASK_LOOKS.failed : { ...TASK_LOOKS.pending, label: 'put back' };
    default:
      return TASK_LOOKS[outcome];
  }
}

export function AttemptBadge({ attempt }: { attempt: Attempt }) {
  return (
    <Badge look={attemptLook(attempt)} isBusy={attempt.outcome === 'running'} title={remarksText(attempt.remarks)} />
  );
}

/** How a run is shown, with the `doubts` of its completed tasks. */
export function runLook(status: RunStatus, isWaiting: boolean, doubts: Doubtful): Look {
  if (status === 'running' && isWaiting) return WAITING_LOOK;
  if (status !== 'completed') return RUN_LOOKS[status];
  const { unchecked, stale } = doubts;
  if (!unchecked && !stale) return RUN_LOOKS.completed;
  if (!stale) return { ...UNCHECKED_LOOK, label: `completed, ${unchecked} unchecked` };
  // Both counts would be too long for a phone; they are in the head of the run and in its filters.
  return {
    ...UNCHECKED_LOOK,
    Icon: History,
    label: unchecked ? 'completed, with doubts' : `completed, ${stale} reworded`,
  };
}

/** How many of a run's tasks are completed without a check, and how many for an earlier wording. */
export type Doubtful = Pick<StatusSummary, 'unchecked' | 'stale'>;

/** `isWaiting`: it runs, and nothing can go on before a time or an answer comes. `doubts`: without any, a completed run has a tick. */
export function RunBadge({
  status,
  isWaiting = false,
  doubts,
}: {
  status: RunStatus;
  isWaiting?: boolean;
  doubts: Doubtful;
}) {
  return <Badge look={runLook(status, isWaiting, doubts)} isBusy={status === 'starting'} />;
}

/** Says of a run that its log and outputs are gone. */
export function PrunedMark({ run }: { run: Pick<OrchestratorInfo, 'pruned_at'> }) {
  if (!run.pruned_at) return null;
  return (
    <Pill tone="idle" title="Its log and outputs were deleted">
      <Archive size={13} aria-hidden="true" />
      pruned
    </Pill>
  );
}

const ENDED: ReadonlySet<RunStatus> = new Set(['completed', 'failed', 'stopped', 'crashed']);

export function hasEnded(status: RunStatus): boolean {
  return ENDED.has(status);
}
