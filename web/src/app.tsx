import { RouterProvider } from '@tanstack/react-router';
import { ServerProvider } from '@/api/api-context';
import type { ApiClient } from '@/api/client';
import { AttentionProvider } from '@/attention/attention';
import { ToastProvider } from '@/components/toasts';
import { KeysProvider } from '@/keys/keys';
import type { makeRouter } from '@/router';

/** The whole page. Tests hand in a client of their own. */
export function App({ router, api }: { router: ReturnType<typeof makeRouter>; api?: ApiClient }) {
  return (
    <ServerProvider {...(api ? { api } : {})}>
      <KeysProvider>
        <ToastProvider>
          <AttentionProvider>
            <RouterProvider router={router} />
          </AttentionProvider>
        </ToastProvider>
      </KeysProvider>
    </ServerProvider>
  );
}
