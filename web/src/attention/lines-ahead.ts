import { useEffect, useState, type RefObject } from 'react';

export interface LinesAhead {
  /** How many lines are below what the box shows now. */
  ahead: number;
  /** It can be scrolled: it never shows all of its text at once. */
  isScrolled: boolean;
}

/** How much of the text in a box that scrolls is still below what it shows, in lines as they are wrapped. */
export function useLinesAhead(box: RefObject<HTMLElement | null>): LinesAhead {
  const [ahead, setAhead] = useState(0);
  const [isScrolled, setScrolled] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => {
      const { lineHeight, paddingBottom } = getComputedStyle(element);
      const below = element.scrollHeight - element.clientHeight - element.scrollTop - (parseFloat(paddingBottom) || 0);
      setAhead(below > 1 ? Math.ceil(below / (parseFloat(lineHeight) || 20)) : 0);
      setScrolled(element.scrollHeight - element.clientHeight > 1);
    };
    measure();
    // The text is an element of its own: a box at its full height keeps its size when it gets more of it.
    const sizes = new ResizeObserver(measure);
    for (const one of [element, ...element.children]) sizes.observe(one);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      sizes.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, [box]);
  return { ahead, isScrolled };
}
