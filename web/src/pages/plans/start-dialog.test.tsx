import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import { ApiError, type ApiClient } from '@/api/client';
import { violations } from '@/testing/axe';
import { fakeApi, makeError } from '@/testing/fake-api';
import { renderApp } from '@/testing/render-app';

const agent = (name: string, problem: string | null) => ({
  name,
  is_ready: problem === null,
  version: problem === null ? '1.2' : null,
  problem,
  abilities: [],
});

function show(startOrchestrator: ApiClient['startOrchestrator']) {
  const plan = {
    name: 'notes',
    title: 'Notes',
    path: 'docs/plans/notes.md',
    last_modified: '2026-01-02T03:04:05Z',
    markdown: '# Notes\n\n- [ ] 1.1 List them\n- [ ] 1.2 Sort them\n',
    problems: [],
    tasks: [],
  };
  const api = fakeApi({
    getPlan: () => Promise.resolve(plan),
    getPlanStatus: () => Promise.reject(makeError(404, 'never run')),
    listAgents: () => Promise.resolve([agent('claude', 'Log in first.'), agent('codex', null)]),
    startOrchestrator,
  });
  return renderApp('/plans/notes?start=1', api);
}

test('a run starts with what was chosen, and what was left empty is left to the server', async () => {
  const start = vi.fn<ApiClient['startOrchestrator']>(() => new Promise(() => undefined));
  show(start);
  await userEvent.selectOptions(await screen.findByLabelText('Agent'), await screen.findByText('codex 1.2'));
  await userEvent.clear(screen.getByLabelText('Tasks at once'));
  await userEvent.type(screen.getByLabelText('Tasks at once'), '3');
  await userEvent.type(screen.getByLabelText('Attempts'), '5');
  await userEvent.type(screen.getByLabelText('Budget in $'), '1.5');
  const button = screen.getByRole('button', { name: 'Start', hidden: false });
  await userEvent.click(button);
  expect(start.mock.calls[0]?.[0]).toEqual({
    plan: 'notes',
    agent: 'codex',
    parallel: 3,
    max_attempts: 5,
    timeout_seconds: null,
    restart: false,
    permissions: 'full',
    budget_usd: 1.5,
    budget_tokens: null,
  });
  expect(button.getAttribute('aria-busy')).toBe('true');
});

test('an agent that is not ready says why', async () => {
  show(() => new Promise(() => undefined));
  await screen.findByText('codex 1.2');
  await userEvent.selectOptions(screen.getByLabelText('Agent'), 'claude');
  screen.getByText('Not ready: Log in first.');
});

test('a plan with errors is refused with lines that lead to its text', async () => {
  const problem = {
    ...makeError(422, 'The plan has 1 error.').problem,
    problems: [{ severity: 'error' as const, code: 'x', message: 'there is no task 9.9', line: 4, column: 1 }],
  };
  show(() => Promise.reject(new ApiError(422, problem)));
  await userEvent.click(await screen.findByRole('button', { name: 'Start' }));
  await screen.findByText(/there is no task 9.9/);
  await userEvent.click(screen.getByRole('link', { name: 'Line 4' }));
  await screen.findByLabelText("The plan's source");
  expect(location.hash).toBe('#/plans/notes?line=4');
});

test('axe finds nothing wrong with it', async () => {
  show(() => new Promise(() => undefined));
  await screen.findByText('codex 1.2');
  expect(await violations(document.body)).toEqual([]);
});
