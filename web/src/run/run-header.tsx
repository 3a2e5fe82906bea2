import { Bot, Clock, Coins, Server } from 'lucide-react';
import type { ReactNode } from 'react';
import type { OrchestratorInfo, OrchestratorStatus } from '@/api/client';
import { Freshness, knownUntil } from '@/components/freshness';
import { Progress } from '@/components/progress';
import { RunBadge } from '@/components/status';
import { Ago, Elapsed } from '@/components/time';
import { cost, count } from '@/format/format';
import { completedText } from '@/run/evidence';
import type { RunView } from '@/run/run-store';
import { waitingText } from '@/run/words';

function Fact({ icon, label, children }: { icon: ReactNode; label: string; children: ReactNode }) {
  return (
    <div className="flex items-center gap-1.5">
      <span className="text-muted" title={label}>
        {icon}
      </span>
      <span className="sr-only">{label}: </span>
      {children}
    </div>
  );
}

/** The tokens by model, for those who look. */
function usageTitle(status: OrchestratorStatus): string {
  const lines = status.usage_by_model.map(
    (one) =>
      `${one.model ?? 'unknown model'}: ${cost(one.cost_usd, one.is_cost_complete)}, ${count(one.input_tokens)} in, ${count(one.output_tokens)} out, ${count(one.cache_read_tokens)} from the cache`,
  );
  return lines.join('\n') || 'No usage was reported';
}

/** Where a run is: how far, in which phase, since when, at what cost, and how true that is. */
export function RunHeader({
  run,
  info,
  actions,
}: {
  run: RunView;
  info: OrchestratorInfo | undefined;
  actions: ReactNode;
}) {
  const { status } = run;
  if (!status) return null;
  const { summary } = status;
  const phase = status.phases.find((one) => one.is_current);
  const isCrashed = status.status === 'crashed';
  return (
    <section aria-label="Run" className="card mb-4 grid gap-3 p-4">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="grid min-w-0 gap-1.5">
          <div className="flex flex-wrap items-center gap-2">
            <h1 className="text-xl font-semibold break-all">{status.plan_name}</h1>
            <RunBadge status={status.status} isWaiting={status.waiting_for !== null} doubts={summary} />
            <Freshness run={run} />
          </div>
          {status.waiting_for && <p className="text-warn">{waitingText(status.waiting_for)}</p>}
          {status.reason && !status.waiting_for && status.status !== 'completed' && (
            <p className="text-muted">{status.reason}</p>
          )}
          {isCrashed && (
            <p className="text-bad">Its process died. What was finished is kept; start the plan again to go on.</p>
          )}
        </div>
        <div className="flex flex-wrap gap-2">{actions}</div>
      </div>
      <div className="grid gap-1.5">
        <Progress counts={summary} label="Progress of the run" />
        <div className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
          <span className="nums font-medium">
            {summary.completed + summary.skipped} of {summary.total_tasks} tasks · {summary.progress_percent} %
          </span>
          {summary.completed > 0 && <span className="nums">{completedText(summary.completed, summary.unchecked)}</span>}
          {summary.stale > 0 && <span className="nums text-warn">{summary.stale} for an earlier wording</span>}
          {summary.failed > 0 && <span className="nums text-bad">{summary.failed} failed</span>}
          {phase && (
            <span className="min-w-0 truncate">
              Phase {phase.number}: {phase.name}
            </span>
          )}
          <Fact icon={<Clock size={15} aria-hidden="true" />} label="Elapsed">
            {status.started_at && <Elapsed from={status.started_at} to={status.ended_at} frozenAt={knownUntil(run)} />}
          </Fact>
          <Fact icon={<Coins size={15} aria-hidden="true" />} label="Cost">
            <span title={usageTitle(status)}>
              {status.usage_by_model.length
                ? cost(status.usage.cost_usd, status.usage.is_cost_complete)
                : status.ended_at || isCrashed
                  ? 'no cost reported'
                  : 'no cost yet'}
              <span className="text-muted">
                {' '}
                · {count(status.usage.input_tokens + status.usage.output_tokens)} tokens
              </span>
            </span>
          </Fact>
          {info?.agent && (
            <Fact icon={<Bot size={15} aria-hidden="true" />} label="Agent">
              {info.agent}
            </Fact>
          )}
          {info && (
            <Fact icon={<Server size={15} aria-hidden="true" />} label="Process">
              <span title={info.worktree_path}>
                {info.host} · {info.pid}
              </span>
            </Fact>
          )}
          {status.ended_at && (
            <span className="text-muted">
              ended <Ago at={status.ended_at} />
            </span>
          )}
        </div>
      </div>
    </section>
  );
}
