/** A client without a server, and values as the server gives them. */
import {
  ApiError,
  type ApiClient,
  type ApprovalInfo,
  type ChosenOptions,
  type PlanDocument,
  type EventOf,
  type OrchestratorEvent,
  type OrchestratorInfo,
  type OrchestratorStatus,
  type TaskInfo,
  type Watch,
  type WatchOptions,
  type WatchStatus,
} from '@/api/client';

const BEGAN = '2026-01-02T03:04:05.000000Z';

export function makeRun(changes: Partial<OrchestratorInfo> = {}): OrchestratorInfo {
  return {
    id: 'orch-1',
    plan_name: 'notes',
    plan_path: 'docs/plans/notes.md',
    project: 'commit:1234',
    checkout: null,
    host: 'desk',
    pid: 42,
    worktree_path: '/project',
    agent: 'scripted',
    status: 'running',
    started_at: BEGAN,
    ended_at: null,
    last_heartbeat: BEGAN,
    is_alive: true,
    is_stale: false,
    pruned_at: null,
    seq: 1,
    progress_percent: 0,
    unchecked: 0,
    stale: 0,
    ...changes,
  };
}

const NOTHING_USED = {
  input_tokens: 0,
  output_tokens: 0,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  cost_usd: null,
  is_cost_complete: true,
};

export function makeTask(changes: Partial<TaskInfo> = {}): TaskInfo {
  return {
    id: '1.1',
    description: 'List the notes',
    phase: 1,
    status: 'pending',
    kind: 'task',
    depends_on: [],
    blocked_by: [],
    agent: null,
    attempt: 0,
    retry_count: 0,
    last_error: null,
    reason: null,
    retry_at: null,
    started_at: null,
    completed_at: null,
    duration_ms: null,
    revision: 1,
    verified: false,
    remarks: [],
    stale: null,
    finding: null,
    usage: NOTHING_USED,
    ...changes,
  };
}

/** A question of the first task's agent, which waits for an answer. */
export function makeApproval(changes: Partial<ApprovalInfo> = {}): ApprovalInfo {
  return {
    id: '1.1-1-1',
    task_id: '1.1',
    attempt: 1,
    question: 'Bash: rm -rf build',
    tool_id: null,
    agent: 'scripted',
    tool_name: 'Bash',
    command: 'rm -rf build',
    command_artifact: null,
    context: null,
    can_allow: true,
    requested_at: BEGAN,
    expires_at: null,
    ...changes,
  };
}

/** A status whose counts are those of its tasks. */
export function makeStatus(changes: Partial<OrchestratorStatus> = {}): OrchestratorStatus {
  const tasks = changes.tasks ?? [makeTask()];
  const count = (of: readonly TaskInfo[]) => {
    const counts = { total_tasks: of.length, completed: 0, pending: 0, in_progress: 0, failed: 0, skipped: 0 };
    for (const task of of) counts[task.status]++;
    return counts;
  };
  const phases = [...new Set(tasks.map((task) => task.phase))];
  const counts = count(tasks);
  return {
    instance_id: 'orch-1',
    plan_name: 'notes',
    plan_path: 'docs/plans/notes.md',
    status: 'running',
    summary: {
      ...counts,
      unchecked: tasks.filter((task) => task.status === 'completed' && !task.verified).length,
      stale: tasks.filter(({ stale }) => stale !== null).length,
      current_phase: phases[0] ?? null,
      progress_percent: (100 * (counts.completed + counts.skipped)) / Math.max(1, tasks.length),
    },
    phases: phases.map((number, index) => ({
      number,
      name: `Phase ${number}`,
      ...count(tasks.filter((task) => task.phase === number)),
      is_current: index === 0,
    })),
    tasks,
    started_at: BEGAN,
    ended_at: null,
    reason: null,
    seq: 1,
    usage: NOTHING_USED,
    usage_by_model: [],
    approvals: [],
    waiting_for: null,
    options: NO_OPTIONS,
    unapproved: null,
    kept: [],
    ...changes,
  };
}

/** Nothing is chosen of a run's options. */
export const NO_OPTIONS: ChosenOptions = {
  agent: null,
  parallel: null,
  max_attempts: null,
  timeout_seconds: null,
  permissions: null,
  budget_usd: null,
  budget_tokens: null,
  task_budget_usd: null,
  task_budget_tokens: null,
  back_off_seconds: null,
  longest_wait_seconds: null,
  silence_seconds: null,
  tool_seconds: null,
  repeats_max: null,
  approval_seconds: null,
  strict: null,
};

