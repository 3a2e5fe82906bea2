import { Link } from '@tanstack/react-router';
import { CircleAlert, Hourglass, MessageCircleQuestion } from 'lucide-react';
import { AnswerButtons } from '@/attention/answer-buttons';
import type { Need } from '@/attention/attention';
import { Elapsed } from '@/components/time';
import { waitingText } from '@/run/words';

const ICONS = { approval: MessageCircleQuestion, blocked: CircleAlert, limit: Hourglass } as const;

function Words({ need }: { need: Need }) {
  if (need.kind === 'approval') {
    return (
      <>
        <p>
          The agent of{' '}
          <Link
            to="/orchestrators/$id/tasks/$taskId"
            params={{ id: need.run.id, taskId: need.approval.task_id }}
            className="font-medium text-accent underline"
          >
            task {need.approval.task_id}
          </Link>{' '}
          asks{' '}
          <span className="text-muted">
            (<Elapsed from={need.approval.requested_at} /> ago)
          </span>
        </p>
        <pre
          tabIndex={0}
          className="mt-1 max-h-40 overflow-auto rounded-lg bg-ground p-2 font-mono text-sm break-words whitespace-pre-wrap"
        >
          {need.approval.question}
        </pre>
      </>
    );
  }
  if (need.kind === 'limit') return <p>{waitingText({ what: need.what, until: need.until })}</p>;
  return (
    <p>
      Nothing more can run{need.taskIds.length ? ': ' : `: waits for ${need.what}. `}
      {need.taskIds.slice(0, 5).map((taskId, index) => (
        <span key={taskId}>
          {index > 0 && ', '}
          <Link
            to="/orchestrators/$id/tasks/$taskId"
            params={{ id: need.run.id, taskId }}
            className="font-medium text-accent underline"
          >
            task {taskId}
          </Link>
        </span>
      ))}
      {need.taskIds.length > 0 && ' failed. Retry or skip it, or shut the run down.'}
    </p>
  );
}

/** Something that needs a person, with what can be done about it. `isOwnPage`: its run's page needs not name the run. */
export function NeedCard({ need, isOwnPage = false }: { need: Need; isOwnPage?: boolean }) {
  const Icon = ICONS[need.kind];
  return (
    <article className="card flex flex-wrap items-start gap-3 border-l-4 border-l-warn p-3">
      <Icon size={20} aria-hidden="true" className="mt-0.5 shrink-0 text-warn" />
      <div className="min-w-0 flex-1 basis-60">
        {!isOwnPage && (
          <Link
            to="/orchestrators/$id"
            params={{ id: need.run.id }}
            className="font-semibold break-all hover:underline"
          >
            {need.run.plan_name}
          </Link>
        )}
        <Words need={need} />
      </div>
      {need.kind === 'approval' && <AnswerButtons runId={need.run.id} approval={need.approval} />}
    </article>
  );
}
