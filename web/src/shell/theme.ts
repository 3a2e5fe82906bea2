const KEY = 'orchestrator.theme';

export type Theme = 'system' | 'light' | 'dark';

export function chosenTheme(): Theme {
  const theme = localStorage.getItem(KEY);
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

const dark = matchMedia('(prefers-color-scheme: dark)');

function show(): void {
  const theme = chosenTheme();
  document.documentElement.dataset['theme'] = theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme;
}

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  show();
}

/** Shows the chosen theme, and follows the system where none is chosen. */
export function startTheme(): void {
  show();
  dark.addEventListener('change', show);
}
