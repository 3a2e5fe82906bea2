import {
  Ban,
  Check,
  CircleAlert,
  CircleDashed,
  CircleDot,
  CirclePause,
  CircleSlash,
  Hourglass,
  LoaderCircle,
  OctagonX,
  Power,
  Skull,
  type LucideIcon,
} from 'lucide-react';
import type { RunStatus, TaskStatus } from '@/api/client';
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

function Badge({ look, isBusy }: { look: Look; isBusy: boolean }) {
  return (
    <Pill tone={look.tone}>
      <look.Icon size={13} aria-hidden="true" className={isBusy ? 'animate-spin motion-reduce:animate-none' : ''} />
      {look.label}
    </Pill>
  );
}

export function TaskBadge({ status }: { status: TaskStatus }) {
  return <Badge look={TASK_LOOKS[status]} isBusy={status === 'in_progress'} />;
}

/** What came of one attempt at a task; one that is tried again leaves the task pending, but has itself failed. */
export function attemptLook({ outcome, error }: Pick<Attempt, 'outcome' | 'error'>): Look {
  switch (outcome) {
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
  return <Badge look={attemptLook(attempt)} isBusy={attempt.outcome === 'running'} />;
}

/** `isWaiting`: it runs, and nothing can go on before a time or an answer comes. */
export function RunBadge({ status, isWaiting = false }: { status: RunStatus; isWaiting?: boolean }) {
  return (
    <Badge look={status === 'running' && isWaiting ? WAITING_LOOK : RUN_LOOKS[status]} isBusy={status === 'starting'} />
  );
}

const ENDED: ReadonlySet<RunStatus> = new Set(['completed', 'failed', 'stopped', 'crashed']);

export function hasEnded(status: RunStatus): boolean {
  return ENDED.has(status);
}
