/**
 * A typed client of the Plan Orchestrator API, with live events that survive lost connections.
 *
 * Written by `python scripts/generate_api_types.py`: change nothing here, run it again.
 * It depends on nothing but `fetch`, and uses `WebSocket` and `EventSource` where the platform has them.
 */

//{imports}

//{exports}

/** One kind of event, by its `type`: `EventOf<'task_changed'>`. */
export type EventOf<Type extends OrchestratorEvent['type']> = Extract<OrchestratorEvent, { type: Type }>;

/** Where the server is, and how it is asked. */
export interface ApiClientOptions {
  /** An origin, with a path where a proxy serves the API under one. `''` is the page's own origin. */
  baseUrl: string;
  /** The server's token, where it has one. It is sent in headers, never in a URL. */
  token?: string | undefined;
  /** Used in place of the global `fetch`. */
  fetch?: typeof globalThis.fetch | undefined;
  /** Sent with every request; with these, `watch` uses `fetch` only, as a WebSocket can send none. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Told of every `ApiError` before it is thrown; of a watch only what ends it, not what it tries again. */
  onError?: ((error: ApiError) => void) | undefined;
}

/** What every method takes. */
export interface CallOptions {
  /** Ends the request; the method then throws the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** What every command takes. */
export interface CommandOptions extends CallOptions {
  /** The same key within a day gives the same receipt again, and commands nothing twice. */
  idempotencyKey?: string | undefined;
}

/** What a command about a task takes. */
export interface TaskCommandOptions extends CommandOptions {
  /** The `revision` that the task must still have, else 412. */
  revision?: number | '*' | undefined;
}

/** Where a raw stream begins. */
export interface ConnectOptions {
  /** Replay everything after this `seq`; left out, begin with the present. */
  after?: number | undefined;
}

/**
 * - `connecting`, `reconnecting`: no connection; `retryInMs` says when the next is tried
 * - `catching_up`: connected, and still behind the log
 * - `live`: everything is here, and what happens comes at once
 * - `paused`: the page is hidden and `pauseWhenHidden` is set
 * - `ended`: the orchestrator has ended, and everything is here
 * - `closed`: by you
 * - `failed`: for good; `error` says why
 */
export type WatchState =
  | 'connecting' | 'catching_up' | 'live' | 'reconnecting' | 'paused' | 'ended' | 'closed' | 'failed';

/** How a watch is. */
export interface WatchStatus {
  state: WatchState;
  /**
   * Every event up to this `seq` was handed over, or is part of an `initial_status` that was. An event counts
   * once its handler has returned, or the loop asks for the next one: begin there another time.
   */
  completeUpTo: number | null;
  /** How long until the next try, while `reconnecting`. */
  retryInMs: number | null;
  /** What went wrong last. */
  error: unknown;
}

export interface WatchOptions extends ConnectOptions {
  /** Takes each event in order, none twice and none left out. Without it, iterate over the watch. */
  onEvent?: ((event: OrchestratorEvent) => void) | undefined;
  /** Told when the state changes. */
  onState?: ((status: WatchStatus) => void) | undefined;
  /** Left out: a WebSocket where there is one and it gets through, else Server-Sent Events by `fetch`. */
  transport?: 'websocket' | 'sse' | undefined;
  /** Hold no connection while the page is hidden; what was missed comes when it is shown again. */
  pauseWhenHidden?: boolean | undefined;
  /** A connection that is silent for so long is dead (60,000). The server pings every 30 seconds. */
  silenceMs?: number | undefined;
  /** Closes the watch. */
  signal?: AbortSignal | undefined;
}

/** A subscription that lasts until the orchestrator ends, or you close it. */
export interface Watch extends AsyncIterable<OrchestratorEvent> {
  readonly status: WatchStatus;
  /** As in `status`. */
  readonly completeUpTo: number | null;
  /** Fulfilled when the watch is over, however it ended; never rejected. */
  readonly finished: Promise<WatchStatus>;
  close(): void;
}

/** An answer that is no success. `status` 0 means that there was none: the server cannot be reached. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** What the server said (RFC 9457): `code` for programs, `detail` for people. */
  readonly problem: Problem;
  /** How long the server asks to wait. */
  readonly retryAfterSeconds: number | null;

