// A form that writes filters into the line: the line is all there is, so that what was
// clicked can be read, changed and learned.

import { h, button } from './dom.js';
import * as api from './api.js';
import { quoted } from './searchbox.js';

/** The filters that the form owns, as they stand in a line. */
const owned = /(?:^|\s)(under:|tag:|after:|before:|format:|has:|rating>=)("(?:[^"\\]|\\.)*"|[^\s"()]+)(?=\s|$)/g;

/**
 * simple finds the first filter of each kind that stands for itself, and so can be shown in
 * the form: not those that OR, a dash or parentheses join to others.
 */
function simple(line) {
  const found = new Map();
  for (const m of line.matchAll(owned)) {
    const key = m[1].replace(':', '');
    const end = m.index + m[0].length;
    if (found.has(key) || /\bOR\s*$/.test(line.slice(0, m.index)) || /^\s+OR\b/.test(line.slice(end))) continue;
    const value = m[2].startsWith('"') ? m[2].slice(1, -1).replace(/\\(.)/g, '$1') : m[2];
    found.set(key, { value, start: m.index, end });
  }
  return found;
}

export class Filters {
  constructor(app, opener) {
    Object.assign(this, { app, opener });
    const field = (label, name, props) => {
      const input = h('input', { name, autocomplete: 'off', ...props });
      return h('label', null, h('span', null, label), input);
    };
    const choice = (label, name, options) => h('label', null, h('span', null, label),
      h('select', { name }, options.map(([value, text]) => h('option', { value }, text))));
    this.tagList = h('datalist', { id: 'filter-tags' });
    this.folderList = h('datalist', { id: 'filter-folders' });
    this.element = h('form', { class: 'filterpanel', id: 'filterpanel', 'aria-label': 'Filters', hidden: true,
      onsubmit: (ev) => { ev.preventDefault(); this.#apply(); }, onchange: () => this.#apply(),
      onkeydown: (ev) => { if (ev.key === 'Escape') { this.toggle(); ev.stopPropagation(); } } },
    field('Folder', 'under', { list: 'filter-folders', oninput: (ev) => this.#complete(ev.target, api.folders, this.folderList) }),
    field('Tag', 'tag', { list: 'filter-tags', oninput: (ev) => this.#complete(ev.target, api.tags, this.tagList) }),
    field('From', 'after', { type: 'date' }),
    field('To (before)', 'before', { type: 'date' }),
    choice('Format', 'format', [['', 'any'], ...['jpeg', 'png', 'heic', 'webp', 'tiff', 'raw', 'gif'].map((f) => [f, f.toUpperCase()])]),
    choice('Stars', 'rating>=', [['', 'any'], ...[1, 2, 3, 4, 5].map((n) => [n, `${n} or more`])]),
    choice('With', 'has', [['', 'anything'], ['gps', 'a place'], ['date', 'a date'], ['tag', 'a tag'], ['caption', 'a caption'], ['camera', 'a camera']]),
    button({ text: 'Clear filters', class: 'link', onclick: () => { this.element.reset(); this.#apply(); } }),
    this.tagList, this.folderList);
    document.querySelector('.top').after(this.element);
  }

  toggle() {
    const open = this.element.hidden;
    this.element.hidden = !open;
    this.opener.setAttribute('aria-expanded', open);
    if (open) { this.#read(); this.element.querySelector('input').focus(); } else this.opener.focus();
  }

  /** #read fills the form from the line. */
  #read() {
    this.element.reset();
    for (const [key, { value }] of simple(this.app.box.value)) {
      const input = this.element.elements[key];
      input.value = value;
      if (input.value !== value) input.value = ''; // a month, where the form knows days
    }
  }

  #apply() {
    let rest = this.app.box.value;
    // From the end, so that the places before stay right.
    for (const { start, end } of [...simple(rest).values()].reverse()) rest = rest.slice(0, start) + rest.slice(end);
    const parts = [];
    for (const input of this.element.elements) {
      if (!input.name || !input.value) continue;
      parts.push(`${input.name}${input.name.endsWith('=') ? '' : ':'}${quoted(input.value)}`);
    }
    this.app.go([rest.trim(), ...parts].filter(Boolean).join(' '));
  }

  async #complete(input, ask, list) {
    this.asked?.abort();
    this.asked = new AbortController();
    try {
      const found = await ask(input.value, this.asked.signal);
      list.replaceChildren(...found.map((f) => h('option', { value: f.value })));
    } catch { /* without completion, then */ }
  }
}
