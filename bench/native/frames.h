// The least of RFC 6455 that a load client and a server for it need. Nothing here reads or writes.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10 };
#define HEADER_MAX 14

typedef struct {
    int opcode;
    char *payload;
    size_t length;
} Frame;

// Finds the frame that `data` begins with, and unmasks it. Returns its size, 0 if it is not whole yet.
static inline size_t frame_next(char *data, size_t available, Frame *frame) {
    if (available < 2) return 0;
    const uint8_t *bytes = (const uint8_t *)data;
    size_t header = 2, length = bytes[1] & 0x7f;
    size_t wide = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (wide) {
        if (available < header + wide) return 0;
        length = 0;
        for (size_t i = 0; i < wide; i++) length = length << 8 | bytes[header + i];
        header += wide;
    }
    size_t mask = bytes[1] & 0x80 ? 4 : 0;
    if (available < header + mask + length) return 0;
    frame->opcode = bytes[0] & 0x0f;
    frame->payload = data + header + mask;
    frame->length = length;
    for (size_t i = 0; mask && i < length; i++) frame->payload[i] ^= data[header + i % 4];
    return header + mask + length;
}

// Writes the header of a whole frame; returns its size. `masked`: as clients must, with a key of zeros.
static inline size_t frame_header(char *out, int opcode, size_t length, int masked) {
    size_t size = 0, wide = length < 126 ? 0 : length < 65536 ? 2 : 8;
    out[size++] = (char)(0x80 | opcode);
    out[size++] = (char)((masked ? 0x80 : 0) | (wide == 0 ? length : wide == 2 ? 126 : 127));
    for (size_t i = wide; i-- > 0;) out[size++] = (char)(length >> (8 * i));
    if (masked) {
        memset(out + size, 0, 4);
        size += 4;
    }
    return size;
}
