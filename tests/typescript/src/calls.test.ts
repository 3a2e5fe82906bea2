/** What the methods ask, what they make of the answers, and what never happens. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ApiError, createApiClient, type WatchStatus } from '../../../docs/plan-outputs/orchestrator-api-server/api-client';

type Asked = { url: string; init: RequestInit };

function answering(...answers: (Response | Error)[]) {
  const asked: Asked[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    asked.push({ url: String(input), init: init ?? {} });
    const answer = answers.shift() ?? Response.json([]);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { asked, fetch };
}

/** With a page around it that has this address, as in a browser. */
async function onPage<Result>(href: string, act: () => Promise<Result>): Promise<Result> {
  const page = globalThis as { location?: unknown };
  page.location = new URL(href);
  try {
    return await act();
  } finally {
    delete page.location;
  }
}

const header = (asked: Asked | undefined, name: string) => new Headers(asked?.init.headers).get(name);

test('a command: its path, body, key and revision', async () => {
  const { asked, fetch } = answering();
  const api = createApiClient({ baseUrl: 'http://server/', fetch, token: 'secret', headers: { 'X-Mine': '1' } });
  await api.skipTask('orch-1', { task_id: '1.1', reason: 'r' }, { idempotencyKey: 'k', revision: 3 });
  await api.retryTask('orch-1', { task_id: '1.1', force: true }, { revision: '*' });
  await api.pauseOrchestrator('orch-1', { mode: 'now' });
  assert.equal(asked[0]?.url, 'http://server/api/orchestrators/orch-1/skip-task');
  assert.equal(asked[0]?.init.method, 'POST');
  assert.deepEqual(JSON.parse(String(asked[0]?.init.body)), { task_id: '1.1', reason: 'r' });
  assert.equal(header(asked[0], 'idempotency-key'), 'k');
  assert.equal(header(asked[0], 'if-match'), '"3"');
  assert.equal(header(asked[0], 'authorization'), 'Bearer secret');
  assert.equal(header(asked[0], 'content-type'), 'application/json');
  assert.equal(header(asked[0], 'x-mine'), '1');
  assert.equal(header(asked[1], 'if-match'), '*');
  assert.equal(asked[2]?.url, 'http://server/api/orchestrators/orch-1/pause?mode=now');
  assert.equal(asked[2]?.init.body, null);
  assert.equal(header(asked[2], 'content-type'), null);
  for (const { url, init } of asked) {
    assert.ok(!url.includes('secret'));
    assert.equal(init.redirect, 'error');
  }
});

test('parameters of a query, and none where none is given', async () => {
  const { asked, fetch } = answering();
  const api = createApiClient({ baseUrl: 'http://server', fetch });
  await api.listEvents('o', { after: 0, limit: 5, types: ['task_changed', 'tool_started'] });
  await api.listEvents('o');
  await api.listEvents('o', { types: [] });
  await api.getOrchestratorStatus('o', { atSeq: 7 });
  assert.deepEqual(asked.map(({ url }) => url.replace('http://server/api/orchestrators/o', '')), [
    '/events?after=0&limit=5&types=task_changed%2Ctool_started', '/events', '/events', '/status?at_seq=7',
  ]);
});

test('JSON Lines come as a list, and what is none is an error', async () => {
  const body = '{"time":"2030-01-02T03:04:05Z","type":"Text","text":"a\\nb"}\n{"time":"2030-01-02T03:04:06Z","type":"Log"}\n';
  const { asked, fetch } = answering(new Response(body), new Response('{"type":'));
  const api = createApiClient({ baseUrl: 'http://server', fetch });
  const lines = await api.getTranscript('o', '1.1', { attempt: 2 });
  assert.deepEqual(lines.map(({ type, text }) => [type, text]), [['Text', 'a\nb'], ['Log', undefined]]);
  assert.equal(asked[0]?.url, 'http://server/api/orchestrators/o/tasks/1.1/transcript?attempt=2');
  const error = await api.getTranscript('o', '1.1').catch((caught: unknown) => caught);
  assert.ok(error instanceof ApiError);
  assert.equal(error.problem.code, 'not_json');
});

