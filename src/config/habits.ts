/** What people know from YAML 1.1, or from Python, and YAML 1.2 reads otherwise. */

/** What to say about a value of the wrong kind, or undefined when it explains itself. */
export function habit(source: string, value: unknown): string | undefined {
  if (/^(y|yes|on)$/i.test(source)) return `YAML 1.2 reads ${source} as a text; write true`;
  if (/^(n|no|off)$/i.test(source)) return `YAML 1.2 reads ${source} as a text; write false`;
  const sixty = /^(\d+(?::[0-5]?\d)+)$/.exec(source)?.[1];
  if (sixty !== undefined) {
    const seconds = sixty.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
    return `YAML 1.1 read ${source} as ${seconds}; write ${seconds}s`;
  }
  if (/^\d{1,3}(_\d{3})+$/.test(source)) return `YAML 1.2 knows no separators; write ${source.replaceAll('_', '')}`;
  if (typeof value === 'number') {
    return String(value) === source
      ? `quote it: "${source}"`
      : `YAML reads ${source} as the number ${value}; quote it: "${source}"`;
  }
  if (typeof value === 'boolean') return `YAML reads ${source} as ${value}; quote it: "${source}"`;
  return undefined;
}
