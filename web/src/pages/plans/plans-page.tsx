import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { ListChecks, Play, TriangleAlert } from 'lucide-react';
import { useOrchestrators, usePlans } from '@/api/queries';
import { buttonClass } from '@/components/button';
import { SearchField } from '@/components/field';
import { Empty, ErrorPanel, Loading } from '@/components/states';
import { Pill, RunBadge, UncheckedCount } from '@/components/status';
import { Ago } from '@/components/time';
import { plural } from '@/format/format';
import { PageHead } from '@/shell/page';

/** Every plan of the project, how far it is, and its last run. */
export function PlansPage() {
  const { q = '' } = useSearch({ from: '/plans' });
  const navigate = useNavigate({ from: '/plans' });
  const plans = usePlans();
  const { data: orchestrators = [] } = useOrchestrators();
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const found = (plans.data ?? []).filter((plan) => {
    const text = `${plan.name} ${plan.title} ${plan.path}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return (
    <>
      <PageHead title="Plans" titleText="Plans">
        <SearchField
          label="Search plans"
          value={q}
          onChange={(value) => void navigate({ search: { q: value }, replace: true })}
        />
      </PageHead>
      {plans.isPending && <Loading label="Loading the plans" />}
      {plans.isError && (
        <ErrorPanel error={plans.error} onRetry={() => void plans.refetch()} title="The plans could not be loaded" />
      )}
      {plans.isSuccess && found.length === 0 && (
        <Empty icon={<ListChecks size={28} aria-hidden="true" />} title={q ? 'No plans match' : 'No plans yet'}>
          {!q && (
            <>
              A plan is a Markdown file in <code>docs/plans</code> with phases and tasks.
            </>
          )}
        </Empty>
      )}
      <ul className="grid gap-2">
        {found.map((plan) => {
          const last = orchestrators.find((run) => run.plan_path === plan.path);
          return (
            <li key={plan.path} className="card flex flex-wrap items-center gap-x-4 gap-y-2 p-3">
              <div className="min-w-0 flex-1 basis-60">
                <Link
                  to="/plans/$name"
                  params={{ name: plan.name }}
                  className="font-semibold break-words hover:underline"
                >
                  {plan.title || plan.name}
                </Link>
                <p className="text-sm break-all text-muted">{plan.path}</p>
              </div>
              <span className="nums flex flex-wrap gap-x-3 text-sm">
                {plan.completed} of {plural(plan.total_tasks, 'task')}
                <UncheckedCount unchecked={plan.unchecked} />
                {plan.stale > 0 && <span className="text-warn">{plan.stale} for an earlier wording</span>}
              </span>
              {plan.problems.length > 0 && (
                <Pill tone="warn">
                  <TriangleAlert size={13} aria-hidden="true" /> {plural(plan.problems.length, 'problem')}
                </Pill>
              )}
              {last && (
                <Link
                  to="/orchestrators/$id"
                  params={{ id: last.id }}
                  className="flex items-center gap-2 text-sm text-muted hover:underline"
                >
                  <RunBadge status={last.status} doubts={plan} /> <Ago at={last.started_at} />
                </Link>
              )}
              {!last?.is_alive && !plan.has_errors && (
                <Link
                  to="/plans/$name"
                  params={{ name: plan.name }}
                  search={{ start: '1' }}
                  aria-label={`Start ${plan.name}`}
                  className={buttonClass('plain', 'small')}
                >
                  <Play size={15} aria-hidden="true" /> Start
                </Link>
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}
