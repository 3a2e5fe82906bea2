import { expect, test } from 'vitest';
import { panned, SPAN_MIN_MS, ticks, within, zoomed } from '@/pages/orchestrator/timeline/scale';

const BOUNDS = { from: 1_000_000, to: 1_100_000 };

test('what is pointed at stays where it is when one zooms', () => {
  const near = zoomed(BOUNDS, 0.5, 1_025_000, BOUNDS);
  expect(near).toEqual({ from: 1_012_500, to: 1_062_500 });
  expect(zoomed(near, 2, 1_025_000, BOUNDS)).toEqual(BOUNDS);
});

test('nobody zooms or moves beyond the bounds, nor closer than can be told apart', () => {
  expect(zoomed(BOUNDS, 100, 1_050_000, BOUNDS)).toEqual(BOUNDS);
  const closest = zoomed(BOUNDS, 1e-9, 1_050_000, BOUNDS);
  expect(closest.to - closest.from).toBe(SPAN_MIN_MS);
  expect(panned({ from: 1_010_000, to: 1_020_000 }, -50_000, BOUNDS)).toEqual({ from: 1_000_000, to: 1_010_000 });
  expect(panned({ from: 1_010_000, to: 1_020_000 }, 500_000, BOUNDS)).toEqual({ from: 1_090_000, to: 1_100_000 });
  expect(within({ from: 0, to: 10 }, BOUNDS)).toEqual({ from: 1_000_000, to: 1_000_000 + SPAN_MIN_MS });
});

test.each([
  [1_000, '.'],
  [60_000, ':'],
  [3 * 3_600_000, ':'],
  [30 * 86_400_000, ','],
])('marks of %i ms stand at round times, apart, and say what they are', (length, part) => {
  const range = { from: 1_767_323_045_123, to: 1_767_323_045_123 + length };
  const found = ticks(range, 900);
  expect(found.length).toBeGreaterThanOrEqual(3);
  expect(found.length).toBeLessThanOrEqual(10);
  expect(new Set(found.map(({ label }) => label)).size).toBe(found.length);
  expect(found.every(({ at }) => at >= range.from && at <= range.to)).toBe(true);
  expect(found.some(({ label }) => label.includes(part))).toBe(true);
});

test('a page that has no width yet has marks too', () => {
  expect(ticks(BOUNDS, 0).length).toBeGreaterThan(0);
});
