import { act, fireEvent, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import type { ApiClient, ApprovalInfo, CommandResponse } from '@/api/client';
import { UNDO_MS } from '@/attention/answer-desk';
import { SEEN_MS } from '@/attention/sight';
import { violations } from '@/testing/axe';
import {
  fakeApi,
  FakeWatch,
  makeApproval,
  makeError,
  makeEvent,
  makeRun,
  makeStatus,
  makeTask,
} from '@/testing/fake-api';
import { FakeIntersectionObserver } from '@/testing/fake-window';
import { renderApp } from '@/testing/render-app';

const RECEIPT: CommandResponse = { success: true, message: 'Allowed.', command_id: 'c', state: 'applied', seq: 9 };
const TASKS = [makeTask({ description: 'Clean up' }), makeTask({ id: '1.2', description: 'Publish it' })];
const answerApproval = vi.fn<ApiClient['answerApproval']>();
let watch: FakeWatch;

const question = (number: number, changes: Partial<ApprovalInfo> = {}) =>
  makeApproval({ id: `1.${number}-1-1`, task_id: `1.${number}`, command: `command ${number}`, ...changes });

function settle(number: number, allowed: boolean, actor: string, reason: string | null = null) {
  const data = { approval_id: `1.${number}-1-1`, task_id: `1.${number}`, attempt: 1, allowed, reason, actor };
  act(() => watch.tell(makeEvent('approval_settled', 10 + number, data)));
}

async function show(approvals = [question(1), question(2)], address = '/approvals') {
  const api = fakeApi({
    listOrchestrators: () => Promise.resolve([makeRun()]),
    listPlans: () => Promise.resolve([]),
    listEvents: () => Promise.resolve([]),
    getOrchestratorStatus: () => Promise.reject(makeError(503, 'busy')),
    answerApproval,
    getArtifact: (_id, _task, name) => Promise.resolve({ name, size_bytes: 9, text: `all of ${name}` }),
    watch: (_id, options) => {
      watch = new FakeWatch(options);
      setTimeout(() => act(() => watch.begin(makeStatus({ tasks: TASKS, approvals }))));
      return watch;
    },
  });
  const page = renderApp(address, api);
  await screen.findAllByLabelText('What the agent asks');
  return page;
}

/** Let time pass, and with it what waits for it. */
const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
const card = (number: number) => screen.getByRole('article', { name: `Question of task 1.${number}` });
const button = (verb: 'Allow' | 'Deny', number: number) =>
  screen.getByRole('button', { name: `${verb} what task 1.${number} asks` });
const answers = () => answerApproval.mock.calls.map(([, id, { allow, reason }]) => [id, allow, reason]);
const user = userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) });

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  answerApproval.mockReset().mockResolvedValue(RECEIPT);
  return () => vi.useRealTimers();
});

test('a card names the task in words, the agent, the tool and the whole command', async () => {
  const command = 'cd build &&\nrm -rf \u202eno*';
  await show([question(1, { agent: 'claude', tool_name: 'Bash', command, context: 'In /project' })]);
  within(card(1)).getByText('Clean up');
  expect(card(1).textContent).toContain('claude asks to use Bash');
  expect(within(card(1)).getByLabelText('What the agent asks').textContent).toBe('cd build &&\nrm -rf ⟨U+202E⟩no*');
  within(card(1)).getByText('In /project');
});

test('a question whose command is not told in a field of its own shows all of the question', async () => {
  await show([question(1, { command: null, agent: null, tool_name: null, question: 'Let it reach example.org?' })]);
  within(card(1)).getByText('Let it reach example.org?');
  expect(card(1).textContent).toContain('The agent asks:');
});

test('what is too long for the event is shown whole on demand', async () => {
  await show([question(1, { command: 'the … command', command_artifact: 'question-0001.txt' })]);
  fireEvent.click(within(card(1)).getByRole('button', { name: 'Show all of it' }));
  await within(card(1)).findByText('all of question-0001.txt');
  expect(within(card(1)).queryByRole('button', { name: 'Show all of it' })).toBeNull();
});

const END = 'pre > :last-child:not(:first-child)';
const UNREAD = 'Read it to its end to allow it.';

