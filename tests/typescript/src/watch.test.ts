/** What `watch` makes of everything that a connection can do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  ApiError, createApiClient, type OrchestratorEvent, type WatchOptions, type WatchStatus,
} from '../../../docs/plan-outputs/orchestrator-api-server/api-client';
import { changed, ended, FakeServer, frame, ID, snapshot, type Script } from './fake_server';

// No test waits for the back-off: what is waited for comes at once.
const realSetTimeout = globalThis.setTimeout;
globalThis.setTimeout = ((act: () => void) => realSetTimeout(act, 0)) as typeof setTimeout;

type Seen = { events: OrchestratorEvent[]; states: WatchStatus[]; server: FakeServer; final: WatchStatus; onError: ApiError[] };

async function watched(scripts: Script[], options: WatchOptions = {}, server = new FakeServer(scripts)): Promise<Seen> {
  const events: OrchestratorEvent[] = [];
  const states: WatchStatus[] = [];
  const onError: ApiError[] = [];
  const api = createApiClient({ baseUrl: 'http://server', fetch: server.fetch, onError: (error) => onError.push(error) });
  const watch = api.watch(ID, {
    onEvent: (event) => events.push(event),
    onState: (status) => states.push(status),
    ...options,
  });
  return { events, states, server, final: await watch.finished, onError };
}

const seqs = (events: OrchestratorEvent[]) => events.map((event) => ('seq' in event ? event.seq : event.type));

test('a snapshot, what follows it, and the end', async () => {
  const seen = await watched([{ frames: [snapshot(5), changed(6), ended(7)] }]);
  assert.deepEqual(seqs(seen.events), [5, 6, 7]);
  assert.equal(seen.final.state, 'ended');
  assert.equal(seen.final.completeUpTo, 7);
  assert.deepEqual(seen.server.requests, [`GET /api/orchestrators/${ID}`, `GET /api/orchestrators/${ID}/events-sse`]);
});

for (const then of ['cut', 'end'] as const) {
  test(`after a ${then} it goes on behind the last event`, async () => {
    const seen = await watched([{ frames: [snapshot(1), changed(2)], then }, { frames: [changed(3)], then }, { frames: [ended(4)] }]);
    assert.deepEqual(seqs(seen.events), [1, 2, 3, 4]);
    assert.deepEqual(seen.server.streams.map((url) => url.split('?')[1]), [undefined, 'after=2', 'after=3']);
  });
}

test('what comes twice is handed over once', async () => {
  const seen = await watched([{ frames: [changed(1), changed(2)], then: 'end' }, { frames: [changed(1), changed(2), changed(2), ended(3)] }], { after: 0 });
  assert.deepEqual(seqs(seen.events), [1, 2, 3]);
});

test('a hole is not handed over: the next connection fills it', async () => {
  const seen = await watched([{ frames: [changed(1), changed(3)], then: 'silence' }, { frames: [changed(2), changed(3), ended(4)] }], { after: 0 });
  assert.deepEqual(seqs(seen.events), [1, 2, 3, 4]);
  assert.equal(seen.server.streams[1]?.split('?')[1], 'after=1');
});

test('a ping that has looked further than we got is a hole too', async () => {
  const seen = await watched([{ frames: [changed(1), frame('ping', { up_to: 1 }), frame('ping', { up_to: 2 })], then: 'silence' }, { frames: [changed(2), ended(3)] }], { after: 0 });
  assert.deepEqual(seqs(seen.events), [1, 2, 3]);
});

test('fallen behind: the log has what was left out', async () => {
  const resync = frame('resync', { reason: 'fell_behind', requested: 1, oldest: 1 });
  const seen = await watched([{ frames: [changed(1), resync, snapshot(9), changed(10)], then: 'silence' }, { frames: [changed(2), ended(3)] }], { after: 0 });
  assert.deepEqual(seqs(seen.events), [1, 2, 3]);
});

for (const reason of ['not_kept', 'beyond_log']) {
  test(`${reason}: the snapshot is the new truth, also when it is older`, async () => {
    const resync = frame('resync', { reason, requested: 50, oldest: 1 });
    const seen = await watched([{ frames: [resync, snapshot(7), changed(8)], then: 'cut' }, { frames: [ended(9)] }], { after: 50 });
    assert.deepEqual(seqs(seen.events), ['resync', 7, 8, 9]);
    assert.equal(seen.server.streams[1]?.split('?')[1], 'after=8');
  });
}

test('types of a newer server pass through and count', async () => {
  const seen = await watched([{ frames: [changed(1), frame('something_new', {}, 2), frame('frame_new', {}), ended(3)] }], { after: 0 });
  assert.deepEqual(seqs(seen.events), [1, 2, 3]);
});

test('comments, CRLF, several data lines and what is no JSON', async () => {
  const text = JSON.stringify(changed(1), null, 1).split('\n').map((line) => `data: ${line}\r\n`).join('');
  const seen = await watched([{ frames: [`: hello\r\n\r\nid: 1\r\nevent: x\r\n${text}\r\n`, 'data: {"type":\n\n'], then: 'silence' }, { frames: [ended(2)] }], { after: 0 });
  assert.deepEqual(seqs(seen.events), [1, 2]);
  assert.ok(seen.states.some((status) => status.error instanceof SyntaxError));
});

test('characters that chunks cut in two arrive whole', async () => {
  const seen = await watched([{ frames: [frame('agent_message', { text: 'grün 🚀 漢字' }, 1), ended(2)] }], { after: 0 });
  assert.equal((seen.events[0]?.data as { text: string }).text, 'grün 🚀 漢字');
});

test('states: connecting, catching up, live, reconnecting, ended', async () => {
  const server = new FakeServer([{ frames: [changed(1), changed(2), changed(3)], then: 'cut' }, { frames: [ended(4)] }]);
  server.info.seq = 2;
  const seen = await watched([], { after: 0 }, server);
  assert.deepEqual(seen.states.map(({ state, completeUpTo }) => [state, completeUpTo]), [
    ['connecting', 0], ['catching_up', 0], ['live', 2], ['reconnecting', 3], ['live', 3], ['ended', 4],
  ]);
  const again = seen.states[3];
  assert.ok(again?.retryInMs && again.retryInMs >= 250 && again.retryInMs <= 500);
});

test('an orchestrator that has ended, of which everything is here, needs no stream', async () => {
  const server = new FakeServer([]);
  server.info = { seq: 9, ended_at: '2026-01-01T00:00:00Z' };
  const seen = await watched([], { after: 9 }, server);
  assert.equal(seen.final.state, 'ended');
  assert.deepEqual(server.streams, []);
});

test('a snapshot of one that has ended is the end', async () => {
  const seen = await watched([{ frames: [snapshot(9, 'crashed')] }]);
  assert.deepEqual(seqs(seen.events), [9]);
  assert.equal(seen.final.state, 'ended');
});

for (const status of [401, 403, 404, 422]) {
  test(`${status} is the end of it, and is said`, async () => {
    const server = new FakeServer([]);
    server.refusals = [status];
    const { final, onError } = await watched([], {}, server);
    assert.equal(final.state, 'failed');
    assert.ok(final.error instanceof ApiError);
    assert.equal(final.error.status, status);
    assert.equal(server.requests.length, 1);
    assert.deepEqual(onError, [final.error]);
  });
}

test('everything else is tried again', async () => {
  const server = new FakeServer([{ frames: [ended(1)] }]);
  server.refusals = ['network', 503, 500, 429, 408];
  const seen = await watched([], { after: 0 }, server);
  assert.deepEqual(seqs(seen.events), [1]);
  assert.deepEqual(seen.onError, []);
  const told = seen.states.filter((status) => status.state === 'reconnecting').map((status) => (status.error as ApiError).status);
  assert.deepEqual(told, [0, 503, 500, 429, 408]);
});

test('what came with the event on which it was closed is not handed over', async () => {
  for (const how of ['close', 'signal'] as const) {
    const server = new FakeServer([{ frames: [changed(1), changed(2), changed(3), ended(4)] }]);
    const controller = new AbortController();
    const seen: number[] = [];
    const api = createApiClient({ baseUrl: 'http://server', fetch: server.fetch });
    const watch = api.watch(ID, {
      after: 0,
      signal: controller.signal,
      onEvent(event) {
        seen.push('seq' in event ? event.seq : 0);
        if (seen.length === 2) how === 'close' ? watch.close() : controller.abort();
      },
    });
    const final = await watch.finished;
    assert.deepEqual(seen, [1, 2]);
    assert.deepEqual([final.state, final.completeUpTo], ['closed', 2]);
  }
});

test('a transport that cannot be is refused at once', () => {
  const api = createApiClient('http://server');
  assert.throws(() => api.watch(ID, { transport: 'pigeon' as 'sse' }), TypeError);
  if (typeof WebSocket === 'undefined') assert.throws(() => api.watch(ID, { transport: 'websocket' }), TypeError);
});

test('closing ends it at once, and the request with it', async () => {
  const server = new FakeServer([{ frames: [snapshot(1)], then: 'silence' }]);
  const api = createApiClient({ baseUrl: 'http://server', fetch: server.fetch });
  const watch = api.watch(ID, { onEvent: () => watch.close() });
  const final = await watch.finished;
  assert.equal(final.state, 'closed');
  assert.equal(final.completeUpTo, 1);
  assert.ok(server.signals.every((signal) => signal.aborted));
});

test('a signal closes it, also one that is aborted already', async () => {
  const controller = new AbortController();
  const first = await watched([{ frames: [snapshot(1)], then: 'silence' }], { signal: controller.signal, onEvent: () => controller.abort() });
  assert.equal(first.final.state, 'closed');
  const second = await watched([], { signal: controller.signal });
  assert.equal(second.final.state, 'closed');
  assert.deepEqual(second.server.requests, []);
});

test('silence for too long is a dead connection', async () => {
  const seen = await watched([{ frames: [changed(1)], then: 'silence' }, { frames: [ended(2)] }], { after: 0, silenceMs: 20 });
  assert.equal(seen.final.completeUpTo, 2);
  assert.ok(seen.states.some(({ error }) => error instanceof Error && error.message === 'Nothing came for 0.02 s.'));
});

test('what a handler throws ends the watch, and the event does not count as taken', async () => {
  const seen = await watched([{ frames: [changed(1), changed(2)], then: 'silence' }], {
    after: 0,
    onEvent(event) {
      if ('seq' in event && event.seq === 2) throw new RangeError('no');
    },
  });
  assert.equal(seen.final.state, 'failed');
  assert.ok(seen.final.error instanceof RangeError);
  assert.equal(seen.final.completeUpTo, 1);
});

test('as an iterator it ends with the orchestrator, can be left, and throws what is final', async () => {
  const server = new FakeServer([{ frames: [changed(1), changed(2)], then: 'end' }, { frames: [ended(3)] }]);
  const api = createApiClient({ baseUrl: 'http://server', fetch: server.fetch });
  const watch = api.watch(ID, { after: 0 });
  const events: OrchestratorEvent[] = [];
  for await (const event of watch) events.push(event);
  assert.deepEqual(seqs(events), [1, 2, 3]);
  assert.equal((await watch.finished).state, 'ended');
  assert.throws(() => watch[Symbol.asyncIterator](), TypeError);

  server.scripts.push({ frames: [changed(1), changed(2)], then: 'silence' });
  const left = api.watch(ID, { after: 0 });
  for await (const event of left) if ('seq' in event && event.seq === 2) break;
  assert.equal((await left.finished).state, 'closed');
  assert.equal(left.completeUpTo, 1);

  server.refusals = [404];
  const refused = api.watch(ID);
  await assert.rejects(async () => { for await (const _ of refused); }, ApiError);
  assert.equal((await refused.finished).state, 'failed');
});

test('a watch that nobody reads can be closed', async () => {
  const watch = createApiClient('http://server').watch(ID);
  watch.close();
  assert.equal((await watch.finished).state, 'closed');
});

test('a name that leads elsewhere is refused before anything is asked', () => {
  for (const id of ['', '.', '..']) assert.throws(() => createApiClient('http://server').watch(id), TypeError);
});

test('while the page is hidden there is no connection, if told so', async () => {
  const page = new EventTarget() as EventTarget & { hidden: boolean };
  page.hidden = true;
  (globalThis as { document?: unknown }).document = page;
  try {
    const server = new FakeServer([{ frames: [changed(1)], then: 'silence' }, { frames: [ended(2)] }]);
    const show = (hidden: boolean) => {
      page.hidden = hidden;
      page.dispatchEvent(new Event('visibilitychange'));
    };
    let pauses = 0;
    const seen = await watched([], {
      after: 0, pauseWhenHidden: true,
      onEvent: (event) => 'seq' in event && event.seq === 1 && queueMicrotask(() => show(true)),
      onState({ state }) {
        if (state !== 'paused') return;
        if (pauses++ === 0) assert.deepEqual(server.requests, []);
        realSetTimeout(() => show(false), 5);
      },
    }, server);
    assert.equal(pauses, 2);
    assert.equal(seen.final.completeUpTo, 2);
  } finally {
    delete (globalThis as { document?: unknown }).document;
  }
});

class FakeSocket {
  static made: FakeSocket[] = [];
  static behave: (socket: FakeSocket) => void = () => {};
  onopen?: () => void;
  onclose?: () => void;
  onerror?: () => void;
  onmessage?: (event: { data: string }) => void;
  isClosed = false;
  constructor(readonly url: string, readonly protocols: string[]) {
    FakeSocket.made.push(this);
    realSetTimeout(() => FakeSocket.behave(this), 0);
  }
  close() {
    if (this.isClosed) return;
    this.isClosed = true;
    realSetTimeout(() => this.onclose?.(), 0);
  }
}

async function overSockets(behaviours: ((socket: FakeSocket) => void)[], run: (server: FakeServer) => Promise<void>) {
  const [before, fetchBefore] = [globalThis.WebSocket, globalThis.fetch];
  const server = new FakeServer([{ frames: [ended(2)] }]);
  FakeSocket.made = [];
  FakeSocket.behave = (socket) => behaviours.shift()?.(socket);
  globalThis.WebSocket = FakeSocket as unknown as typeof WebSocket;
  globalThis.fetch = server.fetch;
  try {
    await run(server);
  } finally {
    globalThis.WebSocket = before;
    globalThis.fetch = fetchBefore;
  }
}

const opens = (...events: unknown[]) => (socket: FakeSocket) => {
  socket.onopen?.();
  for (const event of events) socket.onmessage?.({ data: JSON.stringify(event) });
};
const closes = (socket: FakeSocket) => { socket.onerror?.(); socket.onclose?.(); };

test('a WebSocket where there is one, with the token as a subprotocol and the position in the URL', async () => {
  await overSockets([(socket) => { opens(changed(1))(socket); closes(socket); }, opens(ended(2))], async (server) => {
    const api = createApiClient({ baseUrl: 'https://server/sub/', token: 'secret-secret-secret' });
    const events: OrchestratorEvent[] = [];
    const final = await api.watch(ID, { after: 0, onEvent: (event) => events.push(event) }).finished;
    assert.equal(final.state, 'ended');
    assert.deepEqual(seqs(events), [1, 2]);
    assert.deepEqual(FakeSocket.made.map((socket) => socket.url), [
      `wss://server/sub/api/orchestrators/${ID}/events?after=0`, `wss://server/sub/api/orchestrators/${ID}/events?after=1`,
    ]);
    assert.deepEqual(FakeSocket.made[0]?.protocols, ['orchestrator.v1', 'bearer.secret-secret-secret']);
    assert.ok(FakeSocket.made.every((socket) => socket.isClosed));
    assert.ok(server.requests.every((request) => !request.includes('secret')));
  });
});

test('where WebSockets do not get through, it goes on by fetch', async () => {
  await overSockets([closes, closes], async (server) => {
    const final = await createApiClient('http://server').watch(ID, { after: 1, onEvent: () => {} }).finished;
    assert.equal(final.completeUpTo, 2);
    assert.equal(FakeSocket.made.length, 2);
    assert.equal(server.streams.length, 1);
  });
});

test('a transport that was asked for is kept to', async () => {
  await overSockets([closes, closes, closes, opens(ended(2))], async (server) => {
    const final = await createApiClient('http://server').watch(ID, { after: 1, transport: 'websocket', onEvent: () => {} }).finished;
    assert.equal(final.completeUpTo, 2);
    assert.equal(server.streams.length, 0);
  });
});

test('a reader that is slower than the events holds a bounded number of them', async () => {
  const many = Array.from({ length: 12_000 }, (_, index) => changed(index + 1));
  await overSockets([opens(...many), opens(...many.slice(5_000)), opens(...many.slice(10_000), ended(12_001))], async () => {
    const seen: number[] = [];
    for await (const event of createApiClient('http://server').watch(ID, { after: 0 })) {
      if ('seq' in event) seen.push(event.seq);
    }
    assert.deepEqual(seen, Array.from({ length: 12_001 }, (_, index) => index + 1));
    assert.deepEqual(FakeSocket.made.map((socket) => socket.url.split('=')[1]), ['0', '5000', '10000']);
  });
});
