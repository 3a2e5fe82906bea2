import { expect, test, vi } from 'vitest';
import { RunPool } from '@/run/run-pool';
import { fakeApi, FakeWatch, makeStatus } from '@/testing/fake-api';

function make() {
  const watches: FakeWatch[] = [];
  const api = fakeApi({
    watch: (_id, options) => {
      const watch = new FakeWatch(options);
      watches.push(watch);
      return watch;
    },
  });
  return { pool: new RunPool(api), watches };
}

test('all that show a run share one stream, which outlives a short absence and no longer', async () => {
  vi.useFakeTimers();
  const { pool, watches } = make();
  const store = pool.take('orch-1');
  expect(pool.take('orch-1')).toBe(store);
  await vi.advanceTimersByTimeAsync(0);
  expect(watches).toHaveLength(1);
  pool.release('orch-1');
  pool.release('orch-1');
  vi.advanceTimersByTime(1_000);
  expect(pool.take('orch-1')).toBe(store);
  expect(watches[0]?.options.signal?.aborted).toBe(false);
  pool.release('orch-1');
  vi.advanceTimersByTime(60_000);
  expect(watches[0]?.options.signal?.aborted).toBe(true);
  vi.useRealTimers();
});

test('where the server does not answer, a stream that seems to live is made again behind what it brought', async () => {
  const { pool, watches } = make();
  const store = pool.take('orch-1');
  await expect.poll(() => watches.length).toBe(1);
  watches[0]?.begin(makeStatus({ seq: 7 }));
  expect(store.view.watch.state).toBe('live');
  pool.doubt();
  expect(store.view.watch.state).toBe('connecting');
  expect(watches).toHaveLength(2);
  expect(watches[1]?.options.after).toBe(7);
  pool.doubt();
  expect(watches).toHaveLength(2);
});