export function makePlan(changes: Partial<PlanDocument> = {}): PlanDocument {
  return {
    name: 'notes',
    title: 'Notes',
    path: 'docs/plans/notes.md',
    last_modified: BEGAN,
    markdown: '# Notes\n\n- [ ] 1.1 List them\n- [ ] 1.2 Sort them\n',
    problems: [],
    tasks: [],
    settings: NO_OPTIONS,
    defaults: { ...NO_OPTIONS, parallel: 1, max_attempts: 2, timeout_seconds: 3600, permissions: 'full' },
    last_run: null,
    ...changes,
  };
}

/** An event as it stands in the log of `orch-1`, one second of the log a `seq`. */
export function makeEvent<Type extends OrchestratorEvent['type']>(
  type: Type,
  seq: number,
  data: Extract<OrchestratorEvent, { type: Type }>['data'],
): OrchestratorEvent {
  const timestamp = new Date(Date.parse(BEGAN) + seq * 1_000).toISOString();
  return { type, timestamp, instance_id: 'orch-1', seq, data } as OrchestratorEvent;
}

/** A task moves from one status to the next; by default the first one begins. */
export function makeChange(seq: number, changes: Partial<EventOf<'task_changed'>['data']> = {}): OrchestratorEvent {
  return makeEvent('task_changed', seq, {
    task_id: '1.1',
    description: 'List the notes',
    phase: 1,
    old_status: 'pending',
    new_status: 'in_progress',
    attempt: 1,
    failures: 0,
    revision: seq,
    agent: 'scripted',
    reason: null,
    error: null,
    retry_at: null,
    duration_ms: null,
    verified: false,
    remarks: [],
    ...changes,
  });
}

/** A tool call of the first task begins. */
export function makeCall(seq: number, changes: Partial<EventOf<'tool_started'>['data']> = {}): OrchestratorEvent {
  return makeEvent('tool_started', seq, {
    task_id: '1.1',
    attempt: 1,
    tool_id: `call-${seq}`,
    tool_name: 'Bash',
    input_summary: 'make',
    input_artifact: null,
    parent_tool_id: null,
    ...changes,
  });
}

/** And it ends. */
export function makeCallEnd(
  seq: number,
  tool_id: string,
  changes: Partial<EventOf<'tool_completed'>['data']> = {},
): OrchestratorEvent {
  return makeEvent('tool_completed', seq, {
    task_id: '1.1',
    attempt: 1,
    tool_id,
    tool_name: 'Bash',
    status: 'ok',
    success: true,
    duration_ms: 500,
    output_summary: '',
    output_artifact: null,
    ...changes,
  });
}

/** What a client throws for an answer like this; 0 is none. */
export function makeError(status: number, detail: string, code = 'made'): ApiError {
  return new ApiError(status, { type: 'about:blank', title: '', status, detail, instance: '', code, errors: [] });
}

/** A watch that tells what the test tells it. */
export class FakeWatch implements Watch {
  status: WatchStatus = { state: 'connecting', completeUpTo: null, retryInMs: null, error: null };
  readonly finished = new Promise<WatchStatus>(() => undefined);
  readonly options: WatchOptions;

  constructor(options: WatchOptions = {}) {
    this.options = options;
  }

  get completeUpTo(): number | null {
    return this.status.completeUpTo;
  }

  tell(...events: OrchestratorEvent[]): void {
    for (const event of events) {
      this.options.onEvent?.(event);
      if ('seq' in event) this.status = { ...this.status, completeUpTo: event.seq };
    }
  }

  state(changes: Partial<WatchStatus>): void {
    this.status = { ...this.status, ...changes };
    this.options.onState?.(this.status);
  }

  /** Connected, with this status. */
  begin(status: OrchestratorStatus): void {
    this.state({ state: 'catching_up' });
    this.tell(makeEvent('initial_status', status.seq, status));
    this.state({ state: 'live' });
  }

  close(): void {
    this.state({ state: 'closed' });
  }

  [Symbol.asyncIterator](): AsyncIterator<OrchestratorEvent> {
    throw new Error('the pages listen by onEvent');
  }
}

/** A client with these methods; any other throws its name. */
export function fakeApi(methods: Partial<ApiClient>): ApiClient {
  const quiet: Partial<ApiClient> = {
    health: () =>
      Promise.resolve({ status: 'healthy', version: '0', timestamp: BEGAN, orchestrators_running: 1, detail: null }),
    listOrchestrators: () => Promise.resolve([]),
    watch: (_id, options) => new FakeWatch(options),
  };
  const known = { ...quiet, ...methods };
  return new Proxy(known as ApiClient, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (method === undefined) throw new Error(`the test gives no ${String(name)}()`);
      return method;
    },
  });
}
