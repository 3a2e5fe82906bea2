/** The axis of time: which part of it is in sight, and where its marks stand. All times are in milliseconds since 1970. */
import { clock, dayAndTime } from '@/format/format';

export interface Range {
  from: number;
  to: number;
}

/** Closer than this nothing can be told apart: the log's times are of milliseconds. */
export const SPAN_MIN_MS = 200;
const TICK_PX = 96;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  100,
  200,
  500,
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14, 30].map((days) => days * DAY),
];

export function span({ from, to }: Range): number {
  return to - from;
}

/** The range moved into the bounds, as long as it was unless they are shorter. */
export function within(range: Range, bounds: Range): Range {
  const length = Math.min(Math.max(span(range), SPAN_MIN_MS), Math.max(span(bounds), SPAN_MIN_MS));
  const from = Math.max(bounds.from, Math.min(range.from, bounds.to - length));
  return { from, to: from + length };
}

/** `factor` above 1 shows more of the time; what lies at `around` stays where it is. */
export function zoomed(range: Range, factor: number, around: number, bounds: Range): Range {
  const length = Math.max(SPAN_MIN_MS, span(range) * factor);
  const share = (around - range.from) / span(range);
  const from = around - share * length;
  return within({ from, to: from + length }, bounds);
}

export function panned(range: Range, ms: number, bounds: Range): Range {
  return within({ from: range.from + ms, to: range.to + ms }, bounds);
}

/** Where a time lies in the range, from 0 to 1, and beyond for what is out of sight. */
export function share(at: number, range: Range): number {
  return (at - range.from) / span(range);
}

export interface Tick {
  at: number;
  label: string;
}

/** Marks at round times of the viewer's clock, far enough from each other to be read. */
export function ticks(range: Range, widthPx: number): Tick[] {
  const least = (span(range) * TICK_PX) / Math.max(widthPx, TICK_PX);
  const step = STEPS.find((one) => one >= least) ?? STEPS.at(-1)!;
  const offset = new Date(range.from).getTimezoneOffset() * MINUTE;
  const found: Tick[] = [];
  for (let at = Math.ceil((range.from - offset) / step) * step + offset; at <= range.to; at += step) {
    found.push({ at, label: label(at, step) });
  }
  return found;
}

function label(at: number, step: number): string {
  if (step >= 12 * HOUR) return dayAndTime(at);
  if (step >= MINUTE) return clock(at).slice(0, 5);
  const part = at % SECOND;
  return part && step < SECOND ? `${clock(at)}.${String(part).padStart(3, '0').slice(0, 1)}` : clock(at);
}
