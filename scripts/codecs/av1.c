// Decodes one AV1 picture with dav1d.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <dav1d/dav1d.h>

#include "picture.h"

static Dav1dContext *decoder;
static Dav1dPicture frame;
static struct picture pic;

EXPORT("alloc") void *host_alloc(uint32_t n) { return malloc(n); }
EXPORT("picture") struct picture *host_picture(void) { return &pic; }

// reset forgets the picture and the sequence.
EXPORT("reset") void host_reset(void) {
  if (frame.data[0])
    dav1d_picture_unref(&frame);
  if (decoder)
    dav1d_close(&decoder);
}

static uint32_t status(int err) {
  switch (err) {
  case DAV1D_ERR(ENOMEM):
    return DECODE_MEMORY;
  case DAV1D_ERR(ERANGE):
    return DECODE_TOO_LARGE;
  case DAV1D_ERR(ENOPROTOOPT):
    return DECODE_UNSUPPORTED;
  default:
    return DECODE_DAMAGED;
  }
}

static void keep(const uint8_t *data, void *cookie) { (void)data; (void)cookie; }

// decode reads open bitstream units and stops at the first picture. max_samples
// bounds width*height.
EXPORT("decode") uint32_t host_decode(const uint8_t *data, uint32_t size, uint32_t max_samples, uint32_t operating_point, uint32_t spatial_layer) {
  host_reset();
  Dav1dSettings s;
  dav1d_default_settings(&s);
  s.n_threads = 1;
  s.max_frame_delay = 1;
  s.frame_size_limit = max_samples;
  s.operating_point = (int)operating_point;
  s.all_layers = spatial_layer < 4;
  s.logger.callback = NULL;
  int err = dav1d_open(&decoder, &s);
  if (err < 0)
    return status(err);
  Dav1dData in = {0};
  err = dav1d_data_wrap(&in, data, size, keep, NULL);
  if (err < 0)
    return status(err);
  memset(&frame, 0, sizeof frame);
  int flushing = 0;
  for (;;) {
    if (in.sz > 0) {
      err = dav1d_send_data(decoder, &in);
      if (err < 0 && err != DAV1D_ERR(EAGAIN)) {
        dav1d_data_unref(&in);
        return status(err);
      }
    }
    err = dav1d_get_picture(decoder, &frame);
    if (err == 0) {
      if (spatial_layer < 4 && frame.frame_hdr->spatial_id != (int)spatial_layer) {
        dav1d_picture_unref(&frame);
        continue;
      }
      break;
    }
    if (err != DAV1D_ERR(EAGAIN)) {
      dav1d_data_unref(&in);
      return status(err);
    }
    if (in.sz == 0 && flushing++)
      return DECODE_NO_PICTURE;
  }
  dav1d_data_unref(&in);
  memset(&pic, 0, sizeof pic);
  pic.width = frame.p.w;
  pic.height = frame.p.h;
  pic.chroma = frame.p.layout; // I400 to I444 are 0 to 3
  pic.depth = pic.chroma_depth = frame.p.bpc;
  pic.bytes = 1 + (frame.p.bpc > 8);
  pic.primaries = frame.seq_hdr->pri;
  pic.transfer = frame.seq_hdr->trc;
  pic.matrix = frame.seq_hdr->mtrx;
  pic.full_range = frame.seq_hdr->color_range;
  for (int c = 0; c < (pic.chroma == 0 ? 1 : 3); c++) {
    pic.plane[c] = (uint32_t)(uintptr_t)frame.data[c];
    pic.stride[c] = (uint32_t)frame.stride[c > 0];
  }
  return DECODE_OK;
}
