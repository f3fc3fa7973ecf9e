// Pictures that are searched by: dropped, pasted or chosen, each with a weight. They are sent
// with the query and kept nowhere.

import { h, button, announce } from './dom.js';

const most = 8;
const largest = 64 << 20; // bytes; the server has limits of its own

export class Pictures {
  /** box is where they are shown; changed is called after every change. */
  constructor({ box, changed }) {
    Object.assign(this, { box, changed });
    this.list = [];
  }

  get size() { return this.list.length; }
  all() { return this.list; }

  add(files) {
    const usable = [...files].filter((f) => f.type.startsWith('image/') || /\.(heic|heif|tiff?|dng|nef|cr[23]|arw|raf|orf|rw2|jxl|psd|avif)$/i.test(f.name));
    if (!usable.length) { announce('That is no picture.', { bad: true }); return; }
    for (const file of usable) {
      if (this.size >= most) { announce(`At most ${most} pictures at once.`, { bad: true }); break; }
      if (file.size > largest) { announce(`${file.name} is larger than 64 MB.`, { bad: true }); continue; }
      this.list.push({ file, weight: 1, url: URL.createObjectURL(file) });
    }
    this.#draw();
    this.changed();
  }

  clear() {
    this.list.forEach((p) => URL.revokeObjectURL(p.url));
    this.list = [];
    this.#draw();
  }

  #draw() {
    this.box.replaceChildren(...this.list.map((p) => {
      const weight = h('output', null, this.#weight(p.weight));
      const pop = h('div', { class: 'menu weight', popover: 'auto', role: 'dialog', 'aria-label': `Weight of ${p.file.name}` },
        h('img', { src: p.url, alt: p.file.name }),
        h('label', null, 'Weight ', weight, h('input', {
          type: 'range', min: -1, max: 2, step: 0.1, value: p.weight, 'aria-label': 'Weight: below 0 is unlike the picture',
          oninput: (ev) => { p.weight = Number(ev.target.value); weight.value = this.#weight(p.weight); },
          onchange: () => { if (p.weight === 0) p.weight = 0.1; chip.classList.toggle('minus', p.weight < 0); this.changed(); },
        })),
        button({ text: 'Remove', icon: 'close', onclick: () => { pop.hidePopover(); this.#remove(p); } }));
      const chip = h('span', { class: p.weight < 0 ? 'picchip minus' : 'picchip' },
        button({ label: `The picture ${p.file.name}: weight, remove`, class: 'pic', onclick: (ev) => {
          const at = ev.currentTarget.getBoundingClientRect();
          pop.showPopover();
          pop.style.left = `${Math.max(8, Math.min(at.left, innerWidth - pop.offsetWidth - 8))}px`;
          pop.style.top = `${at.bottom + 8}px`;
        } }), pop);
      const img = h('img', { src: p.url, alt: '' });
      // A format that the browser does not show, such as HEIC: the server does read it.
      img.onerror = () => img.replaceWith(h('span', { class: 'noimg' }, (/\.(\w+)$/.exec(p.file.name)?.[1] ?? '?').toUpperCase()));
      chip.firstChild.append(img);
      return chip;
    }));
    document.getElementById('q').placeholder = this.size ? 'and what else?' : 'What should the pictures show?';
  }

  #weight(w) { return `${w < 0 ? 'unlike ' : ''}${Math.abs(w).toFixed(1)}`; }

  #remove(p) {
    URL.revokeObjectURL(p.url);
    this.list = this.list.filter((other) => other !== p);
    this.#draw();
    this.changed();
    document.getElementById('q').focus();
  }

  /** listen takes pictures that are dropped on the page or pasted into it. */
  listen(zone) {
    let depth = 0;
    const files = (ev) => [...(ev.dataTransfer?.types ?? [])].includes('Files');
    addEventListener('dragenter', (ev) => { if (files(ev)) { depth++; zone.hidden = false; ev.preventDefault(); } });
    addEventListener('dragover', (ev) => { if (files(ev)) ev.preventDefault(); });
    addEventListener('dragleave', (ev) => { if (files(ev) && --depth <= 0) { depth = 0; zone.hidden = true; } });
    addEventListener('drop', (ev) => {
      depth = 0;
      zone.hidden = true;
      if (ev.defaultPrevented || !files(ev)) return;
      ev.preventDefault();
      this.add(ev.dataTransfer.files);
    });
    addEventListener('paste', (ev) => {
      const pasted = [...(ev.clipboardData?.files ?? [])];
      if (pasted.length) { ev.preventDefault(); this.add(pasted); }
    });
  }
}
