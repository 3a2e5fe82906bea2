import type { ButtonHTMLAttributes, ReactNode } from 'react';

const LOOKS = {
  primary: 'bg-accent text-accent-ink border-transparent hover:opacity-90',
  plain: 'bg-raised text-ink border-line hover:bg-idle-soft',
  quiet: 'bg-transparent text-ink border-transparent hover:bg-idle-soft',
  danger: 'bg-raised text-bad border-line hover:bg-bad-soft',
} as const;

export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className'> {
  look?: keyof typeof LOOKS;
  size?: 'normal' | 'small';
  icon?: ReactNode;
  /** It has been pressed, and what it asked for is not settled yet. */
  isBusy?: boolean;
}

/** The look of a button, also for links that act as one. */
export function buttonClass(look: keyof typeof LOOKS = 'plain', size: 'normal' | 'small' = 'normal'): string {
  const space = size === 'small' ? 'min-h-8 px-2.5 text-sm' : 'min-h-10 px-3.5';
  return `inline-flex items-center justify-center gap-1.5 rounded-lg border font-medium whitespace-nowrap select-none ${space} ${LOOKS[look]} disabled:opacity-50 disabled:cursor-not-allowed aria-disabled:opacity-50`;
}

export function Button({
  look,
  size,
  icon,
  isBusy = false,
  children,
  disabled,
  type = 'button',
  ...rest
}: ButtonProps) {
  return (
    <button type={type} className={buttonClass(look, size)} disabled={disabled || isBusy} aria-busy={isBusy} {...rest}>
      {isBusy ? <Spinner /> : icon}
      {children}
    </button>
  );
}

/** A button that shows an icon only; `label` is its name for those who cannot see it. */
export function IconButton({
  label,
  icon,
  ...rest
}: Omit<ButtonProps, 'children'> & { label: string; icon: ReactNode }) {
  return <Button look="quiet" size="small" aria-label={label} title={label} icon={icon} {...rest} />;
}

export function Spinner() {
  return (
    <span
      aria-hidden="true"
      className="inline-block size-4 animate-spin rounded-full border-2 border-current border-r-transparent motion-reduce:animate-none"
    />
  );
}
