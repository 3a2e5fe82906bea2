import { useCallback, useEffect, useRef, useState, type RefCallback, type RefObject } from 'react';

/** A question takes no answer before it has been before the user's eyes for so long, in one place. */
export const SEEN_MS = 700;
/** A scroll bar that comes or goes moves what is shown by less, and nobody's finger is led astray by it. */
const MOVED_PX = 8;
/** The page's own bars cover its upper and lower edge. */
const BAR_PX = 56;
const BARS = `-${BAR_PX}px 0px`;
const SHOWN_SHARE = 0.5;

interface Place {
  since: number;
  top: number;
  left: number;
}

export interface Sight<Shown extends HTMLElement> {
  ref: RefObject<Shown | null>;
  /** For what lies below the last of it: once that has been in the window, all of it could be read. */
  end: RefCallback<HTMLElement>;
  isRead: boolean;
  /** It may be answered now. */
  isSeen: boolean;
  /**
   * Whoever acts asks this as well: the page may have moved a moment ago. What comes too early is no reader's word, and
   * the time begins again, so that a finger that goes on tapping at one place never meets the next question.
   */
  look: () => boolean;
}

function placeOf(element: HTMLElement): Omit<Place, 'since'> {
  const { top, left } = element.getBoundingClientRect();
  // In the page, not in the window: whoever scrolls sees what moves.
  return { top: top + window.scrollY, left: left + window.scrollX };
}

/**
 * Whether an element has been seen: at least half of it in the window, on a page that is shown, and unmoved for
 * SEEN_MS, which begin again when its end comes into the window for the first time. What moves without the user's
 * doing, because something above it has come or gone, counts as new: a finger that was on its way to something else
 * must not meet it.
 */
export function useSight<Shown extends HTMLElement>(): Sight<Shown> {
  const ref = useRef<Shown>(null);
  const [isSeen, setSeen] = useState(false);
  const [isRead, setRead] = useState(false);
  const within = useRef({ half: false, end: false });
  const place = useRef<Place | null>(null);
  const begin = useRef<() => void>(() => undefined);

  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    begin.current = () => {
      clearTimeout(timer);
      setSeen(false);
      place.current = null;
      // Of what is longer than the window its end counts as well: half of it may never be in there.
      const isShown = within.current.half || (within.current.end && isLong(element));
      if (!isShown || document.visibilityState !== 'visible') return;
      place.current = { since: performance.now(), ...placeOf(element) };
      timer = setTimeout(() => setSeen(true), SEEN_MS);
    };
    const lookAgain = () => {
      if (hasMoved(element, place.current)) begin.current();
    };
    const shown = new IntersectionObserver(
      (entries) => {
        within.current.half = (entries.at(-1)?.intersectionRatio ?? 0) >= SHOWN_SHARE;
        begin.current();
      },
      { threshold: SHOWN_SHARE, rootMargin: BARS },
    );
    shown.observe(element);
    // Whatever moves an element changes the size of something that it lies in.
    const sizes = new ResizeObserver(lookAgain);
    for (let around: Element | null = element; around; around = around.parentElement) sizes.observe(around);
    const onVisibility = () => begin.current();
    document.addEventListener('visibilitychange', onVisibility);
    return () => {
      clearTimeout(timer);
      shown.disconnect();
      sizes.disconnect();
      document.removeEventListener('visibilitychange', onVisibility);
    };
  }, []);

  const end = useCallback((element: HTMLElement | null) => {
    if (!element) return;
    let isNew = true;
    const observer = new IntersectionObserver(
      (entries) => {
        within.current.end = entries.at(-1)?.isIntersecting ?? false;
        const isFirst = isNew && within.current.end;
        if (isFirst) {
          isNew = false;
          setRead(true);
        }
        if (isFirst || !within.current.half) begin.current();
      },
      { rootMargin: BARS },
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      within.current.end = false;
      setRead(false);
    };
  }, []);

  const look = useCallback(() => {
    const { current: element } = ref;
    if (!element || !place.current) return false;
    const isSeen = !hasMoved(element, place.current) && performance.now() - place.current.since >= SEEN_MS;
    if (!isSeen) begin.current();
    return isSeen;
  }, []);
  return { ref, end, isRead, isSeen, look };
}

function isLong(element: HTMLElement): boolean {
  return element.offsetHeight > window.innerHeight - 2 * BAR_PX;
}

function hasMoved(element: HTMLElement, before: Place | null): boolean {
  if (!before) return false;
  const now = placeOf(element);
  return Math.abs(now.top - before.top) > MOVED_PX || Math.abs(now.left - before.left) > MOVED_PX;
}
