// Decodes one HEVC picture with libde265.
#include <cstdlib>
#include <cstring>

#include "de265.h"
#include "picture.h"

static de265_decoder_context* decoder;
static picture pic;

extern "C" {

EXPORT("alloc") void* host_alloc(uint32_t n) { return malloc(n); }
EXPORT("picture") picture* host_picture() { return &pic; }

// reset forgets the picture and all parameter sets.
EXPORT("reset") void host_reset() {
  if (decoder != nullptr) {
    de265_free_decoder(decoder);
    decoder = nullptr;
  }
}

static uint32_t status(de265_error err) {
  switch (err) {
  case DE265_ERROR_OUT_OF_MEMORY:
    return DECODE_MEMORY;
  case DE265_ERROR_IMAGE_SIZE_EXCEEDS_SECURITY_LIMIT:
  case DE265_ERROR_NAL_SIZE_EXCEEDS_SECURITY_LIMIT:
    return DECODE_TOO_LARGE;
  case DE265_ERROR_NOT_IMPLEMENTED_YET:
    return DECODE_UNSUPPORTED;
  default:
    return DECODE_DAMAGED;
  }
}

// decode reads NAL units, each behind its length in 4 bytes, and stops at the first
// picture. max_samples bounds width*height.
EXPORT("decode") uint32_t host_decode(const uint8_t* data, uint32_t size, uint32_t max_samples) {
  host_reset();
  decoder = de265_new_decoder();
  if (decoder == nullptr) {
    return DECODE_MEMORY;
  }
  de265_security_limits* limits = de265_get_security_limits(decoder);
  limits->max_image_size_pixels = max_samples;
  while (size >= 4) {
    uint32_t n = uint32_t(data[0]) << 24 | uint32_t(data[1]) << 16 | uint32_t(data[2]) << 8 | data[3];
    data += 4;
    size -= 4;
    if (n > size) {
      return DECODE_DAMAGED;
    }
    if (n > 0) {
      de265_error err = de265_push_NAL(decoder, data, int(n), 0, nullptr);
      if (err != DE265_OK) {
        return status(err);
      }
    }
    data += n;
    size -= n;
  }
  de265_flush_data(decoder);
  const de265_image* image = nullptr;
  for (int more = 1; more && image == nullptr;) {
    more = 0;
    de265_error err = de265_decode(decoder, &more);
    if (err != DE265_OK && err != DE265_ERROR_WAITING_FOR_INPUT_DATA) {
      return status(err);
    }
    image = de265_get_next_picture(decoder);
  }
  // The decoder goes on where it can, and keeps a list of what was wrong. What is
  // about units that the picture did without is no damage.
  uint32_t damage = DECODE_OK;
  for (de265_error warning; (warning = de265_get_warning(decoder)) != DE265_OK;) {
    switch (warning) {
    case DE265_ERROR_NOT_IMPLEMENTED_YET: // an extension of a parameter set
    case DE265_WARNING_NO_WPP_CANNOT_USE_MULTITHREADING:
    case DE265_WARNING_WARNING_BUFFER_FULL:
    case DE265_WARNING_SPS_HEADER_INVALID:
    case DE265_WARNING_PPS_HEADER_INVALID:
    case DE265_WARNING_NUMBER_OF_THREADS_LIMITED_TO_MAXIMUM:
    case DE265_WARNING_SPS_MISSING_CANNOT_DECODE_SEI:
    case DE265_WARNING_MAX_NUMBER_OF_SEI_MESSAGES_EXCEEDED:
      break;
    default:
      damage = DECODE_DAMAGED;
    }
  }
  if (image == nullptr) {
    return damage != DECODE_OK ? damage : uint32_t(DECODE_NO_PICTURE);
  }
  memset(&pic, 0, sizeof pic);
  pic.width = de265_get_image_width(image, 0);
  pic.height = de265_get_image_height(image, 0);
  pic.chroma = de265_get_chroma_format(image);
  pic.depth = de265_get_bits_per_pixel(image, 0);
  pic.bytes = 1 + (pic.depth > 8);
  pic.chroma_depth = pic.depth;
  pic.primaries = de265_get_image_colour_primaries(image);
  pic.transfer = de265_get_image_transfer_characteristics(image);
  pic.matrix = de265_get_image_matrix_coefficients(image);
  pic.full_range = de265_get_image_full_range_flag(image);
  pic.damaged = damage != DECODE_OK;
  for (int c = 0; c < (pic.chroma == 0 ? 1 : 3); c++) {
    int stride = 0;
    pic.plane[c] = uint32_t(reinterpret_cast<uintptr_t>(de265_get_image_plane(image, c, &stride)));
    pic.stride[c] = uint32_t(stride);
    if (c > 0) {
      pic.chroma_depth = de265_get_bits_per_pixel(image, c);
      if ((pic.chroma_depth > 8) != (pic.depth > 8)) {
        return DECODE_UNSUPPORTED;
      }
    }
  }
  return DECODE_OK;
}
}
