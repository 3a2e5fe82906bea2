import { fireEvent, render, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { KeysProvider, useShortcuts } from '@/keys/keys';

const act = vi.fn();
const move = vi.fn();

function Page() {
  useShortcuts([
    { keys: 'x', label: 'Act', group: 'Test', act },
    { keys: 'g o', label: 'Go', group: 'Test', act },
    { keys: 'j', label: 'Move', group: 'Test', act: move, mayRepeat: true },
  ]);
  return (
    <>
      <button type="button">Press</button>
      <input aria-label="Line" />
      <textarea aria-label="Text" />
    </>
  );
}

const hold = (key: string, target: Element = document.body) =>
  [false, true, true].map((repeat) => fireEvent.keyDown(target, { key, repeat }));

test('a key that is held acts once; one that moves about goes on', () => {
  act.mockReset();
  render(<Page />, { wrapper: KeysProvider });
  hold('x');
  expect(act).toHaveBeenCalledTimes(1);
  hold('g');
  hold('o');
  expect(act).toHaveBeenCalledTimes(2);
  hold('j');
  expect(move).toHaveBeenCalledTimes(3);
});

test('a key that has acted does not go on into the field that it has opened', () => {
  render(<Page />, { wrapper: KeysProvider });
  fireEvent.keyDown(document.body, { key: 'x' });
  expect(fireEvent.keyDown(screen.getByLabelText('Line'), { key: 'x', repeat: true })).toBe(false);
  fireEvent.keyDown(screen.getByLabelText('Line'), { key: 'x' });
  expect(fireEvent.keyDown(screen.getByLabelText('Line'), { key: 'x', repeat: true })).toBe(true);
});

test('a held Enter presses a button once and sends a form once, but breaks lines', () => {
  render(<Page />, { wrapper: KeysProvider });
  expect(hold('Enter', screen.getByRole('button'))).toEqual([true, false, false]);
  expect(hold('Enter', screen.getByLabelText('Line'))).toEqual([true, false, false]);
  expect(hold('Enter', screen.getByLabelText('Text'))).toEqual([true, true, true]);
});