/** Try to allow the first question, by click and by key, and deny it not. */
async function tryToAllow() {
  fireEvent.click(button('Allow', 1));
  fireEvent.keyDown(document.body, { key: 'a' });
  await pass(UNDO_MS);
}

test('one that is longer than its box is not allowed before its end was in sight, and says so', async () => {
  vi.spyOn(Element.prototype, 'scrollHeight', 'get').mockReturnValue(60);
  FakeIntersectionObserver.hide(END);
  const { container } = await show();
  await pass(SEEN_MS);
  within(card(1)).getByText('3 more lines');
  within(card(1)).getByText(UNREAD);
  expect(button('Allow', 1).getAttribute('aria-disabled')).toBe('true');
  expect(button('Deny', 1).getAttribute('aria-disabled')).toBe('false');
  await tryToAllow();
  expect(answers()).toEqual([]);
  expect(await violations(container)).toEqual([]);

  act(() => FakeIntersectionObserver.hide(null));
  await tryToAllow();
  expect(answers()).toEqual([]);
  expect(within(card(1)).queryByText(UNREAD)).toBeNull();
  act(() => FakeIntersectionObserver.hide(END));
  await pass(SEEN_MS);
  await tryToAllow();
  expect(answers()).toEqual([['1.1-1-1', true, null]]);
  vi.restoreAllMocks();
});

test('one that is not shown whole is not allowed before it is', async () => {
  await show([question(1, { command: 'the … command', command_artifact: 'question-0001.txt' })]);
  await pass(SEEN_MS);
  within(card(1)).getByText(UNREAD);
  await tryToAllow();
  expect(answers()).toEqual([]);
  fireEvent.click(within(card(1)).getByRole('button', { name: 'Show all of it' }));
  await within(card(1)).findByText('all of question-0001.txt');
  expect(document.activeElement).toBe(within(card(1)).getByLabelText('What the agent asks'));
  await pass(SEEN_MS);
  await tryToAllow();
  expect(answers()).toEqual([['1.1-1-1', true, null]]);
});

test('a question that has just come takes no answer by click or key', async () => {
  await show();
  expect(button('Allow', 1).getAttribute('aria-disabled')).toBe('true');
  fireEvent.click(button('Allow', 1));
  fireEvent.click(button('Deny', 1));
  fireEvent.keyDown(document.body, { key: 'a' });
  fireEvent.keyDown(document.body, { key: 'd' });
  expect(screen.queryByRole('dialog')).toBeNull();
  await pass(SEEN_MS + UNDO_MS);
  expect(answers()).toEqual([]);
  fireEvent.click(button('Allow', 1));
  await pass(UNDO_MS);
  expect(answers()).toEqual([['1.1-1-1', true, null]]);
});

test('one that is out of sight, or on a hidden page, takes none either', async () => {
  await show();
  await pass(SEEN_MS);
  act(() => FakeIntersectionObserver.showAll(0.4));
  await pass(SEEN_MS);
  fireEvent.keyDown(document.body, { key: 'a' });
  act(() => FakeIntersectionObserver.showAll(1));
  fireEvent.keyDown(document.body, { key: 'a' });
  const visibility = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
  act(() => void document.dispatchEvent(new Event('visibilitychange')));
  await pass(SEEN_MS);
  fireEvent.keyDown(document.body, { key: 'a' });
  visibility.mockReturnValue('visible');
  act(() => void document.dispatchEvent(new Event('visibilitychange')));
  await pass(SEEN_MS / 2);
  fireEvent.keyDown(document.body, { key: 'a' });
  await pass(UNDO_MS);
  expect(answers()).toEqual([]);
});

test('one that has slid under the finger takes none', async () => {
  await show();
  await pass(SEEN_MS);
  const box = within(card(2)).getByLabelText('What the agent asks');
  vi.spyOn(box, 'getBoundingClientRect').mockReturnValue({ top: -120, left: 0 } as DOMRect);
  fireEvent.click(button('Allow', 2));
  expect(button('Allow', 2).getAttribute('aria-disabled')).toBe('true');
  await pass(SEEN_MS + UNDO_MS);
  expect(answers()).toEqual([]);
  fireEvent.click(button('Allow', 2));
  await pass(UNDO_MS);
  expect(answers()).toEqual([['1.2-1-1', true, null]]);
});

