// Texts with markers: a run of one capital letter stands for a number of as many digits.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define JOB_DIGITS 12
#define SEQUENCE_DIGITS 7
#define TIME_DIGITS 19

// The next run of `digits` times `letter` at or after `from`, or NULL.
static inline char *marker_next(char *from, char *end, char letter, size_t digits) {
    size_t run = 0;
    for (char *at = from; at < end; at++) {
        run = *at == letter ? run + 1 : 0;
        if (run == digits) return at + 1 - digits;
    }
    return NULL;
}

static inline void digits_put(char *at, uint64_t value, size_t digits) {
    while (digits-- > 0) {
        at[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

// Reads the number that stands at `at`, with or without quotes around it.
static inline int64_t digits_read(const char *at, const char *end) {
    int64_t value = 0;
    if (at < end && *at == '"') at++;
    for (; at < end && *at >= '0' && *at <= '9'; at++) value = value * 10 + (*at - '0');
    return value;
}

static inline void markers_fill(char *text, size_t length, char letter, size_t digits, uint64_t value) {
    for (char *at = text; (at = marker_next(at, text + length, letter, digits)); at += digits)
        digits_put(at, value, digits);
}
