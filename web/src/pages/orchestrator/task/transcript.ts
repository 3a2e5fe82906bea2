/** An attempt's transcript as it is read: calls in one piece, what checked it apart from what the agent did. */
import type { TranscriptLine } from '@/api/client';

export type Item =
  | { kind: 'text'; at: number; text: string }
  | {
      kind: 'call';
      at: number;
      endedAt: number | null;
      id: string;
      name: string;
      input: string;
      inputArtifact: string | null;
      output: string;
      outputArtifact: string | null;
      outcome: string;
    }
  | { kind: 'note'; at: number; text: string }
  | { kind: 'end'; at: number; outcome: string; text: string; error: string | null };

/** The agent's work, or the commands that checked it. */
export interface Part {
  agent: string;
  isCheck: boolean;
  items: Item[];
}

function text(line: TranscriptLine, name: string): string {
  const value = (line as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : '';
}

/** What a line says that is neither text nor a call; null for what nobody reads. */
function noteOf(line: TranscriptLine): string | null {
  switch (line.type) {
    case 'Retrying':
      return `Tries again: ${text(line, 'why')}`;
    case 'PermissionAsked':
      return `Asks: ${text(line, 'question')}`;
    case 'Log':
      return text(line, 'text');
    case 'LeftOut':
      return `${String((line as Record<string, unknown>)['events'])} more events were left out: the transcript is full.`;
    default:
      return null;
  }
}

/** The parts of a transcript. A call without an end is still open, or was cut off. */
export function partsOf(lines: readonly TranscriptLine[]): Part[] {
  const parts: Part[] = [];
  let calls = new Map<string, Extract<Item, { kind: 'call' }>>();
  let part: Part | undefined;
  for (const line of lines) {
    const at = Date.parse(line.time);
    if (line.type === 'Started' || !part) {
      const hasEnded = part?.items.some((item) => item.kind === 'end');
      if (!part || hasEnded) {
        part = { agent: text(line, 'agent') || 'agent', isCheck: parts.length > 0, items: [] };
        parts.push(part);
        calls = new Map();
      }
      const model = text(line, 'model');
      if (model) part.items.push({ kind: 'note', at, text: `Model ${model}` });
      if (line.type === 'Started') continue;
    }
    const { items } = part;
    switch (line.type) {
      case 'Text': {
        const last = items.at(-1);
        // Words come in pieces.
        if (last?.kind === 'text') last.text += text(line, 'text');
        else items.push({ kind: 'text', at, text: text(line, 'text') });
        break;
      }
      case 'ToolCallStarted': {
        const id = text(line, 'tool_id');
        const call = {
          kind: 'call',
          at,
          endedAt: null,
          id,
          name: text(line, 'tool_name'),
          input: text(line, 'input') || text(line, 'input_summary'),
          inputArtifact: text(line, 'artifact') || null,
          output: '',
          outputArtifact: null,
          outcome: 'running',
        } as const;
        const open = { ...call };
        calls.set(id, open);
        items.push(open);
        break;
      }
      case 'ToolCallOutput': {
        const call = calls.get(text(line, 'tool_id'));
        if (call) call.output += text(line, 'text');
        break;
      }
      case 'ToolCallCompleted': {
        const call = calls.get(text(line, 'tool_id'));
        if (!call) break;
        call.endedAt = at;
        call.outcome = text(line, 'outcome');
        call.outputArtifact = text(line, 'artifact') || null;
        call.output = text(line, 'output') || call.output || text(line, 'output_summary');
        break;
      }
      case 'Finished':
        items.push({
          kind: 'end',
          at,
          outcome: text(line, 'outcome'),
          text: text(line, 'text'),
          error: text(line, 'error') || null,
        });
        break;
      default: {
        const note = noteOf(line);
        if (note) items.push({ kind: 'note', at, text: note });
      }
    }
  }
  return parts;
}