test('a key that is held while a question comes does not answer it', async () => {
  await show();
  fireEvent.keyDown(document.body, { key: 'a' });
  for (let press = 0; press < 10; press++) {
    fireEvent.keyDown(document.body, { key: 'a', repeat: true });
    await pass(SEEN_MS / 5);
  }
  await pass(UNDO_MS);
  expect(answers()).toEqual([]);
});

test('whoever goes on tapping at one place answers nothing', async () => {
  await show();
  for (let tap = 0; tap < 12; tap++) {
    fireEvent.click(button('Allow', 1));
    await pass(SEEN_MS / 2);
  }
  await pass(SEEN_MS + UNDO_MS);
  expect(answers()).toEqual([]);
  fireEvent.click(button('Allow', 1));
  await pass(UNDO_MS);
  expect(answers()).toHaveLength(1);
});

test('a held key answers one question, and the next is not selected by itself', async () => {
  await show();
  await pass(SEEN_MS);
  fireEvent.keyDown(document.body, { key: 'a' });
  for (let press = 0; press < 20; press++) {
    fireEvent.keyDown(document.body, { key: 'a', repeat: true });
    await pass(300);
  }
  fireEvent.keyDown(document.body, { key: 'a' });
  await pass(SEEN_MS + UNDO_MS);
  expect(answers()).toEqual([['1.1-1-1', true, null]]);
  fireEvent.keyDown(document.body, { key: 'j' });
  fireEvent.keyDown(document.body, { key: 'a' });
  await pass(UNDO_MS);
  expect(answers()).toHaveLength(2);
});

test('a held Enter presses a button once', async () => {
  await show();
  await pass(SEEN_MS);
  button('Allow', 1).focus();
  expect(fireEvent.keyDown(button('Allow', 1), { key: 'Enter' })).toBe(true);
  expect(fireEvent.keyDown(button('Allow', 1), { key: 'Enter', repeat: true })).toBe(false);
});

test('an answered question keeps its place, can be undone, and is folded when it is sent', async () => {
  const { container } = await show();
  await pass(SEEN_MS);
  await user.click(button('Allow', 1));
  within(card(1)).getByText('Allowed');
  within(card(1)).getByLabelText('What the agent asks');
  await user.click(within(card(1)).getByRole('button', { name: 'Undo' }));
  await pass(2 * UNDO_MS);
  expect(answers()).toEqual([]);
  await user.click(button('Allow', 1));
  await pass(UNDO_MS);
  settle(1, true, 'api');
  await pass(200);
  expect(screen.getAllByRole('article').map((one) => one.getAttribute('aria-label'))).toEqual([
    'Question of task 1.1',
    'Question of task 1.2',
  ]);
  expect(card(1).textContent).toContain('Allowed · 1.1 command 1');
  expect(within(card(1)).queryByRole('button')).toBeNull();
  expect(await violations(container)).toEqual([]);
});

test('u undoes the last answer, also from another page, where it is still sent in time', async () => {
  const { router } = await show();
  await pass(SEEN_MS);
  fireEvent.keyDown(document.body, { key: 'a' });
  await act(() => router.navigate({ to: '/plans' }));
  await screen.findByText(/^Allowed, not sent yet: Task 1.1, command 1/);
  fireEvent.keyDown(document.body, { key: 'u' });
  expect(screen.queryByText(/not sent yet/)).toBeNull();
  await pass(2 * UNDO_MS);
  expect(answers()).toEqual([]);

  await act(() => router.navigate({ to: '/approvals' }));
  await screen.findByRole('article', { name: 'Question of task 1.1' });
  await pass(SEEN_MS);
  fireEvent.click(button('Allow', 1));
  await act(() => router.navigate({ to: '/plans' }));
  await screen.findByRole('button', { name: 'Undo' });
  await pass(UNDO_MS);
  expect(answers()).toEqual([['1.1-1-1', true, null]]);
  await screen.findByText('Task 1.1, command 1: Allowed.');
});

