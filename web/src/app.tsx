import { RouterProvider } from '@tanstack/react-router';
import { ServerProvider } from '@/api/api-context';
import type { ApiClient } from '@/api/client';
import { AnswersProvider } from '@/attention/answers';
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
            <AnswersProvider>
              <RouterProvider router={router} />
            </AnswersProvider>
          </AttentionProvider>
        </ToastProvider>
      </KeysProvider>
    </ServerProvider>
  );
}
