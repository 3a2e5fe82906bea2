import { act, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import type { OrchestratorEvent } from '@/api/client';
import { violations } from '@/testing/axe';
import { fakeApi, FakeWatch, makeCall, makeChange, makeError, makeRun, makeStatus, makeTask } from '@/testing/fake-api';
import { renderApp } from '@/testing/render-app';

const TASKS = [makeTask({ status: 'in_progress', attempt: 2 }), makeTask({ id: '1.2', description: 'Sort them' })];
const LOG = [
  makeChange(1),
  makeChange(3, { old_status: 'in_progress', new_status: 'pending', error: 'no notes' }),
  makeChange(5, { attempt: 2 }),
  makeCall(6, { attempt: 2 }),
];

function show(address: string, log: OrchestratorEvent[] | Error = LOG) {
  const watches: FakeWatch[] = [];
  const api = fakeApi({
    listOrchestrators: () => Promise.resolve([makeRun()]),
    listPlans: () => Promise.resolve([]),
    listApprovals: () => Promise.resolve([]),
    getOrchestratorStatus: () => Promise.reject(makeError(503, 'busy')),
    listEvents: () => (log instanceof Error ? Promise.reject(log) : Promise.resolve(log as never)),
    watch: (_id, options) => {
      const watch = new FakeWatch(options);
      watches.push(watch);
      setTimeout(() => act(() => watch.begin(makeStatus({ seq: 9, tasks: TASKS }))));
      return watch;
    },
  });
  return { ...renderApp(address, api), watches };
}

test('each attempt is a link that says how it went', async () => {
  show('/orchestrators/orch-1/timeline');
  const failed = await screen.findByRole('link', { name: /attempt 1: failed after 2.0 s, from .*no notes/ });
  expect(failed.getAttribute('href')).toBe('/#/orchestrators/orch-1/tasks/1.1?attempt=1');
  screen.getByRole('link', { name: /attempt 2: in progress for/ });
  screen.getByText(/1 task has not begun in this run/);
});

test('it zooms by keys and by buttons, the address knows, and the whole run comes back', async () => {
  show('/orchestrators/orch-1/timeline');
  await screen.findByRole('link', { name: /attempt 2/ });
  const out = screen.getByRole('button', { name: 'Zoom out' });
  expect(out.hasAttribute('disabled')).toBe(true);
  await userEvent.keyboard('+');
  await expect.poll(() => location.hash).toMatch(/from=.*to=/);
  expect(out.hasAttribute('disabled')).toBe(false);
  const before = location.hash;
  await userEvent.keyboard('{ArrowLeft}');
  await expect.poll(() => location.hash).not.toBe(before);
  await userEvent.click(screen.getByRole('button', { name: 'Show the whole run' }));
  await expect.poll(() => location.hash).not.toMatch(/from=/);
});

test('only what failed once, if one wants', async () => {
  show('/orchestrators/orch-1/timeline?show=failed', [makeChange(1)]);
  await screen.findByText('No tasks match');
  await userEvent.click(screen.getByRole('button', { name: /failed once/ }));
  await screen.findByRole('link', { name: /attempt 1: in progress/ });
});

test('a run in which nothing has begun says so', async () => {
  show('/orchestrators/orch-1/timeline', []);
  await screen.findByText('No task has begun yet');
});

test('a log that cannot be read is said, and can be tried again', async () => {
  show('/orchestrators/orch-1/timeline', makeError(500, 'The disk is gone.'));
  await screen.findByText('The disk is gone.');
  screen.getByRole('button', { name: /again/i });
});

test('it has nothing that axe finds wrong', async () => {
  const { container } = show('/orchestrators/orch-1/timeline');
  await screen.findByRole('link', { name: /attempt 2/ });
  expect(await violations(container)).toEqual([]);
});