test('the browser asks before it closes a page with an answer that is not sent', async () => {
  await show();
  await pass(SEEN_MS);
  const leave = () => !fireEvent(window, new Event('beforeunload', { cancelable: true }));
  expect(leave()).toBe(false);
  fireEvent.click(button('Allow', 1));
  expect(leave()).toBe(true);
  await pass(UNDO_MS);
  expect(leave()).toBe(false);
});

test('a denial goes with its reason', async () => {
  await show();
  await pass(SEEN_MS);
  fireEvent.keyDown(document.body, { key: 'd' });
  const dialog = await screen.findByRole('dialog', { name: 'Deny what task 1.1 asks?' });
  expect(document.activeElement).toBe(within(dialog).getByLabelText('Reason'));
  await user.keyboard('not today{Enter}');
  within(card(1)).getByText('Denied');
  await pass(UNDO_MS);
  expect(answers()).toEqual([['1.1-1-1', false, 'not today']]);
});

test('what the agent does not say can only be denied', async () => {
  await show([question(1, { can_allow: false })]);
  await pass(SEEN_MS);
  expect(screen.queryByRole('button', { name: /^Allow/ })).toBeNull();
  within(card(1)).getByText(/can only be denied/);
  fireEvent.keyDown(document.body, { key: 'a' });
  await pass(UNDO_MS);
  expect(answers()).toEqual([]);
  fireEvent.click(button('Deny', 1));
  await screen.findByRole('dialog');
});

test('a question that someone else settles during the undo says so, and the answer is not sent', async () => {
  await show();
  await pass(SEEN_MS);
  fireEvent.click(button('Allow', 1));
  settle(1, false, 'cli:ada', 'no');
  await pass(UNDO_MS);
  expect(answers()).toEqual([]);
  expect(card(1).textContent).toContain('Denied by ada on the command line: no · 1.1 command 1');
  within(card(1)).getByText('Your answer was not sent: the question was settled before.');
});

test('a refusal is shown in the card with its reason', async () => {
  answerApproval.mockRejectedValue(makeError(409, 'No question waits.'));
  await show();
  await pass(SEEN_MS);
  fireEvent.click(button('Allow', 1));
  await pass(UNDO_MS);
  await within(card(1)).findByText('Your answer was not taken: No question waits.');
  settle(1, false, 'orchestrator', 'nobody answered within 600 s');
  await pass(200);
  expect(card(1).textContent).toContain('Denied nobody answered within 600 s · 1.1 command 1');
  within(card(1)).getByText('No question waits.');
});

test('questions keep their order: what is new comes last', async () => {
  await show();
  const asked = { ...question(1), approval_id: '1.1-1-2', command: 'command 3' };
  settle(1, true, 'api');
  act(() => watch.tell(makeEvent('approval_requested', 13, asked)));
  await pass(200);
  expect(screen.getAllByRole('article').map((one) => one.textContent?.match(/command \d/)?.[0])).toEqual([
    'command 1',
    'command 2',
    'command 3',
  ]);
});

test('a list that is left begins again', async () => {
  const { router } = await show();
  settle(1, true, 'api');
  await pass(200);
  expect(screen.getAllByRole('article')).toHaveLength(2);
  await act(() => router.navigate({ to: '/plans' }));
  await act(() => router.navigate({ to: '/approvals' }));
  await screen.findByLabelText('What the agent asks');
  expect(screen.getAllByRole('article')).toHaveLength(1);
});

test.each(['/', '/orchestrators/orch-1', '/orchestrators/orch-1/tasks/1.2'])(
  'it stands so on %s too',
  async (address) => {
    await show([question(1), question(2)], address);
    fireEvent.click(button('Allow', 1));
    await pass(SEEN_MS);
    fireEvent.click(button('Allow', 1));
    within(card(1)).getByRole('button', { name: 'Undo' });
    await pass(UNDO_MS);
    settle(1, true, 'api');
    await pass(200);
    expect(card(1).textContent).toContain('Allowed · 1.1 command 1');
    expect(answers()).toEqual([['1.1-1-1', true, null]]);
  },
);
