import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import { ServerProvider } from '@/api/api-context';
import type { ApiClient } from '@/api/client';
import { WholeText } from '@/run/whole-text';
import { fakeApi, makeError } from '@/testing/fake-api';

const ATTEMPT = { id: 'orch-1', taskId: '1.1', attempt: 2 };

function show(artifact: string | null, getArtifact: ApiClient['getArtifact']) {
  const api = fakeApi({ getArtifact });
  return render(
    <ServerProvider api={api}>
      <WholeText label="Output" text="the beginning" of={ATTEMPT} artifact={artifact} />
    </ServerProvider>,
  );
}

test('a text that is all there is has no button', () => {
  show(null, () => Promise.reject(new Error('asked for nothing')));
  expect(screen.getByText('the beginning')).toBeTruthy();
  expect(screen.queryByRole('button')).toBeNull();
});

test('a text that was cut is asked for whole, once, when it is wanted', async () => {
  const getArtifact = vi.fn<ApiClient['getArtifact']>(() =>
    Promise.resolve({ name: 'output-0001.txt', size_bytes: 24, text: 'the beginning and an end' }),
  );
  show('output-0001.txt', getArtifact);
  expect(getArtifact).not.toHaveBeenCalled();
  await userEvent.click(screen.getByRole('button', { name: 'Show all of it' }));
  expect(await screen.findByText('the beginning and an end')).toBeTruthy();
  expect(getArtifact.mock.calls.map(([id, task, name, options]) => [id, task, name, options?.attempt])).toEqual([
    ['orch-1', '1.1', 'output-0001.txt', 2],
  ]);
  expect(screen.getByRole('button', { name: 'Save as a file' })).toBeTruthy();
});

test('where it cannot be had, the beginning stays and the error is said', async () => {
  show('output-0001.txt', () => Promise.reject(makeError(404, 'gone')));
  await userEvent.click(screen.getByRole('button', { name: 'Show all of it' }));
  expect(await screen.findByText(/gone/)).toBeTruthy();
  expect(screen.getByText('the beginning')).toBeTruthy();
});
