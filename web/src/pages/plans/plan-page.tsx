import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Code, Play, TriangleAlert } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useApi } from '@/api/api-context';
import type { OrchestratorInfo, PlanDocument, PlanStatus } from '@/api/client';
import { keys, useOrchestrators } from '@/api/queries';
import { Button } from '@/components/button';
import { LabelledText } from '@/components/labelled-text';
import { Markdown } from '@/components/markdown';
import { ErrorPanel, Loading } from '@/components/states';
import { PrunedMark, RunBadge, TaskBadge } from '@/components/status';
import { Ago } from '@/components/time';
import { useShortcuts } from '@/keys/keys';
import { piecesOf } from '@/pages/plans/plan-lines';
import { StartDialog } from '@/pages/plans/start-dialog';
import { PageHead } from '@/shell/page';

function Problems({ plan, onLine }: { plan: PlanDocument; onLine: (line: number) => void }) {
  if (!plan.problems.length) return null;
  return (
    <section aria-label="Problems" className="card mb-4 border-l-4 border-l-warn p-4">
      <h2 className="mb-2 flex items-center gap-2 font-semibold">
        <TriangleAlert size={18} aria-hidden="true" className="text-warn" /> Problems
      </h2>
      <ul className="grid gap-1">
        {plan.problems.map((problem) => (
          <li key={`${problem.line}:${problem.column}:${problem.code}`} className="break-words">
            <button type="button" className="nums text-accent underline" onClick={() => onLine(problem.line)}>
              Line {problem.line}
            </button>{' '}
            <span className={problem.severity === 'error' ? 'font-medium text-bad' : 'text-warn'}>
              {problem.severity}
            </span>
            : {problem.message}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Rendered({ plan, status }: { plan: PlanDocument; status: PlanStatus | undefined }) {
  const pieces = useMemo(() => piecesOf(plan), [plan]);
  const tasks = new Map(status?.tasks.map((task) => [task.id, task]));
  return (
    <div className="card grid gap-3 p-4">
      {pieces.map((piece) => {
        if (piece.kind === 'settings') {
          return <LabelledText key={piece.line} label="Settings" text={piece.text} />;
        }
        if (piece.kind === 'text') return <Markdown key={piece.line} text={piece.text} />;
        const task = tasks.get(piece.taskId);
        const text = <span className="min-w-0 flex-1 break-words">{piece.text}</span>;
        return (
          <div key={piece.line} className="flex flex-wrap items-center gap-2 rounded-lg border border-line px-3 py-1.5">
            {status?.instance_id ? (
              <Link
                to="/orchestrators/$id/tasks/$taskId"
                params={{ id: status.instance_id, taskId: piece.taskId }}
                className="flex min-w-0 flex-1 hover:underline"
              >
                {text}
              </Link>
            ) : (
              text
            )}
            {task && <TaskBadge task={task} />}
          </div>
        );
      })}
    </div>
  );
}

function Source({ plan, line }: { plan: PlanDocument; line: number }) {
  const wrong = new Map(plan.problems.map((problem) => [problem.line, problem]));
  return (
    <pre tabIndex={0} aria-label="The plan's source" className="card overflow-x-auto py-3 font-mono text-sm">
      {plan.markdown.split('\n').map((text, index) => {
        const problem = wrong.get(index + 1);
        return (
          <div
            key={index}
            ref={(element) => {
              if (index + 1 === line) element?.scrollIntoView({ block: 'center' });
            }}
            title={problem?.message}
            className={`flex gap-3 px-3 ${index + 1 === line ? 'bg-accent-soft' : problem ? 'bg-warn-soft' : ''}`}
          >
            <span className="nums w-10 shrink-0 text-right text-muted select-none">{index + 1}</span>
            <span className="whitespace-pre">{text || ' '}</span>
          </div>
        );
      })}
    </pre>
  );
}

/** Whether a run of the plan would have nothing to do. */
function isAllDone(status: PlanStatus | undefined): boolean {
  if (!status) return false;
  const { total_tasks, completed, skipped } = status.summary;
  return total_tasks > 0 && completed + skipped === total_tasks;
}

function Runs({ runs }: { runs: readonly OrchestratorInfo[] }) {
  if (!runs.length) return null;
  return (
    <section aria-label="Runs of the plan" className="card mb-4 p-4">
      <h2 className="mb-2 font-semibold">Runs</h2>
      <ul className="grid gap-1">
        {runs.slice(0, 10).map((run) => (
          <li key={run.id}>
            <Link
              to="/orchestrators/$id"
              params={{ id: run.id }}
              className="flex min-h-9 flex-wrap items-center gap-2 hover:underline"
            >
              <RunBadge status={run.status} doubts={run} />
              <PrunedMark run={run} />
              <span className="nums">{run.progress_percent} %</span>
              <span className="text-sm text-muted">
                <Ago at={run.started_at} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** One plan: its text with the live state of its tasks, its problems, and its runs. */
export function PlanPage() {
  const { name } = useParams({ from: '/plans/$name' });
  const { start, line } = useSearch({ from: '/plans/$name' });
  const navigate = useNavigate({ from: '/plans/$name' });
  const api = useApi();
  const [isSource, showSource] = useState(false);
  const plan = useQuery({
    queryKey: keys.plan(name),
    queryFn: ({ signal }) => api.getPlan(name, { signal }),
    refetchInterval: 5_000,
  });
  const status = useQuery({
    queryKey: keys.planStatus(name),
    queryFn: ({ signal }) => api.getPlanStatus(name, { signal }),
    refetchInterval: 2_000,
  });
  const { data: orchestrators = [] } = useOrchestrators();
  const runs = orchestrators.filter((run) => run.plan_path === plan.data?.path);
  const isBusy = runs.some((run) => run.is_alive);
  const hasErrors = plan.data?.problems.some((problem) => problem.severity === 'error') ?? false;
  const canStart = !isBusy && !hasErrors;
  const ask = () => void navigate({ to: '.', search: { start: '1' } });
  useShortcuts([{ keys: 'n', label: 'Start the plan', group: 'This plan', act: ask, isDisabled: !canStart }]);
  if (plan.isPending) return <Loading label="Loading the plan" rows={5} />;
  if (plan.isError)
    return <ErrorPanel error={plan.error} onRetry={() => void plan.refetch()} title="The plan could not be loaded" />;
  const shownLine = Number(line) || 0;
  return (
    <>
      <PageHead title={plan.data.title || name} titleText={plan.data.title || name}>
        <Button
          icon={<Code size={16} aria-hidden="true" />}
          aria-pressed={isSource || shownLine > 0}
          onClick={() => {
            showSource(!(isSource || shownLine > 0));
            void navigate({ to: '.', search: {}, replace: true });
          }}
        >
          Source
        </Button>
        {!isBusy && (
          <Button
            look="primary"
            icon={<Play size={16} aria-hidden="true" />}
            disabled={hasErrors}
            title={hasErrors ? 'Correct its problems first' : undefined}
            onClick={ask}
          >
            Start
          </Button>
        )}
      </PageHead>
      <p className="-mt-3 mb-4 text-sm break-all text-muted">
        {plan.data.path} · changed <Ago at={plan.data.last_modified} />
      </p>
      <Problems
        plan={plan.data}
        onLine={(at) => void navigate({ to: '.', search: { line: String(at) }, replace: true })}
      />
      <Runs runs={runs} />
      {isSource || shownLine > 0 ? (
        <Source plan={plan.data} line={shownLine} />
      ) : (
        <Rendered plan={plan.data} status={status.data} />
      )}
      {start && canStart && (
        <StartDialog
          plan={plan.data}
          isAgain={start === 'again'}
          isDone={status.isPending ? undefined : isAllDone(status.data)}
          onClose={() => void navigate({ to: '.', search: {}, replace: true })}
        />
      )}
    </>
  );
}
