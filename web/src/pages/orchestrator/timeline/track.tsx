import { Link, useNavigate } from '@tanstack/react-router';
import { memo, useState } from 'react';
import { CALL_LOOKS } from '@/components/call-badge';
import { attemptLook, type Tone } from '@/components/status';
import { clock, duration } from '@/format/format';
import { callAt, callPaths, type TimelineRow } from '@/pages/orchestrator/timeline/rows';
import { share, span, type Range } from '@/pages/orchestrator/timeline/scale';
import type { Attempt, Call } from '@/run/history';

const CALLS_PX = 10;
const ICON_PX = 22;
const NUMBER_PX = 44;
/** A call is found this far beside its bar. */
const SLACK_PX = 4;

const BARS: Record<Tone, string> = {
  good: 'bg-good-soft border-good text-good',
  bad: 'bg-bad-soft border-bad text-bad',
  warn: 'bg-warn-soft border-warn text-warn',
  busy: 'bg-busy-soft border-busy text-busy',
  idle: 'bg-idle-soft border-idle text-idle',
};
const FILLS: Record<Tone, string> = {
  good: 'fill-good',
  bad: 'fill-bad',
  warn: 'fill-warn',
  busy: 'fill-busy',
  idle: 'fill-idle',
};

function spoken(attempt: Attempt, title: string, now: number): string {
  const { label } = attemptLook(attempt);
  const why = attempt.error ?? attempt.reason;
  const took = duration((attempt.endedAt ?? now) - attempt.startedAt);
  const how = attempt.endedAt === null ? `${label} for ${took}` : `${label} after ${took}`;
  return `${title}, attempt ${attempt.number}: ${how}, from ${clock(attempt.startedAt)}${why ? `. ${why}` : ''}`;
}

function AttemptBar({
  id,
  attempt,
  title,
  range,
  widthPx,
  now,
}: {
  id: string;
  attempt: Attempt;
  title: string;
  range: Range;
  widthPx: number;
  now: number;
}) {
  const from = Math.max(-0.01, share(attempt.startedAt, range));
  const to = Math.min(1.01, share(attempt.endedAt ?? now, range));
  if (to < 0 || from > 1) return null;
  const look = attemptLook(attempt);
  const barPx = Math.max(3, (to - from) * widthPx);
  const text = spoken(attempt, title, now);
  return (
    <Link
      to="/orchestrators/$id/tasks/$taskId"
      params={{ id, taskId: attempt.taskId }}
      search={{ attempt: String(attempt.number) }}
      aria-label={text}
      title={text}
      draggable={false}
      style={{ left: `${from * 100}%`, width: barPx }}
      className={`absolute top-1 flex h-5 items-center gap-1 overflow-hidden rounded-sm border text-xs font-medium ${barPx >= ICON_PX ? 'px-1' : ''} ${BARS[look.tone]}`}
    >
      {barPx >= ICON_PX && <look.Icon size={12} aria-hidden="true" className="shrink-0" />}
      {barPx >= NUMBER_PX && `#${attempt.number}`}
    </Link>
  );
}

function callText(call: Call, now: number): string {
  const took = duration((call.endedAt ?? now) - call.startedAt);
  return `${call.name} ${CALL_LOOKS[call.status]?.label ?? call.status}, ${took}, from ${clock(call.startedAt)}: ${call.line}`;
}

/** The calls under the attempts. They are drawn, not built of elements; the same calls stand in Activity, one by one. */
function Calls({
  id,
  calls,
  range,
  widthPx,
  now,
}: {
  id: string;
  calls: readonly Call[];
  range: Range;
  widthPx: number;
  now: number;
}) {
  const navigate = useNavigate();
  const [pointed, setPointed] = useState<Call | null>(null);
  const at = (event: React.MouseEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const msPerPx = span(range) / box.width;
    return callAt(calls, range.from + (event.clientX - box.left) * msPerPx, SLACK_PX * msPerPx, now);
  };
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 ${widthPx} ${CALLS_PX}`}
      preserveAspectRatio="none"
      className={`absolute inset-x-0 top-7 h-2.5 w-full ${pointed ? 'cursor-pointer' : ''}`}
      onPointerMove={(event) => setPointed(at(event))}
      onPointerLeave={() => setPointed(null)}
      onClick={(event) => {
        const call = at(event);
        if (!call) return;
        void navigate({
          to: '/orchestrators/$id/activity',
          params: { id },
          search: { task: call.taskId, call: call.key },
        });
      }}
    >
      <title>{pointed ? callText(pointed, now) : ''}</title>
      <rect width={widthPx} height={CALLS_PX} className="fill-transparent" />
      {callPaths(calls, range, widthPx, CALLS_PX, now).map(({ key, status, path }) => (
        <path key={key} d={path} className={FILLS[CALL_LOOKS[status]?.tone ?? 'idle']} />
      ))}
    </svg>
  );
}

/** One task's attempts, and below them its calls. */
export const Track = memo(function Track({
  id,
  row,
  range,
  widthPx,
  now,
}: {
  id: string;
  row: Extract<TimelineRow, { kind: 'task' }>;
  range: Range;
  widthPx: number;
  now: number;
}) {
  const title = `${row.task.id} ${row.task.description}`;
  return (
    <div className="relative h-10 min-w-0 flex-1 overflow-hidden">
      {row.attempts.map((attempt) => (
        <AttemptBar
          key={attempt.number}
          id={id}
          attempt={attempt}
          title={title}
          range={range}
          widthPx={widthPx}
          now={now}
        />
      ))}
      {row.calls.length > 0 && <Calls id={id} calls={row.calls} range={range} widthPx={widthPx} now={now} />}
    </div>
  );
});
