import { expect, test } from 'vitest';
import { detailsOf, piecesOf } from '@/pages/plans/plan-lines';

test('tasks are pieces of their own, and what stands between them stays Markdown', () => {
  const markdown = ['# Notes', '', '- [ ] 1.1 List them', '  - verify: `make`', '', '- [x] **1.2** Sort them'].join(
    '\n',
  );
  const tasks = [
    { task_id: '1.1', line: 3 },
    { task_id: '1.2', line: 6 },
  ];
  expect(piecesOf({ markdown, tasks })).toEqual([
    { kind: 'text', line: 1, text: '# Notes\n' },
    { kind: 'task', line: 3, taskId: '1.1', text: '1.1 List them' },
    { kind: 'text', line: 4, text: '- verify: `make`\n' },
    { kind: 'task', line: 6, taskId: '1.2', text: '1.2 Sort them' },
  ]);
});

test('front matter is settings, not a heading, and the lines below it keep their numbers', () => {
  const markdown = ['---', 'agent: claude', 'parallel: 2', '---', '# Notes', '- [ ] 1.1 List them'].join('\n');
  expect(piecesOf({ markdown, tasks: [{ task_id: '1.1', line: 6 }] })).toEqual([
    { kind: 'settings', line: 1, text: 'agent: claude\nparallel: 2' },
    { kind: 'text', line: 5, text: '# Notes' },
    { kind: 'task', line: 6, taskId: '1.1', text: '1.1 List them' },
  ]);
});

test('a line of dashes that begins nothing is a line of dashes', () => {
  expect(piecesOf({ markdown: '---\n# Notes', tasks: [] })).toEqual([{ kind: 'text', line: 1, text: '---\n# Notes' }]);
});

test('what stands in a block of code is no task', () => {
  const markdown = ['```', '- [ ] 1.1 No task', '```'].join('\n');
  expect(piecesOf({ markdown, tasks: [{ task_id: '1.1', line: 2 }] }).map((piece) => piece.kind)).toEqual(['text']);
});

test('the details of a task are what stands below it, up to the next task or heading', () => {
  const lines = [
    '- [ ] 1.1 A',
    '  - verify: `make`',
    '',
    '  ```sh',
    '  # no heading',
    '  ```',
    '- [ ] 1.2 B',
    '## Phase 2',
  ];
  const tasks = [
    { task_id: '1.1', line: 1 },
    { task_id: '1.2', line: 7 },
  ];
  const plan = { markdown: lines.join('\n'), tasks };
  expect(detailsOf(plan, '1.1')).toBe('- verify: `make`\n\n```sh\n# no heading\n```');
  expect(detailsOf(plan, '1.2')).toBe('');
  expect(detailsOf(plan, '9.9')).toBe('');
});
