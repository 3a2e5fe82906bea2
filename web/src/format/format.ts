/** How numbers, times and money are written everywhere. */

const LOCALE = 'en-GB';
const clockFormat = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayFormat = new Intl.DateTimeFormat(LOCALE, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const fullFormat = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'full', timeStyle: 'long' });

/** `842 ms`, `7.3 s`, `3 min 05 s`, `2 h 04 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** The same in whole seconds, for what ticks. */
export function ticking(ms: number): string {
  return ms < 60_000 ? `${Math.max(0, Math.floor(ms / 1_000))} s` : duration(ms);
}

/** `just now`, `12 s ago`, `4 min ago`, `3 h ago`, else the day. */
export function ago(at: number, now: number): string {
  const seconds = Math.floor((now - at) / 1_000);
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 12 * 3_600) return `${Math.floor(seconds / 3_600)} h ago`;
  return dayFormat.format(at);
}

export function clock(at: number): string {
  return clockFormat.format(at);
}

export function dayAndTime(at: number): string {
  return dayFormat.format(at);
}

export function fullTime(at: number): string {
  return fullFormat.format(at);
}

/** `$12.35`, `$0.0123`: cents, and below a dollar as many places as three digits take; as the command line writes it. */
export function dollars(usd: number): string {
  if (usd >= 1 || usd <= 0) return `$${usd.toFixed(2)}`;
  const places = Math.min(2 - Math.floor(Math.log10(usd)), 10);
  return `$${usd.toFixed(places).replace(/(\.\d\d\d*?)0+$/, '$1')}`;
}

/** `$0.42`; what is not known is said, never shown as zero. `isComplete` false: some of it has no known price. */
export function cost(usd: number | null | undefined, isComplete = true): string {
  if (usd === null || usd === undefined) return 'unknown cost';
  const text = dollars(usd);
  return isComplete ? text : `${text} or more`;
}

/** `950`, `12.3k`, `4.1M`. */
export function count(value: number): string {
  if (value < 10_000) return String(value);
  return value < 1_000_000 ? `${(value / 1_000).toFixed(1)}k` : `${(value / 1_000_000).toFixed(1)}M`;
}

export function bytes(value: number): string {
  if (value < 1_000) return `${value} B`;
  return value < 1_000_000 ? `${(value / 1_000).toFixed(1)} kB` : `${(value / 1_000_000).toFixed(1)} MB`;
}

export function plural(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
