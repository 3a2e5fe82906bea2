import type { StatusSummary } from '@/api/client';

const PARTS = [
  ['completed', 'bg-good'],
  ['skipped', 'bg-idle opacity-50'],
  ['in_progress', 'bg-busy breathing'],
  ['failed', 'bg-bad'],
] as const;

type Counts = Pick<StatusSummary, 'total_tasks' | 'completed' | 'skipped' | 'in_progress' | 'failed'>;

/** How far a run is: a bar with a part for each status. The shares are set by script, as the page allows no inline styles. */
export function Progress({ counts, label }: { counts: Counts; label: string }) {
  const total = Math.max(1, counts.total_tasks);
  const settled = counts.completed + counts.skipped;
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={counts.total_tasks}
      aria-valuenow={settled}
      aria-valuetext={`${settled} of ${counts.total_tasks} tasks are settled`}
      className="flex h-2 w-full overflow-hidden rounded-full bg-idle-soft"
    >
      {PARTS.map(
        ([status, look]) =>
          counts[status] > 0 && (
            <span key={status} className={look} style={{ width: `${(100 * counts[status]) / total}%` }} />
          ),
      )}
    </div>
  );
}
