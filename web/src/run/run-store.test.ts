import { beforeEach, expect, test, vi, type Mock } from 'vitest';
import type { ApiClient, OrchestratorEvent, OrchestratorStatus } from '@/api/client';
import { RunStore } from '@/run/run-store';
import {
  fakeApi,
  FakeWatch,
  makeCall,
  makeChange,
  makeError,
  makeEvent,
  makeStatus,
  makeTask,
} from '@/testing/fake-api';

/** More than any pause of the store's, so that all is settled. */
const SETTLED_MS = 5_000;

const ended = (seq: number) =>
  makeEvent('orchestrator_changed', seq, {
    old_status: 'running',
    new_status: 'completed',
    reason: null,
    waits_for: null,
    interrupted: [],
  });

let watches: FakeWatch[];
let log: OrchestratorEvent[];
let listEvents: Mock<ApiClient['listEvents']>;
let getOrchestratorStatus: Mock<ApiClient['getOrchestratorStatus']>;
let store: RunStore;

beforeEach(async () => {
  vi.useFakeTimers();
  watches = [];
  log = [];
  listEvents = vi.fn<ApiClient['listEvents']>((_id, { after = 0, limit = 1_000 } = {}) =>
    Promise.resolve(log.filter((event) => 'seq' in event && event.seq > after).slice(0, limit) as never),
  );
  getOrchestratorStatus = vi.fn<ApiClient['getOrchestratorStatus']>(() => Promise.reject(makeError(503, 'no')));
  const api = fakeApi({
    watch: (_id, options) => {
      const watch = new FakeWatch(options);
      watches.push(watch);
      return watch;
    },
    listEvents,
    getOrchestratorStatus,
  });
  store = new RunStore(api, 'orch-1');
  store.open();
  // No status to begin with: the stream brings it.
  await vi.advanceTimersByTimeAsync(0);
  getOrchestratorStatus.mockClear();
  return () => vi.useRealTimers();
});

const watch = () => watches.at(-1) as FakeWatch;
const settle = () => vi.advanceTimersByTimeAsync(SETTLED_MS);
const seqs = () => store.view.history.calls.map((one) => one.startSeq);

test('the status is that of the stream, and the page hears of many events at once', async () => {
  const heard = vi.fn();
  store.subscribe(heard);
  watch().begin(makeStatus({ seq: 3 }));
  heard.mockClear();
  watch().tell(makeCall(4), makeCall(5), makeCall(6));
  expect(heard).not.toHaveBeenCalled();
  await settle();
  expect(heard).toHaveBeenCalledTimes(1);
  expect(store.view.status?.seq).toBe(6);
  expect(store.view.watch).toMatchObject({ state: 'live', completeUpTo: 6 });
  expect(seqs()).toEqual([4, 5, 6]);
});

test('what was before the page was opened is read backwards, once, and joins what comes', async () => {
  log = [1, 2, 3, 4].map((seq) => makeCall(seq));
  watch().begin(makeStatus({ seq: 3 }));
  store.readHistory();
  store.readHistory();
  watch().tell(makeCall(4));
  await settle();
  expect(seqs()).toEqual([1, 2, 3, 4]);
  expect(store.view.historyLoaded).toBe(1);
  expect(listEvents).toHaveBeenCalledTimes(1);
});

test('who wants all gets all, also when only the end was being read', async () => {
  log = Array.from({ length: 2_500 }, (_, index) => makeCall(index + 1));
  watch().begin(makeStatus({ seq: 2_500 }));
  store.readRecent();
  store.readHistory();
  await settle();
  expect(store.view.history.calls).toHaveLength(2_500);
  expect(store.view.historyLoaded).toBe(1);
});

test('the end alone is one page', async () => {
  log = Array.from({ length: 2_500 }, (_, index) => makeCall(index + 1));
  watch().begin(makeStatus({ seq: 2_500 }));
  store.readRecent();
  store.readRecent();
  await settle();
  expect(listEvents).toHaveBeenCalledTimes(1);
  expect(store.view.history.calls).toHaveLength(1_000);
  expect(store.view.historyLoaded).toBeNull();
});

test('a status that is ahead of the stream does not move where the stream goes on', async () => {
  watch().begin(makeStatus({ seq: 3 }));
  watch().tell(makeChange(4));
  getOrchestratorStatus.mockResolvedValue(makeStatus({ seq: 9 }));
  await settle();
  expect(store.view.status?.seq).toBe(9);
  store.reopen();
  expect(watches).toHaveLength(2);
  expect(watch().options.after).toBe(4);
  watch().state({ state: 'live' });
  watch().tell(makeCall(5), makeCall(10));
  await settle();
  expect(seqs()).toEqual([5, 10]);
  expect(store.view.status?.seq).toBe(10);
});

