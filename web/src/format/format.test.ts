import { describe, expect, it } from 'vitest';

import { cost, dollars } from './format';

describe('money', () => {
  // tests/unit/domain/test_money.py has the same table: the command line writes it by the same rule.
  it.each([
    [0, '$0.00'],
    [0.0000004, '$0.0000004'],
    [0.00001234, '$0.0000123'],
    [0.0123, '$0.0123'],
    [0.015, '$0.015'],
    [0.0996, '$0.0996'],
    [0.1, '$0.10'],
    [0.42, '$0.42'],
    [0.4256, '$0.426'],
    [0.9996, '$1.00'],
    [1, '$1.00'],
    [12.345678, '$12.35'],
    [1234.5, '$1234.50'],
  ])('%d is %s', (usd, expected) => {
    expect(dollars(usd)).toBe(expected);
  });

  it('says what is not known', () => {
    expect(cost(null)).toBe('unknown cost');
    expect(cost(0.5, false)).toBe('$0.50 or more');
  });
});
