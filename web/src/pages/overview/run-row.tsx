import { Link } from '@tanstack/react-router';
import { Wrench } from 'lucide-react';
import { useEffect } from 'react';
import type { OrchestratorInfo } from '@/api/client';
import { useServer } from '@/api/api-context';
import { knownUntil } from '@/components/freshness';
import { Progress } from '@/components/progress';
import { Pill, PrunedMark, RunBadge, UncheckedCount } from '@/components/status';
import { Ago, Elapsed } from '@/components/time';
import { cost } from '@/format/format';
import { presentOf } from '@/pages/overview/groups';
import type { RunView } from '@/run/run-store';
import { waitingText } from '@/run/words';

/** A run that is alive: how far it is, and what it does this moment. */
export function LiveRow({
  run,
  view,
  isSelected,
}: {
  run: OrchestratorInfo;
  view: RunView | undefined;
  isSelected: boolean;
}) {
  const { runs } = useServer();
  useEffect(() => runs.peek(run.id).readRecent(), [runs, run.id]);
  const status = view?.status;
  const present = presentOf(view);
  const until = view ? knownUntil(view) : null;
  return (
    <Link
      to="/orchestrators/$id"
      params={{ id: run.id }}
      data-selected={isSelected}
      className="card grid gap-2 p-4 hover:border-accent data-[selected=true]:border-accent data-[selected=true]:bg-accent-soft"
    >
      <div className="flex flex-wrap items-center gap-2">
        <span className="font-semibold break-all">{run.plan_name}</span>
        <RunBadge
          status={status?.status ?? run.status}
          isWaiting={Boolean(status?.waiting_for)}
          doubts={status?.summary ?? run}
        />
        {until !== null && status && <Pill tone="warn">not live</Pill>}
        {run.is_stale && <Pill tone="warn">silent</Pill>}
        <span className="ml-auto flex gap-3 text-sm text-muted">
          {status && status.usage_by_model.length > 0 && (
            <span className="nums">{cost(status.usage.cost_usd, status.usage.is_cost_complete)}</span>
          )}
          <Elapsed from={run.started_at} to={run.ended_at} frozenAt={until} />
        </span>
      </div>
      {status && <Progress counts={status.summary} label={`Progress of ${run.plan_name}`} />}
      <div className="flex flex-wrap justify-between gap-x-4 text-sm">
        <span className="min-w-0 truncate">
          {present ? present.task : status?.waiting_for ? waitingText(status.waiting_for) : 'Nothing is running'}
        </span>
        <span className="nums flex gap-3 text-muted">
          <UncheckedCount unchecked={(status?.summary ?? run).unchecked} />
          {status
            ? `${status.summary.completed + status.summary.skipped} of ${status.summary.total_tasks} tasks`
            : `${run.progress_percent} %`}
        </span>
      </div>
      {present?.call && (
        <span className="flex min-w-0 items-center gap-1.5 text-sm text-muted">
          <Wrench size={14} aria-hidden="true" className="shrink-0" />
          <span className="truncate font-mono">{present.call}</span>
        </span>
      )}
    </Link>
  );
}

/** A run that has ended, in a line. */
export function EndedRow({ run, isSelected }: { run: OrchestratorInfo; isSelected: boolean }) {
  return (
    <Link
      to="/orchestrators/$id"
      params={{ id: run.id }}
      data-selected={isSelected}
      className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-surface px-3 py-2 hover:bg-idle-soft data-[selected=true]:bg-accent-soft"
    >
      <span className="min-w-0 font-medium break-all">{run.plan_name}</span>
      <RunBadge status={run.status} doubts={run} />
      <PrunedMark run={run} />
      <span className="nums text-sm text-muted">{run.progress_percent} %</span>
      <span className="ml-auto text-sm text-muted">
        {run.agent && `${run.agent} · `}
        took <Elapsed from={run.started_at} to={run.ended_at ?? run.last_heartbeat} /> ·{' '}
        <Ago at={run.ended_at ?? run.last_heartbeat} />
      </span>
    </Link>
  );
}
