import { lazy, Suspense } from 'react';
import { Loading } from '@/components/states';

const Rendered = lazy(() => import('@/components/markdown-rendered'));

/** Markdown of others, shown safely: no HTML of theirs, no images from elsewhere, links open apart. Loaded when first needed. */
export function Markdown({ text }: { text: string }) {
  return (
    <Suspense fallback={<Loading rows={1} />}>
      <Rendered text={text} />
    </Suspense>
  );
}
