#ifndef SIGHTLINE_JPEG_TURBO_H
#define SIGHTLINE_JPEG_TURBO_H

#include <stddef.h>
#include <stdint.h>

/* What the decoders here return. */
enum {
	SL_JPEG_OK = 0,
	SL_JPEG_ERROR = 1,     /* message says why */
	SL_JPEG_TRUNCATED = 2, /* the data ended before the picture began */
	SL_JPEG_SIZE = 3,      /* the picture is not of the size that was asked for */
	SL_JPEG_SCANS = 4      /* more scans than anyone needs, or than is worth the time */
};

/* What a decoder asks of the components. */
enum {
	SL_JPEG_RGB = 0,   /* RGB, whatever the file has */
	SL_JPEG_YCC = 1,   /* three components are YCbCr and become RGB, others stay */
	SL_JPEG_PLAIN = 2  /* components as they are coded */
};

/* Per mille of the rows that a picture in one scan may lack and still be shown. */
#define SL_JPEG_MOST_LOST 200

#define SL_JPEG_MESSAGE 200 /* JMSG_LENGTH_MAX */

/* What is wrong with a picture that was decoded. */
struct sl_jpeg_report {
	int lost;        /* per mille of the rows that are filler */
	int cut_scan;    /* the scan in which the data ended, of a picture in several; 0: none */
	int base_gone;   /* a component of such a picture lacks its base: DC coefficients or rows */
	int corrupt;     /* how many times codes or markers made no sense */
	char message[SL_JPEG_MESSAGE];
};

/*
 * Takes pixels a part at a time. The memory for them holds bytes of them, at least a row; whenever
 * it is full and more come, full is called with how many are there, and the next begin at
 * its start. left are those that are there in the end.
 */
struct sl_jpeg_sink {
	size_t bytes;
	void (*full)(size_t bytes);
	size_t left;
};

/*
 * Decodes a JPEG at 1/denominator of its size into width * height pixels of so many
 * components. What the data does not have is grey; report says how much that is, and
 * has the message of an error. Where that is too much, the rest is not decoded. Nothing is kept: all memory of libjpeg's is freed before
 * the return. Without a sink (NULL) pixels have room for the whole picture.
 */
int sl_jpeg_decode(const uint8_t *data, size_t size, int denominator, int colours,
                   uint8_t *pixels, int width, int height, int components,
                   struct sl_jpeg_sink *sink, struct sl_jpeg_report *report);

#endif
