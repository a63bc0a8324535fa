import { isAbsolute, normalize, resolve } from 'node:path';
import { UsageError } from '../../errors/usage.js';
import { type EntityRule, wholeMatcher } from './entities.js';
import { readHost } from './host-text.js';
import { DEFAULT_PORTS, type HostEntry, type HostRule, type UrlScheme } from './hosts.js';
import type { PathRule } from './paths.js';
import type { Field } from './values.js';
import { quoteText } from './words.js';

/** Which parameters hold paths, and the folders that they must lie in. */
export interface AllowedPaths {
  /** Parameters that hold a path or a list of paths; `options.target` and `edits.file` reach into objects and lists. */
  readonly fields: readonly string[];
  /** Folders, or single files. Without any, no path is allowed. */
  readonly roots: readonly string[];
  /** The absolute folder that relative paths start from, of the calls and of the roots. The tool must use the same. */
  readonly base: string;
}

/** Which parameters hold URLs, and the hosts that they may lead to. */
export interface AllowedHosts {
  /** Parameters that hold a URL or a list of URLs. */
  readonly fields: readonly string[];
  /** `api.example.com`, `*.example.com` (every host below, not the domain itself), `10.0.0.5:8443`, `[::1]`. */
  readonly hosts: readonly string[];
  /** `https` by default. */
  readonly schemes?: readonly UrlScheme[];
}

/** Which parameters name what the tool works on, and what such a name looks like. */
export interface EntityPattern {
  /** Parameters that hold text, a number, or a list of them. */
  readonly fields: readonly string[];
  /** It must match the whole. */
  readonly pattern: RegExp | string;
}

/** Compiles a pattern in text form. `matches` says whether it matches the whole of a text. */
export type CompilePattern = (source: string, place: string) => { matches(text: string): boolean };

type Members = Readonly<Record<string, unknown>>;

/** @throws UsageError */
export function readAllowedPaths(option: unknown, place: Place): PathRule {
  const members = membersOf(option, place, ['fields', 'roots', 'base']);
  const fields = fieldsOf(members['fields'], place.at('fields'));
  const base = textOf(members['base'], place.at('base'), 'Give the absolute folder that relative paths start from.');
  if (!isAbsolute(base) || base.includes('\0')) {
    place
      .at('base')
      .refuse(`${quoteText(base)} is not an absolute folder`, 'Give an absolute one, e.g. process.cwd().');
  }
  const roots = listOf(members['roots'], place.at('roots'), 'Give a list of folders; an empty one allows no path.');
  const texts = roots.map((root, index) => rootOf(root, place.at(`roots[${index}]`)));
  return { fields, base: normalize(base), roots: texts, folders: texts.map((root) => resolve(base, root)) };
}

function rootOf(root: unknown, place: Place): string {
  const text = textOf(root, place, 'Give a folder, absolute or from the base on.');
  if (text.includes('\0')) place.refuse('holds a NUL character', 'Leave it out.');
  if (text.startsWith('~')) place.refuse(`${quoteText(text)}: ~ is not expanded`, 'Write the folder out.');
  if (/^[a-z][a-z0-9+.-]+:/i.test(text)) {
    place.refuse(`${quoteText(text)} is a URL, not a folder`, 'Give its path, e.g. with fileURLToPath from node:url.');
  }
  return text;
}

/** @throws UsageError */
export function readAllowedHosts(option: unknown, place: Place): HostRule {
  const members = membersOf(option, place, ['fields', 'hosts', 'schemes']);
  const fields = fieldsOf(members['fields'], place.at('fields'));
  const hosts = listOf(members['hosts'], place.at('hosts'), 'Give a list of hosts; an empty one allows none.');
  const entries = hosts.map((host, index) => hostOf(host, place.at(`hosts[${index}]`)));
  const names = hosts.map(String);
  return { fields, entries, hosts: names, schemes: schemesOf(members['schemes'] ?? ['https'], place.at('schemes')) };
}

function schemesOf(option: unknown, place: Place): readonly UrlScheme[] {
  const known = Object.keys(DEFAULT_PORTS).join(', ');
  const schemes = listOf(option, place, `Give a list of ${known}.`);
  if (schemes.length === 0) place.refuse('allows no scheme', 'Leave it out to allow https.');
  return schemes.map((scheme, index) => {
    if (typeof scheme === 'string' && Object.hasOwn(DEFAULT_PORTS, scheme)) return scheme as UrlScheme;
    return place
      .at(`[${index}]`)
      .refuse(`${told(scheme)} is not one of ${known}`, 'Name it in lower case, without a colon.');
  });
}

