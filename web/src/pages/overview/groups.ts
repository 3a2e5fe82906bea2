/** Which runs the overview shows, and under which head. */
import type { OrchestratorInfo, PlanInfo } from '@/api/client';
import { hasEnded } from '@/components/status';
import type { RunView } from '@/run/run-store';

export type Filter = 'live' | 'blocked' | 'ended' | 'crashed';

/** The run as its live events tell of it, which know sooner than the list that it has ended. */
export function asSeen(run: OrchestratorInfo, view: RunView | undefined): OrchestratorInfo {
  const status = view?.status;
  if (!status || !run.is_alive || !hasEnded(status.status)) return run;
  const { progress_percent } = status.summary;
  return { ...run, status: status.status, ended_at: status.ended_at, is_alive: false, progress_percent };
}

export function kindOf(run: OrchestratorInfo): Filter {
  if (run.status === 'crashed') return 'crashed';
  if (hasEnded(run.status)) return 'ended';
  return run.status === 'blocked' ? 'blocked' : 'live';
}

export function matchingRuns(
  runs: readonly OrchestratorInfo[],
  q: string,
  filter: string | undefined,
): OrchestratorInfo[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return runs.filter((run) => {
    if (filter && kindOf(run) !== filter) return false;
    const text = `${run.plan_name} ${run.id} ${run.agent ?? ''} ${run.status} ${run.host}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Runs that died and whose plan nobody has taken up since. */
export function abandonedRuns(runs: readonly OrchestratorInfo[]): OrchestratorInfo[] {
  const latest = new Map<string, OrchestratorInfo>();
  // The list is newest first.
  for (const run of runs) if (!latest.has(run.plan_path)) latest.set(run.plan_path, run);
  return [...latest.values()].filter((run) => run.status === 'crashed');
}

/** Plans that nobody works on and that have something left to do, most recently changed first. */
export function startablePlans(plans: readonly PlanInfo[], runs: readonly OrchestratorInfo[]): PlanInfo[] {
  const busy = new Set(runs.filter((run) => run.is_alive).map((run) => run.plan_path));
  return plans
    .filter((plan) => !busy.has(plan.path) && (plan.progress_percent < 100 || plan.total_tasks === 0))
    .toSorted((a, b) => b.last_modified.localeCompare(a.last_modified));
}

/** What a run does now, in a line. */
export function presentOf(view: RunView | undefined): { task: string; call: string | null } | null {
  const running = view?.status?.tasks.filter((task) => task.status === 'in_progress') ?? [];
  const first = running[0];
  if (!view || !first) return null;
  const call = view.history.openCalls.findLast((one) => running.some((task) => task.id === one.taskId));
  const more = running.length > 1 ? ` and ${running.length - 1} more` : '';
  return { task: `${first.id} ${first.description}${more}`, call: call ? `${call.name} ${call.line}`.trim() : null };
}
