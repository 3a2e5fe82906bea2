import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useApi } from '@/api/api-context';
import type { OrchestratorStatus, TaskInfo } from '@/api/client';
import { findingQuery, keys } from '@/api/queries';
import { knownUntil } from '@/components/freshness';
import { Markdown } from '@/components/markdown';
import { Folded } from '@/components/folded';
import { Empty } from '@/components/states';
import { hasEnded, TaskBadge } from '@/components/status';
import { Ago, Elapsed } from '@/components/time';
import { cost, count } from '@/format/format';
import { useShortcuts } from '@/keys/keys';
import { Doubts } from '@/pages/orchestrator/task/doubts';
import { AttemptList } from '@/pages/orchestrator/task/attempt-list';
import { SentPromptView } from '@/pages/orchestrator/task/sent-prompt';
import { TranscriptView } from '@/pages/orchestrator/task/transcript-view';
import { detailsOf } from '@/pages/plans/plan-lines';
import { evidenceText } from '@/run/evidence';
import { possibleActions, TaskButtons, TaskDialog, type TaskAction } from '@/run/task-actions';
import { useRunHistory } from '@/run/use-run';
import { whyPending } from '@/run/words';
import { usePageTitle } from '@/shell/page';

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid grid-cols-[7rem_1fr] gap-2">
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </div>
  );
}

function Dependencies({ id, task, status }: { id: string; task: TaskInfo; status: OrchestratorStatus }) {
  return (
    <ul className="flex flex-wrap gap-2">
      {task.depends_on.map((taskId) => {
        const other = status.tasks.find((one) => one.id === taskId);
        return (
          <li key={taskId} className="inline-flex items-center gap-1">
            <Link to="/orchestrators/$id/tasks/$taskId" params={{ id, taskId }} className="text-accent underline">
              {taskId}
            </Link>
            {other && <TaskBadge task={other} />}
          </li>
        );
      })}
    </ul>
  );
}

function Facts({
  id,
  task,
  status,
  frozenAt,
}: {
  id: string;
  task: TaskInfo;
  status: OrchestratorStatus;
  frozenAt: number | null;
}) {
  const phase = status.phases.find((one) => one.number === task.phase);
  const { usage } = task;
  const tokens = usage.input_tokens + usage.output_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
  return (
    <dl className="card grid content-start gap-1.5 p-4 text-sm">
      <Row name="Phase">
        {task.phase}: {phase?.name}
      </Row>
      {task.agent && <Row name="Agent">{task.agent}</Row>}
      {task.depends_on.length > 0 && (
        <Row name="Depends on">
          <Dependencies id={id} task={task} status={status} />
        </Row>
      )}
      {task.started_at && (
        <Row name="Started">
          <Ago at={task.started_at} />
          {task.status === 'in_progress' && (
            <>
              , at work for <Elapsed from={task.started_at} frozenAt={frozenAt} />
            </>
          )}
        </Row>
      )}
      {task.completed_at && (
        <Row name="Ended">
          <Ago at={task.completed_at} />
        </Row>
      )}
      <Row name="Evidence">{evidenceText(task)}</Row>
      <Row name="Cost">
        {tokens === 0
          ? 'nothing used'
          : `${cost(usage.cost_usd, usage.is_cost_complete)}: ${count(usage.input_tokens)} in, ${count(usage.output_tokens)} out, ${count(usage.cache_read_tokens)} from the cache`}
      </Row>
    </dl>
  );
}

function Finding({ plan, task }: { plan: string; task: TaskInfo }) {
  const api = useApi();
  // A revision may have two findings, one after the other: the text is asked for again when the page is.
  const query = useQuery({ ...findingQuery(api, plan, task.id, task.revision), staleTime: 1_000 });
  if (!query.data) return null;
  return (
    <section aria-label="Finding" className="card grid gap-3 p-4">
      <h3 className="font-semibold">Finding</h3>
      <Markdown text={query.data.content} />
    </section>
  );
}

/** What the plan says of the task below its title, folded away. */
function Details({ plan, taskId }: { plan: string; taskId: string }) {
  const api = useApi();
  const query = useQuery({ queryKey: keys.plan(plan), queryFn: ({ signal }) => api.getPlan(plan, { signal }) });
  const text = query.data ? detailsOf(query.data, taskId) : '';
  if (!text) return null;
  return (
    <Folded title="What the plan says">
      <Markdown text={text} />
    </Folded>
  );
}

