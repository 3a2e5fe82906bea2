import { Link } from '@tanstack/react-router';
import { Inbox } from 'lucide-react';
import { useState } from 'react';
import { AnswerButtons } from '@/attention/answer-buttons';
import { useAttention, type Need } from '@/attention/attention';
import { useOrchestrators } from '@/api/queries';
import { Empty, ErrorPanel, Loading } from '@/components/states';
import { Ago } from '@/components/time';
import { ticking } from '@/format/format';
import { useNow } from '@/format/use-now';
import { useShortcuts } from '@/keys/keys';
import { PageHead } from '@/shell/page';

type Approval = Extract<Need, { kind: 'approval' }>;

function TimeLeft({ until }: { until: string }) {
  const left = Date.parse(until) - useNow();
  return <span className="nums text-warn">{left > 0 ? `denied in ${ticking(left)}` : 'being denied'}</span>;
}

function Question({ need, isSelected, isMarked }: { need: Approval; isSelected: boolean; isMarked: boolean }) {
  const { run, approval } = need;
  return (
    <article data-selected={isMarked} className="card grid gap-3 p-4 data-[selected=true]:border-accent">
      <div className="flex flex-wrap items-baseline justify-between gap-2">
        <h2 className="min-w-0 font-semibold break-words">
          <Link to="/orchestrators/$id" params={{ id: run.id }} className="hover:underline">
            {run.plan_name}
          </Link>
          {' · '}
          <Link
            to="/orchestrators/$id/tasks/$taskId"
            params={{ id: run.id, taskId: approval.task_id }}
            className="text-accent hover:underline"
          >
            task {approval.task_id}
          </Link>
        </h2>
        <span className="flex gap-3 text-sm text-muted">
          <Ago at={approval.requested_at} />
          {approval.expires_at && <TimeLeft until={approval.expires_at} />}
        </span>
      </div>
      <pre
        tabIndex={0}
        aria-label="What the agent asks"
        className="max-h-[50dvh] overflow-auto rounded-lg bg-ground p-3 font-mono text-sm break-words whitespace-pre-wrap"
      >
        {approval.question}
      </pre>
      <AnswerButtons runId={run.id} approval={approval} isWide hasKeys={isSelected} />
    </article>
  );
}

/** What agents ask, over all runs. */
export function ApprovalsPage() {
  const orchestrators = useOrchestrators();
  const { needs } = useAttention();
  const questions = needs.filter((need): need is Approval => need.kind === 'approval');
  const [selectedKey, select] = useState<string>();
  const index = Math.max(
    0,
    questions.findIndex((need) => need.key === selectedKey),
  );
  const move = (by: number) => {
    const next = questions[index + by];
    if (next) select(next.key);
  };
  useShortcuts([
    { keys: 'j', label: 'Next question', group: 'Approvals', act: () => move(1) },
    { keys: 'k', label: 'Previous question', group: 'Approvals', act: () => move(-1) },
  ]);
  const selected = questions[index];
  return (
    <div className="mx-auto max-w-3xl">
      <PageHead title="Approvals" titleText="Approvals" />
      {orchestrators.isPending && <Loading label="Loading the questions" rows={2} />}
      {orchestrators.isError && (
        <ErrorPanel
          error={orchestrators.error}
          onRetry={() => void orchestrators.refetch()}
          title="The questions could not be loaded"
        />
      )}
      {orchestrators.isSuccess && questions.length === 0 && (
        <Empty icon={<Inbox size={28} aria-hidden="true" />} title="No agent asks anything">
          With <code>--permissions ask</code>, what an agent may not do by itself is asked here. Settings can notify
          you.
        </Empty>
      )}
      <div className="grid gap-3">
        {questions.map((need) => (
          <Question
            key={need.key}
            need={need}
            isSelected={need === selected}
            isMarked={need === selected && questions.length > 1}
          />
        ))}
      </div>
    </div>
  );
}
