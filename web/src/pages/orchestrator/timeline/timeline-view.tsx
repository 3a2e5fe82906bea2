import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ChartNoAxesGantt, Maximize2, ZoomIn, ZoomOut } from 'lucide-react';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Button } from '@/components/button';
import { Choice } from '@/components/field';
import { knownUntil } from '@/components/freshness';
import { Empty, ErrorPanel } from '@/components/states';
import { hasEnded } from '@/components/status';
import { VirtualList } from '@/components/virtual-list';
import { clock, duration, plural } from '@/format/format';
import { useNow } from '@/format/use-now';
import { useShortcuts } from '@/keys/keys';
import { boundsOf, standstills, timelineRows, type Shown, type TimelineRow } from '@/pages/orchestrator/timeline/rows';
import { panned, share, span, ticks, zoomed, type Range } from '@/pages/orchestrator/timeline/scale';
import { Track } from '@/pages/orchestrator/timeline/track';
import { useRange } from '@/pages/orchestrator/timeline/use-range';
import { useRunHistory } from '@/run/use-run';

const ZOOM = 2;
const PAN_SHARE = 0.25;
/** A hand that moves less than this has pressed, not dragged. */
const DRAG_PX = 5;
const SHOWN: readonly { value: Shown; label: string }[] = [
  { value: 'running', label: 'running' },
  { value: 'failed', label: 'failed once' },
];

/** Left of the tracks stand the tasks' names, as wide in every row. */
const NAME_CLASS = 'w-24 shrink-0 sm:w-56';

