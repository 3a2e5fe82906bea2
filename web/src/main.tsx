import { RouterProvider } from '@tanstack/react-router';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ServerProvider } from '@/api/api-context';
import { AttentionProvider } from '@/attention/attention';
import { ToastProvider } from '@/components/toasts';
import { KeysProvider } from '@/keys/keys';
import { makeRouter } from '@/router';
import { startTheme } from '@/shell/theme';
import '@/styles.css';

// Dialogs keep the page behind them from scrolling with a <style> of their own, which the policy lets in by this.
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content;
if (nonce) setNonce(nonce);

startTheme();
const router = makeRouter();

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <ServerProvider>
      <KeysProvider>
        <ToastProvider>
          <AttentionProvider>
            <RouterProvider router={router} />
          </AttentionProvider>
        </ToastProvider>
      </KeysProvider>
    </ServerProvider>
  </StrictMode>,
);
