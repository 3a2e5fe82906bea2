/**
 * What a reader would not see in a text, or see in another order than it will be used: control characters but tab and
 * line feed, characters without a width, marks that turn the direction of writing. Emoji may keep their looks.
 */
const UNSEEN = /(?![\t\n]|\ufe0e|\ufe0f)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** The text as it will be used, with all that is unseen written out: a text that is asked about hides nothing. */
export function revealed(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(UNSEEN, (one) => `⟨U+${one.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

/** The same in one line, for a list. */
export function revealedLine(text: string): string {
  return revealed(text).split(/\s+/).filter(Boolean).join(' ');
}
