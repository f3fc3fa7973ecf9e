// The view of the pictures that a query finds: chips, how many there are, the grid.

import { h, announce, button, debounce, fill, icon, plural } from './dom.js';
import * as api from './api.js';
import { Grid, zoomSteps } from './grid.js';
import { Source } from './source.js';

// Hits of the first page, which is waited for, and of the others.
const first = 60;
const further = 400;

export class SearchView {
  /** app has box, selection, pictures, go(line) and open(source, index). */
  constructor(app, root) {
    this.app = app;
    this.chips = h('ul', { class: 'chips', 'aria-label': 'The query' });
    this.count = h('p', { class: 'count', role: 'status', 'aria-live': 'polite' });
    this.remarks = h('div', { class: 'remarks' });
    this.grid = new Grid({ scroller: root, selection: app.selection, open: (i) => app.open(this.grid, i) });
    this.grid.onleave = () => app.box.focus();
    this.grid.onmore = (source) => this.#counted(source);
    this.grid.onfail = (err) => this.#failed(err);
    this.grid.onzoom = (z) => { this.zoom.value = z; };
    this.zoom = h('input', {
      type: 'range', min: 0, max: zoomSteps - 1, value: this.grid.zoom, 'aria-label': 'Size of the pictures',
      oninput: (ev) => this.grid.setZoom(Number(ev.target.value)),
    });
    this.foot = h('div', { class: 'foot' });
    this.element = h('section', { class: 'results', 'aria-label': 'Results' },
      h('div', { class: 'bar' }, this.count, this.chips,
        h('div', { class: 'zoom' },
          button({ icon: 'minus', label: 'Smaller pictures', class: 'quiet', onclick: () => this.grid.setZoom(this.grid.zoom - 1) }),
          this.zoom,
          button({ icon: 'plus', label: 'Larger pictures', class: 'quiet', onclick: () => this.grid.setZoom(this.grid.zoom + 1) }))),
      this.remarks, this.grid.element, this.foot);
    fill(root, h('h1', { class: 'sr' }, 'Pictures'), this.element);
    this.later = debounce(160, (line) => this.run(line));
  }

  destroy() { this.later.cancel(); this.asked?.abort(); this.grid.destroy(); }

  selectAll() { this.grid.selectAll(); }

  /** typed is a line that may go on: it is asked for when the typing pauses. */
  typed(line) { this.asked?.abort(); this.later(line); }

  /** run asks for a line now; the answer to an older one is never shown. */
  async run(line) {
    this.later.cancel();
    this.asked?.abort();
    const asked = this.asked = new AbortController();
    this.line = line;
    const pictures = this.app.pictures.all();
    this.element.setAttribute('aria-busy', 'true');
    const slow = setTimeout(() => this.element.classList.add('slow'), 400);
    const ask = (cursor, signal) => api.search({ q: line, pictures, cursor, limit: cursor ? further : first, signal });
    try {
      const page = await ask('', asked.signal);
      if (asked !== this.asked) return;
      this.app.box.clearFault();
      const source = new Source(ask);
      source.pages.push({ cursor: '', start: 0, size: page.hits.length, hits: page.hits, used: 0 });
      source.count = page.hits.length;
      source.next = page.next ?? '';
      source.done = !source.next;
      this.answer = page;
      this.lost = false;
      this.#chips(page);
      this.#remarks(page);
      this.foot.replaceChildren();
      this.grid.failed = false;
      this.app.view.scrollTop = 0;
      this.grid.show(source);
      this.#counted(source);
    } catch (err) {
      if (err.name === 'AbortError' || asked !== this.asked) return;
      this.lost = err.away;
      const mistake = err.status === 400 || err.status === 422;
      if (mistake) this.app.box.fault(err);
      else if (this.grid.source && !err.away && err.status !== 401) announce([err.message, err.hint].filter(Boolean).join(' '), { bad: true });
      // What is wrong has been said: under the field, in the banner, or in a toast.
      if (!this.grid.source) this.#empty('No pictures can be shown', err.away ? 'They come when the server is back.' : mistake ? 'Correct the query above, and they come.' : err.message, !err.away && !mistake && h('p', null, err.hint || 'Try again in a moment.'));
    } finally {
      clearTimeout(slow);
      if (asked === this.asked) {
        this.element.removeAttribute('aria-busy');
        this.element.classList.remove('slow');
      }
    }
  }

