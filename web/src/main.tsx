import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from '@/app';
import { makeRouter } from '@/router';
import { startTheme } from '@/shell/theme';
import '@/styles.css';

// Dialogs keep the page behind them from scrolling with a <style> of their own, which the policy lets in by this.
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content;
if (nonce) setNonce(nonce);

startTheme();

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App router={makeRouter()} />
  </StrictMode>,
);
