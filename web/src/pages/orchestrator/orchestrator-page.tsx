import { Link, Outlet, useNavigate, useParams } from '@tanstack/react-router';
import { Activity, Archive, ChartNoAxesGantt, FileText, ListTree, ScrollText, type LucideIcon } from 'lucide-react';
import { useOrchestrators } from '@/api/queries';
import { ApiError, type OrchestratorInfo, type OrchestratorStatus } from '@/api/client';
import { useAttention } from '@/attention/attention';
import { NeedCard } from '@/attention/need-card';
import { QuestionCard } from '@/attention/question-card';
import { UnapprovedCard } from '@/attention/unapproved-card';
import { useQuestions } from '@/attention/questions';
import { buttonClass } from '@/components/button';
import { Empty, ErrorPanel, Loading } from '@/components/states';
import { hasEnded, RunBadge } from '@/components/status';
import { Ago } from '@/components/time';
import { useShortcuts } from '@/keys/keys';
import { RunActions } from '@/run/run-actions';
import { RunHeader } from '@/run/run-header';
import { useRun } from '@/run/use-run';
import { usePageTitle } from '@/shell/page';

const TABS = [
  { to: '/orchestrators/$id', label: 'Tasks', Icon: ListTree },
  { to: '/orchestrators/$id/timeline', label: 'Timeline', Icon: ChartNoAxesGantt },
  { to: '/orchestrators/$id/activity', label: 'Activity', Icon: Activity },
  { to: '/orchestrators/$id/findings', label: 'Findings', Icon: FileText },
  { to: '/orchestrators/$id/log', label: 'Log', Icon: ScrollText },
] as const satisfies readonly { to: string; label: string; Icon: LucideIcon }[];

function Tabs({ id }: { id: string }) {
  const navigate = useNavigate();
  useShortcuts(
    TABS.map(({ to, label }, index) => ({
      keys: String(index + 1),
      label: `Show ${label.toLowerCase()}`,
      group: 'This run',
      act: () => void navigate({ to, params: { id } }),
    })),
  );
  return (
    <nav aria-label="Views of the run" className="mb-4 flex gap-1 overflow-x-auto border-b border-line">
      {TABS.map(({ to, label, Icon }) => (
        <Link
          key={to}
          to={to}
          params={{ id }}
          activeOptions={{ exact: true, includeSearch: false }}
          className="flex min-h-10 items-center gap-1.5 border-b-2 border-transparent px-3 whitespace-nowrap text-muted hover:text-ink"
          activeProps={{ className: '!border-accent !text-accent font-medium' }}
        >
          <Icon size={16} aria-hidden="true" className="max-sm:hidden" />
          {label}
        </Link>
      ))}
    </nav>
  );
}

/** A run whose log and outputs are gone: what is still known of it. */
function PrunedRun({ info, prunedAt }: { info: OrchestratorInfo; prunedAt: string }) {
  return (
    <Empty isPage icon={<Archive size={28} aria-hidden="true" />} title="This run was pruned">
      <p className="mb-2 flex flex-wrap items-center justify-center gap-2">
        <Link to="/plans/$name" params={{ name: info.plan_name }} className="font-medium text-accent underline">
          {info.plan_name}
        </Link>
        <RunBadge status={info.status} doubts={info} />
        <span className="nums">{info.progress_percent} %</span>
      </p>
      <p>
        It began <Ago at={info.started_at} />
        {info.ended_at && (
          <>
            {' '}
            and ended <Ago at={info.ended_at} />
          </>
        )}
        . Its log, prompts, transcripts and findings were deleted <Ago at={prunedAt} />; what later runs have taken over
        from it is kept.
      </p>
    </Empty>
  );
}

/** One run: its head, what needs a person, and its views. */
/** What the plan's next run begins with; an approval is said where the changes are. */
function KeptCommands({ kept }: Pick<OrchestratorStatus, 'kept'>) {
  const told = kept.filter(({ command }) => command !== 'approve-plan');
  if (!told.length) return null;
  const listed = told.map(({ command, task_id }) => (task_id ? `${command} ${task_id}` : command)).join(', ');
  return <p className="card p-4">Kept for the plan’s next run: {listed}.</p>;
}

export function OrchestratorPage() {
  const { id } = useParams({ from: '/orchestrators/$id' });
  const { store, run } = useRun(id);
  const { needs } = useAttention();
  const questions = useQuestions(id);
  const { data: orchestrators } = useOrchestrators();
  const info = orchestrators?.find((one) => one.id === id);
  usePageTitle(run.status?.plan_name ?? 'Run');
  const { error, state } = run.watch;
  if (error instanceof ApiError && error.status === 404) {
    return (
      <Empty isPage title="There is no such orchestrator">
        <p>
          No run of this project is called <code>{id}</code>.
        </p>
        <Link to="/" className="text-accent underline">
          Back to the overview
        </Link>
      </Empty>
    );
  }
  if (info?.pruned_at) return <PrunedRun info={info} prunedAt={info.pruned_at} />;
  if (error instanceof ApiError && error.status === 410) {
    return (
      <Empty isPage title="This run was pruned">
        {error.problem.detail}
      </Empty>
    );
  }
  if (!run.status) {
    if (state !== 'failed') return <Loading label="Loading the run" rows={5} />;
    return <ErrorPanel error={error} onRetry={() => store.reopen()} title="The run could not be loaded" />;
  }
  const { status } = run;
  const again = hasEnded(status.status) && status.status !== 'completed' && (
    <Link
      to="/plans/$name"
      params={{ name: status.plan_name }}
      search={{ start: 'again' }}
      className={buttonClass('primary')}
    >
      Start again
    </Link>
  );
  return (
    <>
      <RunHeader run={run} info={info} actions={again || <RunActions id={id} status={status} />} />
      {state === 'failed' && (
        <ErrorPanel error={error} onRetry={() => store.reopen()} title="The live events have ended" />
      )}
      <div className="grid gap-2 empty:hidden [&:not(:empty)]:mb-4">
        {questions.map((question) => (
          <QuestionCard key={question.need.key} question={question} isOwnPage />
        ))}
        <UnapprovedCard id={id} status={status} />
        <KeptCommands kept={status.kept} />
        {needs.map(
          (need) => need.run.id === id && need.kind === 'blocked' && <NeedCard key={need.key} need={need} isOwnPage />,
        )}
      </div>
      <Tabs id={id} />
      <Outlet />
    </>
  );
}
