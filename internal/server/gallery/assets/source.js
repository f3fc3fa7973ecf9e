// Hits come in pages. What a grid needs to lay them out it keeps; the hits themselves are
// dropped once they are far from what is looked at, and asked for again by the cursor of
// their page. So a hundred thousand hits take no more memory than a few hundred.

const kept = 10; // pages

export class Source {
  /**
   * fetchPage(cursor, signal) gives {hits, next}; next is empty on the last page.
   */
  constructor(fetchPage) {
    this.fetchPage = fetchPage;
    this.pages = []; // {cursor, start, size, hits, used, loading}
    this.count = 0;
    this.next = '';
    this.done = false;
    this.clock = 0;
    this.abort = new AbortController();
    this.listeners = new Set();
  }

  /** of makes a source of hits that are all there. */
  static of(hits) {
    const s = new Source(async () => ({ hits: [], next: '' }));
    s.pages.push({ cursor: null, start: 0, size: hits.length, hits, used: 0, pinned: true });
    s.count = hits.length;
    s.done = true;
    return s;
  }

  /** close gives up whatever is under way. */
  close() { this.abort.abort(); this.listeners.clear(); }

  /** more fetches the next page, once at a time, and resolves to its hits. */
  more() {
    if (this.done) return Promise.resolve([]);
    this.pending ??= this.fetchPage(this.next, this.abort.signal).then((page) => {
      const cursor = this.next;
      this.pages.push({ cursor, start: this.count, size: page.hits.length, hits: page.hits, used: ++this.clock });
      this.count += page.hits.length;
      this.next = page.next ?? '';
      this.done = !this.next;
      this.#drop();
      return page.hits;
    }).finally(() => { this.pending = null; });
    return this.pending;
  }

  #page(index) {
    let low = 0;
    let high = this.pages.length - 1;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (this.pages[mid].start <= index) low = mid; else high = mid - 1;
    }
    return this.pages[low];
  }

  /** get is a hit, or undefined while its page is on its way; onload is told then. */
  get(index) {
    if (index < 0 || index >= this.count) return undefined;
    const page = this.#page(index);
    page.used = ++this.clock;
    if (!page.hits) this.#load(page).then(() => this.listeners.forEach((f) => f()), () => {});
    return page.hits?.[index - page.start];
  }

  /** wait resolves to a hit. */
  async wait(index) {
    while (index >= this.count && !this.done) await this.more();
    if (index < 0 || index >= this.count) return undefined;
    const page = this.#page(index);
    page.used = ++this.clock;
    if (!page.hits) await this.#load(page);
    return page.hits?.[index - page.start];
  }

  #load(page) {
    page.loading ??= this.fetchPage(page.cursor, this.abort.signal).then((p) => {
      page.hits = p.hits;
      page.used = ++this.clock;
      this.#drop();
    }).finally(() => { page.loading = null; });
    return page.loading;
  }

  /** indexOf is the place of an id among the hits that are in memory, or -1. */
  indexOf(id) {
    for (const page of this.pages) {
      const i = page.hits?.findIndex((hit) => hit.id === id) ?? -1;
      if (i >= 0) return page.start + i;
    }
    return -1;
  }

  #drop() {
    const full = this.pages.filter((p) => p.hits && !p.pinned);
    if (full.length <= kept) return;
    full.sort((a, b) => a.used - b.used);
    full.slice(0, full.length - kept).forEach((p) => { p.hits = null; });
  }
}
