import { useMutation, useQueryClient } from '@tanstack/react-query';
import { keys } from '@/api/queries';
import { useServer } from '@/api/api-context';
import type { ApiClient, CommandResponse } from '@/api/client';
import { errorText } from '@/components/states';
import { useTell } from '@/components/toasts';

const ASK_AGAIN_MS = 1_000;
const ASK_AGAIN_LIMIT_MS = 120_000;

type Send = (api: ApiClient, options: { idempotencyKey: string }) => Promise<CommandResponse>;

/** A key under which a command is carried out once, also when it is sent again (crypto.randomUUID needs HTTPS or loopback). */
export function commandKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The receipt of a command that was not settled when the server answered. */
export async function settled(api: ApiClient, id: string, receipt: CommandResponse): Promise<CommandResponse> {
  const deadline = Date.now() + ASK_AGAIN_LIMIT_MS;
  let latest = receipt;
  while (latest.state === 'sent' && latest.command_id && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    latest = await api.getCommand(id, latest.command_id);
  }
  return latest;
}

/**
 * Sends a command to a run. `isPending` until its receipt has come: applied, rejected or expired. What the server
 * refuses is told with its reason.
 */
export function useCommand(id: string) {
  const { api, runs } = useServer();
  const tell = useTell();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (send: Send) => settled(api, id, await send(api, { idempotencyKey: commandKey() })),
    onSuccess(receipt) {
      tell(receipt.success ? 'good' : 'bad', receipt.message);
      // A command that is kept for the next run causes no event: the log of this run has ended.
      if (receipt.state === 'kept') runs.peek(id).refresh();
      void queries.invalidateQueries({ queryKey: keys.orchestrators });
    },
    onError(error) {
      tell('bad', errorText(error));
    },
  });
}
