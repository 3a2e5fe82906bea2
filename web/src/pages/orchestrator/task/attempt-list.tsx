import { Link } from '@tanstack/react-router';
import { knownUntil } from '@/components/freshness';
import { AttemptBadge } from '@/components/status';
import { Elapsed } from '@/components/time';
import { clock } from '@/format/format';
import type { RunView } from '@/run/run-store';

/** The attempts at a task, newest first; one of them is shown in full. */
export function AttemptList({ id, run, taskId, shown }: { id: string; run: RunView; taskId: string; shown: number }) {
  const attempts = run.history.attempts.filter((one) => one.taskId === taskId).toReversed();
  if (!attempts.length) return null;
  return (
    <section aria-label="Attempts" className="card p-4 text-sm">
      <h3 className="mb-2 font-semibold">Attempts</h3>
      <ol className="grid gap-1">
        {attempts.map((attempt) => (
          <li key={attempt.number}>
            <Link
              to="/orchestrators/$id/tasks/$taskId"
              params={{ id, taskId }}
              search={(before) => ({ ...before, attempt: String(attempt.number) })}
              aria-current={attempt.number === shown ? 'true' : undefined}
              className="grid gap-0.5 rounded-lg border border-transparent px-2 py-1.5 hover:bg-idle-soft aria-[current=true]:border-accent aria-[current=true]:bg-accent-soft"
            >
              <span className="flex flex-wrap items-center justify-between gap-2">
                <span className="font-medium">Attempt {attempt.number}</span>
                <AttemptBadge attempt={attempt} />
              </span>
              <span className="text-muted">
                {clock(attempt.startedAt)} ·{' '}
                <Elapsed from={attempt.startedAt} to={attempt.endedAt} frozenAt={knownUntil(run)} />
                {attempt.agent && ` · ${attempt.agent}`}
              </span>
              {(attempt.error ?? attempt.reason) && (
                <span className="line-clamp-2 break-words text-bad">{attempt.error ?? attempt.reason}</span>
              )}
            </Link>
          </li>
        ))}
      </ol>
    </section>
  );
}
