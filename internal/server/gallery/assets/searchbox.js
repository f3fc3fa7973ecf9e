// The field that the query is typed into: completion of filters, tags, folders and saved
// labels, and errors under the column where they are.

import { h } from './dom.js';
import * as api from './api.js';

/** What a filter takes, where that is a short list. */
const values = {
  has: ['date', 'gps', 'tag', 'caption', 'rating', 'camera', 'damage'],
  format: ['jpeg', 'png', 'heic', 'webp', 'avif', 'tiff', 'gif', 'raw', 'jxl', 'bmp', 'psd'],
};

const fields = ['tag:', 'under:', 'name:', 'format:', 'has:', 'after:', 'before:', 'camera:', 'caption:', 'near:', 'rating>=', 'width>=', 'height>='];

/** quoted writes a value so that the query language reads it as one. */
export function quoted(value) {
  return /^[^\s"():]+$/.test(value) ? value : `"${value.replace(/(["\\])/g, '\\$1')}"`;
}

/** wordAt is what stands around the cursor: {start, end, text}. */
export function wordAt(line, at) {
  let start = 0;
  let open = false;
  for (let i = 0; i < at; i++) {
    if (line[i] === '"' && line[i - 1] !== '\\') open = !open;
    else if (!open && /[\s(]/.test(line[i])) start = i + 1;
  }
  let end = at;
  while (end < line.length && (open ? line[end] !== '"' : !/[\s)]/.test(line[end]))) end++;
  if (open && line[end] === '"') end++;
  return { start, end, text: line.slice(start, at) };
}

export class SearchBox {
  /** changed(line, sure) is told what is typed; sure when Enter was pressed. */
  constructor({ form, input, list, changed, down }) {
    Object.assign(this, { form, input, list, changed, down });
    this.items = [];
    this.at = -1;
    input.addEventListener('input', () => { this.clearFault(); this.changed(input.value, false); this.#suggest(); });
    input.addEventListener('keydown', (ev) => this.#key(ev));
    input.addEventListener('blur', () => setTimeout(() => this.close(), 150));
    input.addEventListener('click', () => this.#suggest());
    input.addEventListener('scroll', () => this.#place());
    form.addEventListener('submit', (ev) => { ev.preventDefault(); this.close(); this.changed(input.value, true); });
    list.addEventListener('pointerdown', (ev) => {
      const li = ev.target.closest('li');
      if (li) { ev.preventDefault(); this.#accept(Number(li.dataset.n)); }
    });
  }

  get value() { return this.input.value; }
  set value(v) { if (this.input.value !== v) { this.input.value = v; this.clearFault(); } }
  focus() { this.input.focus(); this.input.select(); }

  async #suggest() {
    const { input } = this;
    this.asked?.abort();
    this.asked = new AbortController();
    const line = input.value;
    const word = wordAt(line, input.selectionStart ?? line.length);
    const m = /^(-?)(tag|under|format|has):"?(.*)$/i.exec(word.text);
    const label = /^#"?(.*)$/.exec(word.text);
    let found = [];
    try {
      const { signal } = this.asked;
      if (m) {
        const [, dash, field, prefix] = m;
        const f = field.toLowerCase();
        if (values[f]) found = values[f].filter((v) => v.startsWith(prefix.toLowerCase())).map((v) => ({ value: v }));
        else found = await (f === 'tag' ? api.tags(prefix, signal) : api.folders(prefix, signal));
        found = found.map((x) => ({ ...x, insert: `${dash}${f}:${quoted(x.value)}` }));
      } else if (label) {
        found = (await api.savedLabels(label[1], signal)).map((x) => ({ ...x, insert: `#${quoted(x.value)}` }));
      } else if (/^-?[a-z]{2,}$/i.test(word.text)) {
        const dash = word.text.startsWith('-') ? '-' : '';
        found = fields.filter((f) => f.startsWith(word.text.slice(dash.length).toLowerCase()))
          .map((f) => ({ value: f, insert: dash + f, open: true }));
      }
    } catch (err) {
      if (err.name === 'AbortError') return;
      found = [];
    }
    if (document.activeElement !== input) return;
    this.items = found.slice(0, 10);
    this.at = -1;
    this.#draw();
  }

  #draw() {
    const { list, input } = this;
    const open = this.items.length > 0;
    list.hidden = !open;
    input.setAttribute('aria-expanded', open);
    list.replaceChildren(...this.items.map((item, n) => h('li', {
      role: 'option', id: `completion-${n}`, 'data-n': n, 'aria-selected': n === this.at,
    }, h('span', null, item.value), item.count !== undefined && h('small', null, item.count.toLocaleString('en')))));
    if (this.at >= 0) {
      input.setAttribute('aria-activedescendant', `completion-${this.at}`);
      list.children[this.at]?.scrollIntoView({ block: 'nearest' });
    } else {
      input.removeAttribute('aria-activedescendant');
    }
  }

  #accept(n) {
    const item = this.items[n];
    const { input } = this;
    // More may have been typed since the list was asked for.
    const word = wordAt(input.value, input.selectionStart ?? input.value.length);
    const before = input.value.slice(0, word.start) + item.insert;
    const space = item.open || input.value[word.end] === ' ' ? '' : ' ';
    input.value = before + space + input.value.slice(word.end);
    input.setSelectionRange(before.length + space.length, before.length + space.length);
    this.close();
    this.changed(input.value, false);
    if (item.open) this.#suggest();
  }

  close() {
    this.asked?.abort();
    this.items = [];
    this.at = -1;
    this.#draw();
  }

  #key(ev) {
    if (this.items.length) {
      const n = this.items.length;
      switch (ev.key) {
        case 'ArrowDown': this.at = (this.at + 1) % n; this.#draw(); ev.preventDefault(); return;
        case 'ArrowUp': this.at = this.at <= 0 ? n - 1 : this.at - 1; this.#draw(); ev.preventDefault(); return;
        case 'Enter': if (this.at >= 0) { this.#accept(this.at); ev.preventDefault(); return; } break;
        case 'Tab': if (this.at >= 0 || n === 1) { this.#accept(Math.max(this.at, 0)); ev.preventDefault(); } return;
        case 'Escape': this.close(); ev.preventDefault(); ev.stopPropagation(); return;
        default:
      }
    } else if (ev.key === 'ArrowDown') {
      this.down?.();
      ev.preventDefault();
    } else if (ev.key === 'Escape') {
      // The browser would clear the field; going to the pictures is what is wanted more often.
      this.down?.();
      ev.preventDefault();
    }
  }

  /** fault shows what is wrong under the column (from 1, in characters) where it is. */
  fault(problem) {
    this.clearFault();
    const chars = [...this.input.value];
    const before = problem.column > 0 ? chars.slice(0, problem.column - 1).join('') : null;
    this.mark = before !== null && h('span', { class: 'faultat', 'aria-hidden': 'true' },
      h('span', { class: 'before' }, before), h('span', { class: 'caret' }, '▲'));
    this.box = h('div', { class: 'fault', id: 'fault', role: 'alert' },
      this.mark,
      h('p', null, problem.message, problem.column > 0 && h('span', { class: 'sr' }, ` (column ${problem.column})`)),
      problem.hint && h('p', { class: 'hint' }, problem.suggestions?.length ? problem.hint.replace(/:? ?did you mean .*\?/, '') : problem.hint),
      problem.suggestions?.length > 0 && h('p', { class: 'meant' }, 'Did you mean ', problem.suggestions.map((s) => this.suggestion(s))));
    this.form.append(this.box);
    this.input.setAttribute('aria-invalid', 'true');
    this.#place();
  }

  /** suggestion offers a query that was probably meant. */
  suggestion({ text, query }) {
    return h('button', { type: 'button', class: 'link', title: query, onclick: () => { this.value = query; this.close(); this.changed(query, true); this.input.focus(); } }, text);
  }

  #place() { if (this.mark) this.mark.firstChild.style.marginInlineStart = `${-this.input.scrollLeft}px`; }

  clearFault() {
    this.box?.remove();
    this.box = this.mark = null;
    this.input.removeAttribute('aria-invalid');
  }
}
