import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import { ApiError, type AgentInfo, type ApiClient, type PlanDocument, type PlanStatus } from '@/api/client';
import { violations } from '@/testing/axe';
import { fakeApi, makeError, makePlan, makeStatus, makeTask, NO_OPTIONS } from '@/testing/fake-api';
import { renderApp } from '@/testing/render-app';

const agent = (name: string, problem: string | null): AgentInfo => ({
  name,
  is_ready: problem === null,
  version: problem === null ? '1.2' : null,
  problem,
  abilities: [],
  named_by_repository: false,
});
const AGENTS = [agent('shell', null), agent('claude', 'Log in first.'), agent('codex', null)];
const LAST = { id: 'orch-1', status: 'crashed' as const };
const start = vi.fn<ApiClient['startOrchestrator']>();

function planStatus(...statuses: ('pending' | 'completed' | 'skipped')[]): PlanStatus {
  const tasks = statuses.map((status, index) => makeTask({ id: `1.${index + 1}`, status }));
  const { summary, phases } = makeStatus({ tasks });
  return {
    name: 'notes',
    source: 'plan',
    instance_id: null,
    plan_path: 'docs/plans/notes.md',
    status: null,
    summary,
    phases,
    tasks,
    seq: null,
  };
}

function show(
  plan: Partial<PlanDocument> = {},
  { address = '/plans/notes?start=1', agents = AGENTS, status = planStatus('pending', 'completed') } = {},
) {
  start.mockReset().mockReturnValue(new Promise(() => undefined));
  const api = fakeApi({
    getPlan: () => Promise.resolve(makePlan(plan)),
    getPlanStatus: () => Promise.resolve(status),
    listAgents: () => Promise.resolve(agents),
    startOrchestrator: start,
  });
  return renderApp(address, api);
}

const placeholder = async (label: string) => (await screen.findByLabelText<HTMLInputElement>(label)).placeholder;
const value = async (label: string) => (await screen.findByLabelText<HTMLInputElement>(label)).value;
const send = async (name = 'Start') => {
  await userEvent.click(await screen.findByRole('button', { name }));
  return start.mock.calls.at(-1)?.[0];
};

test('fields say what holds unless something is chosen, and nothing that is not chosen is sent', async () => {
  show({ settings: { ...NO_OPTIONS, parallel: 3, permissions: 'edits' } });
  expect(await placeholder('Maximum parallel tasks')).toBe('as the plan says (3)');
  expect(await placeholder('Attempts per task')).toBe('default (2)');
  expect(await placeholder('Budget, in $')).toBe('none');
  screen.getByRole('option', { name: 'as the plan says (edits)' });
  screen.getByRole('option', { name: 'The first that is ready (codex)' });
  expect(await send()).toEqual({ plan: 'notes' });
});

test('what is changed is sent, and what is changed back is not', async () => {
  show({ settings: { ...NO_OPTIONS, parallel: 3 } });
  await userEvent.selectOptions(await screen.findByLabelText('Agent'), await screen.findByText('codex 1.2'));
  await userEvent.selectOptions(screen.getByLabelText('What agents may do'), 'ask');
  await userEvent.type(screen.getByLabelText('Maximum parallel tasks'), '4');
  await userEvent.type(screen.getByLabelText('Attempts per task'), '5');
  await userEvent.clear(screen.getByLabelText('Attempts per task'));
  await userEvent.type(screen.getByLabelText('Budget, in $'), '1.5');
  await userEvent.click(screen.getByText('More options'));
  await userEvent.type(screen.getByLabelText('Budget per task, in tokens'), '1000');
  await userEvent.click(screen.getByLabelText(/^From the start/));
  expect(await send()).toEqual({
    plan: 'notes',
    agent: 'codex',
    permissions: 'ask',
    parallel: 4,
    budget_usd: 1.5,
    task_budget_tokens: 1000,
    restart: true,
  });
  expect(screen.getByRole('button', { name: 'Start' }).getAttribute('aria-busy')).toBe('true');
});

test('where the plan wins, nothing can be chosen that would change nothing', async () => {
  const options = { ...NO_OPTIONS, agent: 'claude', max_attempts: 9 };
  show(
    { settings: { ...NO_OPTIONS, agent: 'codex', max_attempts: 3 }, last_run: { ...LAST, options } },
    { address: '/plans/notes?start=again' },
  );
  expect(await screen.findByLabelText<HTMLSelectElement>('Agent')).toHaveProperty('disabled', true);
  screen.getByRole('option', { name: 'as the plan says (codex)' });
  expect(await placeholder('Attempts per task')).toBe('as the plan says (3)');
  expect(await value('Attempts per task')).toBe('');
  expect(await send()).toEqual({ plan: 'notes' });
});

