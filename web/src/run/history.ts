/** What happened in a run, kept small: one row a call, an attempt, an entry of the log; texts are asked for on demand. */
import type { EventOf, OrchestratorEvent, Remark } from '@/api/client';

/** The types of events that a history is made of. */
export const HISTORY_TYPES = [
  'tool_started',
  'tool_completed',
  'task_changed',
  'prompt_sent',
  'orchestrator_changed',
  'command_settled',
  'approval_requested',
  'approval_settled',
  'agent_limited',
  'plan_changed',
  'plan_approved',
] as const;

type HistoryType = (typeof HISTORY_TYPES)[number];
export type HistoryEvent = EventOf<HistoryType>;

export const CALLS_MAX = 100_000;
/** Attempts, and as many entries of the log. */
export const ENTRIES_MAX = 50_000;
const LINE_LENGTH_MAX = 160;

/** A tool call. Times are in milliseconds since 1970. */
export interface Call {
  key: string;
  taskId: string;
  attempt: number;
  toolId: string;
  name: string;
  parentToolId: string | null;
  /** The first line of its input. */
  line: string;
  startedAt: number;
  endedAt: number | null;
  status: 'running' | 'ok' | 'error' | 'denied' | 'interrupted';
  /** Where its two events stand in the log; null for what is not known yet. */
  startSeq: number | null;
  endSeq: number | null;
}

/** One attempt at a task. */
export interface Attempt {
  taskId: string;
  number: number;
  agent: string | null;
  startedAt: number;
  endedAt: number | null;
  /** What the task became when the attempt ended; `interrupted` where the run ended before it. */
  outcome: 'running' | 'pending' | 'completed' | 'failed' | 'skipped' | 'interrupted';
  reason: string | null;
  error: string | null;
  /** Of a completed one: whether its checks passed, and what makes its success doubtful. */
  verified: boolean;
  remarks: readonly Remark[];
  /** What its agent was sent; null for a shell task, before it is sent, and for runs that kept none. */
  prompt: SentPrompt | null;
}

export type SentPrompt = Pick<EventOf<'prompt_sent'>['data'], 'artifact' | 'characters' | 'sha256'>;

/** An entry of the log of decisions: commands, approvals, limits, what the run itself did. */
export type LogEntry = EventOf<Exclude<HistoryType, 'tool_started' | 'tool_completed' | 'prompt_sent'>>;

export function isHistory(event: OrchestratorEvent): event is HistoryEvent {
  return (HISTORY_TYPES as readonly string[]).includes(event.type);
}

function firstLine(text: string): string {
  const line = text.trimStart().split('\n', 1)[0] ?? '';
  return line.length > LINE_LENGTH_MAX ? `${line.slice(0, LINE_LENGTH_MAX - 1)}…` : line;
}

function attemptKey(taskId: string, number: number): string {
  return `${taskId}/${number}`;
}

function callKey(taskId: string, attempt: number, toolId: string): string {
  return `${taskId}/${attempt}/${toolId}`;
}

/**
 * Takes events in any order of pages, but in order within a page: newest first while an old log is read backwards,
 * and what comes live at the end. `version` changes with everything that it takes in.
 */
export class History {
  version = 0;
  calls: Call[] = [];
  attempts: Attempt[] = [];
  log: LogEntry[] = [];
  /** What is older than this is not kept. */
  isCut = false;

  readonly #calls = new Map<string, Call>();
  readonly #attempts = new Map<string, Attempt>();
  /** Prompts whose attempts are not known yet: an old log is read backwards. */
  readonly #prompts = new Map<string, SentPrompt>();
  readonly #open = new Set<Call>();
  #hasEnded = false;
  /** When the last thing happened that is known. */
  #lastAt = 0;

  /** The calls that are under way, oldest first. */
  get openCalls(): Call[] {
    return [...this.#open];
  }

  /** What came after all that is known. */
  append(events: readonly HistoryEvent[]): void {
    this.#add(events, false);
  }

  /** What came before all that is known. */
  prepend(events: readonly HistoryEvent[]): void {
    this.#add(events, true);
  }

  /** The run is over, since then where that is known: what is open has no end of its own. */
  end(endedAt: string | null): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (endedAt) this.#lastAt = Math.max(this.#lastAt, Date.parse(endedAt));
    this.#closeOpen();
    this.version += 1;
  }

