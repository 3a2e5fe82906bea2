import type { StatusSummary } from '@/api/client';

const PARTS = [
  ['checked', 'bg-good'],
  ['unchecked', 'bg-good opacity-45'],
  ['skipped', 'bg-idle opacity-50'],
  ['in_progress', 'bg-busy breathing'],
  ['failed', 'bg-bad'],
] as const;

type Counts = Pick<StatusSummary, 'total_tasks' | 'completed' | 'unchecked' | 'skipped' | 'in_progress' | 'failed'>;

/** How far a run is: a bar with a part for each status, and a paler one for what is completed but unchecked. The shares are set by script, as the page allows no inline styles. */
export function Progress({ counts, label }: { counts: Counts; label: string }) {
  const total = Math.max(1, counts.total_tasks);
  const settled = counts.completed + counts.skipped;
  const parts = { ...counts, checked: counts.completed - counts.unchecked };
  const doubt = counts.unchecked > 0 ? `, ${counts.unchecked} of them unchecked` : '';
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={counts.total_tasks}
      aria-valuenow={settled}
      aria-valuetext={`${settled} of ${counts.total_tasks} tasks are settled${doubt}`}
      className="flex h-2 w-full overflow-hidden rounded-full bg-idle-soft"
    >
      {PARTS.map(
        ([status, look]) =>
          parts[status] > 0 && (
            <span key={status} className={look} style={{ width: `${(100 * parts[status]) / total}%` }} />
          ),
      )}
    </div>
  );
}
