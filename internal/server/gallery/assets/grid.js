// The grid of pictures: only the rows in sight and a little around them are in the document.
// It is a listbox whose pictures are options, and keeps the focus itself
// (aria-activedescendant), so that scrolling an option out of the document loses nothing.

import { Rows } from './layout.js';
import { h, icon, setting } from './dom.js';
import { thumbnail, describe } from './api.js';

const zooms = [90, 120, 160, 210, 270, 350, 460];

export class Grid {
  /**
   * scroller is what scrolls; open(index) shows a picture; selection is a Selection.
   */
  constructor({ scroller, open, selection, label = 'Pictures' }) {
    Object.assign(this, { scroller, open, selection });
    this.rows = new Rows();
    this.cells = new Map();
    this.active = -1;
    this.before = 0;
    this.zoom = Math.min(Math.max(Number(setting.get('zoom', 3)), 0), zooms.length - 1);
    this.element = h('div', {
      class: 'grid', role: 'listbox', tabindex: '0', 'aria-label': label, 'aria-multiselectable': 'true',
      onkeydown: (ev) => this.#key(ev), onclick: (ev) => this.#click(ev), onfocus: () => this.#focus(),
    });
    // Cells are copies of one; events of its picture, which do not bubble, are caught here.
    this.model = h('div', { class: 'cell', role: 'option', 'aria-selected': 'false' },
      h('img', { alt: '', decoding: 'async', draggable: 'true' }), h('span', { class: 'tick' }, icon('check')));
    this.element.addEventListener('load', (ev) => ev.target.classList.add('in'), true);
    this.element.addEventListener('error', (ev) => this.#broken(ev.target), true);
    this.paint = this.paint.bind(this);
    this.later = () => { this.frame ??= requestAnimationFrame(() => { this.frame = null; this.paint(); }); };
    scroller.addEventListener('scroll', this.later, { passive: true });
    this.resizes = new ResizeObserver(() => this.#relayout());
    this.resizes.observe(this.element);
    this.unselect = selection.watch(() => this.#marks());
  }

  destroy() {
    this.resizes.disconnect();
    this.scroller.removeEventListener('scroll', this.later);
    this.unselect();
    clearTimeout(this.slower);
    this.source?.close();
  }

  /** show takes another source; its first page may be there already. */
  show(source) {
    this.source?.close();
    this.source = source;
    source.listeners.add(this.later);
    this.rows = new Rows();
    this.cells.forEach((cell) => cell.remove());
    this.cells.clear();
    this.active = -1;
    this.element.removeAttribute('aria-activedescendant');
    for (const page of source.pages) this.rows.add(page.hits);
    this.#relayout();
    if (document.activeElement === this.element) this.#focus(); // there before the pictures were
  }

  get height() { return zooms[this.zoom]; }

  /** setZoom keeps the first picture in sight where it is. */
  setZoom(zoom) {
    this.zoom = Math.min(Math.max(zoom, 0), zooms.length - 1);
    setting.set('zoom', this.zoom);
    this.#relayout();
    this.onzoom?.(this.zoom);
  }

  #relayout() {
    const width = this.element.clientWidth;
    if (!width || !this.source) return;
    const anchor = this.rows.rows ? this.rows.start.a[this.rows.at(this.#top())] : 0;
    const before = this.#offset();
    // On a phone a row of the usual height holds one picture, on a wall too many.
    const wanted = width > 2400 ? this.height * 1.5 : this.height;
    this.rows.resize(width, Math.min(wanted, Math.max(90, width * 0.42)), width < 600 ? 3 : 6);
    if (anchor > 0 && this.scroller.scrollTop > before) {
      this.scroller.scrollTop = before + this.rows.top.a[this.rows.rowOf(anchor)];
    }
    this.paint();
  }

  /** #offset is where the grid begins within what scrolls. */
  #offset() {
    return this.element.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top + this.scroller.scrollTop;
  }

  #top() { return Math.max(0, this.scroller.scrollTop - this.#offset()); }

  /** paint brings the document up to date with what is in sight. */
  paint() {
    if (!this.source) return;
    const { rows } = this;
    const top = this.scroller.scrollTop - this.#offset();
    const view = this.scroller.clientHeight;
    // Who drags the bar through thousands of pictures does not want each of them fetched.
    this.fast = Math.abs(top - this.before) > view;
    this.before = top;
    clearTimeout(this.slower);
    if (this.fast) this.slower = setTimeout(this.paint, 90);
    if (this.tall !== rows.bottom) {
      this.tall = rows.bottom;
      this.element.style.height = `${Math.max(0, rows.bottom)}px`;
    }
    const wanted = new Set();
    if (rows.rows > 0) {
      const last = rows.at(top + view * 1.75);
      for (let r = rows.at(top - view * 0.75); r <= last; r++) {
        rows.row(r, (i, left, y, width, height) => {
          wanted.add(i);
          this.#place(i, left, y, width, height);
        });
      }
    }
    for (const [i, cell] of this.cells) if (!wanted.has(i)) { cell.remove(); this.cells.delete(i); }
    if (!this.source.done && !this.failed && rows.bottom < top + view * 4) this.#more();
  }

  async #more() {
    if (this.loading) return;
    this.loading = true;
    const { source } = this;
    try {
      const hits = await source.more();
      if (source !== this.source) return;
      this.rows.add(hits);
      this.onmore?.(source);
      this.later();
    } catch (err) {
      if (source !== this.source || err.name === 'AbortError') return;
      this.failed = true; // not again at every movement: retry does
      this.onfail?.(err);
    } finally {
      this.loading = false;
      if (source !== this.source) this.later();
    }
  }

  /** retry goes on after a page could not be had. */
  retry() { this.failed = false; this.later(); }

  /** again fetches the pictures anew that could not be had. */
  again() {
    for (const cell of this.cells.values()) {
      if (!cell.classList.contains('broken')) continue;
      cell.classList.remove('broken');
      cell.querySelector('.why')?.remove();
      delete cell.firstChild.url;
    }
    this.later();
  }

  #place(i, left, top, width, height) {
    const hit = this.source.get(i);
    let cell = this.cells.get(i);
    if (!cell) {
      cell = this.model.cloneNode(true);
      cell.id = `hit-${i}`;
      cell.dataset.index = i;
      this.cells.set(i, cell);
      // In the order of the hits, for what reads the document from top to bottom.
      let after = Infinity;
      for (const other of this.cells.keys()) if (other > i && other < after) after = other;
      this.element.insertBefore(cell, this.cells.get(after) ?? null);
    }
    const moved = cell.left !== left || cell.top !== top || cell.width !== width || cell.height !== height;
    if (moved) { // most stand where they stood in the frame before
      Object.assign(cell, { left, top, width, height });
      const { style } = cell;
      style.transform = `translate(${left.toFixed(1)}px, ${top.toFixed(1)}px)`;
      style.width = `${width.toFixed(1)}px`;
      style.height = `${height.toFixed(1)}px`;
    }
    if (hit && cell.hit !== hit.id) this.#fill(cell, hit, i);
    if (hit && (moved || !cell.firstChild.url)) this.#picture(cell, hit, width, height);
    if (cell.active !== (i === this.active)) {
      cell.active = i === this.active;
      cell.classList.toggle('active', cell.active);
    }
  }

  #fill(cell, hit, i) {
    cell.dataset.id = hit.id;
    cell.hit = hit.id;
    cell.setAttribute('aria-label', describe(hit));
    cell.setAttribute('aria-posinset', i + 1);
    cell.setAttribute('aria-setsize', this.source.done ? this.source.count : -1);
    cell.title = hit.name;
    const chosen = this.selection.has(hit.id);
    cell.setAttribute('aria-selected', chosen);
    cell.querySelector('.badge')?.remove();
    if (hit.copies) cell.append(h('span', { class: 'badge' }, `+${hit.copies}`));
    if (hit.missing) cell.classList.add('missing');
  }

