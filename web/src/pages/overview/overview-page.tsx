import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Play, Skull } from 'lucide-react';
import { useState } from 'react';
import { useOrchestrators, usePlans } from '@/api/queries';
import type { OrchestratorInfo, PlanInfo } from '@/api/client';
import { useAttention } from '@/attention/attention';
import { NeedCard } from '@/attention/need-card';
import { QuestionCard } from '@/attention/question-card';
import { useQuestions } from '@/attention/questions';
import { Button, buttonClass } from '@/components/button';
import { Choice, SearchField } from '@/components/field';
import { Empty, ErrorPanel, Loading } from '@/components/states';
import { plural } from '@/format/format';
import { useShortcuts } from '@/keys/keys';
import { abandonedRuns, asSeen, kindOf, matchingRuns, startablePlans, type Filter } from '@/pages/overview/groups';
import { EndedRow, LiveRow } from '@/pages/overview/run-row';
import { PageHead } from '@/shell/page';

const SHOWN = 20;
const FILTERS: readonly { value: Filter; label: string }[] = [
  { value: 'live', label: 'running' },
  { value: 'blocked', label: 'blocked' },
  { value: 'crashed', label: 'crashed' },
  { value: 'ended', label: 'ended' },
];

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section aria-label={title} className="mb-6">
      <h2 className="mb-2 text-sm font-semibold text-muted">{title}</h2>
      {children}
    </section>
  );
}

function NeedsYou({ runs }: { runs: readonly OrchestratorInfo[] }) {
  const { needs } = useAttention();
  const questions = useQuestions();
  const abandoned = abandonedRuns(runs);
  if (!needs.length && !questions.length && !abandoned.length) return null;
  return (
    <Section title="Needs you">
      <div className="grid gap-2">
        {questions.map((question) => (
          <QuestionCard key={question.need.key} question={question} />
        ))}
        {needs.map((need) => need.kind !== 'approval' && <NeedCard key={need.key} need={need} />)}
        {abandoned.map((run) => (
          <article key={run.id} className="card flex flex-wrap items-center gap-3 border-l-4 border-l-bad p-3">
            <Skull size={20} aria-hidden="true" className="shrink-0 text-bad" />
            <p className="min-w-0 flex-1 basis-60">
              <Link to="/orchestrators/$id" params={{ id: run.id }} className="font-semibold break-all hover:underline">
                {run.plan_name}
              </Link>{' '}
              crashed at {run.progress_percent} %. What was finished is kept.
            </p>
            <Link
              to="/plans/$name"
              params={{ name: run.plan_name }}
              search={{ start: 'again' }}
              className={buttonClass('plain')}
            >
              Start again
            </Link>
          </article>
        ))}
      </div>
    </Section>
  );
}

function Startable({ plans }: { plans: readonly PlanInfo[] }) {
  if (!plans.length) return null;
  return (
    <Section title="Plans with work left">
      <ul className="grid gap-2 sm:grid-cols-2 xl:grid-cols-3">
        {plans.slice(0, 6).map((plan) => (
          <li key={plan.path} className="card flex items-center gap-3 p-3">
            <div className="min-w-0 flex-1">
              <Link
                to="/plans/$name"
                params={{ name: plan.name }}
                className="block truncate font-medium hover:underline"
              >
                {plan.title || plan.name}
              </Link>
              <p className="nums truncate text-sm text-muted">
                {plan.completed} of {plan.total_tasks} tasks
                {plan.unchecked > 0 && ` · ${plan.unchecked} unchecked`}
                {plan.stale > 0 && ` · ${plan.stale} for an earlier wording`}
                {plan.problems.length > 0 && ` · ${plural(plan.problems.length, 'problem')}`}
              </p>
            </div>
            {!plan.has_errors && (
              <Link
                to="/plans/$name"
                params={{ name: plan.name }}
                search={{ start: '1' }}
                className={buttonClass('plain', 'small')}
                aria-label={`Start ${plan.name}`}
              >
                <Play size={15} aria-hidden="true" /> Start
              </Link>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** All runs: what needs a person first, then what runs, what can be started, and what has ended. */
export function OverviewPage() {
  const { q = '', status } = useSearch({ from: '/' });
  const navigate = useNavigate({ from: '/' });
  const orchestrators = useOrchestrators();
  const plans = usePlans();
  const { views } = useAttention();
  const [shown, setShown] = useState(SHOWN);
  const [selectedId, select] = useState<string>();
  const all = (orchestrators.data ?? []).map((run) => asSeen(run, views.get(run.id)));
  const found = matchingRuns(all, q, status);
  const live = found.filter((run) => run.is_alive);
  const ended = found.filter((run) => !run.is_alive);
  const order = [...live, ...ended.slice(0, shown)];
  const move = (by: number) => {
    const next = order[order.findIndex((run) => run.id === selectedId) + by];
    if (next) select(next.id);
  };
  const open = () => selectedId && void navigate({ to: '/orchestrators/$id', params: { id: selectedId } });
  useShortcuts([
    { keys: 'j', label: 'Next run', group: 'Overview', act: () => move(1), mayRepeat: true },
    { keys: 'k', label: 'Previous run', group: 'Overview', act: () => move(-1), mayRepeat: true },
    {
      keys: 'Enter',
      label: 'Open the selected run',
      group: 'Overview',
      act: () => void open(),
      isDisabled: !selectedId,
    },
    { keys: 'n', label: 'Start a plan', group: 'Overview', act: () => void navigate({ to: '/plans', search: {} }) },
  ]);
  const startable = startablePlans(plans.data ?? [], all);
  if (orchestrators.isPending) return <Loading label="Loading the runs" rows={4} />;
  return (
    <>
      <PageHead title="Overview" titleText="Overview">
        <SearchField
          label="Search runs"
          value={q}
          onChange={(value) => void navigate({ search: { q: value, status: status ?? '' }, replace: true })}
        />
        <Choice
          label="Status"
          value={status as Filter | undefined}
          options={FILTERS.map((one) => ({ ...one, count: all.filter((run) => kindOf(run) === one.value).length }))}
          onChange={(value) => void navigate({ search: { q, status: value ?? '' }, replace: true })}
        />
      </PageHead>
      {orchestrators.isError && (
        <ErrorPanel
          error={orchestrators.error}
          onRetry={() => void orchestrators.refetch()}
          title="The runs could not be loaded"
        />
      )}
      {!q && !status && <NeedsYou runs={all} />}
      {live.length > 0 && (
        <Section title="Running">
          <div className="grid gap-3 lg:grid-cols-2">
            {live.map((run) => (
              <LiveRow key={run.id} run={run} view={views.get(run.id)} isSelected={run.id === selectedId} />
            ))}
          </div>
        </Section>
      )}
      {!q && !status && <Startable plans={startable} />}
      {ended.length > 0 && (
        <Section title="Ended">
          <div className="card overflow-hidden">
            {ended.slice(0, shown).map((run) => (
              <EndedRow key={run.id} run={run} isSelected={run.id === selectedId} />
            ))}
          </div>
          {ended.length > shown && (
            <div className="mt-3 text-center">
              <Button onClick={() => setShown(shown + 100)}>Show more of {ended.length}</Button>
            </div>
          )}
        </Section>
      )}
      {all.length > 0 && found.length === 0 && <Empty title="No runs match">Change the search or the filter.</Empty>}
      {all.length === 0 && orchestrators.isSuccess && startable.length === 0 && (
        <Empty title="No runs and no plans yet">
          <p>
            Write one into <code>docs/plans</code>, or see one at work: <code>orchestrator demo</code>.
          </p>
        </Empty>
      )}
    </>
  );
}
