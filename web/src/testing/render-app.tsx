import { RouterProvider } from '@tanstack/react-router';
import { render } from '@testing-library/react';
import { ServerProvider } from '@/api/api-context';
import type { ApiClient } from '@/api/client';
import { AttentionProvider } from '@/attention/attention';
import { ToastProvider } from '@/components/toasts';
import { KeysProvider } from '@/keys/keys';
import { makeRouter } from '@/router';

/** The whole page at this address (`/orchestrators/orch-1?q=x`), with a client of the test's. */
export function renderApp(address: string, api: ApiClient) {
  location.hash = `#${address}`;
  const router = makeRouter();
  const shown = render(
    <ServerProvider api={api}>
      <KeysProvider>
        <ToastProvider>
          <AttentionProvider>
            <RouterProvider router={router} />
          </AttentionProvider>
        </ToastProvider>
      </KeysProvider>
    </ServerProvider>,
  );
  return { ...shown, router };
}
