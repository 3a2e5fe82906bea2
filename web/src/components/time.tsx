import { ago, fullTime, ticking } from '@/format/format';
import { useNow } from '@/format/use-now';

/** How long ago it was; the exact time on hover and for machines. */
export function Ago({ at }: { at: string | number }) {
  const now = useNow();
  const ms = typeof at === 'number' ? at : Date.parse(at);
  return (
    <time dateTime={new Date(ms).toISOString()} title={fullTime(ms)} className="nums">
      {ago(ms, now)}
    </time>
  );
}

/**
 * How long something takes or has taken. While it is open it ticks, unless `frozenAt` says until when the page knows
 * that it was going on.
 */
export function Elapsed({
  from,
  to,
  frozenAt,
}: {
  from: string | number;
  to?: string | number | null;
  frozenAt?: number | null;
}) {
  const now = useNow();
  const begin = typeof from === 'number' ? from : Date.parse(from);
  const end = to === null || to === undefined ? (frozenAt ?? now) : typeof to === 'number' ? to : Date.parse(to);
  return <span className="nums">{ticking(Math.max(0, end - begin))}</span>;
}