/** One task: its status and why, its attempts, what its agent was sent and did, what checked it, what it found. */
export function TaskView() {
  const { id, taskId } = useParams({ from: '/orchestrators/$id/tasks/$taskId' });
  const { attempt: chosen } = useSearch({ from: '/orchestrators/$id/tasks/$taskId' });
  const navigate = useNavigate();
  const { run } = useRunHistory(id);
  const [action, ask] = useState<TaskAction | null>(null);
  const task = run.status?.tasks.find((one) => one.id === taskId);
  usePageTitle(`${taskId} · ${run.status?.plan_name ?? ''}`);
  const canAct = run.status !== undefined && !hasEnded(run.status.status) && task !== undefined;
  const act = (wanted: TaskAction) => task && possibleActions(task).includes(wanted) && ask(wanted);
  const group = 'This task';
  useShortcuts([
    { keys: 'r', label: 'Retry', group, act: () => act('retry'), isDisabled: !canAct },
    { keys: 's', label: 'Skip', group, act: () => act('skip'), isDisabled: !canAct },
    { keys: 'm', label: 'Message its agent', group, act: () => act('message'), isDisabled: !canAct },
    {
      keys: 'Escape',
      label: 'Back to the tasks',
      group,
      act: () => void navigate({ to: '/orchestrators/$id', params: { id } }),
    },
  ]);
  if (!run.status) return null;
  if (!task) return <Empty title={`The plan has no task ${taskId}`} />;
  const why = whyPending(task, run.status);
  const number = Number(chosen) || task.attempt;
  const shownAttempt = run.history.attempts.find((one) => one.taskId === taskId && one.number === number);
  const isRunning = task.status === 'in_progress' && number === task.attempt;
  return (
    <article className="grid gap-4">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="grid min-w-0 gap-1">
          <Link
            to="/orchestrators/$id"
            params={{ id }}
            className="inline-flex items-center gap-1 text-sm text-muted hover:underline"
          >
            <ArrowLeft size={14} aria-hidden="true" /> Tasks
          </Link>
          <h2 className="flex flex-wrap items-center gap-2 text-lg font-semibold">
            <span className="nums font-mono text-muted">{task.id}</span>
            <span className="min-w-0 break-words">{task.description}</span>
            <TaskBadge task={task} />
          </h2>
          {why && <p className="text-warn">{why}</p>}
          {task.reason && !why && !task.stale && <p className="text-muted">{task.reason}</p>}
        </div>
        {canAct && (
          <div className="flex flex-wrap gap-2">
            <TaskButtons task={task} onAsk={ask} />
          </div>
        )}
      </div>
      {task.status !== 'completed' && task.last_error && (
        <section aria-label="What went wrong" className="card border-l-4 border-l-bad p-4">
          <h3 className="mb-1 font-semibold">
            {task.status === 'failed' ? 'Why it failed' : 'What went wrong in the last attempt'}
          </h3>
          <pre className="font-mono text-sm break-words whitespace-pre-wrap">{task.last_error}</pre>
        </section>
      )}
      <Doubts task={task} />
      <div className="grid gap-4 lg:grid-cols-[1fr_22rem] lg:items-start">
        <div className="order-2 grid min-w-0 gap-4 lg:order-1">
          <Details plan={run.status.plan_name} taskId={taskId} />
          {number > 0 && <SentPromptView of={{ id, taskId, attempt: number }} attempt={shownAttempt} />}
          {task.finding && <Finding plan={run.status.plan_name} task={task} />}
          {number > 0 && <TranscriptView id={id} taskId={taskId} attempt={number} isRunning={isRunning} />}
          {number === 0 && <Empty title="It has not started yet" />}
        </div>
        <div className="order-1 grid gap-4 lg:order-2">
          <Facts id={id} task={task} status={run.status} frozenAt={knownUntil(run)} />
          <AttemptList id={id} run={run} taskId={taskId} shown={number} />
        </div>
      </div>
      {action && <TaskDialog id={id} task={task} action={action} onClose={() => ask(null)} />}
    </article>
  );
}
