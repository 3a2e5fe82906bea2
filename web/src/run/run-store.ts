import {
  applyEvent,
  type ApiClient,
  type EventOf,
  type OrchestratorEvent,
  type OrchestratorStatus,
  type WatchStatus,
} from '@/api/client';
import { hasEnded } from '@/components/status';
import { History, HISTORY_TYPES, isHistory, type HistoryEvent } from '@/run/history';

/** How long events are gathered before the page hears of them, so that a busy run costs few renderings. */
const FLUSH_MS = 100;
/** What only the server can work out (`waiting_for`, `unapproved`) is asked for at most this often. */
const REFRESH_MS_MIN = 1_000;
/**
 * What each task waits for (`blocked_by`) changes with every task, and only the pages of the run show it. For all others
 * a status that large, of which nearly nothing is new, is asked for this rarely.
 */
const DISTANT_REFRESH_MS_MIN = 15_000;
const REFRESHING: ReadonlySet<string> = new Set([
  'orchestrator_changed',
  'agent_limited',
  'approval_requested',
  'approval_settled',
  'plan_changed',
  'plan_approved',
]);
const PAGE_LENGTH = 1_000;
/** The maximum number of settled questions to remember. */
const SETTLED_MAX = 500;
const CONNECTING: WatchStatus = { state: 'connecting', completeUpTo: null, retryInMs: null, error: null };

/** How an agent's question was settled, by whomever. */
export type SettledApproval = EventOf<'approval_settled'>['data'];

/** What is known of one run now. A new object whenever anything in it has changed. */
export interface RunView {
  status: OrchestratorStatus | undefined;
  watch: WatchStatus;
  /** When something was last heard of the run while its stream was up, in milliseconds since 1970. */
  heardAt: number;
  /** What became of the questions that were settled since the page follows the run, by their ids. */
  settledApprovals: ReadonlyMap<string, SettledApproval>;
  history: History;
  historyVersion: number;
  /** How much of the log before the page was opened is read, from 0 to 1; null while nobody has asked for it. */
  historyLoaded: number | null;
  historyError: unknown;
}

/**
 * Follows one orchestrator: its status, folded from its events, and what has happened in it.
 *
 * The status and the stream meet at a number, so nothing is lost or counted twice; `watch` says how true it is now.
 */
export class RunStore {
  readonly id: string;
  view: RunView;

  readonly #api: ApiClient;
  readonly #subscribers = new Set<() => void>();
  #history = new History();
  #status: OrchestratorStatus | undefined;
  #isOpen = false;
  #waiting: OrchestratorEvent[] = [];
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  /** Where the live part of the history begins, and how far the stream has come; a status may be ahead of it. */
  #liveFrom: number | null = null;
  #liveUpTo: number | null = null;
  /** The log is read backwards down to here; null before that has begun. */
  #readDownTo: number | null = null;
  #pagesRead = 0;
  #pagesWanted = 0;
  #isReadingBack = false;
  #stop = new AbortController();
  #refreshedAt = 0;
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;
  #refreshAt = Infinity;
  /** How many parts of the page show the run's tasks, with all that the server knows of them. */
  #closeViews = 0;
  #sinceRefresh: OrchestratorEvent[] | null = null;

  constructor(api: ApiClient, id: string) {
    this.#api = api;
    this.id = id;
    this.view = {
      status: undefined,
      watch: CONNECTING,
      heardAt: Date.now(),
      settledApprovals: new Map(),
      history: this.#history,
      historyVersion: 0,
      historyLoaded: null,
      historyError: null,
    };
  }