test('an answer that is behind what is known is not taken over', async () => {
  watch().begin(makeStatus({ seq: 3 }));
  watch().tell(makeChange(4));
  getOrchestratorStatus.mockResolvedValue(makeStatus({ seq: 2, tasks: [makeTask({ id: 'old' })] }));
  await settle();
  expect(getOrchestratorStatus).toHaveBeenCalled();
  expect(store.view.status).toMatchObject({ seq: 4, tasks: [{ id: '1.1', status: 'in_progress' }] });
});

test('what came while the status was asked for is put on top of the answer', async () => {
  watch().begin(makeStatus({ seq: 3 }));
  let answer: (status: ReturnType<typeof makeStatus>) => void = () => undefined;
  getOrchestratorStatus.mockReturnValue(new Promise((resolve) => (answer = resolve)));
  watch().tell(makeChange(4));
  await settle();
  watch().tell(ended(5));
  await settle();
  answer(makeStatus({ seq: 4, reason: 'as asked' }));
  await settle();
  expect(store.view.status).toMatchObject({ seq: 5, status: 'completed' });
});

test('a stream that begins again has a history of its own, without what came before it', async () => {
  watch().begin(makeStatus({ seq: 3 }));
  watch().tell(makeCall(4));
  log = [1, 2, 3, 4, 5, 6].map((seq) => makeCall(seq));
  watch().begin(makeStatus({ seq: 6 }));
  watch().tell(makeCall(7));
  await settle();
  expect(seqs()).toEqual([7]);
  store.readHistory();
  await settle();
  expect(seqs()).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('a stream that begins where the last one ended goes on with the same history', async () => {
  watch().begin(makeStatus({ seq: 3 }));
  watch().tell(makeCall(4));
  watch().begin(makeStatus({ seq: 4 }));
  watch().tell(makeCall(5));
  await settle();
  expect(seqs()).toEqual([4, 5]);
});

test('a history that could not be read is read when the server is back', async () => {
  log = [1, 2, 3].map((seq) => makeCall(seq));
  listEvents.mockRejectedValueOnce(makeError(0, 'gone'));
  watch().begin(makeStatus({ seq: 3 }));
  store.readHistory();
  await settle();
  expect(store.view.historyError).toMatchObject({ message: 'gone' });
  watch().state({ state: 'reconnecting' });
  watch().state({ state: 'live' });
  await settle();
  expect(store.view.historyError).toBeNull();
  expect(seqs()).toEqual([1, 2, 3]);
});

test('a history whose reading was broken off by closing is read on after opening again', async () => {
  log = [1, 2, 3].map((seq) => makeCall(seq));
  watch().begin(makeStatus({ seq: 3 }));
  listEvents.mockImplementationOnce(
    (_id, { signal } = {}) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted')))),
  );
  store.readHistory();
  store.close();
  await settle();
  store.open();
  watch().state({ state: 'live' });
  await settle();
  expect(seqs()).toEqual([1, 2, 3]);
  expect(store.view.historyError).toBeNull();
});

test('when the run ends, so does all that was under way', async () => {
  watch().begin(makeStatus({ seq: 3 }));
  watch().tell(makeChange(4), makeCall(5), ended(6));
  await settle();
  expect(store.view.history.openCalls).toEqual([]);
  expect(store.view.history.attempts[0]?.outcome).toBe('interrupted');
});

test('after it is closed nothing is told and nothing is asked', async () => {
  watch().begin(makeStatus({ seq: 3 }));
  watch().tell(makeChange(4));
  store.close();
  const heard = vi.fn();
  store.subscribe(heard);
  await settle();
  expect(heard).not.toHaveBeenCalled();
  expect(getOrchestratorStatus).not.toHaveBeenCalled();
});

test('what was gathered when it is closed is not lost: it is told, and the stream goes on behind it', async () => {
  watch().begin(makeStatus({ seq: 3 }));
  watch().tell(makeCall(4), makeCall(5));
  expect(seqs()).toEqual([]);
  store.close();
  expect(seqs()).toEqual([4, 5]);
  expect(store.view.status?.seq).toBe(5);
  store.open();
  expect(watch().options.after).toBe(5);
  watch().state({ state: 'live' });
  watch().tell(makeCall(6));
  await settle();
  expect(seqs()).toEqual([4, 5, 6]);
});

test('a stream that begins again where only a status has come so far leaves out nothing between', async () => {
  log = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((seq) => makeCall(seq));
  watch().begin(makeStatus({ seq: 3 }));
  watch().tell(makeChange(4));
  getOrchestratorStatus.mockResolvedValue(makeStatus({ seq: 9 }));
  await settle();
  watch().begin(makeStatus({ seq: 9 }));
  watch().tell(makeCall(10));
  await settle();
  expect(seqs()).toEqual([10]);
  store.readHistory();
  await settle();
  expect(seqs()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

/** A store of its own whose run has this status, opened. */
async function begun(status: OrchestratorStatus): Promise<RunStore> {
  getOrchestratorStatus.mockResolvedValue(status);
  const api = fakeApi({
    watch: (_id, options) => {
      watches.push(new FakeWatch(options));
      return watch();
    },
    listEvents,
    getOrchestratorStatus,
  });
  const other = new RunStore(api, 'orch-1');
  other.open();
  await vi.advanceTimersByTimeAsync(0);
  return other;
}

test('the status comes as an answer, and the stream goes on where it ends', async () => {
  const other = await begun(makeStatus({ seq: 7 }));
  expect(watch().options.after).toBe(7);
  watch().state({ state: 'live' });
  watch().tell(makeCall(8));
  await settle();
  expect(other.view.status?.seq).toBe(8);
  expect(other.view.watch).toMatchObject({ state: 'live', completeUpTo: 8 });
  expect(getOrchestratorStatus).toHaveBeenCalledTimes(1);
});

test('a store that is closed before its first status is there begins no stream', async () => {
  const before = watches.length;
  getOrchestratorStatus.mockReturnValue(new Promise((resolve) => setTimeout(() => resolve(makeStatus()), 100)));
  const other = new RunStore(fakeApi({ getOrchestratorStatus, watch: () => expect.unreachable() }), 'orch-1');
  other.open();
  other.close();
  await settle();
  expect(watches).toHaveLength(before);
  expect(other.view.status).toBeUndefined();
});

test('the end of the history is read once, also by who asks before the run is known', async () => {
  log = [1, 2, 3].map((seq) => makeCall(seq));
  getOrchestratorStatus.mockResolvedValue(makeStatus({ seq: 3 }));
  const other = new RunStore(
    fakeApi({ listEvents, getOrchestratorStatus, watch: (_id, options) => new FakeWatch(options) }),
    'orch-1',
  );
  other.open();
  other.readRecent();
  await settle();
  expect(other.view.history.calls).toHaveLength(3);
  expect(listEvents).toHaveBeenCalledTimes(1);
});

test('from afar the status is asked for rarely, however many tasks change; closely, once a second', async () => {
  const other = await begun(makeStatus({ seq: 1 }));
  let seq = 2;
  const asked = async (seconds: number) => {
    getOrchestratorStatus.mockClear();
    for (let second = 0; second < seconds; second++) {
      watch().tell(makeChange(seq++));
      await vi.advanceTimersByTimeAsync(1_000);
    }
    return getOrchestratorStatus.mock.calls.length;
  };
  expect(await asked(60)).toBeLessThanOrEqual(4);
  const stop = other.watchClosely();
  expect(await asked(20)).toBeGreaterThanOrEqual(10);
  stop();
  await settle();
  expect(await asked(60)).toBeLessThanOrEqual(5);
});

test('a reader that asks for fresher data gets a postponed refetch soon', async () => {
  const other = await begun(makeStatus({ seq: 1 }));
  await settle();
  watch().tell(makeChange(2));
  await settle();
  expect(getOrchestratorStatus).toHaveBeenCalledTimes(1);
  other.watchClosely();
  await settle();
  expect(getOrchestratorStatus).toHaveBeenCalledTimes(2);
});

test('a wait that begins or may be over is asked about at once, also from afar', async () => {
  const retry = { what: 'retry', until: null };
  const other = await begun(makeStatus({ seq: 1 }));
  watch().tell(makeChange(2, { retry_at: '2026-01-02T03:05:00Z' }));
  getOrchestratorStatus.mockResolvedValue(makeStatus({ seq: 2, waiting_for: retry }));
  await settle();
  expect(other.view.status?.waiting_for).toEqual(retry);
  getOrchestratorStatus.mockResolvedValue(makeStatus({ seq: 3 }));
  watch().tell(makeChange(3));
  await settle();
  expect(other.view.status?.waiting_for).toBeNull();
});
