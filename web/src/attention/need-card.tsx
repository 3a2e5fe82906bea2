import { Link } from '@tanstack/react-router';
import { CircleAlert, FilePen, Hourglass } from 'lucide-react';
import type { Need } from '@/attention/attention';
import { waitingText } from '@/run/words';

const ICONS = { blocked: CircleAlert, limit: Hourglass, unapproved: FilePen } as const;

const TASKS_MAX = 5;

/** What needs a person and is not a question. */
export type Standstill = Exclude<Need, { kind: 'approval' }>;

function Words({ need }: { need: Standstill }) {
  if (need.kind === 'unapproved') {
    return (
      <p>
        The plan was changed while agents were at work.{' '}
        {need.taskIds.length > 0 && `${need.taskIds.join(', ')} will not start until you approve it. `}
        <Link to="/orchestrators/$id" params={{ id: need.run.id }} className="font-medium text-accent underline">
          Show the changes
        </Link>
      </p>
    );
  }
  if (need.kind === 'limit') return <p>{waitingText({ what: need.what, until: need.until })}</p>;
  return (
    <p>
      Nothing more can run{need.taskIds.length ? ': ' : `. ${waitingText({ what: need.what, until: null })}.`}
      {need.taskIds.slice(0, TASKS_MAX).map((taskId, index) => (
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
      {need.taskIds.length > TASKS_MAX && ` and ${need.taskIds.length - TASKS_MAX} more`}
      {need.taskIds.length > 0 &&
        ` failed. Retry or skip ${need.taskIds.length > 1 ? 'them' : 'it'}, or shut the run down.`}
    </p>
  );
}

/** Something that needs a person. `isOwnPage`: its run's page needs not name the run. */
export function NeedCard({ need, isOwnPage = false }: { need: Standstill; isOwnPage?: boolean }) {
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
    </article>
  );
}