function hostOf(entry: unknown, place: Place): HostEntry {
  const text = textOf(entry, place, 'Give a host, e.g. "api.example.com".');
  const quoted = quoteText(text);
  const below = text.startsWith('*.');
  const host = readHost(below ? text.slice(2) : text);
  if (host !== undefined && !below) return { ...host, below };
  if (host !== undefined && !host.isAddress) {
    if (host.name.includes('.')) return { ...host, below };
    place.refuse(`${quoted} allows a whole top-level domain`, 'Name at least two labels after the star.');
  }
  if (text.includes('/'))
    place.refuse(`${quoted} is a URL or a path, not a host`, 'Give the host alone; schemes has its own option.');
  if (text.includes('@')) place.refuse(`${quoted} has a user name`, 'Give the host alone.');
  if (host !== undefined || text.includes('*')) {
    place.refuse(
      `${quoted} is not a wildcard`,
      'A star stands for whole labels at the beginning of a name: "*.example.com".',
    );
  }
  return place.refuse(
    `${quoted} is not a host that every program reads alike`,
    'Write names in lower case (or as xn--…), IPv4 as four decimal numbers, IPv6 in brackets, the port as digits.',
  );
}

/** @throws UsageError */
export function readEntityPattern(option: unknown, place: Place, compilePattern: CompilePattern): EntityRule {
  const members = membersOf(option, place, ['fields', 'pattern']);
  const fields = fieldsOf(members['fields'], place.at('fields'));
  const pattern = members['pattern'];
  if (pattern instanceof RegExp) {
    return {
      fields,
      matches: wholeMatcher(pattern),
      expected: `text that matches ${quoteText(pattern.source)} as a whole`,
    };
  }
  const source = textOf(pattern, place.at('pattern'), 'Give a RegExp, or a pattern as text.');
  const compiled = compilePattern(source, place.at('pattern').text);
  return {
    fields,
    matches: (text) => compiled.matches(text),
    expected: `text that matches ${quoteText(source)} as a whole`,
  };
}

function fieldsOf(option: unknown, place: Place): readonly Field[] {
  const list = listOf(option, place, 'Give a list of parameters, e.g. ["path"].');
  if (list.length === 0) place.refuse('names no parameter, so it checks nothing', 'Name one, or leave the option out.');
  const fields = new Map<string, Field>();
  for (const [index, entry] of list.entries()) {
    const field = fieldOf(entry, place.at(`[${index}]`));
    fields.set(field.text, field);
  }
  return [...fields.values()];
}

function fieldOf(option: unknown, place: Place): Field {
  const text = textOf(option, place, 'Name a parameter, e.g. "path" or "options.target".');
  const names = text.split('.');
  if (names.includes('')) place.refuse(`${quoteText(text)} has an empty part`, 'Put one dot between the names.');
  if (/[[\]]/.test(text)) {
    place.refuse(`${quoteText(text)} has brackets`, 'Leave them out: of a list, every item is checked.');
  }
  return { text, names };
}

function membersOf(option: unknown, place: Place, known: readonly string[]): Members {
  if (typeof option !== 'object' || option === null || Array.isArray(option)) {
    return place.refuse(`is ${told(option)}`, `Give an object with ${known.join(', ')}.`);
  }
  const unknown = Object.keys(option).find((name) => !known.includes(name));
  if (unknown !== undefined) place.at(unknown).refuse('is not an option', `There are ${known.join(', ')}.`);
  return option as Members;
}

function listOf(option: unknown, place: Place, remedy: string): readonly unknown[] {
  return Array.isArray(option) ? option : place.refuse(`is ${told(option)}, not a list`, remedy);
}

function textOf(option: unknown, place: Place, remedy: string): string {
  if (typeof option === 'string' && option !== '') return option;
  return place.refuse(option === '' ? 'is empty' : `is ${told(option)}, not text`, remedy);
}

function told(value: unknown): string {
  if (value === undefined) return 'missing';
  return typeof value === 'string' ? quoteText(value) : `of type ${value === null ? 'null' : typeof value}`;
}

/** Where in the options something stands: `bounded({ allowedHosts.hosts[0] })`. */
export class Place {
  readonly #guard: string;
  readonly #path: string;

  constructor(guard: string, path: string) {
    this.#guard = guard;
    this.#path = path;
  }

  get text(): string {
    return `${this.#guard}({ ${this.#path} })`;
  }

  at(member: string): Place {
    return new Place(this.#guard, member.startsWith('[') ? this.#path + member : `${this.#path}.${member}`);
  }

  refuse(problem: string, remedy: string): never {
    throw new UsageError({ place: this.text, problem, remedy });
  }
}