/** The width of an element in pixels, and as it changes. */
function useWidth() {
  const element = useRef<HTMLDivElement>(null);
  const [widthPx, setWidth] = useState(600);
  useLayoutEffect(() => {
    const { current } = element;
    if (!current) return;
    const measure = () => setWidth(current.clientWidth || 600);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return { element, widthPx };
}

/** Turning the wheel with Ctrl zooms (a pinch comes as that), and dragging moves along the time. */
function useHand(range: Range, bounds: Range, widthPx: number, setRange: (range: Range | null) => void) {
  const element = useRef<HTMLDivElement>(null);
  const latest = useRef({ range, bounds, widthPx, setRange });
  latest.current = { range, bounds, widthPx, setRange };
  useEffect(() => {
    const { current } = element;
    if (!current) return;
    const left = () => current.querySelector('[data-axis]')?.getBoundingClientRect().left ?? 0;
    function onWheel(event: WheelEvent) {
      const { range, bounds, widthPx, setRange } = latest.current;
      if (event.ctrlKey) {
        event.preventDefault();
        const around = range.from + ((event.clientX - left()) / widthPx) * span(range);
        setRange(zoomed(range, Math.exp(event.deltaY / 300), around, bounds));
      } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        setRange(panned(range, (event.deltaX / widthPx) * span(range), bounds));
      }
    }
    let begun: { pointer: number; x: number; range: Range; isDrag: boolean } | null = null;
    function onDown(event: PointerEvent) {
      const { pointerId: pointer, clientX: x } = event;
      // A second finger ends the drag: two would pull it to and fro.
      if (begun) begun = null;
      else if (event.button === 0) begun = { pointer, x, range: latest.current.range, isDrag: false };
    }
    function onMove(event: PointerEvent) {
      if (begun?.pointer !== event.pointerId) return;
      const moved = event.clientX - begun.x;
      begun.isDrag ||= Math.abs(moved) > DRAG_PX;
      const { bounds, widthPx, setRange } = latest.current;
      if (begun.isDrag) setRange(panned(begun.range, (-moved / widthPx) * span(begun.range), bounds));
    }
    function onUp(event: PointerEvent) {
      if (begun?.pointer !== event.pointerId) return;
      if (begun.isDrag && event.type === 'pointerup') {
        // What was dragged was not pressed.
        window.addEventListener('click', stop, { capture: true, once: true });
        setTimeout(() => window.removeEventListener('click', stop, { capture: true }), 0);
      }
      begun = null;
    }
    function stop(event: Event) {
      event.preventDefault();
      event.stopPropagation();
    }
    current.addEventListener('wheel', onWheel, { passive: false });
    current.addEventListener('pointerdown', onDown);
    window.addEventListener('pointermove', onMove);
    window.addEventListener('pointerup', onUp);
    window.addEventListener('pointercancel', onUp);
    return () => {
      current.removeEventListener('wheel', onWheel);
      current.removeEventListener('pointerdown', onDown);
      window.removeEventListener('pointermove', onMove);
      window.removeEventListener('pointerup', onUp);
      window.removeEventListener('pointercancel', onUp);
    };
  }, []);
  return element;
}

function Marks({
  range,
  widthPx,
  stops,
  now,
}: {
  range: Range;
  widthPx: number;
  stops: ReturnType<typeof standstills>;
  now: number | null;
}) {
  const place = (at: number) => `${Math.min(1, Math.max(0, share(at, range))) * 100}%`;
  return (
    <div aria-hidden="true" className="pointer-events-none absolute inset-y-0 right-0 left-24 sm:left-56">
      {stops
        .filter((stop) => stop.to > range.from && stop.from < range.to)
        .map((stop) => (
          <div
            key={stop.from}
            className={`absolute inset-y-0 opacity-60 ${stop.kind === 'blocked' ? 'bg-bad-soft' : 'bg-warn-soft'}`}
            style={{ left: place(stop.from), right: `calc(100% - ${place(stop.to)})` }}
          />
        ))}
      {ticks(range, widthPx).map(({ at }) => (
        <div key={at} className="absolute inset-y-0 border-l border-line" style={{ left: place(at) }} />
      ))}
      {now !== null && now >= range.from && now <= range.to && (
        <div className="absolute inset-y-0 border-l-2 border-busy" style={{ left: place(now) }} />
      )}
    </div>
  );
}

function Row({
  id,
  row,
  range,
  widthPx,
  now,
}: {
  id: string;
  row: TimelineRow;
  range: Range;
  widthPx: number;
  now: number;
}) {
  if (row.kind === 'phase') {
    return (
      <h2 className="relative truncate border-b border-line bg-idle-soft px-2 py-1 text-sm font-medium">
        Phase {row.phase.number}: {row.phase.name}
      </h2>
    );
  }
  const { task } = row;
  return (
    <div className="relative flex border-b border-line">
      <Link
        to="/orchestrators/$id/tasks/$taskId"
        params={{ id, taskId: task.id }}
        tabIndex={-1}
        className={`${NAME_CLASS} flex h-10 flex-col justify-center border-r border-line bg-surface px-2 leading-tight hover:bg-idle-soft`}
        title={task.description}
      >
        <span className="truncate text-sm">
          <span className="nums font-mono text-muted">{task.id}</span>
          <span className="max-sm:hidden"> {task.description}</span>
        </span>
      </Link>
      <Track id={id} row={row} range={range} widthPx={widthPx} now={now} />
    </div>
  );
}

/** When what was done: each task's attempts and calls along the time, as far as the run has come. */
export function TimelineView() {
  const { id } = useParams({ from: '/orchestrators/$id/timeline' });
  const search = useSearch({ from: '/orchestrators/$id/timeline' });
  const navigate = useNavigate({ from: '/orchestrators/$id/timeline' });
  const { store, run } = useRunHistory(id);
  const { status, history } = run;
  const second = useNow();
  const isOver = status !== undefined && hasEnded(status.status);
  const now = knownUntil(run) ?? second;
  // A run that goes on is drawn again every second, however much happens in it.
  const moment = isOver ? run.historyVersion : second;
  const shown = SHOWN.find((one) => one.value === search.show)?.value ?? 'all';
  const rows = useMemo(
    () => (status ? timelineRows(status, history, shown) : []),
    // The history changes in place.
    [moment, shown, history, status === undefined, run.historyLoaded],
  );
  const bounds = useMemo(
    () => (status ? boundsOf(status, history.attempts, now) : { from: now - 1_000, to: now }),
    [moment, history, status === undefined, run.historyLoaded],
  );
  const stops = useMemo(() => standstills(history.log, bounds.to), [history.log, bounds.to]);
  const { range, isAll, setRange } = useRange(bounds);
  const { element: axis, widthPx } = useWidth();
  const hand = useHand(range, bounds, widthPx, setRange);
  const zoom = (factor: number) => setRange(zoomed(range, factor, (range.from + range.to) / 2, bounds));
  const pan = (direction: number) => setRange(panned(range, direction * PAN_SHARE * span(range), bounds));
  const group = 'Timeline';
  useShortcuts([
    { keys: '+', label: 'Zoom in', group, act: () => zoom(1 / ZOOM), mayRepeat: true },
    { keys: '-', label: 'Zoom out', group, act: () => zoom(ZOOM), mayRepeat: true },
    { keys: '0', label: 'Show the whole run', group, act: () => setRange(null) },
    { keys: 'ArrowLeft', label: 'Go back in time', group, act: () => pan(-1), mayRepeat: true },
    { keys: 'ArrowRight', label: 'Go on in time', group, act: () => pan(1), mayRepeat: true },
  ]);
  const loaded = run.historyLoaded;
  const begun = new Set(history.attempts.map((attempt) => attempt.taskId)).size;
  const waiting = (status?.tasks.length ?? 0) - begun;
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <Choice
          label="Tasks"
          value={shown === 'all' ? undefined : shown}
          options={SHOWN}
          onChange={(value) => void navigate({ search: (before) => ({ ...before, show: value ?? '' }), replace: true })}
        />
        <span className="nums flex-1 text-sm text-muted">
          {clock(range.from)} to {clock(range.to)}, {duration(span(range))}
        </span>
        <div role="group" aria-label="Zoom" className="flex gap-1">
          <Button aria-label="Zoom out" disabled={isAll} icon={<ZoomOut size={16} />} onClick={() => zoom(ZOOM)} />
          <Button
            aria-label="Show the whole run"
            disabled={isAll}
            icon={<Maximize2 size={16} />}
            onClick={() => setRange(null)}
          />
          <Button aria-label="Zoom in" icon={<ZoomIn size={16} />} onClick={() => zoom(1 / ZOOM)} />
        </div>
      </div>
      {loaded !== null && loaded < 1 && (
        <p role="status" className="nums mb-2 text-sm text-muted">
          Reading what happened before: {Math.floor(loaded * 100)} %
        </p>
      )}
      {history.isCut && <p className="mb-2 text-sm text-muted">Only the newest part of the log is shown.</p>}
      {run.historyError !== null && (
        <ErrorPanel
          error={run.historyError}
          onRetry={() => store.readHistory()}
          title="The earlier history could not be read"
        />
      )}
      {/* The frame is there from the beginning: its width is measured. */}
      <div
        ref={hand}
        className={`card relative touch-pan-y overflow-hidden select-none ${rows.length ? '' : 'hidden'}`}
      >
        <div className="flex border-b border-line bg-surface">
          <div className={`${NAME_CLASS} border-r border-line px-2 py-1 text-sm text-muted`}>Task</div>
          <div ref={axis} data-axis className="relative h-7 min-w-0 flex-1 overflow-hidden" aria-hidden="true">
            {ticks(range, widthPx).map(({ at, label }) => (
              <span
                key={at}
                className="nums absolute top-1 pl-1 text-xs whitespace-nowrap text-muted"
                style={{ left: `${share(at, range) * 100}%` }}
              >
                {label}
              </span>
            ))}
          </div>
        </div>
        <div className="relative">
          <Marks range={range} widthPx={widthPx} stops={stops} now={isOver ? null : now} />
          <VirtualList
            rows={rows}
            rowHeight={41}
            rowKey={(row) => (row.kind === 'phase' ? `phase ${row.phase.number}` : row.task.id)}
            label="Attempts by task"
          >
            {(row) => <Row id={id} row={row} range={range} widthPx={widthPx} now={now} />}
          </VirtualList>
        </div>
      </div>
      {rows.length === 0 && (
        <Empty
          icon={<ChartNoAxesGantt size={24} />}
          title={begun ? 'No tasks match' : loaded === 1 ? 'No task has begun yet' : 'Reading the log'}
        >
          {begun ? 'Choose other tasks.' : 'Each attempt at a task is drawn here from the moment it begins.'}
        </Empty>
      )}
      {rows.length > 0 && (
        <p className="mt-2 text-sm text-muted">
          {waiting > 0 && shown === 'all' && `${plural(waiting, 'task has', 'tasks have')} not begun in this run. `}
          {stops.length > 0 && 'Shaded: the run was paused or blocked. '}
          Drag, or turn the wheel with Ctrl, to move and to zoom.
        </p>
      )}
    </>
  );
}