  /** back goes on where the server went away. */
  back() {
    if (this.lost || !this.answer) this.run(this.app.box.value);
    else if (this.grid.failed) { this.foot.replaceChildren(); this.grid.retry(); }
    this.grid.again();
  }

  #counted(source) {
    const n = source.count;
    // What words find is the whole index in an order; what filters leave is known at its end.
    const filtered = this.answer.query.chips.some((c) => c.kind === 'filter' || c.op === 'exclude');
    const text = source.done ? (n === 0 ? 'No pictures' : plural(n, 'picture'))
      : filtered ? `${n.toLocaleString('en')}+ pictures` : plural(this.answer.total, 'picture');
    // While scrolling the number only grows: reading that out would be noise.
    this.count.setAttribute('aria-live', n <= first ? 'polite' : 'off');
    if (this.count.textContent !== text) this.count.textContent = text;
    if (source.done && n === 0) this.#nothing();
    else if (source.done && n > 12) fill(this.foot, h('p', { class: 'end' }, 'That is all.'));
  }

  async #nothing() {
    if (this.line.trim() || this.app.pictures.size) {
      this.#empty('Nothing found', 'No picture meets the query. Fewer filters, or other words, find more.');
      return;
    }
    this.#empty('No pictures yet', 'The index is empty. Fill it in a terminal; this page notices by itself.',
      h('pre', { class: 'command' }, h('code', null, 'indexer run ~/Pictures')),
      h('a', { href: '#/status', class: 'button' }, 'Look at the index'));
  }

  #empty(title, text, ...more) {
    fill(this.foot, h('div', { class: 'empty' }, icon('picture'), h('h2', null, title), h('p', null, text), more));
  }

  #failed(err) {
    fill(this.foot, h('div', { class: 'empty small' }, h('p', null, `The next pictures could not be had: ${err.message}`),
      button({ text: 'Try again', onclick: () => { this.foot.replaceChildren(); this.grid.retry(); } })));
  }

  /** #chips shows how the line was understood, a chip for each part that can be removed. */
  #chips(page) {
    fill(this.chips, ...page.query.chips.map((part) => {
      const id = /^[-+]? ?(?:[\d.]+\*)?@([0-9a-f]{40})$/.exec(part.text)?.[1];
      const text = id ? { subtract: 'unlike', exclude: 'not' }[part.op] ?? 'like' : part.text;
      return h('li', { class: `chip ${part.op}` },
        id && h('img', { src: api.thumbnail({ id }, 40), alt: '' }),
        h('span', null, text),
        button({ icon: 'close', label: `Remove ${id ? `${text} this picture` : text}`, class: 'quiet', onclick: () => { this.app.go(part.without); this.app.box.input.focus(); } }));
    }));
    this.chips.hidden = !this.chips.firstChild;
  }

  #remarks(page) {
    const notes = [...(page.remarks ?? [])];
    if (page.confident === false) notes.unshift('Nothing clearly matches. These are the nearest.');
    const meant = [...(page.suggestions ?? [])];
    fill(this.remarks, ...notes.map((text) => {
      const own = meant.filter((s) => text.includes(`"${s.instead}"`));
      if (!own.length) return h('p', null, icon('warn'), text);
      return h('p', { class: 'meant' }, icon('warn'), `${text.split(': did you mean ')[0]}. Did you mean `, own.map((s) => this.app.box.suggestion(s)));
    }));
  }
}
