import { expect, inject, test } from 'vitest';

test('the package and its tools compile', () => {
  expect(inject('buildComplaints')).toBe('');
});
