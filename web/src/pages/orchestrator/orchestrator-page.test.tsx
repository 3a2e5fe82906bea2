import { act, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import type { ApiClient, CommandResponse, OrchestratorStatus } from '@/api/client';
import { violations } from '@/testing/axe';
import { fakeApi, FakeWatch, makeCall, makeError, makeRun, makeStatus, makeTask } from '@/testing/fake-api';
import { renderApp } from '@/testing/render-app';

const TASKS = [
  makeTask({ status: 'failed', attempt: 1, last_error: 'no network', revision: 7 }),
  makeTask({
    id: '1.2',
    description: 'Sort them',
    depends_on: ['1.1'],
    blocked_by: [{ kind: 'task', task_id: '1.1' }],
  }),
];

const receipt = (message: string): CommandResponse => ({
  success: true,
  message,
  command_id: 'c',
  state: 'applied',
  seq: 9,
});

function show(
  address: string,
  methods: Partial<ApiClient> = {},
  status: OrchestratorStatus = makeStatus({ tasks: TASKS }),
) {
  const watches: FakeWatch[] = [];
  const api = fakeApi({
    listOrchestrators: () => Promise.resolve([makeRun()]),
    listPlans: () => Promise.resolve([]),
    listPlanFindings: () => Promise.resolve([]),
    getPlan: () => Promise.reject(makeError(404, 'moved')),
    listEvents: () => Promise.resolve([]),
    getOrchestratorStatus: () => Promise.reject(makeError(503, 'busy')),
    getTranscript: () => Promise.reject(makeError(404, 'none')),
    watch: (_id, options) => {
      const watch = new FakeWatch(options);
      watches.push(watch);
      setTimeout(() => act(() => watch.begin(status)));
      return watch;
    },
    ...methods,
  });
  return { ...renderApp(`/orchestrators/orch-1${address}`, api), watches };
}

test('a run that is not there is said on a page of its own', async () => {
  show('', {
    watch: (_id, options) => {
      const watch = new FakeWatch(options);
      setTimeout(() => act(() => watch.state({ state: 'failed', error: makeError(404, 'none') })));
      return watch;
    },
  });
  await screen.findByRole('heading', { name: 'There is no such orchestrator' });
});

test('a pause is settled by its receipt, not by the press', async () => {
  let settle: (receipt: CommandResponse) => void = () => undefined;
  const pauseOrchestrator = vi.fn<ApiClient['pauseOrchestrator']>(() => new Promise((resolve) => (settle = resolve)));
  show('', { pauseOrchestrator });
  const button = await screen.findByRole('button', { name: 'Pause' });
  await userEvent.click(button);
  expect(button.getAttribute('aria-busy')).toBe('true');
  expect(screen.queryByRole('button', { name: 'Resume' })).toBeNull();
  await act(async () => settle(receipt('Paused: nothing new starts.')));
  await screen.findByText('Paused: nothing new starts.');
  expect(button.getAttribute('aria-busy')).toBe('false');
});

test('what runs can be interrupted by a pause at once, and only then', async () => {
  const pauseOrchestrator = vi.fn<ApiClient['pauseOrchestrator']>(() => Promise.resolve(receipt('Paused.')));
  const { unmount } = show('', { pauseOrchestrator });
  await screen.findByRole('button', { name: 'Pause' });
  expect(screen.queryByRole('button', { name: 'Pause now' })).toBeNull();
  unmount();
  show('', { pauseOrchestrator }, makeStatus({ tasks: [makeTask({ status: 'in_progress', attempt: 1 })] }));
  await userEvent.click(await screen.findByRole('button', { name: 'Pause now' }));
  expect(pauseOrchestrator.mock.calls[0]?.[1]?.mode).toBe('now');
});

test('a failed task is retried with a note, on the revision that was seen', async () => {
  const retryTask = vi.fn<ApiClient['retryTask']>(() => Promise.resolve(receipt('It will run again.')));
  show('', { retryTask });
  await userEvent.click(await screen.findByRole('button', { name: 'Retry task 1.1' }));
  const dialog = screen.getByRole('dialog');
  expect(document.activeElement).toBe(within(dialog).getByLabelText('Note to the agent'));
  await userEvent.keyboard('the network is back');
  await userEvent.click(within(dialog).getByRole('button', { name: 'Retry' }));
  expect(retryTask.mock.calls[0]?.[1]).toEqual({ task_id: '1.1', note: 'the network is back', force: false });
  expect(retryTask.mock.calls[0]?.[2]?.revision).toBe(7);
  await screen.findByText('It will run again.');
  expect(screen.queryByRole('dialog')).toBeNull();
});

test('what is refused is said with its reason, and what was written stays', async () => {
  show('', { retryTask: () => Promise.reject(makeError(412, 'The task has moved on.')) });
  await userEvent.click(await screen.findByRole('button', { name: 'Retry task 1.1' }));
  await userEvent.keyboard('a long note');
  await userEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Retry' }));
  await screen.findByText('The task has moved on.');
  expect(screen.getByLabelText<HTMLTextAreaElement>('Note to the agent').value).toBe('a long note');
});

test('a run that has ended offers to begin again and nothing else', async () => {
  const ended = makeStatus({ status: 'stopped', ended_at: '2026-01-02T03:05:00Z', tasks: TASKS });
  show('', {}, ended);
  await screen.findByRole('link', { name: 'Start again' });
  for (const name of ['Pause', 'Shut down', 'Retry task 1.1'])
    expect(screen.queryByRole('button', { name })).toBeNull();
});

test('a run that has ended has one status, and a cost that is final', async () => {
  const ended = makeStatus({ status: 'failed', ended_at: '2026-01-02T03:05:00Z', usage_by_model: [] });
  const { watches } = show('', {}, ended);
  await screen.findByText('no cost reported');
  act(() => watches[0]?.state({ state: 'ended' }));
  expect(screen.queryByText(/^(live|complete)/)).toBeNull();
  within(screen.getByRole('region', { name: 'Run' })).getByText('failed');
});

test('a stream that is cut says of when what is shown is, and heals', async () => {
  const { watches } = show('');
  await screen.findByText('live');
  act(() => watches[0]?.state({ state: 'reconnecting' }));
  await screen.findByText('reconnecting');
  await screen.findByText(/^as of \d\d:\d\d:\d\d$/);
  act(() => watches[0]?.state({ state: 'live' }));
  await screen.findByText('live');
  expect(screen.queryByText(/^as of/)).toBeNull();
});

test.each([
  ['', 'List the notes'],
  ['/tasks/1.1', 'no network'],
  ['/activity', 'No tool calls yet'],
  ['/findings', 'No findings yet'],
  ['/log', 'Nothing has been logged yet'],
])('the view %s says what it has, or that it has nothing, and axe finds nothing wrong', async (address, text) => {
  const { container } = show(address);
  await screen.findAllByText(text, { exact: false });
  expect(await violations(container)).toEqual([]);
});

test('a call shows its input and output when it is opened', async () => {
  const { watches } = show('/activity', {
    listEvents: (_id, options) =>
      Promise.resolve((options?.after === 3 ? [makeCall(4, { input_summary: 'make test' })] : []) as never),
  });
  await screen.findByText('No tool calls yet');
  act(() => watches[0]?.tell(makeCall(4, { input_summary: 'make test' })));
  await userEvent.click(await screen.findByRole('button', { name: /make test/ }));
  expect((await screen.findByLabelText('Input')).textContent).toBe('make test');
});

const LIED = makeTask({
  status: 'completed',
  attempt: 1,
  agent: 'claude',
  remarks: [{ kind: 'no_declared_file', count: null, files: ['hello.txt'] }],
});

test('an unchecked task has no plain tick: in its row, its phase, the head of the run, and behind a filter', async () => {
  const checked = makeTask({ id: '1.2', description: 'Sort them', status: 'completed', attempt: 1, verified: true });
  show('', {}, makeStatus({ tasks: [LIED, checked] }));
  await screen.findByText('None of its declared files was touched: hello.txt');
  screen.getByText('completed, unchecked');
  screen.getByText('completed, checked');
  within(screen.getByRole('region', { name: 'Run' })).getByText('2 completed, 1 of them unchecked');
  expect(screen.getByRole('button', { name: /^Phase 1/ }).textContent).toMatch(/1 unchecked.*2\/2/);
  await userEvent.click(screen.getByRole('button', { name: 'unchecked 1' }));
  await screen.findByText('List the notes');
  expect(screen.queryByText('Sort them')).toBeNull();
});

test('the page of a task says why to doubt its completion, and axe finds nothing wrong', async () => {
  const { container } = show('/tasks/1.1', {}, makeStatus({ tasks: [LIED] }));
  const doubts = await screen.findByRole('region', { name: 'Why to doubt it' });
  within(doubts).getByText('Completed, but nothing checked it');
  within(doubts).getByText('none of its declared files was touched: hello.txt');
  screen.getByText('only its agent’s word: nothing checked it');
  expect(await violations(container)).toEqual([]);
});

test('a task that was done for an earlier wording says so, and can be run again', async () => {
  show('/tasks/1.1', {}, makeStatus({ tasks: [makeTask({ ...LIED, verified: true, remarks: [], stale: 'wording' })] }));
  const doubts = await screen.findByRole('region', { name: 'Why to doubt it' });
  within(doubts).getByText('It was completed for an earlier wording');
  screen.getByRole('button', { name: 'Retry task 1.1' });
});

test('a pruned run says plainly that it was, and what is still known of it', async () => {
  const pruned = makeRun({
    status: 'completed',
    is_alive: false,
    progress_percent: 100,
    ended_at: '2026-01-02T03:05:00Z',
    pruned_at: '2026-03-02T03:05:00Z',
  });
  const { container } = show('', {
    listOrchestrators: () => Promise.resolve([pruned]),
    watch: (_id, options) => {
      const watch = new FakeWatch(options);
      setTimeout(() => act(() => watch.state({ state: 'failed', error: makeError(410, 'It was pruned.') })));
      return watch;
    },
  });
  await screen.findByRole('heading', { name: 'This run was pruned' });
  screen.getByRole('link', { name: 'notes' });
  screen.getByText('100 %');
  expect(await violations(container)).toEqual([]);
});