  #closeOpen(): void {
    if (!this.#hasEnded) return;
    for (const call of this.#open) Object.assign(call, { endedAt: this.#lastAt, status: 'interrupted' });
    this.#open.clear();
    for (const attempt of this.attempts) {
      if (attempt.outcome !== 'running') continue;
      Object.assign(attempt, { endedAt: this.#lastAt, outcome: 'interrupted', reason: 'the run ended' });
    }
  }

  #add(events: readonly HistoryEvent[], isOlder: boolean): void {
    if (!events.length) return;
    const calls: Call[] = [];
    const attempts: Attempt[] = [];
    const log: LogEntry[] = [];
    for (const event of events) {
      const at = Date.parse(event.timestamp);
      this.#lastAt = Math.max(this.#lastAt, at);
      switch (event.type) {
        case 'tool_started':
        case 'tool_completed':
          this.#call(event, at, calls);
          break;
        case 'prompt_sent':
          this.#prompt(event);
          break;
        case 'task_changed':
          this.#attempt(event, at, attempts);
          log.push(event);
          break;
        default:
          log.push(event);
      }
    }
    this.calls = isOlder ? [...calls, ...this.calls] : calls.length ? [...this.calls, ...calls] : this.calls;
    this.attempts = isOlder
      ? [...attempts, ...this.attempts]
      : attempts.length
        ? [...this.attempts, ...attempts]
        : this.attempts;
    this.log = isOlder ? [...log, ...this.log] : log.length ? [...this.log, ...log] : this.log;
    if (isOlder) this.calls.sort((a, b) => a.startedAt - b.startedAt);
    this.#closeOpen();
    this.#cut();
    this.version += 1;
  }

  #cut(): void {
    const oldest = <Item>(items: Item[], max: number) => items.splice(0, Math.max(0, items.length - max));
    const calls = oldest(this.calls, CALLS_MAX);
    const attempts = oldest(this.attempts, ENTRIES_MAX);
    const entries = oldest(this.log, ENTRIES_MAX);
    for (const call of calls) {
      this.#calls.delete(call.key);
      this.#open.delete(call);
    }
    for (const attempt of attempts) this.#attempts.delete(attemptKey(attempt.taskId, attempt.number));
    this.isCut ||= calls.length + attempts.length + entries.length > 0;
  }

  #call(event: EventOf<'tool_started' | 'tool_completed'>, at: number, added: Call[]): void {
    const { task_id, attempt, tool_id, tool_name } = event.data;
    const key = callKey(task_id, attempt, tool_id);
    let call = this.#calls.get(key);
    if (!call) {
      call = {
        key,
        taskId: task_id,
        attempt,
        toolId: tool_id,
        name: tool_name,
        parentToolId: null,
        line: '',
        startedAt: at,
        endedAt: null,
        status: 'running',
        startSeq: null,
        endSeq: null,
      };
      this.#calls.set(key, call);
      added.push(call);
    }
    if (event.type === 'tool_started') {
      call.startedAt = at;
      call.startSeq = event.seq;
      call.line = firstLine(event.data.input_summary);
      call.parentToolId = event.data.parent_tool_id;
      // Also when an old log is read backwards: its end would have been seen by now.
      if (call.endedAt === null) this.#open.add(call);
    } else {
      call.endedAt = at;
      call.endSeq = event.seq;
      call.status = event.data.status;
      if (call.startSeq === null) call.startedAt = at - event.data.duration_ms;
      this.#open.delete(call);
    }
  }

  #prompt(event: EventOf<'prompt_sent'>): void {
    const { task_id, attempt, artifact, characters, sha256 } = event.data;
    const key = attemptKey(task_id, attempt);
    const prompt = { artifact, characters, sha256 };
    const known = this.#attempts.get(key);
    if (known) known.prompt = prompt;
    else this.#prompts.set(key, prompt);
  }

  /** Every attempt has a number of its own, so one start and one end; of a run that was cut off, perhaps only one. */
  #attempt(event: EventOf<'task_changed'>, at: number, added: Attempt[]): void {
    const { task_id, attempt: number, old_status, new_status, agent, reason, error } = event.data;
    const { duration_ms, verified, remarks } = event.data;
    const starts = new_status === 'in_progress';
    if (!starts && old_status !== 'in_progress') return;
    const key = attemptKey(task_id, number);
    let attempt = this.#attempts.get(key);
    if (!attempt) {
      const startedAt = starts ? at : at - (duration_ms ?? 0);
      attempt = {
        taskId: task_id,
        number,
        agent,
        startedAt,
        endedAt: null,
        outcome: 'running',
        reason: null,
        error: null,
        verified: false,
        remarks: [],
        prompt: this.#prompts.get(key) ?? null,
      };
      this.#attempts.set(key, attempt);
      this.#prompts.delete(key);
      added.push(attempt);
    }
    attempt.agent ??= agent;
    if (starts) attempt.startedAt = at;
    else Object.assign(attempt, { endedAt: at, outcome: new_status, reason, error, verified, remarks });
  }
}