test('Start again is filled with all that the last run had, says so, and sends it', async () => {
  const options = {
    ...NO_OPTIONS,
    parallel: 4,
    permissions: 'ask' as const,
    budget_usd: 200,
    approval_seconds: 60,
    strict: true,
  };
  show({ last_run: { ...LAST, options } }, { address: '/plans/notes?start=again' });
  await screen.findByRole('dialog', { name: 'Start notes again' });
  await screen.findByText("The last run's settings are filled in.");
  expect(await value('Maximum parallel tasks')).toBe('4');
  expect(await value('A question is denied after, in seconds')).toBe('60');
  await userEvent.clear(screen.getByLabelText('Budget, in $'));
  await userEvent.type(screen.getByLabelText('Budget, in $'), '50');
  expect(await send()).toEqual({
    plan: 'notes',
    parallel: 4,
    permissions: 'ask',
    budget_usd: 50,
    approval_seconds: 60,
    strict: true,
  });
});

test('the last run can be followed in a plain start, and left in another', async () => {
  show({ last_run: { ...LAST, options: { ...NO_OPTIONS, parallel: 4 } } });
  await userEvent.click(await screen.findByRole('button', { name: "Use the last run's settings" }));
  expect(await value('Maximum parallel tasks')).toBe('4');
  await userEvent.click(screen.getByRole('button', { name: "Use the plan's settings" }));
  expect(await send()).toEqual({ plan: 'notes' });
});

test('a last run whose log does not say what was chosen is not guessed at', async () => {
  show({ last_run: { ...LAST, options: null } }, { address: '/plans/notes?start=again' });
  await screen.findByText('The settings of the last run are not recorded.');
  expect(await send()).toEqual({ plan: 'notes' });
});

test('a plan that is done asks whether to run again from the start', async () => {
  show({}, { status: planStatus('completed', 'skipped') });
  const dialog = await screen.findByRole('dialog', { name: 'Run notes again from the start?' });
  within(dialog).getByText(/^All its tasks are done/);
  expect(within(dialog).queryByRole('button', { name: 'Start' })).toBeNull();
  expect(await send('Run again')).toEqual({ plan: 'notes', restart: true });
});

test('an agent that is not ready says why, and so does a machine without one', async () => {
  const { unmount } = show();
  await screen.findByText('codex 1.2');
  await userEvent.selectOptions(screen.getByLabelText('Agent'), 'claude');
  screen.getByText('Not ready: Log in first.');
  unmount();
  show({}, { agents: [agent('shell', null), agent('claude', 'Log in first.')] });
  await screen.findByRole('option', { name: 'None: no agent is ready' });
  screen.getByText('No agent is ready: only tasks that are shell blocks can run.');
  expect(screen.queryByRole('option', { name: /^The first that is ready/ })).toBeNull();
});

test('an agent that the repository names is not called unready: nobody has looked', async () => {
  const named = { ...agent('helper', 'Named by this repository; not run.'), named_by_repository: true };
  show({}, { agents: [agent('shell', null), named] });
  await userEvent.selectOptions(await screen.findByLabelText('Agent'), await screen.findByText(/^helper/));
  screen.getByText('Named by this repository; not run.');
  screen.getByRole('option', { name: 'The first that is ready' });
});

test('a plan with errors is not offered to start', async () => {
  const problem = { severity: 'error' as const, code: 'x', message: 'there is no task 9.9', line: 4, column: 1 };
  show({ problems: [problem] });
  await screen.findByText(/there is no task 9.9/);
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(screen.getByRole('button', { name: 'Start' })).toHaveProperty('disabled', true);
});

test('a plan that the server refuses has lines that lead to its text', async () => {
  const problem = {
    ...makeError(422, 'The plan has 1 error.').problem,
    problems: [{ severity: 'error' as const, code: 'x', message: 'there is no task 9.9', line: 4, column: 1 }],
  };
  show();
  start.mockRejectedValue(new ApiError(422, problem));
  await send();
  await screen.findByText(/there is no task 9.9/);
  await userEvent.click(screen.getByRole('link', { name: 'Line 4' }));
  await screen.findByLabelText("The plan's source");
  expect(location.hash).toBe('#/plans/notes?line=4');
});

test('axe finds nothing wrong with it', async () => {
  show({ last_run: { ...LAST, options: { ...NO_OPTIONS, repeats_max: 4 } } }, { address: '/plans/notes?start=again' });
  await screen.findByText('codex 1.2');
  expect(await violations(document.body)).toEqual([]);
});
