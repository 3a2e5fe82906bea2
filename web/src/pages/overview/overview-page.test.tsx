import { act, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import type { ApiClient, OrchestratorStatus } from '@/api/client';
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
import { renderApp } from '@/testing/render-app';

function show(methods: Partial<ApiClient>, status?: OrchestratorStatus) {
  const watches: FakeWatch[] = [];
  const api = fakeApi({
    listPlans: () => Promise.resolve([]),
    listEvents: () => Promise.resolve([]),
    getOrchestratorStatus: () => Promise.reject(makeError(503, 'busy')),
    watch: (_id, options) => {
      const watch = new FakeWatch(options);
      watches.push(watch);
      if (status) setTimeout(() => act(() => watch.begin(status)));
      return watch;
    },
    ...methods,
  });
  return { ...renderApp('/', api), watches };
}

test('while nothing is known it says so, and then that there is nothing', async () => {
  let answer: (runs: never[]) => void = () => undefined;
  show({ listOrchestrators: () => new Promise((resolve) => (answer = resolve)) });
  await screen.findByRole('status', { name: 'Loading the runs' });
  act(() => answer([]));
  await screen.findByText('No runs and no plans yet');
});

test('a server that fails is said, and is asked again when one wants', async () => {
  let isLocked = true;
  const ended = makeRun({ is_alive: false, status: 'completed', ended_at: '2026-01-02T03:05:00Z' });
  const listOrchestrators = () =>
    isLocked ? Promise.reject(makeError(400, 'The database is locked.')) : Promise.resolve([ended]);
  show({ listOrchestrators });
  await screen.findByText('The database is locked.');
  isLocked = false;
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  await screen.findByRole('region', { name: 'Ended' });
});

test('what an agent asks stands on top and is answered there', async () => {
  const answerApproval = vi.fn<ApiClient['answerApproval']>(() =>
    Promise.resolve({ success: true, message: 'Allowed.', command_id: 'c', state: 'applied', seq: 9 }),
  );
  const status = makeStatus({ approvals: [makeApproval()], tasks: [makeTask({ status: 'in_progress', attempt: 1 })] });
  const { container } = show({ listOrchestrators: () => Promise.resolve([makeRun()]), answerApproval }, status);
  const needs = await screen.findByRole('region', { name: 'Needs you' });
  within(needs).getByText('rm -rf build');
  expect(document.title).toMatch(/^\(1\) /);
  expect(await violations(container)).toEqual([]);
  const allow = within(needs).getByRole('button', { name: 'Allow what task 1.1 asks' });
  await expect.poll(() => allow.getAttribute('aria-disabled')).toBe('false');
  await userEvent.click(allow);
  within(needs).getByRole('button', { name: 'Undo' });
  await expect.poll(() => answerApproval.mock.calls.length).toBe(1);
  expect(answerApproval.mock.calls[0]?.slice(0, 3)).toEqual(['orch-1', '1.1-1-1', { allow: true, reason: null }]);
});

test('a run that ends stands under what has ended, before the list knows', async () => {
  const { watches } = show(
    { listOrchestrators: () => Promise.resolve([makeRun()]) },
    makeStatus({ seq: 3, tasks: [makeTask({ status: 'completed' })] }),
  );
  await screen.findByRole('region', { name: 'Running' });
  await screen.findByText('1 of 1 tasks');
  act(() =>
    watches[0]?.tell(
      makeEvent('orchestrator_changed', 4, {
        old_status: 'running',
        new_status: 'completed',
        reason: null,
        waits_for: null,
        interrupted: [],
      }),
    ),
  );
  await screen.findByRole('region', { name: 'Ended' });
  expect(screen.queryByRole('region', { name: 'Running' })).toBeNull();
});

test('what is not live is never shown as live', async () => {
  const { watches } = show({ listOrchestrators: () => Promise.resolve([makeRun()]) }, makeStatus());
  await screen.findByText('0 of 1 tasks');
  expect(screen.queryByText('not live')).toBeNull();
  act(() => watches[0]?.state({ state: 'reconnecting' }));
  await screen.findByText('not live');
});
