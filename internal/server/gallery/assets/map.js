// The whole collection on a plane: pictures that are alike lie near one another. The points
// are drawn by hand into the canvas's pixels, which takes a few milliseconds for a hundred
// thousand; where few are in sight, the pictures themselves are drawn.

import { h, announce, button, fill, plural } from './dom.js';
import * as api from './api.js';
import { Source } from './source.js';

export function show(app, root) {
  const view = new MapView(app, root);
  view.load();
  return view;
}

/** Colours of clusters: as far apart as they can be on both grounds. */
const colours = ['#3d8bd4', '#d9603b', '#3da463', '#b65fc4', '#c79a1b', '#2fa3a0', '#d4567f', '#7d7be0', '#8a9a3c', '#a8714a'];

/** packed is a colour as a pixel of a canvas, little-endian. */
function packed(hex) {
  const n = parseInt(hex.slice(1), 16);
  return (0xff000000 | (n & 0xff) << 16 | (n & 0xff00) | n >> 16) >>> 0;
}

const mostPictures = 140; // thumbnails at once

class MapView {
  constructor(app, root) {
    Object.assign(this, { app, root });
    this.asked = new AbortController();
    this.canvas = h('canvas', {
      tabindex: '0', role: 'application', 'aria-label': 'Map of the pictures: arrows move, plus and minus zoom, 0 shows all. The clusters are listed beside it.',
      onkeydown: (ev) => this.#key(ev),
    });
    this.note = h('p', { class: 'mapnote', role: 'status' });
    this.lassoButton = button({ icon: 'lasso', text: 'Lasso', 'aria-pressed': 'false', onclick: () => this.#lassoMode(!this.lassoing) });
    this.tools = h('div', { class: 'maptools' }, this.lassoButton,
      button({ icon: 'plus', label: 'Closer', onclick: () => this.#zoom(1.6) }), button({ icon: 'minus', label: 'Farther', onclick: () => this.#zoom(1 / 1.6) }),
      button({ text: 'All', onclick: () => { this.fit(); this.paint(); } }));
    this.side = h('aside', { class: 'clusters', 'aria-label': 'Clusters', tabindex: '0' });
    this.box = h('div', { class: 'mapbox' }, this.canvas, this.tools, this.note);
    root.append(h('div', { class: 'mapview' }, h('h1', { class: 'sr' }, 'Map'), this.box, this.side));
    this.resizes = new ResizeObserver(() => this.#resize());
    this.resizes.observe(this.box);
    this.images = new Map();
    this.canvas.addEventListener('wheel', (ev) => { ev.preventDefault(); this.#zoom(Math.exp(-ev.deltaY * 0.0016), ev.offsetX, ev.offsetY); }, { passive: false });
    this.#pointer();
    this.theme = matchMedia('(prefers-color-scheme: dark)');
    this.repaint = () => this.paint();
    this.theme.addEventListener('change', this.repaint);
  }

  destroy() {
    this.asked.abort();
    this.resizes.disconnect();
    this.theme.removeEventListener('change', this.repaint);
    cancelAnimationFrame(this.frame);
  }

  back() { this.load(); }

  async load() {
    this.note.textContent = 'Loading the map…';
    try {
      const [points, clusters] = await Promise.all([api.mapPoints(this.asked.signal), api.clusters(this.asked.signal)]);
      this.points = points;
      this.clusters = clusters;
      // The largest clusters take the colours in turn.
      this.rank = new Map(clusters.filter((c) => c.level === 1).sort((a, b) => b.size - a.size).map((c, i) => [c.place, i]));
      this.places = middles(points, clusters);
      this.colour = Uint32Array.from(points.cluster, (c) => packed(this.#colourOf(c)));
      this.note.textContent = `${plural(points.ids.length, 'picture')}${points.since ? `; since the map was drawn: ${points.since}` : ''}`;
      this.#clusters();
      this.#resize();
      this.fit();
      this.paint();
      this.canvas.dataset.ready = '';
    } catch (err) {
      if (err.name === 'AbortError') return;
      fill(this.box, h('div', { class: 'empty' }, h('h2', null, err.status === 404 ? 'No map yet' : 'The map could not be had'),
        h('p', null, err.status === 404 ? 'The layout of the pictures and their clusters are computed once, in a terminal:' : err.message),
        err.status === 404 && h('pre', { class: 'command' }, h('code', null, 'indexer explore'))));
      this.side.hidden = true;
    }
  }

  #colourOf(c) { return c < 0 ? '#8d8a82' : colours[this.rank.get(this.#top(c)) % colours.length]; }

  /** #top is the cluster of the first level that a cluster is part of. */
  #top(c) { while (this.clusters[c]?.parent >= 0) c = this.clusters[c].parent; return c; }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.box;
    if (!width || !this.canvas.isConnected) return;
    this.ratio = Math.min(devicePixelRatio, 2);
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(height * this.ratio);
    this.pixels = null;
    if (this.points) { if (!this.scale) this.fit(); this.#draw(); } // at once: a resized canvas is black until it is drawn
  }

  /** fit shows all points. */
  fit() {
    const { x, y } = this.points;
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let i = 0; i < x.length; i++) {
      if (x[i] < left) left = x[i];
      if (x[i] > right) right = x[i];
      if (y[i] < top) top = y[i];
      if (y[i] > bottom) bottom = y[i];
    }
    const { width, height } = this.canvas;
    this.scale = Math.min(width / Math.max(right - left, 1e-6), height / Math.max(bottom - top, 1e-6)) * 0.9;
    this.least = this.scale / 2;
    this.panX = width / 2 - (left + right) / 2 * this.scale;
    this.panY = height / 2 - (top + bottom) / 2 * this.scale;
  }

  /** paint draws at the next frame, once however often it is asked for. */
  paint() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => { this.frame = 0; this.#draw(); });
  }

  #draw() {
    if (!this.points) return;
    const { width, height } = this.canvas;
    const context = this.canvas.getContext('2d', { alpha: false });
    const ground = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
    if (!this.pixels) {
      this.pixels = new ImageData(width, height);
      this.words = new Uint32Array(this.pixels.data.buffer);
    }
    const { words } = this;
    words.fill((0xff000000 | ground[2] << 16 | ground[1] << 8 | ground[0]) >>> 0);
    const { x, y } = this.points;
    const { scale, panX, panY, colour } = this;
    const seen = [];
    const r = Math.max(1, Math.round(Math.sqrt(this.ratio) * (x.length > 20000 ? 1 : x.length > 2000 ? 2 : x.length > 600 ? 3 : 4)));
    // A disc, as half the length of its rows from the middle on.
    const chords = Array.from({ length: r + 1 }, (_, d) => Math.round(Math.sqrt((r + 0.4) ** 2 - d * d)));
    let count = 0;
    for (let i = 0; i < x.length; i++) {
      const px = Math.round(x[i] * scale + panX);
      const py = Math.round(y[i] * scale + panY);
      if (px < r || py < r || px >= width - r || py >= height - r) continue;
      count++;
      if (seen.length <= mostPictures) seen.push(i);
      const c = this.chosen?.has(i) === false ? 0xff9a978f : colour[i];
      for (let dy = -r; dy <= r; dy++) {
        const row = (py + dy) * width + px;
        const half = chords[Math.abs(dy)];
        for (let dx = -half; dx <= half; dx++) words[row + dx] = c;
      }
    }
    context.putImageData(this.pixels, 0, 0);
    if (count <= mostPictures) this.#pictures(context, seen);
    else this.#names(context);
    if (this.path?.length > 1) {
      context.lineWidth = 2 * this.ratio;
      context.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue('--accent');
      context.beginPath();
      this.path.forEach(([px, py]) => context.lineTo(px, py));
      context.closePath();
      context.stroke();
    }
    this.shown = count;
  }

  /** #pictures draws the pictures themselves. */
  #pictures(context, seen) {
    const side = 64 * this.ratio;
    for (const i of seen) {
      const id = this.points.ids[i];
      let img = this.images.get(id);
      if (!img) {
        img = new Image();
        img.onload = () => this.paint();
        img.src = api.thumbnail({ id }, 200);
        this.images.set(id, img);
        if (this.images.size > 600) this.images.delete(this.images.keys().next().value);
      }
      if (!img.complete || !img.naturalWidth) continue;
      const k = side / Math.max(img.naturalWidth, img.naturalHeight);
      const w = img.naturalWidth * k;
      const t = img.naturalHeight * k;
      context.drawImage(img, this.points.x[i] * this.scale + this.panX - w / 2, this.points.y[i] * this.scale + this.panY - t / 2, w, t);
    }
  }

  /** #names writes the names of the large clusters over the pictures in their middles. */
  #names(context) {
    const text = getComputedStyle(document.body);
    context.font = `600 ${13 * this.ratio}px ${text.fontFamily}`;
    context.textAlign = 'center';
    context.lineJoin = 'round';
    context.lineWidth = 4 * this.ratio;
    context.strokeStyle = text.backgroundColor;
    context.fillStyle = text.color;
    const level = this.scale > this.least * 6 ? 2 : 1;
    const boxes = [];
    const clusters = this.clusters.filter((c) => c.level === level && c.name).sort((a, b) => b.size - a.size).slice(0, 60);
    for (const c of clusters) {
      const [cx, cy] = this.places[c.place] ?? [c.x, c.y];
      const px = cx * this.scale + this.panX;
      const py = cy * this.scale + this.panY;
      const half = context.measureText(c.name).width / 2 + 4;
      const tall = 9 * this.ratio;
      if (boxes.some((b) => Math.abs(b[0] - px) < b[2] + half && Math.abs(b[1] - py) < tall * 2)) continue;
      boxes.push([px, py, half]);
      context.strokeText(c.name, px, py);
      context.fillText(c.name, px, py);
    }
  }

  #zoom(by, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    if (!this.points) return;
    const factor = Math.min(Math.max(this.scale * by, this.least), this.least * 4000) / this.scale;
    const px = x * this.ratio;
    const py = y * this.ratio;
    this.panX = px - (px - this.panX) * factor;
    this.panY = py - (py - this.panY) * factor;
    this.scale *= factor;
    this.paint();
  }

  #key(ev) {
    const step = 60 * this.ratio;
    switch (ev.key) {
      case 'ArrowLeft': this.panX += step; break;
      case 'ArrowRight': this.panX -= step; break;
      case 'ArrowUp': this.panY += step; break;
      case 'ArrowDown': this.panY -= step; break;
      case '+': case '=': this.#zoom(1.4); break;
      case '-': this.#zoom(1 / 1.4); break;
      case '0': this.fit(); break;
      case 'Escape': this.#lassoMode(false); this.#choose(null); break;
      default: return;
    }
    ev.preventDefault();
    this.paint();
  }

  #lassoMode(on) {
    this.lassoing = on;
    this.lassoButton.setAttribute('aria-pressed', on);
    this.box.classList.toggle('lassoing', on);
    this.path = null;
    if (on) this.#choose(null);
  }

  /** #pointer moves the map, draws the lasso, pinches, and opens what is clicked. */
  #pointer() {
    const down = new Map();
    let moved = 0;
    const place = (ev) => [ev.offsetX, ev.offsetY];
    this.canvas.addEventListener('pointerdown', (ev) => {
      this.canvas.setPointerCapture(ev.pointerId);
      down.set(ev.pointerId, place(ev));
      moved = 0;
      if (this.lassoing || ev.shiftKey) this.path = [place(ev).map((v) => v * this.ratio)];
    });
    this.canvas.addEventListener('pointermove', (ev) => {
      const before = down.get(ev.pointerId);
      if (!before) return;
      const [x, y] = place(ev);
      moved += Math.abs(x - before[0]) + Math.abs(y - before[1]);
      if (this.path) {
        this.path.push([x * this.ratio, y * this.ratio]);
      } else if (down.size === 1) {
        this.panX += (x - before[0]) * this.ratio;
        this.panY += (y - before[1]) * this.ratio;
      } else if (down.size === 2) {
        const other = [...down].find(([id]) => id !== ev.pointerId)[1];
        const far = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
        if (far(before) > 4) this.#zoom(far([x, y]) / far(before), (x + other[0]) / 2, (y + other[1]) / 2);
      }
      down.set(ev.pointerId, [x, y]);
      this.paint();
    });
    const up = (ev) => {
      if (!down.delete(ev.pointerId)) return;
      if (this.path) {
        const path = this.path;
        this.path = null;
        this.#lassoMode(false);
        if (path.length > 3) this.#lasso(path);
        this.paint();
      } else if (moved < 6 && ev.type === 'pointerup') {
        this.#click(...place(ev));
      }
    };
    this.canvas.addEventListener('pointerup', up);
    this.canvas.addEventListener('pointercancel', up);
  }

  /** #lasso chooses the points inside of a polygon. */
  #lasso(path) {
    const { x, y } = this.points;
    const inside = new Set();
    for (let i = 0; i < x.length; i++) {
      const px = x[i] * this.scale + this.panX;
      const py = y[i] * this.scale + this.panY;
      let odd = false;
      for (let a = 0, b = path.length - 1; a < path.length; b = a++) {
        const [ax, ay] = path[a];
        const [bx, by] = path[b];
        if (ay > py !== by > py && px < (bx - ax) * (py - ay) / (by - ay) + ax) odd = !odd;
      }
      if (odd) inside.add(i);
    }
    if (inside.size) this.#choose(inside); else announce('There is no picture inside.');
  }

