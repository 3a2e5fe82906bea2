import { act, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
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

function show() {
  const api = fakeApi({
    listOrchestrators: () => Promise.resolve([makeRun()]),
    getOrchestratorStatus: () => Promise.reject(makeError(503, 'busy')),
    watch: (_id, options) => {
      const watch = new FakeWatch(options);
      setTimeout(() => act(() => watch.begin(makeStatus({ approvals: [question(1), question(2)] }))));
      return watch;
    },
  });
  return renderApp('/approvals', api);
}

test('it says how long there is, and axe finds nothing wrong', async () => {
  const { container } = show();
  expect(await screen.findAllByText(/^denied in/)).toHaveLength(2);
  expect(await violations(container)).toEqual([]);
});

test('where nobody asks, it says so', async () => {
  renderApp('/approvals', fakeApi({ listOrchestrators: () => Promise.resolve([]) }));
  await screen.findByText('No open questions');
});
