import { screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { PlanInfo } from '@/api/client';
import { fakeApi } from '@/testing/fake-api';
import { renderApp } from '@/testing/render-app';

const plan = (name: string, has_errors: boolean): PlanInfo => ({
  name,
  title: name,
  path: `docs/plans/${name}.md`,
  has_status: false,
  last_modified: '2026-01-02T03:04:05Z',
  output_dir: '',
  total_tasks: 2,
  completed: 0,
  unchecked: 0,
  stale: 0,
  progress_percent: 0,
  problems: ['a line of lint'],
  has_errors,
});

test.each(['/plans', '/'])('on %s a plan with errors is listed, and not offered to start', async (address) => {
  const plans = [plan('sound', false), plan('broken', true)];
  renderApp(address, fakeApi({ listPlans: () => Promise.resolve(plans) }));
  await screen.findByRole('link', { name: 'Start sound' });
  screen.getByRole('link', { name: 'broken' });
  expect(screen.queryByRole('link', { name: 'Start broken' })).toBeNull();
});
