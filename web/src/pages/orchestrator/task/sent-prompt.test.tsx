import { act, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import type { ApiClient, OrchestratorEvent } from '@/api/client';
import { promptLines } from '@/pages/orchestrator/task/prompt-lines';
import { violations } from '@/testing/axe';
import {
  fakeApi,
  FakeWatch,
  makeChange,
  makeError,
  makeEvent,
  makeRun,
  makeStatus,
  makeTask,
} from '@/testing/fake-api';
import { renderApp } from '@/testing/render-app';

const SHA256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const TEXT = '# Notes\n\nNever add dependencies. <b>bold</b>\n\n```sh\n# no heading\n```\n';
const sent = (seq: number, attempt = 1) =>
  makeEvent('prompt_sent', seq, { task_id: '1.1', attempt, artifact: 'prompt.md', characters: 1834, sha256: SHA256 });
const answer = (text: string) =>
  Promise.resolve({ name: 'prompt.md', media_type: 'text/markdown', size_bytes: text.length, text });
const notKept = () => Promise.reject(makeError(404, 'left no prompt.md', 'artifact_not_found'));

function show(log: OrchestratorEvent[], getArtifact: ApiClient['getArtifact'], address = '') {
  const watches: FakeWatch[] = [];
  const status = makeStatus({ seq: 9, tasks: [makeTask({ status: 'completed', attempt: 2 })] });
  const api = fakeApi({
    listOrchestrators: () => Promise.resolve([makeRun()]),
    getPlan: () => Promise.reject(makeError(404, 'moved')),
    listEvents: () => Promise.resolve(log as never),
    getOrchestratorStatus: () => Promise.reject(makeError(503, 'busy')),
    getTranscript: () => Promise.reject(makeError(404, 'none')),
    getArtifact,
    watch: (_id, options) => {
      const watch = new FakeWatch(options);
      watches.push(watch);
      setTimeout(() => act(() => watch.begin(status)));
      return watch;
    },
  });
  return { ...renderApp(`/orchestrators/orch-1/tasks/1.1${address}`, api), watches };
}

const head = () => screen.findByText('What it was sent');

test('the prompt of the shown attempt is there with its size and digest, and its text on demand, as text', async () => {
  const user = userEvent.setup();
  const getArtifact = vi.fn<ApiClient['getArtifact']>(() => answer(TEXT));
  const { container, router } = show([makeChange(2, { attempt: 2 }), sent(3, 2)], getArtifact);
  const summary = (await head()).closest('summary')!;
  await within(summary).findByText('1,834 characters', { exact: false });
  within(summary).getByText('9f86d081884c');
  expect(getArtifact).not.toHaveBeenCalled();
  await user.click(summary);
  const text = await screen.findByLabelText('What attempt 2 was sent');
  expect(text.textContent).toBe(`${TEXT}\n`);
  expect(text.querySelector('b')).toBeNull();
  expect(getArtifact.mock.calls[0]?.slice(0, 3)).toEqual(['orch-1', '1.1', 'prompt.md']);
  expect(getArtifact.mock.calls[0]?.[3]?.attempt).toBe(2);
  expect(router.state.location.search).toMatchObject({ show: 'sent' });
  const raw = screen.getByRole<HTMLAnchorElement>('link', { name: 'Raw' });
  expect(new URL(raw.href).pathname).toBe('/api/orchestrators/orch-1/tasks/1.1/artifacts/prompt.md');
  await user.click(screen.getByRole('button', { name: 'Copy' }));
  expect(await navigator.clipboard.readText()).toBe(TEXT);
  expect(await violations(container)).toEqual([]);
});

test('it opens by a key, and stays open from attempt to attempt', async () => {
  const user = userEvent.setup();
  show([makeChange(2), sent(3, 1), makeChange(5, { attempt: 2 }), sent(6, 2)], (_id, _task, _name, options) =>
    answer(`attempt ${options?.attempt}`),
  );
  await head();
  await user.keyboard('w');
  await screen.findByText('attempt 2');
  await user.click(await screen.findByRole('link', { name: /^Attempt 1/ }));
  await screen.findByText('attempt 1');
});

test.each([
  ['a shell task', [makeChange(2, { attempt: 2, agent: 'shell' })], /A shell task has no prompt/],
  ['an attempt without one', [makeChange(2, { attempt: 2 })], /No prompt of attempt 2 was kept/],
  ['an attempt of an earlier run', [], /Attempt 2 belongs to an earlier run/],
])('%s says why there is no prompt', async (_what, log, words) => {
  show(log, notKept, '?show=sent');
  await screen.findByText(words);
});

test('a prompt that could not be loaded is asked for again when one wants', async () => {
  let isBroken = true;
  show(
    [makeChange(2, { attempt: 2 }), sent(3, 2)],
    () => (isBroken ? Promise.reject(makeError(400, 'The database is locked.')) : answer('Do this task only.')),
    '?show=sent',
  );
  await screen.findByText('The database is locked.');
  isBroken = false;
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  await screen.findByText('Do this task only.');
});

test('a prompt that is sent while the page is open appears by itself', async () => {
  let isSent = false;
  const { watches } = show(
    [makeChange(2, { attempt: 2 })],
    () => (isSent ? answer('Do this task only.') : notKept()),
    '?show=sent',
  );
  await screen.findByText(/No prompt of attempt 2 was kept/);
  isSent = true;
  act(() => watches[0]?.tell(sent(10, 2)));
  await screen.findByText('Do this task only.');
});

test('headings are those of the text, not of code in it, and nothing unseen stays so', () => {
  const headings = promptLines(`${TEXT}\n~~~\n## in code\n~~~\n## Phase 1\n#hashtag\nrm \u202e gpj.x`);
  expect(headings.filter((line) => line.isHeading).map((line) => line.text)).toEqual(['# Notes', '## Phase 1']);
  expect(headings.at(-1)?.text).toBe('rm ⟨U+202E⟩ gpj.x');
});