  #picture(cell, hit, width, height) {
    const url = thumbnail(hit, Math.max(width, height) * Math.min(devicePixelRatio, 2));
    const img = cell.firstChild;
    if (this.fast || img.url === url) return;
    img.url = url;
    img.src = url;
  }

  #broken(img) {
    const cell = img.closest('.cell');
    cell?.classList.add('broken');
    if (cell && !cell.querySelector('.why')) cell.append(h('span', { class: 'why' }, cell.title || 'not readable'));
  }

  #marks() {
    for (const cell of this.cells.values()) cell.setAttribute('aria-selected', this.selection.has(cell.dataset.id));
  }

  #focus() {
    if (this.active < 0 && this.rows.count > 0) {
      const r = this.rows.at(this.#top());
      this.setActive(this.rows.start.a[r], false);
    }
  }

  /** setActive moves the mark of the keyboard to a picture, and brings it into sight. */
  setActive(index, scroll = true) {
    if (index < 0 || index >= this.rows.count) return;
    this.active = index;
    if (scroll) {
      const r = this.rows.rowOf(index);
      const offset = this.#offset();
      const top = offset + this.rows.top.a[r];
      const bottom = top + this.rows.height.a[r];
      const view = this.scroller;
      if (top < view.scrollTop + 8) view.scrollTop = r === 0 ? 0 : top - 8;
      else if (bottom > view.scrollTop + view.clientHeight - 8) view.scrollTop = bottom - view.clientHeight + 8;
    }
    this.paint();
    this.element.setAttribute('aria-activedescendant', `hit-${index}`);
  }

  #key(ev) {
    const { rows } = this;
    if (ev.altKey) return;
    const r = this.active >= 0 ? rows.rowOf(this.active) : 0;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / (this.height + rows.gap)) - 1);
    const vertical = (by) => rows.near(Math.min(Math.max(r + by, 0), rows.rows - 1), rows.centre(this.active));
    let to;
    switch (ev.key) {
      case 'ArrowRight': to = this.active + 1; break;
      case 'ArrowLeft': to = this.active - 1; break;
      case 'ArrowDown': to = vertical(1); break;
      case 'ArrowUp':
        if (r === 0) { this.onleave?.(); ev.preventDefault(); return; }
        to = vertical(-1); break;
      case 'PageDown': to = vertical(page); break;
      case 'PageUp': to = vertical(-page); break;
      case 'Home': to = 0; break;
      case 'End': to = rows.count - 1; break;
      case 'Enter': if (this.active >= 0) { this.open(this.active); ev.preventDefault(); } return;
      case ' ':
      case 'x':
        if (ev.ctrlKey || ev.metaKey) return;
        this.toggle(this.active); ev.preventDefault(); return;
      case 'a':
        if (ev.ctrlKey || ev.metaKey) { this.selectAll(); ev.preventDefault(); }
        return;
      case '+': case '=': if (!ev.ctrlKey && !ev.metaKey) this.setZoom(this.zoom + 1); return;
      case '-': if (!ev.ctrlKey && !ev.metaKey) this.setZoom(this.zoom - 1); return;
      default: return;
    }
    ev.preventDefault();
    to = Math.min(Math.max(to, 0), rows.count - 1);
    if (ev.shiftKey) {
      this.anchor ??= this.active;
      this.range(Math.min(this.anchor, to), Math.max(this.anchor, to));
    } else {
      this.anchor = undefined;
    }
    this.setActive(to);
  }

  toggle(index) {
    const hit = this.source?.get(index);
    if (hit) this.selection.toggle(hit);
    this.last = index;
  }

  /** selectAll selects all pictures, as far as that goes. */
  selectAll() { if (this.rows.count) this.range(0, this.rows.count - 1); }

  /** range selects pictures from one to another. */
  async range(from, to) {
    const most = 2000;
    const hits = [];
    for (let i = from; i <= to && hits.length < most; i++) {
      const hit = this.source.get(i) ?? await this.source.wait(i);
      if (hit) hits.push(hit);
    }
    this.selection.add(hits, to - from + 1 > most ? most : 0);
  }

  #click(ev) {
    const cell = ev.target.closest('.cell');
    if (!cell) return;
    const index = Number(cell.dataset.index);
    this.setActive(index, false);
    if (ev.shiftKey && this.last !== undefined) {
      this.range(Math.min(this.last, index), Math.max(this.last, index));
    } else if (ev.target.closest('.tick') || ev.ctrlKey || ev.metaKey || ev.pointerType === 'touch' && this.selection.size > 0) {
      this.toggle(index);
    } else {
      this.open(index);
    }
  }
}

export const zoomSteps = zooms.length;
