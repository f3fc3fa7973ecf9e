// Justified rows: pictures of one row have the same height and fill its width, in their own
// proportions. The layout needs the proportions alone, so it stands before any picture has
// arrived and does not move when they do. A hundred thousand pictures take 4 bytes each, and
// their rows 20.

/** Growing is a typed array that grows. */
class Growing {
  constructor(Type) { this.a = new Type(1024); this.n = 0; }
  push(v) {
    if (this.n === this.a.length) {
      const wider = new this.a.constructor(this.a.length * 2);
      wider.set(this.a);
      this.a = wider;
    }
    this.a[this.n++] = v;
  }
}

/** A panorama or a strip would leave its row with nothing to look at. */
const narrowest = 0.4;
const widest = 3.5;

export class Rows {
  constructor() {
    this.ratios = new Growing(Float32Array);
    this.width = 0;
    this.target = 200;
    this.gap = 6;
    this.clear();
  }

  /** clear forgets the rows, not the proportions. */
  clear() {
    this.start = new Growing(Uint32Array); // the first picture of each row
    this.top = new Growing(Float64Array);
    this.height = new Growing(Float32Array);
    this.placed = 0;
    this.bottom = 0;
  }

  /** resize lays everything out anew for a width and a wanted height of rows. */
  resize(width, target, gap) {
    if (width === this.width && target === this.target && gap === this.gap) return;
    Object.assign(this, { width, target, gap });
    this.clear();
    this.#place();
  }

  /** add appends pictures by their width and height; done says that none will follow. */
  add(sizes) {
    for (const { width, height } of sizes) {
      const ratio = width > 0 && height > 0 ? width / height : 1.5;
      this.ratios.push(Math.min(Math.max(ratio, narrowest), widest));
    }
    this.#place();
  }

  get count() { return this.ratios.n; }
  get rows() { return this.start.n; }

  /** #place goes on where the last full row ended. */
  #place() {
    if (this.width <= 0) return;
    if (this.open) { // the last row was not full: it is made again
      this.start.n--; this.top.n--; this.height.n--;
      this.placed = this.open.start;
      this.bottom = this.open.top;
      this.open = null;
    }
    const { a } = this.ratios;
    const n = this.ratios.n;
    let i = this.placed;
    while (i < n) {
      let sum = 0;
      let j = i;
      let height = Infinity;
      while (j < n) {
        const withNext = (this.width - (j - i) * this.gap) / (sum + a[j]);
        if (withNext <= this.target) {
          // The break that leaves the row nearer to the wanted height.
          if (j === i || this.target - withNext <= height - this.target) { height = withNext; sum += a[j]; j++; }
          break;
        }
        height = withNext;
        sum += a[j];
        j++;
      }
      const full = j < n || height <= this.target * 1.15;
      if (!full) {
        this.open = { start: i, top: this.bottom };
        height = Math.min(height, this.target);
      }
      this.start.push(i);
      this.top.push(this.bottom);
      this.height.push(height);
      this.bottom += height + this.gap;
      i = j;
    }
    this.placed = i;
  }

  /** at is the row at a height of the page. */
  at(y) {
    let low = 0;
    let high = this.rows - 1;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (this.top.a[mid] <= y) low = mid; else high = mid - 1;
    }
    return low;
  }

  /** rowOf is the row of a picture. */
  rowOf(index) {
    let low = 0;
    let high = this.rows - 1;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (this.start.a[mid] <= index) low = mid; else high = mid - 1;
    }
    return low;
  }

  /** row calls place(index, left, top, width, height) for each picture of a row. */
  row(r, place) {
    const end = r + 1 < this.rows ? this.start.a[r + 1] : this.count;
    const height = this.height.a[r];
    let left = 0;
    for (let i = this.start.a[r]; i < end; i++) {
      const width = this.ratios.a[i] * height;
      place(i, left, this.top.a[r], width, height);
      left += width + this.gap;
    }
  }

  /** near is the picture of a row that is nearest to a place from the left. */
  near(r, x) {
    let best = this.start.a[r];
    let least = Infinity;
    this.row(r, (i, left, _top, width) => {
      const away = Math.abs(left + width / 2 - x);
      if (away < least) { least = away; best = i; }
    });
    return best;
  }

  /** centre is how far from the left the middle of a picture is. */
  centre(index) {
    let found = 0;
    this.row(this.rowOf(index), (i, left, _top, width) => { if (i === index) found = left + width / 2; });
    return found;
  }
}