test('answers and messages: their paths and bodies', async () => {
  const { asked, fetch } = answering();
  const api = createApiClient({ baseUrl: 'http://server', fetch });
  await api.answerApproval('o', '1.1-1-1', { allow: false, reason: 'r' }, { idempotencyKey: 'k' });
  await api.messageTask('o', '1.1', { text: 'hi' });
  assert.deepEqual(asked.map(({ url, init }) => [url.replace('http://server/api/orchestrators/o', ''), init.body]), [
    ['/approvals/1.1-1-1', '{"allow":false,"reason":"r"}'], ['/tasks/1.1/message', '{"text":"hi"}'],
  ]);
  assert.equal(header(asked[0], 'idempotency-key'), 'k');
});

test('what stands in a path is encoded, and cannot lead to another', async () => {
  const { asked, fetch } = answering();
  const api = createApiClient({ baseUrl: 'http://server', fetch });
  await api.getFindingContent('a/b ?#%ü', '1.1');
  assert.equal(asked[0]?.url, 'http://server/api/plans/a%2Fb%20%3F%23%25%C3%BC/findings/1.1');
  for (const name of ['', '.', '..']) await assert.rejects(api.getPlanStatus(name), TypeError);
  assert.equal(asked.length, 1);
});

test('a base URL may be a path or nothing, and has no query', async () => {
  const { asked, fetch } = answering();
  assert.throws(() => createApiClient({ baseUrl: '', fetch }), TypeError); // outside of a page
  await onPage('http://page/', async () => {
    await createApiClient({ baseUrl: '', fetch }).health();
    await createApiClient({ baseUrl: '/proxy/', fetch }).health();
  });
  await createApiClient({ baseUrl: 'http://server/sub/path//', fetch }).health();
  assert.deepEqual(asked.map(({ url }) => url), ['/health', '/proxy/health', 'http://server/sub/path/health']);
  const wrong = ['http://server?x=1', 'http://server#x', '127.0.0.1:8000', 'localhost:8000', 'ws://server', 'http://user:password@server'];
  for (const url of wrong) assert.throws(() => createApiClient(url), /baseUrl is the URL of a server/);
  assert.throws(() => createApiClient(undefined as unknown as string), TypeError);
});

test('a problem is thrown with its status and what the server said', async () => {
  const problem = { type: 'about:blank', title: 'Conflict', status: 409, detail: 'It is paused.', instance: '/x', code: 'paused', errors: [] };
  const told: ApiError[] = [];
  const { fetch } = answering(Response.json(problem, { status: 409, headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '10' } }));
  const api = createApiClient({ baseUrl: 'http://server', fetch, onError: (error) => told.push(error) });
  const error = await api.resumeOrchestrator('o').catch((caught: unknown) => caught);
  assert.ok(error instanceof ApiError);
  assert.ok(error instanceof Error);
  assert.equal(error.name, 'ApiError');
  assert.equal(error.status, 409);
  assert.deepEqual(error.problem, problem);
  assert.equal(error.message, 'It is paused.');
  assert.equal(error.retryAfterSeconds, 10);
  assert.deepEqual(told, [error]);
});

test('what something in between answers is a problem of ours', async () => {
  const { fetch } = answering(new Response('<h1>Bad gateway</h1>', { status: 502 }), new Response('<h1>Welcome</h1>'));
  const api = createApiClient({ baseUrl: 'http://server', fetch });
  const first = await api.listPlans().catch((caught: unknown) => caught);
  assert.ok(first instanceof ApiError);
  assert.deepEqual([first.status, first.problem.code, first.problem.detail], [502, 'http_error', 'The answer was 502, and not one of the API.']);
  const second = await api.listPlans().catch((caught: unknown) => caught);
  assert.ok(second instanceof ApiError);
  assert.deepEqual([second.status, second.problem.code], [200, 'not_json']);
});

test('a server that cannot be reached is status 0, with the cause', async () => {
  const cause = new TypeError('fetch failed');
  const { fetch } = answering(cause);
  const error = await createApiClient({ baseUrl: 'http://server', fetch }).listPlans().catch((caught: unknown) => caught);
  assert.ok(error instanceof ApiError);
  assert.deepEqual([error.status, error.problem.code, error.cause], [0, 'network_error', cause]);
  assert.equal(error.message, 'http://server/api/plans cannot be reached.');
});

