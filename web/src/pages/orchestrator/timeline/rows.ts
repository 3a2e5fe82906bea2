/** What the timeline draws: the tasks that were begun with their attempts and calls, and when the run stood still. */
import type { OrchestratorStatus, PhaseInfo, TaskInfo } from '@/api/client';
import { share, type Range } from '@/pages/orchestrator/timeline/scale';
import type { Attempt, Call, History, LogEntry } from '@/run/history';

export type TimelineRow =
  { kind: 'phase'; phase: PhaseInfo } | { kind: 'task'; task: TaskInfo; attempts: Attempt[]; calls: Call[] };

export type Shown = 'all' | 'running' | 'failed';

function byTask<Item extends { taskId: string }>(items: readonly Item[]): Map<string, Item[]> {
  const found = new Map<string, Item[]>();
  for (const item of items) {
    const of = found.get(item.taskId);
    if (of) of.push(item);
    else found.set(item.taskId, [item]);
  }
  return found;
}

function isShown(attempts: readonly Attempt[], shown: Shown): boolean {
  if (shown === 'running') return attempts.some((attempt) => attempt.outcome === 'running');
  if (shown === 'failed') return attempts.some((attempt) => attempt.outcome === 'failed' || attempt.error !== null);
  return true;
}

/** In the order of the plan; phases in which nothing was begun are left out. */
export function timelineRows(
  status: OrchestratorStatus,
  history: Pick<History, 'attempts' | 'calls'>,
  shown: Shown,
): TimelineRow[] {
  const attempts = byTask(history.attempts);
  const calls = byTask(history.calls);
  const tasks = new Map<number, TaskInfo[]>();
  for (const task of status.tasks) tasks.set(task.phase, [...(tasks.get(task.phase) ?? []), task]);
  return status.phases.flatMap((phase) => {
    const rows = (tasks.get(phase.number) ?? []).flatMap((task): TimelineRow[] => {
      const of = attempts.get(task.id) ?? [];
      if (!of.length || !isShown(of, shown)) return [];
      return [{ kind: 'task', task, attempts: of, calls: calls.get(task.id) ?? [] }];
    });
    return rows.length ? [{ kind: 'phase', phase } as const, ...rows] : [];
  });
}

/** From the first attempt, or the run's start, to its end, or to `now`. */
export function boundsOf(status: OrchestratorStatus, attempts: readonly Attempt[], now: number): Range {
  const began = status.started_at ? Date.parse(status.started_at) : now;
  let from = began;
  let to = status.ended_at ? Date.parse(status.ended_at) : began;
  for (const attempt of attempts) {
    from = Math.min(from, attempt.startedAt);
    to = Math.max(to, attempt.endedAt ?? now);
  }
  return { from, to: Math.max(status.ended_at ? to : now, from + 1_000) };
}

export interface Standstill extends Range {
  kind: 'paused' | 'blocked';
}

/** When the run was paused or blocked; one that still is, is so up to `now`. */
export function standstills(log: readonly LogEntry[], now: number): Standstill[] {
  const found: Standstill[] = [];
  let open: Standstill | null = null;
  for (const entry of log) {
    if (entry.type !== 'orchestrator_changed') continue;
    const at = Date.parse(entry.timestamp);
    if (open) found.push({ ...open, to: at });
    const { new_status: kind } = entry.data;
    open = kind === 'paused' || kind === 'blocked' ? { kind, from: at, to: now } : null;
  }
  return open ? [...found, open] : found;
}

/**
 * The calls as one SVG path for each status (and one more for sub-agents), in a box `widthPx` wide and `heightPx` high: however many there are,
 * a path has no more pieces than the box has pixels. Calls of sub-agents are drawn in its lower half.
 */
export function callPaths(
  calls: readonly Call[],
  range: Range,
  widthPx: number,
  heightPx: number,
  now: number,
): { key: string; status: Call['status']; path: string }[] {
  const drawn = new Map<string, { status: Call['status']; from: number; to: number; path: string }>();
  const half = heightPx / 2;
  const close = (key: string) => {
    const bar = drawn.get(key)!;
    const top = key.endsWith('/sub') ? half + 1 : 0;
    bar.path += `M${bar.from.toFixed(1)} ${top}H${bar.to.toFixed(1)}v${half - 1}H${bar.from.toFixed(1)}z`;
  };
  for (const call of calls) {
    const from = share(call.startedAt, range) * widthPx;
    const to = Math.max(from + 1, share(call.endedAt ?? now, range) * widthPx);
    if (to < 0 || from > widthPx) continue;
    const left = Math.max(-1, from);
    const right = Math.min(widthPx + 1, to);
    const key = call.parentToolId ? `${call.status}/sub` : call.status;
    const bar = drawn.get(key);
    if (bar && left <= bar.to + 0.5) {
      bar.to = Math.max(bar.to, right);
      continue;
    }
    if (bar) close(key);
    drawn.set(key, { status: call.status, from: left, to: right, path: bar?.path ?? '' });
  }
  for (const key of drawn.keys()) close(key);
  return [...drawn].map(([key, { status, path }]) => ({ key, status, path }));
}

/** The call nearest to this time, at most `slackMs` away from it; of several at it, the one that began last. */
export function callAt(calls: readonly Call[], at: number, slackMs: number, now: number): Call | null {
  let nearest: Call | null = null;
  let least = slackMs;
  for (const call of calls) {
    const away = Math.max(call.startedAt - at, at - (call.endedAt ?? now), 0);
    if (away <= least) {
      nearest = call;
      least = away;
    }
  }
  return nearest;
}
