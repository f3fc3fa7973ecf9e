// The picture that both codec modules hand to the host. The host reads it as
// little-endian 32-bit words, in this order (see internal/imaging/heif).
#ifndef PICTURE_H
#define PICTURE_H

#include <stdint.h>

struct picture {
  uint32_t width, height; // in samples of the first plane
  uint32_t chroma;        // 0: one plane, 1: 4:2:0, 2: 4:2:2, 3: 4:4:4
  uint32_t depth;         // bits a sample of the first plane
  uint32_t chroma_depth;  // bits a sample of the others
  uint32_t primaries, transfer, matrix, full_range; // ISO/IEC 23091-2; 2 is unspecified
  uint32_t plane[3];      // addresses
  uint32_t stride[3];     // bytes from one row to the next
  uint32_t bytes;         // bytes a sample, 1 or 2
  uint32_t damaged;       // parts of the picture are made up
};

// What decode returns. Everything else is damage.
enum { DECODE_OK = 0, DECODE_DAMAGED = 1, DECODE_NO_PICTURE = 2, DECODE_MEMORY = 3, DECODE_UNSUPPORTED = 4, DECODE_TOO_LARGE = 5 };

// The host's chance to end a call, by a panic: the decoders are made to call it for
// every block of the coded picture and for every unit of the bitstream.
#ifdef __cplusplus
extern "C"
#endif
__attribute__((import_module("host"), import_name("tick"))) void host_tick(void);

#define EXPORT(name) __attribute__((export_name(name)))

#endif
