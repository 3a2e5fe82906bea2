import { act, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import { fakeApi, FakeWatch, makeApproval, makeError, makeEvent, makeRun, makeStatus } from '@/testing/fake-api';
import { renderApp } from '@/testing/render-app';

const shown: string[] = [];
let watch: FakeWatch;

class FakeNotification {
  static permission: NotificationPermission = 'default';
  static requestPermission = vi.fn(() => {
    FakeNotification.permission = 'granted';
    return Promise.resolve('granted' as const);
  });
  onclick: (() => void) | null = null;
  constructor(title: string, options?: NotificationOptions) {
    shown.push(`${title}: ${options?.body}`);
  }
  close() {}
}

beforeEach(() => {
  shown.length = 0;
  localStorage.clear();
  FakeNotification.permission = 'default';
  vi.stubGlobal('Notification', FakeNotification);
  return () => vi.unstubAllGlobals();
});

function show(status = makeStatus()) {
  const api = fakeApi({
    listOrchestrators: () => Promise.resolve([makeRun()]),
    listPlans: () => Promise.resolve([]),
    listEvents: () => Promise.resolve([]),
    getOrchestratorStatus: () => Promise.reject(makeError(503, 'busy')),
    watch: (_id, options) => {
      watch = new FakeWatch(options);
      setTimeout(() => act(() => watch.begin(status)));
      return watch;
    },
  });
  return renderApp('/', api);
}

const ask = (seq: number) =>
  makeEvent('approval_requested', seq, {
    approval_id: `1.1-1-${seq}`,
    task_id: '1.1',
    attempt: 1,
    question: `question ${seq}`,
    tool_id: null,
    agent: 'scripted',
    tool_name: 'Bash',
    command: `question ${seq}`,
    command_artifact: null,
    context: null,
    can_allow: true,
    expires_at: null,
  });

test('nobody is notified who has not asked for it; the title says what waits all the same', async () => {
  show();
  await screen.findByText('0 of 1 tasks');
  act(() => watch.tell(ask(2)));
  await screen.findByText('question 2');
  expect(document.title).toMatch(/^\(1\) /);
  expect(shown).toEqual([]);
  expect(FakeNotification.requestPermission).not.toHaveBeenCalled();
});

test('what was there when the page was opened is on the page, and nobody is notified of it', async () => {
  FakeNotification.permission = 'granted';
  localStorage.setItem('orchestrator.notify', 'yes');
  show(makeStatus({ approvals: [makeApproval({ command: 'old' })] }));
  await screen.findByText('old');
  act(() => watch.tell(ask(2)));
  await screen.findByText('question 2');
  expect(shown.map((text) => text.includes('question 2'))).toEqual([true]);
});

test('who has asked for it is notified of each question, once', async () => {
  show();
  await screen.findByText('0 of 1 tasks');
  await userEvent.click(screen.getByRole('button', { name: 'Settings' }));
  await userEvent.click(await screen.findByRole('menuitemcheckbox', { name: /Notify/ }));
  expect(FakeNotification.requestPermission).toHaveBeenCalledTimes(1);
  act(() => watch.tell(ask(2)));
  await screen.findByText('question 2');
  act(() => watch.tell(ask(3)));
  await screen.findByText('question 3');
  expect(shown).toHaveLength(2);
  expect(shown[0]).toContain('question 2');
  expect(shown[1]).toContain('question 3');
});
