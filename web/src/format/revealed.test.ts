import { expect, test } from 'vitest';
import { revealed, revealedLine } from '@/format/revealed';

test.each([
  ['make\n\ttest é ж 漢 👍️', 'make\n\ttest é ж 漢 👍️'],
  ['rm \u202e gpj.x', 'rm ⟨U+202E⟩ gpj.x'],
  ['ls\u200b\u00ad\ufeff', 'ls⟨U+200B⟩⟨U+00AD⟩⟨U+FEFF⟩'],
  ['a\rb\r\nc\u001b[2Kd\u0000', 'a⟨U+000D⟩b\nc⟨U+001B⟩[2Kd⟨U+0000⟩'],
  ['tag\u{e0061} two\u2028lines', 'tag⟨U+E0061⟩ two⟨U+2028⟩lines'],
])('%j hides nothing', (text, shown) => {
  expect(revealed(text)).toBe(shown);
});

test('a line has no line ends and no wide gaps', () => {
  expect(revealedLine('  ls\n\n\n   rm   -rf ')).toBe('ls rm -rf');
});