  constructor(status: number, problem: Problem, retryAfterSeconds: number | null = null, cause?: unknown) {
    super(problem.detail, { cause });
    this.status = status;
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** A method for every operation of the API, named as its operationId, and the live events. */
export interface ApiClient {
//{methods}
  /** Every event over a WebSocket; a bare one, which does not reconnect. See `watch`. */
  connectEvents(orchestratorId: string, options?: ConnectOptions): WebSocket;
  /** Tool calls alone over a WebSocket. */
  connectActivity(orchestratorId: string, options?: ConnectOptions): WebSocket;
  /** Every event over an EventSource, which can show no token: throws where one is set. */
  connectEventsSSE(orchestratorId: string, options?: ConnectOptions): EventSource;
  /** Every event, over as many connections as it takes. Close it, or abort its signal, when you are done. */
  watch(orchestratorId: string, options?: WatchOptions): Watch;
}

/** A client of the server at this URL. It holds no connection until it is asked. */
export function createApiClient(server: string | ApiClientOptions): ApiClient {
  const config: ApiClientOptions = typeof server === 'string' ? { baseUrl: server } : server;
  const base = String(config?.baseUrl).replace(/\/+$/, '');
  const { token } = config;
  if (!/^(https?:\/\/[^@?#]+|\/[^?#]*|)$/.test(base) || (!/^h/.test(base) && !globalThis.location)) {
    throw new TypeError('baseUrl is the URL of a server, such as http://127.0.0.1:8000, or on a page a path of its origin.');
  }
  // What is wrong with a token is said without it.
  if (token && !/^[\w.~+-]+$/.test(token)) throw new TypeError('A token has only A-Z, a-z, 0-9 and . _ ~ + -');
  // An answer that a page could read shows that the server allows its origin.
  let hasAnswered = false;

  async function send(
    method: string, path: string, options: TaskCommandOptions, query: Query, body: unknown, accept: string,
  ): Promise<Response> {
    const { signal, idempotencyKey, revision } = options;
    const headers = new Headers(config.headers);
    headers.set('Accept', accept);
    if (token) headers.set('Authorization', `Bearer ${token}`);
    if (body !== undefined) headers.set('Content-Type', 'application/json');
    if (idempotencyKey !== undefined) headers.set('Idempotency-Key', idempotencyKey);
    if (revision !== undefined) headers.set('If-Match', revision === '*' ? '*' : `"${revision}"`);
    let response: Response;
    let said: Problem;
    try {
      response = await (config.fetch ?? fetch)(base + path + search(query), {
        method, headers, body: body === undefined ? null : JSON.stringify(body), signal: signal ?? null,
        // What answers elsewhere is not the server, and must not see the token.
        redirect: 'error',
      });
      hasAnswered = true;
      if (response.ok) return response;
      said = await problemOf(response, path);
    } catch (cause) {
      throw lost(path, options, cause);
    }
    throw told(new ApiError(response.status, said, retryAfter(response)));
  }

  async function call<Answer>(
    method: string, path: string, options: TaskCommandOptions, query: Query = {}, body?: unknown,
  ): Promise<Answer> {
    const response = await send(method, path, options, query, body, 'application/json');
    try {
      return (await response.json()) as Answer;
    } catch (cause) {
      throw lost(path, options, cause, response.status);
    }
  }

  /** An answer of JSON Lines. */
  async function lines<Line>(path: string, options: CallOptions, query: Query): Promise<Line[]> {
    const response = await send('GET', path, options, query, undefined, 'application/jsonl');
    try {
      const text = await response.text();
      return text.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Line);
    } catch (cause) {
      throw lost(path, options, cause, response.status);
    }
  }

  async function stream(path: string, options: CallOptions, query: Query): Promise<AsyncGenerator<OrchestratorEvent>> {
    return sseEvents(await send('GET', path, options, query, undefined, 'text/event-stream'));
  }

  /** What to throw when there was no answer, or not all of one. */
  function lost(path: string, { signal }: CallOptions, cause: unknown, status = 0): unknown {
    if (signal?.aborted) return cause;
    const [code, what] = status ? ['not_json', 'gave no JSON'] : ['network_error', 'cannot be reached'];
    const detail = `${base}${path} ${what}.${hasAnswered ? '' : originHint(base)}`;
    return told(new ApiError(status, problem(status, code, detail, path), null, cause));
  }

  function told(error: ApiError): ApiError {
    config.onError?.(error);
    return error;
  }

  const live = (orchestratorId: string, what: string, { after }: ConnectOptions = {}): string =>
    new URL(base + path`/api/orchestrators/${orchestratorId}/` + what + search({ after }), globalThis.location?.href).href;

  const connect = (url: string): WebSocket =>
    new WebSocket(url.replace(/^http/, 'ws'), token ? ['orchestrator.v1', `bearer.${token}`] : []);

  return {
//{calls}
    connectEvents: (orchestratorId, options) => connect(live(orchestratorId, 'events', options)),
    connectActivity: (orchestratorId, options) => connect(live(orchestratorId, 'activity', options)),
    connectEventsSSE(orchestratorId, options) {
      if (token) throw new TypeError('An EventSource cannot show a token: use watch, or streamEvents.');
      return new EventSource(live(orchestratorId, 'events-sse', options));
    },
    watch: (orchestratorId, options = {}) =>
      watchEvents(createApiClient({ ...config, onError: undefined }), orchestratorId, options, config),
  };
}

/**
 * The status after an event, from the status before it; an event that is in it already changes nothing.
 * `initial_status` and `plan_loaded` begin anew, so that a log can be folded from its first event on.
 *
 * `blocked_by`, `waiting_for` and `unapproved` follow from what only the server knows: what is settled leaves
 * them, and `getOrchestratorStatus` has what is new in them. It also has `kept`, which comes after the log's end.
 */
export function applyEvent(status: OrchestratorStatus, event: OrchestratorEvent): OrchestratorStatus;
export function applyEvent(status: OrchestratorStatus | undefined, event: OrchestratorEvent): OrchestratorStatus | undefined;
export function applyEvent(status: OrchestratorStatus | undefined, event: OrchestratorEvent): OrchestratorStatus | undefined {
  if (event.type === 'initial_status') return event.data;
  if (event.type === 'plan_loaded' && !status) return plannedStatus(event);
  if (!status || !('seq' in event) || event.seq <= status.seq) return status;
  const after = { ...status, seq: event.seq };
  switch (event.type) {
    case 'orchestrator_changed': {
      const { new_status, reason, waits_for } = event.data;
      const waiting_for = new_status === 'paused' ? { what: waits_for ?? 'resume', until: null } : null;
      const ended_at = hasEnded(new_status) ? event.timestamp : null;
      return { ...after, status: new_status, reason, ended_at, waiting_for };
    }
    case 'task_changed': {
      // Whoever asked is gone with its attempt.
      const approvals = after.approvals.filter(({ task_id }) => task_id !== event.data.task_id);
      return counted({ ...after, approvals, tasks: after.tasks.map((task) => changedTask(task, event)) });
    }
    case 'finding_written': {
      const { task_id, file_path } = event.data;
      const tasks = after.tasks.map((task) => (task.id === task_id ? { ...task, finding: file_path } : task));
      return { ...after, tasks };
    }
    case 'usage_updated': {
      const { task_id, model } = event.data;
      const { usage_by_model: models } = after;
      const known = models.some((one) => one.model === model) ? models : [...models, { ...NOTHING_USED, model }];
      return {
        ...after,
        usage: withUsage(after.usage, event),
        usage_by_model: known.map((one) => (one.model === model ? { ...one, ...withUsage(one, event) } : one)),
        tasks: after.tasks.map((task) => (task.id === task_id ? { ...task, usage: withUsage(task.usage, event) } : task)),
      };
    }
    case 'approval_requested': {
      const { approval_id: id, ...asked } = event.data;
      const approvals = after.approvals.filter((approval) => approval.id !== id);
      return { ...after, approvals: [...approvals, { ...asked, id, requested_at: event.timestamp }] };
    }
    case 'approval_settled':
      return { ...after, approvals: after.approvals.filter(({ id }) => id !== event.data.approval_id) };
    default:
      return after;
  }
}

const NOTHING_USED: UsageInfo = {
  input_tokens: 0, output_tokens: 0, cache_read_tokens: 0, cache_write_tokens: 0, cost_usd: null, is_cost_complete: true,
};

function withUsage(before: UsageInfo, { data }: EventOf<'usage_updated'>): UsageInfo {
  const { input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost_usd } = data;
  const isPriced = cost_usd !== null || !(input_tokens + output_tokens + cache_read_tokens + cache_write_tokens);
  return {
    input_tokens: before.input_tokens + input_tokens,
    output_tokens: before.output_tokens + output_tokens,
    cache_read_tokens: before.cache_read_tokens + cache_read_tokens,
    cache_write_tokens: before.cache_write_tokens + cache_write_tokens,
    cost_usd: cost_usd === null ? before.cost_usd : (before.cost_usd ?? 0) + cost_usd,
    is_cost_complete: before.is_cost_complete && isPriced,
  };
}

function plannedStatus({ instance_id, seq, timestamp, data }: EventOf<'plan_loaded'>): OrchestratorStatus {
  const counts = { total_tasks: 0, completed: 0, pending: 0, in_progress: 0, failed: 0, skipped: 0 };
  return counted({
    instance_id, seq, plan_name: data.plan_name, plan_path: data.plan_path,
    status: 'starting', reason: null, started_at: timestamp, ended_at: null, waiting_for: null,
    summary: { ...counts, unchecked: 0, stale: 0, current_phase: null, progress_percent: 0 },
    phases: data.phases.map(({ number, name }) => ({ ...counts, number, name, is_current: false })),
    tasks: data.tasks.map(({
      line, follows, runs_after_preceding, files, max_attempts, once, gate, headings, has_own_id, wording,
      done_wording, done_description, kept_wordings, found, previous_id, finding_place, attempt_place, tick_unchecked, ...task
    }) => ({ ...task, blocked_by: [], retry_at: null, usage: NOTHING_USED })),
    usage: NOTHING_USED, usage_by_model: [], approvals: [], options: data.options, unapproved: null, kept: [],
  });
}

function changedTask(task: TaskInfo, { data, timestamp }: EventOf<'task_changed'>): TaskInfo {
  const { new_status, retry_at } = data;
  const settled = new_status === 'completed' || new_status === 'skipped';
  const starts = new_status === 'in_progress';
  if (task.id !== data.task_id) {
    const isOver = (one: Blocker) =>
      !starts && (one.kind === 'files' || (one.kind === 'task' && settled)) && one.task_id === data.task_id;
    return { ...task, blocked_by: task.blocked_by.filter((one) => !isOver(one)) };
  }
  const ends = settled || new_status === 'failed';
  return {
    ...task,
    status: new_status,
    attempt: data.attempt,
    retry_count: task.retry_count + (starts && task.attempt > 0 ? 1 : 0),
    revision: data.revision,
    agent: data.agent ?? task.agent,
    last_error: new_status === 'completed' ? null : (data.error ?? task.last_error),
    reason: data.reason,
    retry_at,
    started_at: starts ? timestamp : task.started_at,
    completed_at: ends ? timestamp : null,
    duration_ms: ends ? data.duration_ms : null,
    verified: data.verified,
    remarks: data.remarks,
    stale: null,
    blocked_by: retry_at === null ? [] : [{ kind: 'retry' }],
  };
}

/** The status with its counts made anew from its tasks. */
function counted(status: OrchestratorStatus): OrchestratorStatus {
  const count = (tasks: TaskInfo[]) => {
    const counts = { completed: 0, pending: 0, in_progress: 0, failed: 0, skipped: 0 };
    for (const task of tasks) counts[task.status]++;
    return { ...counts, total_tasks: tasks.length };
  };
  const phases = status.phases.map((phase) => ({
    ...phase, ...count(status.tasks.filter((task) => task.phase === phase.number)),
  }));
  const current = phases.find((phase) => phase.completed + phase.skipped < phase.total_tasks);
  const counts = count(status.tasks);
  const settled = counts.completed + counts.skipped;
  return {
    ...status,
    phases: phases.map((phase) => ({ ...phase, is_current: phase === current })),
    summary: {
      ...counts,
      unchecked: status.tasks.filter((task) => task.status === 'completed' && !task.verified).length,
      stale: status.tasks.filter(({ stale }) => stale !== null).length,
      current_phase: current?.number ?? null,
      // Rounded down: 100 is said only when everything is settled.
      progress_percent: counts.total_tasks ? Math.floor((1000 * settled) / counts.total_tasks) / 10 : 0,
    },
  };
}

/**
 * What to try when a page of another origin gets no answer. The server may have refused that origin, and a browser
 * does not let a page tell that from a server that is down.
 */
function originHint(base: string): string {
  const { origin = '', href } = globalThis.location ?? {};
  if (!origin.startsWith('http') || new URL(base, href).origin === origin) return '';
  return ` If the server is running, restart it with --allow-origin ${origin} to allow this page.`;
}

type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

function search(query: Query): string {
  // An empty list is no filter at all.
  const given = Object.entries(query).filter(([, value]) => value !== undefined && String(value) !== '');
  return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : '';
}

/** A path with its parameters encoded. What would lead to another path is refused. */
function path(parts: TemplateStringsArray, ...values: string[]): string {
  return parts.reduce((text, part, index) => {
    const value = values[index - 1] ?? '';
    if (/^\.{0,2}$/.test(value)) throw new TypeError(`There is nothing with the name '${value}'.`);
    return text + encodeURIComponent(value) + part;
  });
}

function problem(status: number, code: string, detail: string, instance: string): Problem {
  return { type: 'about:blank', title: code, status, detail, instance, code, errors: [] };
}

/** The problem in an answer; one of our own where something in between has answered. */
async function problemOf(response: Response, path: string): Promise<Problem> {
  const text = await response.text();
  if (response.headers.get('content-type')?.startsWith('application/problem+json')) return JSON.parse(text) as Problem;
  return problem(response.status, 'http_error', `The answer was ${response.status}, and not one of the API.`, path);
}

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after') ?? NaN);
  return Number.isFinite(seconds) ? seconds : null;
}

/** What comes as Server-Sent Events (WHATWG HTML, 9.2), with lines that end in LF or CRLF. */
async function* sseEvents({ body }: Response): AsyncGenerator<OrchestratorEvent> {
  const reader = body!.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines.map((line) => line.replace(/\r$/, ''))) {
        if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
        if (line || !data.length) continue;
        yield JSON.parse(data.join('\n')) as OrchestratorEvent;
        data = [];
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

const QUEUED_MESSAGES_MAX = 5_000;

/** Fulfilled once the socket is open, with its messages, which end when it closes. */
async function socketMessages(socket: WebSocket, signal: AbortSignal): Promise<AsyncGenerator<OrchestratorEvent>> {
  let queue: string[] = [];
  let isOver = false;
  let wake = () => {};
  const over = () => {
    isOver = true;
    wake();
  };
  const opened = new Promise<void>((resolve) => {
    wake = resolve;
    socket.onopen = () => wake();
  });
  socket.onmessage = ({ data }) => {
    if (isOver) return;
    queue.push(String(data));
    // Whoever reads more slowly than events come gets the rest over another connection, from the log.
    if (queue.length >= QUEUED_MESSAGES_MAX) over();
    wake();
  };
  socket.onclose = socket.onerror = over;
  const close = () => {
    over();
    socket.close();
  };
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) close();
  await opened;
  if (isOver && !queue.length) {
    close();
    throw new Error('The WebSocket did not open.');
  }
  return (async function* () {
    try {
      for (;;) {
        const messages = queue;
        queue = [];
        for (const message of messages) yield JSON.parse(message) as OrchestratorEvent;
        if (queue.length) continue;
        if (isOver) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      close();
    }
  })();
}

//{constants}

function hasEnded(status: string): boolean {
  return ENDED.includes(status);
}

function isEnd(event: OrchestratorEvent): boolean {
  return (
    (event.type === 'initial_status' && hasEnded(event.data.status)) ||
    (event.type === 'orchestrator_changed' && hasEnded(event.data.new_status))
  );
}

/** Whether asking again gives the same answer: the request itself is refused. */
function isFinal(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && ![408, 425, 429].includes(error.status);
}

const RETRY_MS = 500;
const RETRY_MS_MAX = 15_000;

/** Calls `act` at each such event, until the signal is aborted. Where there is no page there are none of its events. */
function listen(target: Partial<EventTarget> | undefined, type: string, act: () => void, signal: AbortSignal): void {
  target?.addEventListener?.(type, act, { signal });
}

/** Waits so long, at most until the signal is aborted, the network is back or the page is shown or hidden. */
function wait(signal: AbortSignal, ms?: number): Promise<void> {
  return new Promise((resolve) => {
    const over = new AbortController();
    const done = () => {
      clearTimeout(timer);
      over.abort();
      resolve();
    };
    const timer = ms === undefined ? undefined : setTimeout(done, ms);
    listen(signal, 'abort', done, over.signal);
    listen(globalThis, 'online', done, over.signal);
    listen(globalThis.document, 'visibilitychange', done, over.signal);
    if (signal.aborted) done();
  });
}

function watchEvents(api: ApiClient, id: string, options: WatchOptions, config: ApiClientOptions): Watch {
  path`${id}`;
  if (options.transport && !['sse', 'websocket'].includes(options.transport)) throw new TypeError('Unknown transport.');
  if (options.transport === 'websocket' && typeof WebSocket === 'undefined') {
    throw new TypeError('There is no WebSocket here: leave transport out.');
  }
  const { onEvent, onState, silenceMs = 60_000 } = options;
  const stop = new AbortController();
  const close = () => stop.abort();
  const isHidden = () => options.pauseWhenHidden && globalThis.document?.hidden;
  const told = { state: 'connecting' as WatchState, retryInMs: null as number | null, error: null as unknown };
  let completeUpTo = options.after ?? null;
  let isStarted = false;
  let failures = 0;
  let end: WatchState = 'closed';
  let finish: (status: WatchStatus) => void;
  const finished = new Promise<WatchStatus>((resolve) => (finish = resolve));
  const fetchOnly = config.fetch ?? config.headers ?? typeof WebSocket === 'undefined';
  let transport = options.transport ?? (fetchOnly ? 'sse' : 'websocket');
  let refusals = 0;

  const now = (): WatchStatus => ({ ...told, completeUpTo });

  function report(state: WatchState, error: unknown = null, retryInMs: number | null = null): void {
    Object.assign(told, { state, error, retryInMs });
    onState?.(now());
  }

  function over(error: unknown): void {
    options.signal?.removeEventListener('abort', close);
    try {
      if (error instanceof ApiError) config.onError?.(error);
      report(end, error);
    } finally {
      finish(now());
    }
  }

  async function open(after: number | undefined, signal: AbortSignal): Promise<AsyncIterable<OrchestratorEvent>> {
    if (transport === 'sse') return api.streamEvents(id, { after, signal });
    try {
      return await socketMessages(api.connectEvents(id, { after }), signal);
    } catch (error) {
      // The server has just answered and its WebSocket does not open: something in between lets none through.
      if (!options.transport && ++refusals > 1) transport = 'sse';
      throw error;
    }
  }

  /** The events of one connection; returns whether there is nothing more to come. */
  async function* connection(signal: AbortSignal, heard: () => void): AsyncGenerator<OrchestratorEvent, boolean> {
    const { seq, ended_at, pruned_at } = await api.getOrchestrator(id, { signal });
    if (ended_at !== null && seq === completeUpTo) return true;
    // Refused for good, with the reason, which a WebSocket could not say.
    if (pruned_at) await api.getOrchestratorStatus(id, { signal });
    const frames = await open(completeUpTo ?? undefined, signal);
    const settle = () => {
      const state = completeUpTo === null || completeUpTo < seq ? 'catching_up' : 'live';
      if (told.state !== state) report(state);
    };
    heard();
    settle();
    for await (const frame of frames) {
      // What came in one piece with an event on which the watch was closed is not handed over any more.
      if (signal.aborted) return false;
      heard();
      if (frame.type === 'ping') {
        // The server has looked further than we got: something was left out.
        if (frame.data.up_to > (completeUpTo ?? 0)) return false;
      } else if (frame.type === 'resync') {
        // The log still has what did not fit into this connection: the next one brings it.
        if (frame.data.reason === 'fell_behind') return false;
        completeUpTo = null;
        yield frame;
      } else if (typeof frame.seq === 'number') {
        if (frame.type !== 'initial_status' && completeUpTo !== null) {
          if (frame.seq <= completeUpTo) continue;
          if (frame.seq > completeUpTo + 1) return false;
        }
        yield frame;
        completeUpTo = frame.seq;
        if (isEnd(frame)) return true;
        settle();
      }
      failures = 0;
    }
    return false;
  }

  /** One connection, and what cuts it off; returns as `connection` does, or why it failed. */
  async function* attempt(): AsyncGenerator<OrchestratorEvent, unknown> {
    const one = new AbortController();
    const abort = () => one.abort();
    const began = Date.now();
    let heardAt = began;
    const timer = setInterval(() => {
      if (Date.now() - heardAt > silenceMs) one.abort(new Error(`Nothing came for ${silenceMs / 1000} s.`));
    }, silenceMs / 4);
    listen(stop.signal, 'abort', abort, one.signal);
    listen(globalThis, 'offline', abort, one.signal);
    listen(globalThis.document, 'visibilitychange', () => isHidden() && abort(), one.signal);
    try {
      return yield* connection(one.signal, () => (heardAt = Date.now()));
    } catch (error) {
      if (isFinal(error)) throw error;
      return error;
    } finally {
      clearInterval(timer);
      abort();
      // It was a good one, only a quiet one.
      if (Date.now() - began > RETRY_MS_MAX) failures = 0;
    }
  }

  async function* events(): AsyncGenerator<OrchestratorEvent, void> {
    let failure: unknown = null;
    try {
      report('connecting');
      while (!stop.signal.aborted) {
        if (isHidden()) {
          report('paused');
          await wait(stop.signal);
          continue;
        }
        const outcome = yield* attempt();
        if (outcome === true) {
          end = 'ended';
          return;
        }
        if (stop.signal.aborted || isHidden()) continue;
        const asked = outcome instanceof ApiError ? (outcome.retryAfterSeconds ?? 0) * 1000 : 0;
        const backOff = Math.min(RETRY_MS * 2 ** failures++, RETRY_MS_MAX) * (0.5 + Math.random() / 2);
        const retryInMs = Math.round(Math.max(backOff, asked));
        report('reconnecting', outcome || null, retryInMs);
        await wait(stop.signal, retryInMs);
      }
    } catch (error) {
      end = 'failed';
      failure = error;
      throw error;
    } finally {
      if (!onEvent) over(failure);
    }
  }

  async function pump(handle: (event: OrchestratorEvent) => void): Promise<void> {
    let failure: unknown = null;
    try {
      // The caller has the watch in hand before it hears of it.
      await null;
      for await (const event of events()) handle(event);
    } catch (error) {
      // What a handler throws ends the watch too: an event that was not taken must not count as one that was.
      end = 'failed';
      failure = error;
      if (!onState) console.error(error);
    }
    over(failure);
  }

  options.signal?.addEventListener('abort', close);
  if (options.signal?.aborted) close();
  if (onEvent) void pump(onEvent).catch(console.error);
  return {
    get status() {
      return now();
    },
    get completeUpTo() {
      return completeUpTo;
    },
    finished,
    close() {
      close();
      if (!onEvent && !isStarted) over(null);
    },
    [Symbol.asyncIterator]() {
      if (onEvent || isStarted) throw new TypeError('A watch is read once: by onEvent, or by one loop.');
      isStarted = true;
      return events();
    },
  };
}
