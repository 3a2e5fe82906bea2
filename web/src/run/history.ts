/** What happened in a run, kept small: one row a call, an attempt, an entry of the log; texts are asked for on demand. */
import type { EventOf, OrchestratorEvent } from '@/api/client';

/** The types of events that a history is made of. */
export const HISTORY_TYPES = [
  'tool_started',
  'tool_completed',
  'task_changed',
  'orchestrator_changed',
  'command_settled',
  'approval_requested',
  'approval_settled',
  'agent_limited',
  'plan_changed',
] as const;

type HistoryType = (typeof HISTORY_TYPES)[number];
export type HistoryEvent = EventOf<HistoryType>;

export const CALLS_MAX = 100_000;
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
  /** What the task became when the attempt ended. */
  outcome: 'running' | 'pending' | 'completed' | 'failed' | 'skipped';
  reason: string | null;
  error: string | null;
}

/** An entry of the log of decisions: commands, approvals, limits, what the run itself did. */
export type LogEntry = EventOf<Exclude<HistoryType, 'tool_started' | 'tool_completed'>>;

export function isHistory(event: OrchestratorEvent): event is HistoryEvent {
  return (HISTORY_TYPES as readonly string[]).includes(event.type);
}

function firstLine(text: string): string {
  const line = text.trimStart().split('\n', 1)[0] ?? '';
  return line.length > LINE_LENGTH_MAX ? `${line.slice(0, LINE_LENGTH_MAX - 1)}…` : line;
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
  /** Calls older than these are not kept. */
  isCut = false;

  readonly #calls = new Map<string, Call>();
  readonly #attempts = new Map<string, Attempt>();
  readonly #open = new Set<Call>();

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

  #add(events: readonly HistoryEvent[], isOlder: boolean): void {
    if (!events.length) return;
    const calls: Call[] = [];
    const attempts: Attempt[] = [];
    const log: LogEntry[] = [];
    for (const event of events) {
      const at = Date.parse(event.timestamp);
      switch (event.type) {
        case 'tool_started':
        case 'tool_completed':
          this.#call(event, at, calls);
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
    this.#cut();
    this.version += 1;
  }

  #cut(): void {
    if (this.calls.length <= CALLS_MAX) return;
    this.isCut = true;
    for (const call of this.calls.splice(0, this.calls.length - CALLS_MAX)) this.#calls.delete(call.key);
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

  /** Every attempt has a number of its own, so one start and one end; of a run that was cut off, perhaps only one. */
  #attempt(event: EventOf<'task_changed'>, at: number, added: Attempt[]): void {
    const { task_id, attempt: number, old_status, new_status, agent, reason, error, duration_ms } = event.data;
    const starts = new_status === 'in_progress';
    if (!starts && old_status !== 'in_progress') return;
    const key = `${task_id}/${number}`;
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
      };
      this.#attempts.set(key, attempt);
      added.push(attempt);
    }
    attempt.agent ??= agent;
    if (starts) attempt.startedAt = at;
    else Object.assign(attempt, { endedAt: at, outcome: new_status, reason, error });
  }
}