const unanswered = (page: string, baseUrl: string, ...answers: Response[]) =>
  onPage(page, async () => {
    const { asked, fetch } = answering(...answers, new TypeError('Failed to fetch'));
    const api = createApiClient({ baseUrl, fetch });
    for (const _ of answers) await api.listPlans();
    const error = await api.listPlans().catch((caught: unknown) => caught);
    assert.ok(error instanceof ApiError);
    assert.equal(asked.length, answers.length + 1);
    return error.message;
  });

test('a page on another origin hears what allows it: a browser does not say that it was refused', async () => {
  const hint = (origin: string) =>
    `http://localhost:8000/api/plans cannot be reached. If the server is running, restart it with --allow-origin ${origin} to allow this page.`;
  for (const origin of ['http://localhost:3001', 'http://127.0.0.1:8000', 'https://localhost:8000']) {
    assert.equal(await unanswered(`${origin}/live?id=1`, 'http://localhost:8000'), hint(origin));
  }
});

test('a watch on such a page hears it too, while it tries again', async () => {
  const status = await onPage('http://localhost:3001/', () => {
    const refusing = async () => {
      throw new TypeError('Failed to fetch');
    };
    const api = createApiClient({ baseUrl: 'http://localhost:8000', fetch: refusing });
    return new Promise<WatchStatus>((resolve) => {
      const watch = api.watch('o', {
        onEvent: () => {},
        onState: (status) => {
          if (status.state !== 'reconnecting') return;
          watch.close();
          resolve(status);
        },
      });
    });
  });
  assert.match(String(status.error), /--allow-origin http:\/\/localhost:3001 to allow this page/);
});

test('a page that is allowed hears only that the server cannot be reached', async () => {
  const plain = /^\S*\/api\/plans cannot be reached\.$/;
  assert.match(await unanswered('http://localhost:8000/', 'http://localhost:8000'), plain);
  assert.match(await unanswered('http://localhost:3001/', ''), plain);
  assert.match(await unanswered('http://localhost:3001/', '/proxy'), plain);
  // One answer that it could read shows that it is allowed.
  assert.match(await unanswered('http://localhost:3001/', 'http://localhost:8000', Response.json([])), plain);
  // What has no web origin cannot be allowed.
  assert.match(await unanswered('file:///home/me/page.html', 'http://localhost:8000'), plain);
});

test('an aborted call throws the reason, and nobody is told of an error', async () => {
  const controller = new AbortController();
  controller.abort();
  const told: ApiError[] = [];
  const api = createApiClient({ baseUrl: 'http://127.0.0.1:9', onError: (error) => told.push(error) });
  await assert.rejects(api.listPlans({ signal: controller.signal }), { name: 'AbortError' });
  assert.deepEqual(told, []);
});

test('a global fetch that is put in place later is the one that is used', async () => {
  const api = createApiClient('http://server');
  const before = globalThis.fetch;
  const { asked, fetch } = answering();
  globalThis.fetch = fetch;
  try {
    await api.listPlans();
  } finally {
    globalThis.fetch = before;
  }
  assert.equal(asked.length, 1);
});

test('an EventSource cannot show a token, and says so', () => {
  assert.throws(() => createApiClient({ baseUrl: 'http://server', token: 'secret' }).connectEventsSSE('o'), /cannot show a token/);
});

test('a header that cannot be sent is no outage, and a token is not repeated', async () => {
  const { asked, fetch } = answering();
  const api = createApiClient({ baseUrl: 'http://server', fetch });
  await assert.rejects(api.pauseOrchestrator('o', { idempotencyKey: 'schl\u00fcssel \u20ac' }), TypeError);
  for (const token of ['a token\n', 'm\u00fcde']) {
    assert.throws(
      () => createApiClient({ baseUrl: 'http://server', token }),
      (error: Error) => error instanceof TypeError && !error.message.includes(token),
    );
  }
  assert.equal(asked.length, 0);
});
