// A zip of pictures, made in the browser: entries are stored as they are, since pictures are
// compressed already. The format is PKWARE's APPNOTE.TXT without its 64-bit extension, which
// is why there is a limit.

const most = 0xf0000000; // bytes
const mostEntries = 65000;

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** crc32 is the checksum of a zip's entry. */
export function crc32(bytes) {
  let c = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) c = table[(c ^ bytes[i]) & 0xff] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** unique makes names that differ, also where case does not count. */
function unique(names) {
  const seen = new Set();
  return names.map((name) => {
    const safe = name.replace(/[\\/\0]/g, '_') || '_';
    const dot = safe.lastIndexOf('.') > 0 ? safe.lastIndexOf('.') : safe.length;
    let candidate = safe;
    for (let n = 2; seen.has(candidate.toLowerCase()); n++) candidate = `${safe.slice(0, dot)} (${n})${safe.slice(dot)}`;
    seen.add(candidate.toLowerCase());
    return candidate;
  });
}

/** header writes little-endian fields of 2 and 4 bytes: [size, value] pairs. */
function header(...fields) {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [size]) => sum + size, 0)));
  let at = 0;
  for (const [size, value] of fields) {
    if (size === 2) view.setUint16(at, value, true); else view.setUint32(at, value, true);
    at += size;
  }
  return view.buffer;
}

/** zip fetches the pictures one after the other; those that fail are named. */
export async function zip(hits, address) {
  if (hits.length > mostEntries) throw new Error(`more than ${mostEntries} pictures; download the list instead`);
  const names = unique(hits.map((hit) => hit.name));
  const parts = [];
  const directory = [];
  const failed = [];
  let offset = 0;
  for (const [i, hit] of hits.entries()) {
    const response = await fetch(address(hit)).catch(() => null);
    if (!response?.ok) { failed.push(hit.path); continue; }
    const blob = await response.blob();
    const bytes = new Uint8Array(await blob.arrayBuffer());
    if (offset + bytes.length > most) throw new Error('the pictures are larger than 3.7 GB; download the list instead');
    const name = new TextEncoder().encode(names[i]);
    // Version 2.0, names in UTF-8, stored, 1 January 1980.
    const common = [[2, 20], [2, 0x0800], [2, 0], [2, 0], [2, 33], [4, crc32(bytes)], [4, bytes.length], [4, bytes.length], [2, name.length], [2, 0]];
    parts.push(header([4, 0x04034b50], ...common), name, blob);
    directory.push(header([4, 0x02014b50], [2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]), name);
    offset += 30 + name.length + bytes.length;
  }
  if (failed.length === hits.length) throw new Error('none of the files could be read');
  const size = directory.reduce((sum, d) => sum + d.byteLength, 0);
  const count = directory.length / 2;
  const end = header([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0]);
  return { blob: new Blob([...parts, ...directory, end], { type: 'application/zip' }), failed };
}
