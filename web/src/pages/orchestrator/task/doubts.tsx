import { History, TriangleAlert } from 'lucide-react';
import type { TaskInfo } from '@/api/client';
import { evidenceOf, remarkText } from '@/run/evidence';

function Stale({ task }: { task: TaskInfo }) {
  return (
    <section aria-label="Why to doubt it" className="card border-l-4 border-l-warn p-4">
      <h3 className="mb-1 flex items-center gap-2 font-semibold">
        <History size={18} aria-hidden="true" className="shrink-0 text-warn" />
        It was {task.status} for an earlier wording
      </h3>
      <p>The plan’s text of this task has been changed since. Retry it to have done what the plan says now.</p>
    </section>
  );
}

/** What makes a task's completion doubtful, and what can be done about it. */
export function Doubts({ task }: { task: TaskInfo }) {
  const evidence = evidenceOf(task);
  if (task.stale) return <Stale task={task} />;
  if (evidence === null || !task.remarks.length) return null;
  return (
    <section aria-label="Why to doubt it" className="card border-l-4 border-l-warn p-4">
      <h3 className="mb-1 flex items-center gap-2 font-semibold">
        <TriangleAlert size={18} aria-hidden="true" className="shrink-0 text-warn" />
        {evidence === 'unchecked' ? 'Completed, but nothing checked it' : 'Its checks passed, but'}
      </h3>
      <ul className="list-disc pl-7">
        {task.remarks.map((remark) => (
          <li key={remark.kind} className="break-words">
            {remarkText(remark)}
          </li>
        ))}
      </ul>
      {evidence === 'unchecked' && (
        <p className="mt-2 text-sm text-muted">
          Look at what it did, and retry it with a note if it was not what you meant. A <code>verify:</code> line below
          the task in the plan has it checked from then on.
        </p>
      )}
    </section>
  );
}
