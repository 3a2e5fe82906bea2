import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { violations } from '@/testing/axe';
import { fakeApi, makeError } from '@/testing/fake-api';
import { renderApp } from '@/testing/render-app';

const api = () => fakeApi({ listPlans: () => Promise.resolve([]), listApprovals: () => Promise.resolve([]) });

test('the question mark lists the keys, and Escape closes the list', async () => {
  renderApp('/approvals', api());
  await screen.findAllByRole('link', { name: 'Overview' });
  await userEvent.keyboard('?');
  const dialog = await screen.findByRole('dialog', { name: 'Keys' });
  expect(dialog.textContent).toContain('Go to overview');
  await userEvent.keyboard('{Escape}');
  expect(screen.queryByRole('dialog')).toBeNull();
});

test('two keys go to another place', async () => {
  renderApp('/approvals', api());
  await screen.findAllByRole('link', { name: 'Overview' });
  await userEvent.keyboard('gp');
  await screen.findAllByRole('link', { name: 'Plans', current: 'page' });
  expect(location.hash).toBe('#/plans');
});

test('a server that does not answer is said on every page', async () => {
  const down = makeError(0, '');
  renderApp('/approvals', fakeApi({ health: () => Promise.reject(down) }));
  expect((await screen.findByText(/cannot be reached/)).textContent).toContain('goes on by itself');
});

test('an address that leads nowhere says so', async () => {
  renderApp('/nowhere', api());
  await screen.findByText('There is no such page');
});

test('the frame has nothing that axe finds wrong', async () => {
  const { container } = renderApp('/approvals', api());
  await screen.findAllByRole('link', { name: 'Overview' });
  expect(await violations(container)).toEqual([]);
});
