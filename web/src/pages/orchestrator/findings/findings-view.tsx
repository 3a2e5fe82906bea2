import { useQueries, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Download, FileText } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import { useApi } from '@/api/api-context';
import type { FindingInfo, TaskInfo } from '@/api/client';
import { findingQuery, keys } from '@/api/queries';
import { Button } from '@/components/button';
import { CopyButton } from '@/components/copy-button';
import { SearchField } from '@/components/field';
import { Markdown } from '@/components/markdown';
import { saveAs } from '@/components/save-as';
import { Empty, ErrorPanel, Loading } from '@/components/states';
import { TaskBadge } from '@/components/status';
import { Ago } from '@/components/time';
import { bytes } from '@/format/format';
import { useShortcuts } from '@/keys/keys';
import { useRun } from '@/run/use-run';

/** The maximum number of findings whose texts are read for a search; of the others, only the names are searched. */
const SEARCHED_MAX = 200;

/** Which findings hold the words, in their task's name or in their text. */
function useSearchedFindings(
  plan: string,
  findings: readonly FindingInfo[],
  tasks: ReadonlyMap<string, TaskInfo>,
  q: string,
) {
  const api = useApi();
  const wanted = q.trim().toLowerCase();
  const texts = useQueries({
    queries: (wanted ? findings.slice(0, SEARCHED_MAX) : []).map((finding) =>
      findingQuery(api, plan, finding.task_id, finding.last_modified),
    ),
  });
  const isReading = texts.some((text) => text.isPending);
  const found = wanted
    ? findings.filter((finding, index) => {
        const name = `${finding.task_id} ${tasks.get(finding.task_id)?.description ?? ''}`;
        return `${name} ${texts[index]?.data?.content ?? ''}`.toLowerCase().includes(wanted);
      })
    : findings;
  return { found, isReading };
}

function FindingText({
  id,
  plan,
  finding,
  task,
}: {
  id: string;
  plan: string;
  finding: FindingInfo;
  task: TaskInfo | undefined;
}) {
  const text = useQuery(findingQuery(useApi(), plan, finding.task_id, finding.last_modified));
  return (
    <article className="card grid min-w-0 content-start gap-3 p-4">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 className="min-w-0 font-semibold break-words">
          <Link
            to="/orchestrators/$id/tasks/$taskId"
            params={{ id, taskId: finding.task_id }}
            className="hover:underline"
          >
            {finding.task_id} {task?.description}
          </Link>
        </h2>
        <div className="flex gap-2">
          <CopyButton text={text.data?.content} what="The finding" />
          <Button
            size="small"
            icon={<Download size={15} aria-hidden="true" />}
            disabled={!text.data}
            onClick={() => saveAs(`${finding.task_id}.md`, text.data?.content ?? '', 'text/markdown')}
          >
            Save
          </Button>
        </div>
      </div>
      {task && (
        <p>
          <TaskBadge task={task} />
        </p>
      )}
      <p className="text-sm break-all text-muted">
        {finding.file_path} · {bytes(finding.size_bytes)} · <Ago at={finding.last_modified} />
      </p>
      {text.isPending && <Loading label="Loading the finding" rows={1} />}
      {text.isError && <ErrorPanel error={text.error} onRetry={() => void text.refetch()} />}
      {text.data && <Markdown text={text.data.content} />}
    </article>
  );
}

/** What the tasks left behind, with a search through it. */
export function FindingsView() {
  const { id } = useParams({ from: '/orchestrators/$id/findings' });
  const { q = '', task: chosen } = useSearch({ from: '/orchestrators/$id/findings' });
  const navigate = useNavigate({ from: '/orchestrators/$id/findings' });
  const api = useApi();
  const { run } = useRun(id);
  const plan = run.status?.plan_name ?? '';
  const list = useQuery({
    queryKey: keys.findings(plan),
    queryFn: ({ signal }) => api.listPlanFindings(plan, { signal }),
    enabled: plan !== '',
  });
  const tasks = useMemo(() => new Map(run.status?.tasks.map((task) => [task.id, task])), [run.status?.tasks]);
  const written = run.status?.tasks
    .filter((task) => task.finding)
    .map((task) => `${task.id}/${task.attempt}`)
    .join();
  const { refetch } = list;
  useEffect(() => {
    if (plan) void refetch();
  }, [written, plan, refetch]);
  const findings = list.data ?? [];
  const { found, isReading } = useSearchedFindings(plan, findings, tasks, q);
  const selected = found.find((finding) => finding.task_id === chosen) ?? found[0];
  const choose = (taskId: string) => void navigate({ search: { q, task: taskId }, replace: true });
  const move = (by: number) => {
    const next = found[found.findIndex((finding) => finding === selected) + by];
    if (next) choose(next.task_id);
  };
  useShortcuts([
    { keys: 'j', label: 'Next finding', group: 'Findings', act: () => move(1), mayRepeat: true },
    { keys: 'k', label: 'Previous finding', group: 'Findings', act: () => move(-1), mayRepeat: true },
  ]);
  if (list.isPending) return <Loading label="Loading the findings" />;
  if (list.isError)
    return <ErrorPanel error={list.error} onRetry={() => void refetch()} title="The findings could not be loaded" />;
  if (!findings.length) {
    return (
      <Empty icon={<FileText size={28} aria-hidden="true" />} title="No findings yet">
        Every attempt that ends leaves one here.
      </Empty>
    );
  }
  return (
    <>
      <div className="mb-3 flex">
        <SearchField
          label="Search findings"
          value={q}
          onChange={(value) => void navigate({ search: { q: value, task: chosen ?? '' }, replace: true })}
        />
      </div>
      {isReading && (
        <p role="status" className="mb-2 text-sm text-muted">
          Reading the findings …
        </p>
      )}
      {findings.length > SEARCHED_MAX && q && (
        <p className="mb-2 text-sm text-muted">The texts of the first {SEARCHED_MAX} are searched.</p>
      )}
      {!selected ? (
        <Empty title="No findings match" />
      ) : (
        <div className="grid items-start gap-4 md:grid-cols-[18rem_1fr]">
          <ul aria-label="Findings" className="card grid max-h-64 overflow-y-auto p-1.5 md:max-h-[70dvh]">
            {found.map((finding) => (
              <li key={finding.task_id}>
                <button
                  type="button"
                  aria-current={finding === selected ? 'true' : undefined}
                  onClick={() => choose(finding.task_id)}
                  className="flex min-h-10 w-full gap-2 rounded-lg px-2 py-1.5 text-left hover:bg-idle-soft aria-[current=true]:bg-accent-soft aria-[current=true]:text-accent"
                >
                  <span className="nums shrink-0 font-mono text-sm">{finding.task_id}</span>
                  <span className="min-w-0 truncate">{tasks.get(finding.task_id)?.description ?? ''}</span>
                </button>
              </li>
            ))}
          </ul>
          <FindingText id={id} plan={plan} finding={selected} task={tasks.get(selected.task_id)} />
        </div>
      )}
    </>
  );
}
