#ifndef SIGHTLINE_JPEG_TURBO_H
#define SIGHTLINE_JPEG_TURBO_H

#include <stddef.h>
#include <stdint.h>

/* What sl_jpeg_decode returns. */
enum {
	SL_JPEG_OK = 0,
	SL_JPEG_ERROR = 1,     /* message says why */
	SL_JPEG_TRUNCATED = 2, /* the data ended before the picture did */
	SL_JPEG_SIZE = 3       /* the picture is not width x height */
};

#define SL_JPEG_MESSAGE 200 /* JMSG_LENGTH_MAX */

/*
 * Decodes a JPEG at 1/denominator of its size into width * height RGB pixels.
 * message must have room for SL_JPEG_MESSAGE bytes. Nothing is kept: all memory of
 * libjpeg's is freed before the return.
 */
int sl_jpeg_decode(const uint8_t *data, size_t size, int denominator,
                   uint8_t *pixels, int width, int height, char *message);

#endif
