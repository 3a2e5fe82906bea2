import { CircleAlert, LoaderCircle, Radio, WifiOff } from 'lucide-react';
import type { WatchStatus } from '@/api/client';
import { Pill } from '@/components/status';
import { clock } from '@/format/format';
import type { RunView } from '@/run/run-store';

/** Until when the page knows how the run is; null while it knows it now. */
export function knownUntil(run: RunView): number | null {
  return run.watch.state === 'live' || run.watch.state === 'ended' ? null : run.heardAt;
}

function wordsFor(watch: WatchStatus) {
  switch (watch.state) {
    case 'live':
      return { tone: 'good', label: 'live', Icon: Radio } as const;
    case 'connecting':
    case 'catching_up':
      return {
        tone: 'warn',
        label: watch.state === 'connecting' ? 'connecting' : 'catching up',
        Icon: LoaderCircle,
      } as const;
    case 'reconnecting':
      return { tone: 'warn', label: 'reconnecting', Icon: WifiOff } as const;
    default:
      return { tone: 'bad', label: 'cut off', Icon: CircleAlert } as const;
  }
}

/**
 * How fresh the page is: live or as of when, and up to which event of the log. For a run that has ended and is shown
 * whole, nothing needs to be said.
 */
export function Freshness({ run }: { run: RunView }) {
  if (run.watch.state === 'ended') return null;
  const { tone, label, Icon } = wordsFor(run.watch);
  const upTo = run.watch.completeUpTo;
  const until = knownUntil(run);
  return (
    <span role="status" className="inline-flex flex-wrap items-center gap-2 text-sm text-muted">
      <Pill tone={tone}>
        <Icon size={13} aria-hidden="true" />
        {label}
      </Pill>
      {upTo !== null && <span className="nums">up to event {upTo}</span>}
      {until !== null && run.status && <span>as of {clock(until)}</span>}
    </span>
  );
}
