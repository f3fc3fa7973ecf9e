// Making elements. Text is always set as text: nothing here, or anywhere in the page, parses
// a string as HTML, so a file name or a label cannot bring markup with it.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * h makes an element. Props that begin with "on" are listeners, booleans are attributes that
 * are there or not, and style is an object (the policy of the page forbids style attributes).
 */
export function h(tag, props, ...children) {
  const e = document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) e.addEventListener(key.slice(2), value);
    else if (key === 'style') Object.entries(value).forEach(([k, v]) => e.style.setProperty(k, v));
    else if (key === 'value' || key === 'checked' || key === 'indeterminate') e[key] = value;
    else e.setAttribute(key, value === true ? '' : value);
  }
  e.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return e;
}

/** fill puts children into an element in place of those that it has. */
export function fill(e, ...children) {
  e.replaceChildren(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false && c !== ''));
}

/** icon makes one of the symbols of index.html, hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#i-${name}`);
  svg.append(use);
  return svg;
}

/** button makes a button with an icon, a text, or both; without a text, label names it. */
export function button({ icon: symbol, text, label, ...props }) {
  return h('button', { type: 'button', 'aria-label': text ? undefined : label, title: text ? undefined : label, ...props },
    symbol && icon(symbol), text && h('span', null, text));
}

/** announce tells something to everybody: it is shown for a while, and read aloud. */
export function announce(text, options) {
  const { action, run, bad } = options || {};
  const box = document.getElementById('toasts');
  const toast = h('div', { class: bad ? 'toast bad' : 'toast' }, h('span', null, text),
    action && button({ text: action, class: 'link', onclick: () => { toast.remove(); run(); } }),
    action && button({ icon: 'close', label: 'Close', class: 'quiet', onclick: () => toast.remove() }));
  box.append(toast);
  while (box.children.length > 3) box.firstChild.remove();
  // What offers something to do stays: nobody has to be quick.
  if (!action) setTimeout(() => toast.remove(), 6000);
}

/** dialog shows a modal dialog and resolves when it has been closed. */
export function dialog({ title, className, body, actions = [] }) {
  const back = document.activeElement;
  const id = `dialog-${Date.now()}`;
  const d = h('dialog', { class: `sheet ${className ?? ''}`, 'aria-labelledby': id },
    h('header', null, h('h2', { id }, title),
      button({ icon: 'close', label: 'Close', class: 'quiet', onclick: () => d.close() })),
    h('div', { class: 'sheetbody' }, body),
    actions.length > 0 && h('footer', null, actions));
  document.body.append(d);
  const done = new Promise((resolve) => d.addEventListener('close', () => {
    d.remove();
    if (back?.isConnected) back.focus();
    resolve(d.returnValue);
  }));
  d.addEventListener('click', (ev) => { if (ev.target === d) d.close(); });
  d.showModal();
  return { element: d, done };
}

/** plural writes a number of things. */
export function plural(n, one, many = `${one}s`) {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

/** debounce makes a function that runs once its calls have paused. */
export function debounce(ms, f) {
  let timer;
  const later = (...args) => { clearTimeout(timer); timer = setTimeout(() => f(...args), ms); };
  later.cancel = () => clearTimeout(timer);
  return later;
}

/** setting is a choice of the reader that outlives the page, where the browser allows it. */
export const setting = {
  get(key, otherwise) {
    try { return localStorage.getItem(`sightline.${key}`) ?? otherwise; } catch { return otherwise; }
  },
  set(key, value) {
    try { localStorage.setItem(`sightline.${key}`, value); } catch { /* a private window */ }
  },
};

/** save hands a blob to the reader as a file. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const a = h('a', { href: url, download: name });
  document.body.append(a);
  a.click();
  a.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

/** copyText puts text on the clipboard, also where the page is not served over TLS. */
export async function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) {
    try { await navigator.clipboard.writeText(text); return; } catch { /* not allowed: the old way */ }
  }
  const area = h('textarea', { class: 'offscreen', value: text, 'aria-hidden': 'true' });
  document.body.append(area);
  area.select();
  const ok = document.execCommand('copy');
  area.remove();
  if (!ok) throw new Error('the browser does not let the page use the clipboard');
}

/** across is how wide a picture of a strip is, by its proportions. */
export function across({ width, height }, tall, least = 112) {
  const ratio = width > 0 && height > 0 ? width / height : 1.5;
  return `${Math.round(Math.min(Math.max(ratio * tall, least), 300))}px`;
}
