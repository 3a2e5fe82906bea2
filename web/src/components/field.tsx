import { Search, X } from 'lucide-react';
import { useId, useRef, type InputHTMLAttributes, type ReactNode } from 'react';
import { useShortcuts } from '@/keys/keys';

export const inputClass =
  'min-h-10 w-full rounded-lg border border-line bg-surface px-3 text-ink placeholder:text-muted disabled:cursor-not-allowed disabled:bg-idle-soft';

/** A field of a form with its name above and a hint or what is wrong below. */
export function Field({
  label,
  hint,
  problem,
  children,
}: {
  label: string;
  hint?: ReactNode;
  problem?: string | undefined;
  children: (props: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean }) => ReactNode;
}) {
  const id = useId();
  const about = problem ?? hint;
  return (
    <div className="grid content-start gap-1">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      {children({ id, 'aria-describedby': about ? `${id}-about` : undefined, 'aria-invalid': problem !== undefined })}
      {about && (
        <p id={`${id}-about`} className={`text-sm ${problem ? 'text-bad' : 'text-muted'}`}>
          {about}
        </p>
      )}
    </div>
  );
}

/** A search field; `/` goes to it, Escape leaves it. */
export function SearchField({
  value,
  onChange,
  label,
  ...rest
}: Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'value'> & {
  value: string;
  onChange: (value: string) => void;
  label: string;
}) {
  const input = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: '/', label, group: 'This page', act: () => input.current?.focus() }]);
  return (
    <div className="relative min-w-40 flex-1">
      <Search size={16} aria-hidden="true" className="absolute top-1/2 left-3 -translate-y-1/2 text-muted" />
      <input
        ref={input}
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={`${inputClass} pr-8 pl-9 [&::-webkit-search-cancel-button]:hidden`}
        {...rest}
      />
      {value && (
        <button
          type="button"
          aria-label="Clear the search"
          onClick={() => onChange('')}
          className="absolute top-1/2 right-2 -translate-y-1/2 p-1 text-muted"
        >
          <X size={15} aria-hidden="true" />
        </button>
      )}
    </div>
  );
}

/** One of a few, as a row of buttons; `null` is all. */
export function Choice<Value extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: Value | undefined;
  options: readonly { value: Value; label: string; count?: number }[];
  onChange: (value: Value | undefined) => void;
}) {
  return (
    <div role="group" aria-label={label} className="flex flex-wrap gap-1">
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={value === option.value}
          onClick={() => onChange(value === option.value ? undefined : option.value)}
          className="inline-flex min-h-8 items-center gap-1.5 rounded-full border border-line bg-surface px-3 text-sm aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent"
        >
          {option.label} {option.count !== undefined && <span className="nums text-muted">{option.count}</span>}
        </button>
      ))}
    </div>
  );
}