  #choose(chosen) {
    this.chosen = chosen;
    this.actions?.remove();
    this.actions = null;
    if (chosen) {
      const ids = [...chosen].map((i) => this.points.ids[i]);
      this.actions = h('div', { class: 'mapactions', role: 'group', 'aria-label': 'The pictures inside' },
        h('strong', { role: 'status' }, plural(ids.length, 'picture')),
        button({ text: 'Show', class: 'primary', onclick: () => this.look(ids) }),
        button({ icon: 'like', text: 'More like these', onclick: () => this.app.likeAll(spread(ids, 12).map((id) => ({ id }))) }),
        this.app.mayWrite && button({ icon: 'tag', text: 'Tag', onclick: async () => (await import('./tags.js')).tagDialog(this.app, ids.length > 500 ? ids.map((id) => ({ id })) : await fetchAll(ids)) }),
        button({ icon: 'check', text: 'Select', onclick: async () => this.app.selection.add((await fetchAll(ids.slice(0, 500))), ids.length > 500 ? 500 : 0) }),
        button({ icon: 'close', label: 'Let go', class: 'quiet', onclick: () => this.#choose(null) }));
      this.box.append(this.actions);
    }
    this.paint();
  }

  /** look shows pictures one after the other, the first of them now. */
  look(ids) { this.app.look(idSource(ids), 0); }

  #click(cx, cy) {
    const { x, y } = this.points;
    let best = -1;
    let least = ((this.shown <= mostPictures ? 32 : 8) * this.ratio) ** 2;
    for (let i = 0; i < x.length; i++) {
      const d = (x[i] * this.scale + this.panX - cx * this.ratio) ** 2 + (y[i] * this.scale + this.panY - cy * this.ratio) ** 2;
      if (d <= least) { least = d; best = i; }
    }
    if (best >= 0) this.app.look(idSource([this.points.ids[best]]), 0, () => this.canvas.focus());
  }

  /** #clusters lists the clusters, which is also the way for those who do not see the map. */
  #clusters() {
    const largest = (list) => list.sort((a, b) => b.size - a.size);
    const first = largest(this.clusters.filter((c) => c.level === 1));
    const title = (c) => c.name || `cluster ${c.id}`;
    const look = (c) => this.app.go(`cluster:${c.id}`);
    const parts = (c) => {
      const below = largest(this.clusters.filter((other) => other.parent === c.place));
      return below.length > 0 && h('details', null, h('summary', null, plural(below.length, 'part')),
        h('ul', { class: 'parts' }, below.map((other) => h('li', null,
          h('button', { type: 'button', class: 'link', onclick: () => look(other) }, title(other)), h('small', null, ` ${other.size.toLocaleString('en')}`)))));
    };
    const card = (c) => h('li', null, h('div', { class: 'cluster' },
      h('div', { class: 'faces' }, c.representatives.slice(0, 4).map((id) => h('img', { src: api.thumbnail({ id }, 90), alt: '', loading: 'lazy' }))),
      h('div', null, h('strong', null, h('i', { class: 'dot', 'aria-hidden': 'true', style: { background: this.#colourOf(c.place) } }), title(c)), h('small', null, ` ${plural(c.size, 'picture')}`),
        h('div', { class: 'row' },
          h('button', { type: 'button', class: 'link', 'aria-label': `look: ${title(c)}`, onclick: () => look(c) }, 'look'),
          h('button', { type: 'button', class: 'link', 'aria-label': `on the map: ${title(c)}`, onclick: () => this.#goTo(c) }, 'on the map'),
          c.representatives.length > 0 && h('button', { type: 'button', class: 'link', 'aria-label': `more like it: ${title(c)}`, onclick: () => this.app.likeAll(c.representatives.slice(0, 6).map((id) => ({ id }))) }, 'more like it')),
        parts(c))));
    fill(this.side, h('h2', null, plural(first.length, 'cluster')), h('ul', null, first.map(card)));
  }

  #goTo(c) {
    this.scale = this.least * 10;
    this.panX = this.canvas.width / 2 - c.x * this.scale;
    this.panY = this.canvas.height / 2 - c.y * this.scale;
    this.canvas.focus();
    this.paint();
  }
}

/**
 * middles gives each cluster a place for its name: that of the picture nearest to the median
 * of its pictures. The mean may lie where there is none.
 */
function middles({ x, y, cluster }, clusters) {
  const members = clusters.map(() => []);
  for (let i = 0; i < x.length; i++) {
    for (let c = cluster[i]; c >= 0 && clusters[c]; c = clusters[c].parent) members[c].push(i);
  }
  const median = (of, values) => Float32Array.from(of, (i) => values[i]).sort()[of.length >> 1];
  return members.map((of) => {
    const [mx, my] = [median(of, x), median(of, y)];
    let best = null;
    let least = Infinity;
    for (const i of of) {
      const d = (x[i] - mx) ** 2 + (y[i] - my) ** 2;
      if (d < least) { least = d; best = [x[i], y[i]]; }
    }
    return best;
  });
}

/** spread takes so many of a list, evenly. */
function spread(list, n) {
  if (list.length <= n) return list;
  return Array.from({ length: n }, (_, i) => list[Math.floor(i * list.length / n)]);
}

const fetchAll = (ids) => Promise.all(ids.map((id) => api.image(id)));

/** idSource makes hits of ids, a page at a time. */
function idSource(ids) {
  const size = 20;
  const source = new Source(async (cursor) => {
    const from = Number(cursor || 0);
    const hits = await fetchAll(ids.slice(from, from + size));
    return { hits, next: from + size < ids.length ? String(from + size) : '' };
  });
  return source;
}
