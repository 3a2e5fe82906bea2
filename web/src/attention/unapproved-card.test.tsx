import { act, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import type { ApiClient, OrchestratorStatus, UnapprovedPart } from '@/api/client';
import { changeText, kindsText } from '@/run/unapproved';
import { violations } from '@/testing/axe';
import { fakeApi, FakeWatch, makeError, makeRun, makeStatus, makeTask } from '@/testing/fake-api';
import { renderApp } from '@/testing/render-app';

const PART: UnapprovedPart = {
  task_id: '2.1',
  description: 'Deploy it',
  wording: 'w',
  kind: 'verify',
  digest: 'd1',
  before: 'make test',
  after: 'true \u202e',
  is_cut: false,
  attempts: [{ task_id: '1.1', attempt: 1 }],
};
const HELD = makeTask({
  id: '2.1',
  description: 'Deploy it',
  blocked_by: [{ kind: 'unapproved', parts: ['verify'], is_approved: false }],
});

const withParts = (...parts: UnapprovedPart[]): OrchestratorStatus =>
  makeStatus({
    plan_name: 'my notes',
    tasks: [makeTask({ status: 'completed' }), HELD],
    unapproved: { digest: 'x9', parts, is_approved: false },
  });

function show(status: OrchestratorStatus, address: string, methods: Partial<ApiClient> = {}) {
  const api = fakeApi({
    listOrchestrators: () => Promise.resolve([makeRun()]),
    listPlans: () => Promise.resolve([]),
    listEvents: () => Promise.resolve([]),
    getOrchestratorStatus: () => Promise.reject(makeError(503, 'busy')),
    watch: (_id, options) => {
      const watch = new FakeWatch(options);
      setTimeout(() => act(() => watch.begin(status)));
      return watch;
    },
    ...methods,
  });
  return renderApp(address, api);
}

const card = () => screen.findByRole('region', { name: 'Changed in the plan' });

test('what was changed is shown from both sides, and approved by the digest of what was shown', async () => {
  const approvePlan = vi.fn<ApiClient['approvePlan']>(() =>
    Promise.resolve({ success: true, message: 'Approved: 2.1 may start.', command_id: 'c', state: 'applied', seq: 9 }),
  );
  const { container } = show(withParts(PART), '/orchestrators/orch-1', { approvePlan });
  const shown = within(await card());
  shown.getByText(/Task 2.1 will not start until you approve it/);
  shown.getByText('make test');
  shown.getByText('true ⟨U+202E⟩');
  shown.getByText(/Its check was changed during attempt 1 of task 1.1/);
  shown.getByText("orchestrator approve-plan 'my notes'");
  expect(await violations(container)).toEqual([]);
  await userEvent.click(shown.getByRole('button', { name: 'Approve' }));
  expect(approvePlan).not.toHaveBeenCalled();
  await userEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Approve' }));
  expect(approvePlan.mock.calls[0]?.slice(0, 2)).toEqual(['orch-1', { digest: 'x9' }]);
  await screen.findByText('Approved: 2.1 may start.');
});

test('an approval that is kept for the next run is shown as given, and not asked for again', async () => {
  const before = { ...withParts(PART), status: 'failed' as const };
  let status = before;
  show(before, '/orchestrators/orch-1', {
    approvePlan: () => {
      status = { ...before, unapproved: { digest: 'x9', parts: [PART], is_approved: true } };
      return Promise.resolve({ success: true, message: 'Kept.', command_id: 'c', state: 'kept', seq: null });
    },
    getOrchestratorStatus: () => Promise.resolve(status),
  });
  const shown = within(await card());
  await userEvent.click(shown.getByRole('button', { name: 'Approve' }));
  await userEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Approve' }));
  await shown.findByText(/has been approved since. The plan’s next run begins with it/, {}, { timeout: 3_000 });
  expect(shown.queryByRole('button', { name: 'Approve' })).toBeNull();
});

test('what is not shown in full is not approved here', async () => {
  show(withParts({ ...PART, is_cut: true }), '/orchestrators/orch-1');
  const shown = within(await card());
  shown.getByText(/only the beginning/);
  expect(shown.getByRole<HTMLButtonElement>('button', { name: 'Approve' }).disabled).toBe(true);
});

test('the overview leads to it', async () => {
  show(withParts(PART), '/');
  const needs = within(await screen.findByRole('region', { name: 'Needs you' }));
  const link = needs.getByRole<HTMLAnchorElement>('link', { name: 'Show the changes' });
  expect(link.hash).toBe('#/orchestrators/orch-1');
});

test('a change is said with what happened and when', () => {
  expect(changeText({ ...PART, before: '', attempts: [] })).toBe('Its check was added');
  expect(changeText({ ...PART, kind: 'permissions', after: '' })).toBe(
    'Its permissions were removed during attempt 1 of task 1.1',
  );
  expect(changeText({ ...PART, before: null })).toMatch(/^Its check was changed/);
  expect(kindsText(['verify', 'agent', 'gate', 'gate'])).toBe('check, agent and gate');
});
