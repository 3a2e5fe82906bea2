import { useState } from 'react';
import { useServer } from '@/api/api-context';
import { Button } from '@/components/button';
import { Dialog, DialogActions } from '@/components/dialog';
import { Field, inputClass } from '@/components/field';

/** Asks for the server's token; it is kept for this tab only. */
export function TokenDialog() {
  const { needsToken, setToken } = useServer();
  const [value, setValue] = useState('');
  const isValid = /^[\w.~+-]+$/.test(value.trim());
  return (
    <Dialog
      isOpen={needsToken}
      onClose={() => undefined}
      title="This server asks for its token"
      description="It was given to the server as ORCHESTRATOR_TOKEN. It is kept for this tab only."
    >
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (isValid) setToken(value.trim());
        }}
      >
        <Field label="Token" problem={value && !isValid ? 'A token has only A-Z, a-z, 0-9 and . _ ~ + -' : undefined}>
          {(props) => (
            <input
              {...props}
              type="password"
              autoComplete="current-password"
              className={inputClass}
              value={value}
              onChange={(event) => setValue(event.target.value)}
            />
          )}
        </Field>
        <DialogActions>
          <Button type="submit" look="primary" disabled={!isValid}>
            Go on
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
