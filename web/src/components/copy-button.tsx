import { Copy } from 'lucide-react';
import { Button } from '@/components/button';
import { useTell } from '@/components/toasts';

/** Copies a text; `what` names it in the answer ("The finding"). */
export function CopyButton({ text, what }: { text: string | undefined; what: string }) {
  const tell = useTell();
  async function copy() {
    try {
      await navigator.clipboard.writeText(text ?? '');
      tell('good', `${what} is copied.`);
    } catch {
      // There is no clipboard where the page came over plain HTTP from another machine, or where it is refused.
      tell('bad', 'The browser does not let this page copy. Save it as a file instead.');
    }
  }
  return (
    <Button
      size="small"
      icon={<Copy size={15} aria-hidden="true" />}
      disabled={text === undefined}
      onClick={() => void copy()}
    >
      Copy
    </Button>
  );
}
