/** A prompt's text as lines, so that its headings can be found by eye. */
import { revealed } from '@/format/revealed';

export interface PromptLine {
  text: string;
  isHeading: boolean;
}

/** The lines of a Markdown text. What looks like a heading inside a code fence is none; no character is hidden. */
export function promptLines(text: string): PromptLine[] {
  let fence: string | null = null;
  return revealed(text)
    .split('\n')
    .map((line) => {
      const mark = /^\s{0,3}(```+|~~~+)/.exec(line)?.[1];
      if (mark) fence = fence === null ? mark : line.trim().startsWith(fence) ? null : fence;
      return { text: line, isHeading: fence === null && /^#{1,6}\s/.test(line) };
    });
}