  /** Begin to follow, unless that has begun. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#stop = new AbortController();
    this.#publish({ watch: CONNECTING });
    void this.#begin(this.#stop.signal);
  }

  /**
   * First the whole status, as an answer and not as the stream's first message: an answer is compressed, and the stream
   * goes on where it ends. Where there is none, the stream says why, or brings the status itself.
   */
  async #begin(signal: AbortSignal): Promise<void> {
    if (this.#liveUpTo === null) {
      try {
        const data = await this.#api.getOrchestratorStatus(this.id, { signal });
        if (signal.aborted) return;
        const timestamp = new Date().toISOString();
        this.#take({ type: 'initial_status', timestamp, instance_id: this.id, seq: data.seq, data });
        this.#refreshedAt = Date.now();
      } catch {
        if (signal.aborted) return;
      }
    }
    this.#api.watch(this.id, {
      after: this.#liveUpTo ?? undefined,
      signal,
      onEvent: (event) => this.#take(event),
      onState: (watch) => this.#tellState(watch),
    });
  }

  close(): void {
    this.#stop.abort();
    this.#isOpen = false;
    clearTimeout(this.#flushTimer);
    this.#flush();
    this.#refreshNever();
  }

  /** Try again after a failure for good (an orchestrator that was unknown, a token that was missing). */
  reopen(): void {
    this.close();
    this.open();
  }

  /** Ask for the status again: something that is not in the log has changed it. */
  refresh(): void {
    this.#refreshSoon(REFRESH_MS_MIN);
  }

  /** Keep up to date what each task waits for, until the function is called that this returns. */
  watchClosely(): () => void {
    this.#closeViews += 1;
    // What has been put off for nobody to see is due now.
    if (this.#refreshTimer !== undefined) this.#refreshSoon(REFRESH_MS_MIN);
    return () => (this.#closeViews -= 1);
  }

  readonly subscribe = (subscriber: () => void): (() => void) => {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  };

  readonly getView = (): RunView => this.view;

  /** Read the log from before the page was opened, newest first; once. */
  readHistory(): void {
    this.#pagesWanted = Infinity;
    void this.#readBack();
  }

  /** Read the end of what was before the page was opened: enough to know what is under way. */
  readRecent(): void {
    this.#pagesWanted ||= 1;
    void this.#readBack();
  }

  #take(event: OrchestratorEvent): void {
    if (event.type === 'initial_status') {
      // What was gathered before it belongs to what was before it.
      this.#flush();
      this.#restart(event.data.seq);
    }
    if ('seq' in event) this.#liveUpTo = event.seq;
    this.#waiting.push(event);
    this.#flushTimer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  /** The stream begins again at this position: what was gathered live no longer joins what comes. */
  #restart(seq: number): void {
    if (this.#liveUpTo === seq) return;
    this.#liveFrom = seq;
    this.#history = new History();
    this.#readDownTo = null;
    this.#pagesRead = 0;
    this.view = { ...this.view, history: this.#history, historyVersion: 0, historyLoaded: null };
    if (this.#pagesWanted) void this.#readBack();
  }

  #flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const events = this.#waiting;
    if (!events.length) return;
    this.#waiting = [];
    const history: HistoryEvent[] = [];
    const settled = new Map(this.view.settledApprovals);
    let refreshMs = Infinity;
    for (const event of events) {
      if (event.type === 'approval_settled') settled.set(event.data.approval_id, event.data);
      this.#status = applyEvent(this.#status, event);
      this.#sinceRefresh?.push(event);
      if (isHistory(event)) history.push(event);
      if (REFRESHING.has(event.type)) refreshMs = REFRESH_MS_MIN;
      else if (event.type === 'task_changed') refreshMs = Math.min(refreshMs, this.#refreshMs(event));
    }
    this.#history.append(history);
    if (refreshMs < Infinity) this.#refreshSoon(refreshMs);
    // The watch tells its state when that changes, not with each event.
    const watch = { ...this.view.watch, completeUpTo: this.#liveUpTo };
    const { settledApprovals: known } = this.view;
    const settledApprovals = settled.size > known.size ? lastOf(settled, SETTLED_MAX) : known;
    this.#publish({ status: this.#status, heardAt: Date.now(), watch, settledApprovals });
  }

  #tellState(watch: WatchStatus): void {
    if (watch.state === 'ended') this.#flush();
    const isBack = watch.state === 'live' && this.view.watch.state !== 'live';
    this.#publish({ watch, ...(watch.state === 'live' ? { heardAt: Date.now() } : {}) });
    if (isBack && this.#pagesWanted) void this.#readBack();
  }

  #publish(changes: Partial<RunView>): void {
    const { status } = changes;
    if (status && hasEnded(status.status)) this.#history.end(status.ended_at);
    this.view = { ...this.view, ...changes, history: this.#history, historyVersion: this.#history.version };
    for (const subscriber of this.#subscribers) subscriber();
  }

  /** How long the status may be out of date in what follows from this change of a task. */
  #refreshMs({ data }: EventOf<'task_changed'>): number {
    // A wait that begins or may be over is shown everywhere.
    const isAboutWaiting = data.retry_at !== null || (this.#status?.waiting_for ?? null) !== null;
    return this.#closeViews || isAboutWaiting ? REFRESH_MS_MIN : DISTANT_REFRESH_MS_MIN;
  }

  /** Ask for the status so long after it was asked for last, unless that is due sooner already. */
  #refreshSoon(afterMs: number): void {
    if (this.#sinceRefresh) return;
    const at = Math.max(Date.now() + FLUSH_MS, this.#refreshedAt + afterMs);
    if (at >= this.#refreshAt) return;
    this.#refreshNever();
    this.#refreshAt = at;
    this.#refreshTimer = setTimeout(() => void this.#refresh(), at - Date.now());
  }

  #refreshNever(): void {
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = undefined;
    this.#refreshAt = Infinity;
  }

  /** Ask for the whole status, and put on top of it what has come meanwhile. */
  async #refresh(): Promise<void> {
    this.#refreshNever();
    const since: OrchestratorEvent[] = (this.#sinceRefresh = []);
    const began = Date.now();
    const { signal } = this.#stop;
    const known = this.#status?.seq ?? 0;
    try {
      const status = await this.#api.getOrchestratorStatus(this.id, { signal });
      // The stream may be behind the answer; then what it brings next is in the status already. An answer that is
      // behind what was known when it was asked for has nothing to say.
      if (!signal.aborted && status.seq >= known) {
        this.#status = since.reduce<OrchestratorStatus>(applyEvent, status);
        this.#publish({ status: this.#status });
      }
    } catch {
      // The stream says so when the server cannot be reached; the next event asks again.
    } finally {
      this.#sinceRefresh = null;
      // A status that takes long, of thousands of tasks, is asked for less often.
      this.#refreshedAt = Date.now() + 5 * (Date.now() - began);
      for (const event of since) {
        if (event.type === 'task_changed') this.#refreshSoon(this.#refreshMs(event));
        else if (REFRESHING.has(event.type)) this.#refreshSoon(REFRESH_MS_MIN);
      }
    }
  }

  /** Read as many pages as are wanted, unless that is being done; it is tried again when the server is back. */
  async #readBack(): Promise<void> {
    if (this.#isReadingBack || this.view.historyLoaded === 1) return;
    this.#isReadingBack = true;
    let history = this.#history;
    const { signal } = this.#stop;
    this.#publish({ historyError: null, ...this.#loaded() });
    try {
      const begin = this.#liveFrom ?? (await this.#whenLive(signal));
      // The stream that was waited for has begun a new one.
      history = this.#history;
      this.#readDownTo ??= begin;
      while (this.#readDownTo > 0 && this.#pagesRead < this.#pagesWanted && !history.isCut) {
        const end = this.#readDownTo;
        const after = Math.max(0, end - PAGE_LENGTH);
        const events = await this.#api.listEvents(this.id, { after, limit: end - after, types: HISTORY_TYPES, signal });
        // A stream that began again has a history of its own, which is read again.
        if (history !== this.#history) return;
        history.prepend(events.filter((event): event is HistoryEvent => isHistory(event) && event.seq <= end));
        this.#readDownTo = after;
        this.#pagesRead += 1;
        this.#publish(this.#loaded());
      }
      if (this.#readDownTo === 0 || history.isCut) this.#publish({ historyLoaded: 1 });
    } catch (error) {
      if (!signal.aborted && history === this.#history) this.#publish({ historyError: error });
    } finally {
      this.#isReadingBack = false;
      if (history !== this.#history && !signal.aborted) void this.#readBack();
    }
  }

  /** How much is read of what somebody wants to see whole. */
  #loaded(): Partial<RunView> {
    if (this.#pagesWanted < Infinity) return {};
    const begin = this.#liveFrom;
    if (!begin || this.#readDownTo === null) return { historyLoaded: 0 };
    return { historyLoaded: Math.min(0.999, (begin - this.#readDownTo) / begin) };
  }

  #whenLive(signal: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      const done = this.subscribe(() => {
        if (this.#liveFrom === null) return;
        done();
        resolve(this.#liveFrom);
      });
      signal.addEventListener('abort', () => {
        done();
        reject(new Error('closed'));
      });
    });
  }
}

function lastOf<Key, Value>(all: ReadonlyMap<Key, Value>, number: number): ReadonlyMap<Key, Value> {
  return all.size > number ? new Map([...all].slice(-number)) : all;
}
