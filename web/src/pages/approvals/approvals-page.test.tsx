import { act, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import type { ApiClient } from '@/api/client';
import { violations } from '@/testing/axe';
import { fakeApi, FakeWatch, makeApproval, makeError, makeRun, makeStatus } from '@/testing/fake-api';
import { renderApp } from '@/testing/render-app';

const question = (number: number) =>
  makeApproval({
    id: `1.${number}-1-1`,
    task_id: `1.${number}`,
    question: `question ${number}`,
    command: `question ${number}`,
    expires_at: '2099-01-02T03:04:06Z',
  });

function show(answerApproval: ApiClient['answerApproval'] = () => new Promise(() => undefined)) {
  const api = fakeApi({
    listOrchestrators: () => Promise.resolve([makeRun()]),
    getOrchestratorStatus: () => Promise.reject(makeError(503, 'busy')),
    answerApproval,
    watch: (_id, options) => {
      const watch = new FakeWatch(options);
      setTimeout(() => act(() => watch.begin(makeStatus({ approvals: [question(1), question(2)] }))));
      return watch;
    },
  });
  return renderApp('/approvals', api);
}

test('the first question is answered by a key, the next one after choosing it, a denial with its reason', async () => {
  const answer = vi.fn<ApiClient['answerApproval']>(() =>
    Promise.resolve({ success: true, message: 'Settled.', command_id: 'c', state: 'applied', seq: 9 }),
  );
  show(answer);
  await screen.findByText('question 1');
  await userEvent.keyboard('a');
  await screen.findByText('Settled.');
  await userEvent.keyboard('jd');
  const dialog = await screen.findByRole('dialog', { name: 'Deny what task 1.2 asks?' });
  expect(document.activeElement).toBe(within(dialog).getByLabelText('Reason'));
  await userEvent.keyboard('not today{Enter}');
  await expect.poll(() => answer.mock.calls.length).toBe(2);
  expect(answer.mock.calls.map(([, id, body]) => [id, body])).toEqual([
    ['1.1-1-1', { allow: true, reason: null }],
    ['1.2-1-1', { allow: false, reason: 'not today' }],
  ]);
});

test('it says how long there is, and axe finds nothing wrong', async () => {
  const { container } = show();
  expect(await screen.findAllByText(/^denied in/)).toHaveLength(2);
  expect(await violations(container)).toEqual([]);
});

test('where nobody asks, it says so', async () => {
  renderApp('/approvals', fakeApi({ listOrchestrators: () => Promise.resolve([]) }));
  await screen.findByText('No agent asks anything');
});
